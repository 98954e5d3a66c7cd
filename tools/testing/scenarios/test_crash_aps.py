# SPDX-License-Identifier: GPL-2.0
"""A panic, an emergency restart and a reboot, whatever another CPU is doing.

The rows are in lib/matrix.py, what is asserted about them in lib/crash.py.
"""

import dataclasses
import time

import pytest

from lib import crash, matrix

ROWS = [row for row in matrix.SCENARIOS if row.state != "idle"]


@pytest.mark.parametrize("row", [
    pytest.param(row, id=row.id, marks=[pytest.mark.smoke] if row.id in matrix.SMOKE else [pytest.mark.sliced])
    for row in ROWS
])
def test_other_cpu(simulate, row):
    crash.run(simulate, row)


@pytest.mark.sliced
def test_sixteen(simulate):
    """16 vCPUs, the odd ones loop with interrupts off, and an AP panics."""
    row = dataclasses.replace(matrix.BY_ID["panic-last-ap-idle"], smp=16)
    guest = crash.start(simulate, row)
    # The shell and the serial line's interrupt are where nothing else is to happen
    guest.check("taskset -p 4 $$ > /dev/null; echo 2 > /proc/irq/4/smp_affinity_list")
    guest.send(f"echo spin@irqs-off 1,3,5,7,9,11,13,15 > {crash.DO}; echo panic 2 > {crash.DO}")
    crash.next_boot(guest, row, 16)
    crash.no_other_complaint(guest, row, until="guest: boot 2 ")
    guest.events.orderly_resets(1, cpus=16)


@pytest.mark.sliced
def test_reboot_hangs_without_a_deadman(simulate):
    """What the deadman is for; somebody at the console can do its work."""
    row = dataclasses.replace(matrix.BY_ID["reboot-ap-irqs-off"], module="deadman=0", message="")
    guest = crash.start(simulate, row)
    crash.bring_about(guest, row)
    time.sleep(15)
    guest.events.no("execute", "host-reset", "violation", "terminate")
    crash.press_sysrq_b(guest)
    crash.next_boot(guest, row, row.smp)
    crash.no_other_complaint(guest, row, until="guest: boot 2 ")
    guest.events.orderly_resets(1, cpus=row.smp)
