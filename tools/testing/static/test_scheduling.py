# SPDX-License-Identifier: GPL-2.0
"""Which tests run side by side: those that use the same machines do not."""

import shutil
import sys

import pytest

from lib import places
from lib.sources import run

TEST = """\
import os, pathlib, time

def test_place():
    time.sleep(0.5)
    pathlib.Path(__file__).with_suffix(".worker").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


@pytest.mark.parametrize("directory, processes", [("packages", 1), ("scenarios", 2)])
def test_processes(tmp_path, directory, processes):
    """Two files of a directory, two processes."""
    testing = places.TOP / "tools/testing"
    shutil.copy(testing / "conftest.py", tmp_path)
    (tmp_path / "lib").symlink_to(testing / "lib")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / directory).mkdir()
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / directory / name).write_text(TEST)
    result = run(
        sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-c", tmp_path / "pytest.ini", "-n", "2", "--dist", "loadfile",
        tmp_path)
    assert result.returncode == 0, result.stdout
    assert len({path.read_text() for path in tmp_path.rglob("*.worker")}) == processes
