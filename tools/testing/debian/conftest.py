# SPDX-License-Identifier: GPL-2.0
"""A Debian system on a disk of its own, started by firmware in the simulator."""

import os

import pytest

from lib import debian, places
from lib.sources import run


@pytest.fixture(scope="session")
def image():
    if os.geteuid():
        pytest.skip("needs root: it unpacks a Debian system and installs packages in it")
    for command in (("deps", "debian"), ("debian-image",)):
        result = run(places.TOP / "tools/build" / command[0], *command[1:], timeout=3600)
        assert result.returncode == 0, result.stdout
    return debian.IMAGE


@pytest.fixture
def disk(image, tmp_path):
    """A copy of it, for one test."""
    yield debian.copy(tmp_path)
    debian.remove(tmp_path / "disk.img")


@pytest.fixture
def start(simulate, disk):
    """Start it and log in: start(smp=4, ...) -> Guest"""

    def start(**arguments):
        guest = simulate(**debian.arguments(disk, **arguments))
        debian.login(guest)
        return guest

    return start
