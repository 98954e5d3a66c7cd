# SPDX-License-Identifier: GPL-2.0
"""The driver on an SVSM that is a program at VMPL 0: tools/snpsim/minisvsm, from its IGVM file."""

import pytest

from lib import crash, matrix, minisvsm, places

SVSM = minisvsm.NAME
TIMEOUT = 900
BOOT = 240


def next_boot(guest, boot, reason):
    """Up again with all CPUs, and it knows why."""
    assert guest.boot(boot, timeout=BOOT) == guest.smp
    guest.load()
    assert guest.attribute("last_reset_reason") == reason


def test_resets(simulate):
    """Three in one run: begun on the BSP while a CPU is offline, on an AP, and by a panic on an AP."""
    guest = simulate(svsm=SVSM, timeout=TIMEOUT)
    guest.trouble_is_fine = True  # a panic shows its call trace
    assert guest.boot(1, timeout=BOOT) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == "none"
    guest.check("cd /sys/devices/system/cpu; echo 0 > cpu3/online; echo 1 > cpu3/online; echo 0 > cpu1/online")
    assert guest.check("nproc") == "3"
    guest.send("taskset 1 reboot -f")
    next_boot(guest, 2, "reboot")
    guest.check("echo 2 > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect("handing the call over from CPU 2 to the BSP")
    next_boot(guest, 3, "reboot")
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    guest.send("taskset 4 sh -c 'echo c > /proc/sysrq-trigger'")
    next_boot(guest, 4, "panic")
    guest.powered_off()
    guest.events.orderly_resets(3, cpus=4)


def test_unload(simulate):
    """Loaded and unloaded several times, and then not there: the guest is lost as without it."""
    guest = simulate(svsm=SVSM, smp=2, timeout=TIMEOUT)
    guest.boot(1, timeout=BOOT)
    guest.load()
    for _ in range(3):
        guest.reload()
    guest.check("rmmod svsm_reset")
    guest.send("reboot -f")
    guest.lost()
    guest.events.no("execute", "violation")


def test_refused(simulate):
    """An AP is stuck in an NMI: the driver makes no call."""
    crash.run(simulate, matrix.BY_ID["panic-ap-nmi-stuck"], svsm=SVSM)


def test_kdump(simulate):
    """A panic on an AP, a dump, and the capture kernel's reboot: its CPU calls for the last time."""
    guest = simulate(
        svsm=SVSM, smp=2, initrd=places.INITRD_KDUMP, memory="1G", timeout=TIMEOUT, append="crashkernel=320M")
    guest.trouble_is_fine = True
    assert guest.boot(1, timeout=BOOT) == 2
    guest.load()
    guest.check("load-capture nokaslr", timeout=BOOT)
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")
    assert guest.capture(1, timeout=BOOT) == 1
    guest.load()
    guest.check("makedumpfile -d 31 -l --message-level 5 /proc/vmcore /mnt/data/core", timeout=BOOT)
    guest.send("reboot -f")
    next_boot(guest, 2, "kdump")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
def test_firmware(simulate):
    """OVMF between the SVSM and Linux: a reboot on an AP, and a panic on another one. The command line is firmware's."""
    guest = simulate(svsm=minisvsm.WITH_FIRMWARE, timeout=TIMEOUT)
    guest.trouble_is_fine = True
    assert guest.boot(1, timeout=BOOT) == 4
    guest.load()
    guest.send("taskset 2 reboot -f")
    next_boot(guest, 1, "reboot")
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    guest.send("taskset 4 sh -c 'echo c > /proc/sysrq-trigger'")
    next_boot(guest, 1, "panic")
    guest.powered_off()
    guest.events.firmware_started_again(2, cpus=4)


@pytest.mark.sliced
@pytest.mark.parametrize("row", [
    pytest.param(row, id=row.id) for row in matrix.SCENARIOS if not row.host
])
def test_crash_matrix(simulate, row):
    """Every row of the crash matrix on an honest host."""
    crash.run(simulate, row, svsm=SVSM)
