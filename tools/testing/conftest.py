# SPDX-License-Identifier: GPL-2.0
"""Fixtures for all the tests.

`simulate(...)` starts a guest under the simulator (see lib/guest.py for the
arguments) and ends it after the test; at the end the console of every guest is
searched for complaints of the kernel, unless the test set guest.trouble_is_fine;
and even then for what no crash brings about, unless it set guest.splats_are_fine.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lib import places, slices, states  # noqa: E402
from lib.complaints import KERNEL_SPLAT, KERNEL_TROUBLE  # noqa: E402
from lib.guest import Guest  # noqa: E402

# Quick ones first; the debug kernel is built while those that do not need it run.
ORDER = ("static", "tool", "scenarios", "simulator", "fresh", "packages", "debian", "kernels", "configurations", "kunit")

# A make that runs us must not change what a test's own make does, or says of its level.
for name in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "O"):
    os.environ.pop(name, None)
# For a test that calls the simulator's command itself
os.environ["SNPSIM_BUILD"] = str(places.BUILD)

# Whole Debian systems are made for these: only where all tests are asked for.
BARE = ("fresh", "packages")
# All of these are as if they were marked so: the disk alone takes minutes.
SLICED = ("debian",)
# Only where an option asks for them.
ASKED_FOR = {"kernels": "--kernels", "configurations": "--configurations"}
# Machines that are made once and that several files' tests use: one process for all of those.
SHARED = ("packages",)


def directory_of(item):
    """tools/testing/DIRECTORY/test_x.py -> DIRECTORY"""
    return pathlib.Path(item.fspath).relative_to(pathlib.Path(__file__).parent).parts[0]


def needs_debug_kernel(item):
    return "debug_build" in getattr(item, "fixturenames", ())


def pytest_addoption(parser):
    parser.addoption(
        "--scope", choices=slices.SCOPES, default="all",
        help="all tests (default), the quick ones, or in CI those and a slice of the others chosen by the commit",
    )
    parser.addoption("--kernels", default="", help="the tests in kernels/, on these kernels (tools/build/other-kernel --list)")
    parser.addoption("--configurations", action="store_true", help="the tests in configurations/")


def pytest_report_header(config):
    scope = config.getoption("--scope")
    if scope != "ci":
        return f"scope: {scope}"
    head = slices.commit()
    return f"scope: quick, and slice {slices.of_commit(head) + 1} of {slices.SLICES} of the rest (commit {head})"


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: (
        needs_debug_kernel(item), ORDER.index(directory_of(item)) if directory_of(item) in ORDER else 9,
    ))
    sliced = {item.nodeid for item in items if item.get_closest_marker("sliced") or directory_of(item) in SLICED}
    scope = config.getoption("--scope")
    left_out = sliced - slices.selected(sliced, scope, slices.commit())
    if scope != "all":
        left_out |= {item.nodeid for item in items if directory_of(item) in BARE or item.get_closest_marker("long")}
    not_asked_for = [name for name, option in ASKED_FOR.items() if not config.getoption(option)]
    left_out |= {item.nodeid for item in items if directory_of(item) in not_asked_for}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Side by side, as --dist loadfile has it, except for the directories in SHARED."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            directory = pathlib.PurePath(nodeid.split("::")[0]).parent.name
            return directory if directory in SHARED else super()._split_scope(nodeid)

    return Scheduling(config, log)


def pytest_terminal_summary(terminalreporter):
    """What tests have noted of how long something took, passed or not."""
    for report in (report for reports in terminalreporter.stats.values() for report in reports
                   if getattr(report, "when", None) == "teardown"):
        for line in (value for name, value in report.user_properties if name == "took"):
            terminalreporter.write_line(f"{report.nodeid}: {line}")


def pytest_sessionstart(session):
    places.CHECK.mkdir(parents=True, exist_ok=True)
    session.debug_build = None


def pytest_collection_finish(session):
    """Start the build of the debug kernel now, where somebody asks for it; at low priority, since other tests run meanwhile."""
    if session.config.option.collectonly or not any(needs_debug_kernel(item) for item in session.items):
        return
    with open(places.DEBUG_LOG, "w", encoding="utf-8") as log:
        session.debug_build = subprocess.Popen(
            ["nice", "-n", "15", places.TOP / "tools/build/small-kernel", "debug"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )


def pytest_sessionfinish(session):
    if session.debug_build and session.debug_build.poll() is None:
        os.killpg(session.debug_build.pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def debug_build(request):
    """Wait for the debug kernel, its modules and images, under way since the start."""
    status = request.session.debug_build.wait()
    log = places.DEBUG_LOG
    assert status == 0, f"tools/build/small-kernel debug failed, see {log}:\n{log.read_text()[-3000:]}"


def run_directory(request):
    """build/check/MODULE/TEST: the files of one test's runs."""
    name = re.sub(r"[^\w.=,-]+", "_", request.node.name)
    return places.CHECK / request.node.fspath.purebasename / name


@pytest.fixture
def simulate(request):
    """Start guests: simulate(smp=2, svsm="ocp", ...) -> Guest"""
    guests = request.node.guests = []

    def start(**arguments):
        directory = run_directory(request)
        if guests:
            directory = directory / str(len(guests) + 1)
        guest = Guest(directory, state=states.of(arguments, request.node.nodeid), **arguments)
        guests.append(guest)
        return guest

    yield start
    for guest in guests:
        guest.stop()
    for guest in guests:
        pattern = KERNEL_SPLAT if guest.trouble_is_fine else KERNEL_TROUBLE
        if not guest.splats_are_fine:
            assert guest.trouble(pattern) == [], f"the guest's kernel complains, see {guest.directory}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that failed shows where its guests' files are and the end of them."""
    report = (yield).get_result()
    if report.failed:
        for guest in getattr(item, "guests", ()):
            report.sections.append((f"guest in {guest.directory}", guest.tail()))
