# SPDX-License-Identifier: GPL-2.0
"""A CPU that does not stop: refuse or force, and who is named.

tools/guest/stuck makes a CPU spin once the restart has begun, inside an NMI
handler (nothing reaches it) or in an interrupt handler (an NMI does).
"""

import pytest

from lib import record
from lib.slices import later


def boot_with_stuck(simulate, cpu, mode, parameters="", **arguments):
    guest = simulate(**arguments)
    guest.boot()
    guest.load(parameters)
    guest.check(f"insmod /lib/modules/stuck.ko cpu={cpu} mode={mode}")
    return guest


def refused(guest, cpu):
    guest.expect(f"CPU {cpu} did not park", timeout=120)
    guest.expect("refusing the SVSM reset")
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")
    # The restart begins on CPU 0, or on CPU 1 if CPU 0 is the one
    assert record.left_by(guest) == ("refused", "reboot", 0 if cpu else 1, [cpu], 0)


@pytest.mark.parametrize("cpu", [1, later(3)])
def test_refuse(simulate, cpu):
    """The default: no call, the CPU is named, the kernel's own restart goes on."""
    guest = boot_with_stuck(simulate, cpu, "nmi")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    refused(guest, cpu)


@pytest.mark.sliced
def test_force(simulate):
    """Forced, the call is made, and the simulator shows what that means: a violation."""
    guest = boot_with_stuck(simulate, 2, "nmi", "ap_policy=force", host="destroy-refuse")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    guest.expect("CPU 2 did not park", timeout=120)
    assert guest.end() == 2, guest.tail()
    execute, = guest.events.of("execute")
    assert [ap["apic_id"] for ap in execute["aps"] if ap["runnable"]] == [2]
    assert execute["bsp"]
    guest.events.one("violation", kind="ap-running")
    guest.events.ended(2)


def test_force_asks_the_host_first(simulate):
    guest = boot_with_stuck(simulate, 2, "nmi", "ap_policy=force")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    guest.expect("destroyed, as the host says: 2", timeout=120)
    assert guest.boot(2) == 4
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.sliced
def test_policy_changed_at_run_time(simulate):
    guest = boot_with_stuck(simulate, 1, "nmi", "ap_policy=force")
    guest.check("echo refuse > /sys/bus/platform/devices/svsm-reset/ap_policy")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    refused(guest, 1)


def test_nmi_reaches_it(simulate):
    """Spinning with interrupts off is no obstacle."""
    guest = boot_with_stuck(simulate, 2, "irq")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    assert guest.boot(2) == 4
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.sliced
def test_bsp_is_stuck(simulate):
    """An AP fires and the BSP is lost: refused."""
    guest = boot_with_stuck(simulate, 0, "nmi")
    guest.check("echo 1 > /sys/kernel/reboot/cpu")
    guest.send("taskset 2 reboot -f")
    refused(guest, 0)
