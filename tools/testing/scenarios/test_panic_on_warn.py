# SPDX-License-Identifier: GPL-2.0
"""A warning, and with panic_on_warn a panic, on a CPU that is yet to be stopped for a reset.

The kernel's own stop brings such a warning about by itself now and then: a CPU wakes a task
on another one that has left the online mask ("sched: Unexpected reschedule of offline CPU").
"""

import re

import pytest

from lib import places
from lib.crash import DO, TROUBLE
from lib.slices import later

STOPPED = r"trouble: CPU \d+ has been stopped"
MIDDLE = r"Kernel panic - not syncing: kernel: panic_on_warn set"


def start(simulate, append="", **arguments):
    """Boot and load; no reset before."""
    guest = simulate(append=append, timeout=600, **arguments)
    guest.boot(1, timeout=240)
    guest.load()
    guest.check(f"insmod {TROUBLE}; echo 1 > /proc/sys/kernel/sysrq")
    return guest


def test_stray_wakeup(simulate):
    """The driver's stop does not have the kernel warn of it, so that a restart stays one."""
    guest = start(simulate, append="panic_on_warn=1")
    guest.check(f"echo restart:stray@irqs-off 2 > {DO}")
    guest.send("reboot -f")
    assert guest.boot(2, timeout=240) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert "has begun on 1 of CPUs 2" in guest.console
    assert "Unexpected reschedule" not in guest.console


# What begins the reset, on which CPU; on which one it is a panic then
MIDDLES = {
    "reboot": ("echo restart:warn@{context} 2 > {do}; taskset 1 reboot -f", "reboot"),
    "sysrq-b-bsp": ("echo emergency 0 + warn@{context} 2 > {do}", "emergency-restart"),
    "sysrq-b-ap": ("echo emergency 3 + warn@{context} 0 > {do}", "emergency-restart"),
}


@pytest.mark.parametrize("timeout", [1, later(-1)], ids=["in-a-second", "at-once"])
@pytest.mark.parametrize("context", ["irqs-off", later("nmi")])
@pytest.mark.parametrize("begin", ["reboot", later("sysrq-b-bsp"), later("sysrq-b-ap")])
def test_panic_in_the_middle(simulate, begin, context, timeout):
    """The one that has begun the reset makes it, with its reason; or it is the panic's."""
    command, reason = MIDDLES[begin]
    guest = start(simulate, append=f"panic_on_warn=1 panic={timeout}")
    guest.trouble_is_fine = True
    guest.send(command.format(context=context, do=DO))
    guest.expect(STOPPED, timeout=120)
    assert guest.boot(2, timeout=240) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") in (reason, "panic")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert re.search(MIDDLE, guest.console)


@pytest.mark.parametrize("begin", ["sysrq-b-ap", later("sysrq-b-bsp"), later("reboot")])
def test_crash_in_the_middle(simulate, begin):
    """The crash kernel comes up, and what it does at its end is a reset."""
    command, _ = MIDDLES[begin]
    guest = start(simulate, append="panic_on_warn=1 crashkernel=320M", initrd=places.INITRD_KDUMP, memory="1G")
    guest.trouble_is_fine = True
    guest.check("load-capture nokaslr", timeout=240)
    guest.send(command.format(context="irqs-off", do=DO))
    guest.expect(MIDDLE, timeout=120)
    assert guest.capture(1, timeout=240) == 1
    guest.load()
    guest.send("reboot -f")
    assert guest.boot(2, timeout=240) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == "kdump"
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
