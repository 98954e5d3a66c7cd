# SPDX-License-Identifier: GPL-2.0
"""A warning, and with panic_on_warn a panic, on a CPU that a reset has not stopped yet.

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


def start(simulate, append="", parameters="", **arguments):
    """Boot and load; no reset before."""
    guest = simulate(append=append, timeout=600, **arguments)
    guest.boot(1, timeout=240)
    guest.load(parameters)
    guest.check(f"insmod {TROUBLE}; echo 1 > /proc/sys/kernel/sysrq")
    return guest


def test_stray_wakeup(simulate):
    """The driver's stop does not have the kernel warn of it, so that a restart stays one."""
    guest = start(simulate, append="panic_on_warn=1")
    guest.check(f"echo restart:stray@irqs-off 2 > {DO}")
    guest.send("reboot -f")
    guest.came_back("reboot", cpus=4, timeout=240)
    assert "has begun on 1 of CPUs 2" in guest.console
    assert "Unexpected reschedule" not in guest.console


# The CPU that is not stopped yet, what the shell does on CPU 1 then, and the reason that the next boot reports
MIDDLES = {
    "reboot": (2, "echo restart:warn@{context} 2 > {do}; taskset 1 reboot -f", "reboot"),
    "sysrq-b-bsp": (2, "echo warn@{context} 2 > {do}; echo emergency 0 > {do}", "emergency-restart"),
    "sysrq-b-ap": (0, "echo warn@{context} 0 > {do}; echo emergency 3 > {do}", "emergency-restart"),
}


def bring_about(guest, begin, context):
    """A CPU that waits with interrupts off gets neither the shell nor the serial line's interrupt."""
    guest.trouble_is_fine = True
    guest.check("taskset -p 2 $$; echo 1 > /proc/irq/4/smp_affinity_list")
    guest.send(MIDDLES[begin][1].format(context=context, do=DO))


@pytest.mark.parametrize("begin, context, timeout", [
    ("reboot", "irqs-off", 1), later("reboot", "irqs-off", -1), later("reboot", "nmi", 1), later("reboot", "nmi", -1),
    later("sysrq-b-bsp", "irqs-off", 1), later("sysrq-b-bsp", "irqs-off", -1), later("sysrq-b-bsp", "nmi", 1),
    later("sysrq-b-ap", "irqs-off", 1), later("sysrq-b-ap", "irqs-off", -1),
])
def test_panic_in_the_middle(simulate, begin, context, timeout):
    """The one that has begun the reset makes it, with its reason; or it is the panic's."""
    guest = start(simulate, append=f"panic_on_warn=1 panic={timeout}")
    bring_about(guest, begin, context)
    assert guest.boot(2, timeout=240) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") in (MIDDLES[begin][2], "panic")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert re.search(STOPPED, guest.console)
    assert re.search(MIDDLE, guest.console)


def test_refused_beside_one_that_stands_by(simulate):
    """Its VMSA is deleted, so nothing may wake it: the kernel's own restart goes on.

    It panics in an NMI, where it stands by as a CPU that has parked.
    """
    guest = start(
        simulate, append="panic_on_warn=1 panic=1", parameters="delete_vcpu=1", svsm="draft,result=0x80000006",
    )
    bring_about(guest, "reboot", "nmi")
    guest.lost()
    assert 2 in [event["apic_id"] for event in guest.events.of("vcpu-delete")]
    assert guest.events.one("host-reset")["how"] != "invalid-vmsa"
    assert re.search(MIDDLE, guest.console)


@pytest.mark.parametrize("begin", ["sysrq-b-ap", later("sysrq-b-bsp"), later("reboot")])
def test_crash_in_the_middle(simulate, begin):
    """The crash kernel comes up, and what it does at its end is a reset."""
    guest = start(simulate, append="panic_on_warn=1 crashkernel=320M", initrd=places.INITRD_KDUMP, memory="1G")
    guest.check("load-capture nokaslr", timeout=240)
    bring_about(guest, begin, "irqs-off")
    assert guest.capture(1, timeout=240) == 1
    assert re.search(MIDDLE, guest.console)
    guest.load()
    assert f"crashed on CPU {MIDDLES[begin][0]}: kernel: panic_on_warn set" in guest.dmesg()
    guest.send("reboot -f")
    guest.came_back("kdump", cpus=4, timeout=240)
