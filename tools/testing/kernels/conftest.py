# SPDX-License-Identifier: GPL-2.0
"""The kernels that "make check-kernels" asks for, and the table that it writes.

A test with the mark column(NAME) and the fixture kernel stands for a cell of that table;
where there are several, all have to pass.
"""

import subprocess

import pytest

from lib import kernels


def asked_for(config):
    return config.getoption("--kernels").split()


def pytest_generate_tests(metafunc):
    if "kernel" in metafunc.fixturenames:
        names = asked_for(metafunc.config)
        only = metafunc.definition.get_closest_marker("only")
        if only:
            names = only.kwargs["choose"](names)
        metafunc.parametrize("kernel", names, indirect=True, scope="session")


def compiler():
    """The number of the compiler that builds for all kernels."""
    return subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="session")
def kernel(request):
    found = kernels.Kernel(request.param)
    if found.missing:
        pytest.skip(f"no kernel {found.name}: {found.missing}")
    assert found.initrd.exists(), f"not built: tools/build/all check-kernels {found.name}"
    return found


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep what came of a test that stands in the table."""
    report = (yield).get_result()
    column = item.get_closest_marker("column")
    if column is None or (report.passed and report.when != "call"):
        return
    found = kernels.Kernel(item.callspec.params["kernel"])
    cells = item.session.kernel_results.setdefault(found.release, {})
    if found.missing:
        return
    passed = f"gcc-{compiler()}" if column.args[0] == "build" else "yes"
    word = passed if report.passed else "-" if report.skipped else "no"
    if cells.get(column.args[0]) != "no":
        cells[column.args[0]] = word


def pytest_sessionstart(session):
    session.kernel_results = {}


def pytest_sessionfinish(session):
    results = getattr(session, "kernel_results", {})
    if not results:
        return
    before = kernels.PAGE.read_text(encoding="utf-8") if kernels.PAGE.exists() else ""
    kernels.PAGE.write_text(kernels.page(results, before), encoding="utf-8")


@pytest.fixture
def start(request, simulate, kernel):
    """Start a guest with this kernel and load the module: start(...) -> Guest

    The test's module has the bounds for a hang, BOOT_TIMEOUT and RUN_TIMEOUT.
    """
    bounds = request.module

    def begin(parameters="", load=True, **arguments):
        append = arguments.pop("append", "")
        guest = simulate(**{**kernel.arguments(append, "crashkernel=" in append), "timeout": bounds.RUN_TIMEOUT, **arguments})
        guest.boot_timeout = bounds.BOOT_TIMEOUT
        assert guest.boot(1, guest.boot_timeout) == guest.smp
        assert guest.check("uname -r").split()[-1] == kernel.release
        assert ("PREEMPT_RT" in guest.check("uname -v")) == kernel.realtime
        if load:
            guest.load(parameters)
            assert guest.attribute("last_reset_reason") == "none"
        return guest

    return begin
