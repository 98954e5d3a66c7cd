# SPDX-License-Identifier: GPL-2.0
"""Every cause of a reset, on the BSP, on an AP and on the last AP; the others are idle.

The rows are in lib/matrix.py, what is asserted about them in lib/crash.py.
"""

import pytest

from lib import crash, matrix

ROWS = [row for row in matrix.SCENARIOS if row.state == "idle"]


@pytest.mark.parametrize("row", [
    pytest.param(row, id=row.id, marks=[pytest.mark.smoke] if row.id in matrix.SMOKE else [pytest.mark.sliced])
    for row in ROWS
])
def test_cause(simulate, row):
    crash.run(simulate, row)


# The memory of a PCI device outlives the reset: it is no page of the guest's.
KEEP = ("-object", "memory-backend-ram,id=keep,size=1M", "-device", "ivshmem-plain,memdev=keep")


def ramoops(guest):
    """pstore with its memory there; the files that it finds."""
    device = guest.check(
        "cd /sys/bus/pci/devices; for d in *; do grep -q 0x1110 $d/device && echo $d; done; cd /; true").split()[-1]
    directory = f"/sys/bus/pci/devices/{device}"
    guest.check(f"echo 1 > {directory}/enable")
    begin, end, _ = guest.check(f"sed -n 3p {directory}/resource").split("\n")[-1].split()
    assert int(end, 16) - int(begin, 16) == 0xFFFFF
    guest.check("insmod /lib/modules/reed_solomon.ko")
    guest.check(f"insmod /lib/modules/ramoops.ko mem_address={begin} mem_size=0x100000 record_size=0x10000")
    guest.check("test -d /sys/fs/pstore; mount -t pstore pstore /sys/fs/pstore")
    return guest.check("ls /sys/fs/pstore").split()


@pytest.mark.sliced
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_pstore_has_its_turn(simulate, late):
    """The record of a panic is complete after the reset, whether ramoops was loaded before the driver or after."""
    row = matrix.BY_ID["panic-last-ap-idle"]
    guest = simulate(smp=row.smp, timeout=600, qemu=KEEP)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=crash.BOOT)
    if late:
        guest.load()
        assert ramoops(guest) == []
    else:
        assert ramoops(guest) == []
        guest.load()
    guest.check(f"insmod {crash.TROUBLE}")
    crash.bring_about(guest, row)
    guest.boot(2, timeout=crash.RESET)
    names = ramoops(guest)
    assert names == ["dmesg-ramoops-0"], guest.tail()
    record = guest.check("cat /sys/fs/pstore/dmesg-ramoops-0")
    assert "Panic#1 Part1" in record
    assert "Kernel panic - not syncing: trouble: as asked for" in record
    assert "Call Trace" in record
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=row.smp)


@pytest.mark.sliced
@pytest.mark.parametrize("row", [matrix.BY_ID["unknown-nmi-bsp-idle"]], ids=["unknown"])
def test_nmi_of_the_host(simulate, row):
    """An NMI that the host injects, as its operator does; it reaches the BSP."""
    guest = crash.start(simulate, row)
    guest.nmi()
    crash.next_boot(guest, row, row.smp)
    crash.no_other_complaint(guest, row, until="guest: boot 2 ")
    guest.events.orderly_resets(1, cpus=row.smp)


@pytest.mark.sliced
def test_two_panics_in_nmis(simulate):
    """The kernel leaves a CPU that would have panicked, too, in a loop inside its NMI: nothing stops it.

    So there is no call.  Nothing is asserted about the lines that say so: they do
    not always get to the console from there.
    """
    row = matrix.BY_ID["two-panics-ap-idle"]
    guest = crash.start(simulate, row)
    guest.send(f"echo panic@nmi 1-2 > {crash.DO}")
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")
    crash.no_other_complaint(guest, row)
