# SPDX-License-Identifier: GPL-2.0
"""The demonstration on bare machines; and what is left of a run that is ended.

Needs root and the network: says so in one line where either is missing.
"make check-fresh" also runs "make check" there.
"""

import os
import pathlib
import signal
import stat
import subprocess
import time

import pytest

from lib import places
from lib.sources import run

RUN = places.TOP / "tools/testing/fresh/run"
FRESH = places.BUILD / "fresh"

pytestmark = pytest.mark.sliced


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_demo(release):
    result = run(RUN, release, "demo", timeout=3600)
    assert result.returncode == 0, result.stdout[-3000:]
    said = (FRESH / release / "demo.log").read_text()
    assert "packages missing, to be installed: gcc" in said, "the machine was not bare"
    assert "done: the guest was reset through its SVSM and came back" in said
    assert not (FRESH / release / "tree").exists()


def inside(tree):
    """The processes in a tree."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "root").startswith(str(tree)):
                found.append(process.name)
        except OSError:
            pass
    return found


def wait_for(what, seconds):
    """Until what() is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_run_that_is_ended(tmp_path, number):
    """No process, no mount, and the system's devices and the packages are still there."""
    tree = FRESH / "bookworm/tree"
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [RUN, "bookworm", "demo"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
    try:
        wait_for(lambda: process.poll() is not None or inside(tree), 900)
        assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]
        wait_for(lambda: (FRESH / "bookworm/demo.log").stat().st_size > 200, 60)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        assert process.wait(30) != 0
        wait_for(lambda: not inside(tree), 30)
    finally:
        if process.poll() is None:
            process.kill()
    assert str(FRESH) not in pathlib.Path("/proc/self/mountinfo").read_text()
    assert list((tree / "dev").iterdir()) != [] and (tree / "proc").is_dir() and not list((tree / "proc").iterdir())
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode) and stat.S_ISCHR(os.stat("/dev/tty").st_mode)
    assert (FRESH / "archives/bookworm/partial").is_dir()
