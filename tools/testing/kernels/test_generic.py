# SPDX-License-Identifier: GPL-2.0
"""Debian's generic kernel has a driver for e1000e, which its cloud kernel does not have.

The same load as in scenarios/test_load.py, with that card in place of vmxnet3.
"""

import pytest

from lib import begin, kernels, mutation
from lib.kernels import next_boot
from lib.load import Load

pytestmark = pytest.mark.only(choose=kernels.generic)

BOOT_TIMEOUT = 300
RUN_TIMEOUT = 1200
CARD = "02:00.0"
# The kernel's 256 buffers are then full only after the next one has booted
SLOWLY = 0.1


def busy(start, load, how, **arguments):
    """The first boot, with the load, up to what begins the reset."""
    guest = start("device_policy=refuse", qemu=load.qemu, **arguments)
    guest.trouble_is_fine = True
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    load.begin(guest)
    load.verify(guest)
    # The card that this is about
    assert guest.check("basename $(readlink /sys/class/net/eth1/device)").split()[-1] == f"0000:{CARD}"
    assert guest.check("basename $(readlink /sys/class/net/eth1/device/driver)").split()[-1] == "e1000e"
    guest.send(begin.WAYS[how][0])
    return guest


def load_of(directory, **arguments):
    return Load(directory, card="e1000e", modules=("nvme", "ext4"), **arguments)


@pytest.mark.parametrize("how", ["panic-ap", "sysrq-b", "reboot", "panic-bsp"])
def test_busy(start, tmp_path, how):
    """Two boots with the same load, nothing left of the first one's devices in the second."""
    with load_of(tmp_path) as load:
        guest = busy(start, load, how)
        next_boot(guest, begin.WAYS[how][1])
        load.begin(guest)
        load.verify(guest)
        load.power_off(guest)
    guest.events.orderly_resets(1, cpus=guest.smp)
    guest.events.no("dma")


@pytest.mark.parametrize("how", ["panic-ap", "sysrq-b"])
def test_busy_without(start, kernel, tmp_path, how):
    """If no device is stopped, the card goes on receiving into the rings of the dead kernel."""
    initrd = mutation.initrd(tmp_path, "reset/devices.c", "svr_pci_stop(&svr_pci_ports, list)", "0",
                             headers=kernel.headers, base=kernel.initrd)
    with load_of(tmp_path, pause=SLOWLY) as load:
        guest = busy(start, load, how, initrd=initrd)
        guest.boot(2, BOOT_TIMEOUT)
        guest.stop()
    assert f"{CARD} bus_master msix" in guest.events.left(apics=False)
    assert CARD in {event["bdf"] for event in guest.events.of("dma", boot=2) if event["stale"]}
