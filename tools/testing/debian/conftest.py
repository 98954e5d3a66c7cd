# SPDX-License-Identifier: GPL-2.0
"""Debian systems on disks of their own, started by firmware in the simulator.

`start()` starts one for a test. `machine` is one for all the tests of a file: a boot takes
long. Each test leaves it logged in; at the end it powers off.
"""

import os
import time

import pytest

from lib import debian, monitor, places
from lib.guest import Guest
from lib.sources import run


@pytest.fixture(scope="session")
def image():
    if os.geteuid():
        pytest.skip("needs root: it unpacks a Debian system and installs packages in it")
    for command in (("deps", "debian"), ("ovmf",), ("debian-image",)):
        result = run(places.TOP / "tools/build" / command[0], *command[1:], timeout=3600)
        assert result.returncode == 0, result.stdout
    return debian.IMAGE


@pytest.fixture
def disk(image, tmp_path):
    """A copy of it, for one test."""
    disk = debian.copy(tmp_path / "disk")
    yield disk
    debian.remove(disk)


@pytest.fixture
def start(simulate, disk, request):
    """Start it and log in: start(smp=4, ...) -> Guest"""
    started = []

    def start(**arguments):
        begin = time.monotonic()
        guest = simulate(**debian.arguments(disk, **arguments))
        guest.disk, guest.took = disk, []
        started.append(guest)
        debian.login(guest)
        guest.took.append(f"start: {time.monotonic() - begin:.0f} s")
        return guest

    yield start
    request.node.user_properties += [("took", line) for guest in started for line in guest.took]


@pytest.fixture(scope="module")
def started(image, tmp_path_factory, request):
    disk = debian.copy(tmp_path_factory.mktemp("disk"))
    qmp = disk.parent / "qmp"
    arguments = debian.arguments(disk, qemu=monitor.arguments(qmp))
    guest = Guest(places.CHECK / request.path.stem / "machine", **arguments)
    guest.qmp, guest.disk, guest.took = qmp, disk, []
    try:
        debian.login(guest)
        yield guest
        resets = int(guest.attribute("reset_count"))
        debian.power_off(guest, resets)
        assert guest.trouble() == []
    finally:
        guest.stop()
        debian.remove(disk)


@pytest.fixture
def machine(started, request):
    """The same Guest for each test of the file, with a monitor (its `qmp`)."""
    request.node.guests = [started]
    started.send("")
    started.prompt()
    started.took.clear()
    yield started
    request.node.user_properties += [("took", line) for line in started.took]
