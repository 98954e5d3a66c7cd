# SPDX-License-Identifier: GPL-2.0
"""Devices of the host that end the VM: a watchdog that nobody stops, and pvpanic."""

import re

import pytest

from lib import crash, places
from lib.slices import later

I6300ESB = ("-device", "i6300esb")
PVPANIC = ("-device", "pvpanic-pci")
LAST = 120  # seconds; a guest boots in less than that on a busy machine


def arm(guest, heartbeat):
    """Nothing can stop it: nowayout, and the lock bit of the device."""
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


@pytest.mark.sliced
@pytest.mark.parametrize("action", ["none", "shutdown", "inject-nmi"])
def test_watchdog_that_ends_nothing(simulate, action):
    """What is done to the guest is up to the guest then."""
    guest = simulate(smp=1, qemu=(*I6300ESB, "-action", f"watchdog={action}"))
    guest.trouble_is_fine = True  # an NMI that nobody claims
    guest.boot(1)
    arm(guest, 2)
    guest.check("sleep 6")
    guest.powered_off()
    guest.events.no("host-reset", "host-stop")


@pytest.mark.sliced
@pytest.mark.parametrize("how", ["reboot", "panic"])
def test_watchdog_outlives_the_reset(simulate, how):
    """It is locked, and no reset of the SVSM's stops it: the next boot is right, and ends with it."""
    guest = simulate(smp=2, qemu=(*I6300ESB, "-action", "watchdog=reset"))
    guest.trouble_is_fine = how == "panic"
    guest.boot(1)
    guest.load()
    arm(guest, LAST)
    guest.send("reboot -f" if how == "reboot" else "echo c > /proc/sysrq-trigger")
    assert guest.boot(2, timeout=crash.RESET) == 2
    guest.load()
    assert guest.attribute("last_reset_reason") == how
    said(guest, ENDS["reset"][1])
    assert guest.events.one("host-reset")["boot"] == 2
    assert len(guest.events.executes) == 1


@pytest.mark.sliced
def test_watchdog_is_fed_by_the_next_boot(simulate):
    """It goes on counting; a program that opens it in time keeps the machine."""
    guest = simulate(smp=2, qemu=(*I6300ESB, "-action", "watchdog=reset"))
    guest.boot(1)
    guest.load()
    arm(guest, LAST)
    guest.send("reboot -f")
    assert guest.boot(2, timeout=crash.RESET) == 2
    arm(guest, LAST)
    guest.check(f"for i in $(seq {LAST // 8}); do sleep 10; echo > /dev/watchdog; done", timeout=3 * LAST)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


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


@pytest.mark.sliced
def test_pvpanic_none(simulate):
    """`-action panic=none`, as libvirt's on_crash can have it done: the reset takes place."""
    guest = panic(simulate, "-action", "panic=none")
    guest.send("echo c > /proc/sysrq-trigger")
    guest.came_back("panic", cpus=2, timeout=crash.RESET)


@pytest.mark.sliced
def test_pvpanic_and_a_crash_kernel(simulate):
    """The host is not told: the kernel jumps before it would be. A dump, then the reset."""
    guest = panic(simulate, initrd=places.INITRD_KDUMP, memory="1G", append="crashkernel=320M", timeout=900)
    guest.check("load-capture nokaslr", timeout=240)
    guest.send("echo c > /proc/sysrq-trigger")
    assert guest.capture(1, timeout=300) == 1
    guest.load()
    guest.send("reboot -f")
    guest.came_back("kdump", cpus=2, timeout=300)


@pytest.mark.sliced
def test_virtio_as_in_a_real_guest(simulate):
    """A virtio device that somebody adds is one that an SNP guest can drive, and outlives the reset."""
    guest = simulate(smp=2, qemu=("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"))
    for boot in (1, 2):
        guest.boot(boot, timeout=crash.RESET)
        guest.load()
        guest.check("modprobe virtio_net")
        guest.check("ifconfig eth0 10.0.2.15 up; ping -c 1 -W 20 10.0.2.2")
        if boot == 1:
            guest.send("reboot -f")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)
