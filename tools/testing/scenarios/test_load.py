# SPDX-License-Identifier: GPL-2.0
"""Resets of a guest whose devices are busy: the next kernel reads and receives what it should."""

import pytest

from lib import begin, crash, mutation
from lib.load import Load
from lib.slices import later


@pytest.mark.parametrize("how", ["panic-ap", *map(later, ("reboot", "sysrq-b", "panic-bsp"))])
def test_busy(simulate, tmp_path, how):
    """Two boots with the same load, nothing left of the first one's devices in the second."""
    command, reason = begin.WAYS[how]
    with Load(tmp_path) as load:
        guest = simulate(qemu=load.qemu)
        guest.trouble_is_fine = True
        guest.boot(1, timeout=crash.BOOT)
        guest.load("device_policy=refuse")
        guest.check("echo 1 > /proc/sys/kernel/sysrq")
        load.begin(guest)
        load.verify(guest)
        guest.send(command)
        assert guest.boot(2, timeout=crash.RESET) == 4
        guest.load()
        assert guest.attribute("last_reset_reason") == reason
        load.begin(guest)
        load.verify(guest)
        load.power_off(guest)
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.sliced
def test_busy_without(simulate, tmp_path):
    """If buses are not reset, the card goes on with the rings of the dead kernel."""
    initrd = mutation.initrd(tmp_path, "lib/pci-functions.c", "\tsvr_pci_reset_buses(pci, list);\n", "")
    with Load(tmp_path) as load:
        guest = simulate(qemu=load.qemu, initrd=initrd)
        guest.trouble_is_fine = True
        guest.boot(1, timeout=crash.BOOT)
        guest.load()
        load.begin(guest)
        guest.send(begin.WAYS["panic-ap"][0])
        guest.boot(2, timeout=crash.RESET)
        load.begin(guest)
        guest.powered_off()
    assert {event["bdf"] for event in guest.events.of("dma", boot=2)} == {"02:00.0"}
