# SPDX-License-Identifier: GPL-2.0
"""Devices of the host that end the VM: a watchdog that nobody stops, and pvpanic."""

import re

import pytest

from lib.slices import later

I6300ESB = ("-device", "i6300esb")
PVPANIC = ("-device", "pvpanic-pci")


def arm(guest, heartbeat):
    """Nothing can stop it any more: nowayout, and the lock bit of the device."""
    guest.check("insmod /lib/modules/watchdog.ko")
    guest.check(f"insmod /lib/modules/i6300esb.ko heartbeat={heartbeat} nowayout=1")
    guest.check("echo > /dev/watchdog")


def load_pvpanic(guest):
    guest.check("insmod /lib/modules/pvpanic.ko; insmod /lib/modules/pvpanic-pci.ko")


def said(guest, sentence):
    """The end in one line, and status 3."""
    assert guest.end() == 3, guest.tail()
    # It may come behind the guest's prompt
    assert re.findall(r"snpsim: .*", guest.console) == [f"snpsim: {sentence}"]


ENDS = {
    "reset": ("host-reset", "the host's watchdog fired, and the host resets the machine: the VM has ended"),
    "poweroff": ("host-stop", "the host's watchdog fired, and the host stops the VM (poweroff)"),
    "pause": ("host-stop", "the host's watchdog fired, and the host stops the VM (pause)"),
}


@pytest.mark.parametrize("action", ["reset", later("poweroff"), later("pause")])
def test_watchdog_ends_the_run(simulate, action):
    kind, sentence = ENDS[action]
    guest = simulate(smp=1, qemu=(*I6300ESB, "-action", f"watchdog={action}"))
    guest.boot(1)
    arm(guest, 2)
    said(guest, sentence)
    assert guest.events.one(kind)["how"] == "watchdog"
    guest.events.ended(3, kind)


def panic(simulate, *qemu, **arguments):
    guest = simulate(smp=2, qemu=(*PVPANIC, *qemu), **arguments)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=300)
    guest.load()
    load_pvpanic(guest)
    return guest


@pytest.mark.parametrize("action", [None, later("pause")])
def test_pvpanic_stops_the_vm(simulate, action):
    """QEMU's default: the VM stops inside panic(), before there is a reset."""
    guest = panic(simulate, *(["-action", f"panic={action}"] if action else []))
    guest.send("echo c > /proc/sysrq-trigger")
    did = action or "poweroff"
    said(guest, f"the guest told the host that it panics, and the host stops the VM ({did})")
    assert guest.events.one("host-stop")["how"] == "guest-panicked"
    guest.events.no("execute", "host-reset")
