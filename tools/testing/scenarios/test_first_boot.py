# SPDX-License-Identifier: GPL-2.0
"""What the SVSM does not reset is as on first boot: devices, timers, the mode of local APICs.

A real reset stops all of them.  The execute event has what is left (events.left()); every
scenario with orderly_resets() looks at that, these have something to be left.
"""

import pytest

from lib import crash
from lib.slices import later

# Bus masters with MSI-X, one of them behind a bridge, which the kernel drives by itself
DEVICES = (
    "-drive", "if=none,id=disk,driver=null-co,size=64M", "-device", "nvme,drive=disk,serial=1",
    "-device", "virtio-serial-pci,iommu_platform=on,disable-legacy=on", "-device", "virtconsole,chardev=nobody", "-chardev", "null,id=nobody",
    "-device", "pcie-root-port,id=downstream,chassis=1",
    "-device", "virtio-rng-pci,bus=downstream,iommu_platform=on,disable-legacy=on",
)
BEGIN = {
    "reboot": "reboot -f",
    "sysrq-b": "echo b > /proc/sysrq-trigger",
    "panic-bsp": "taskset 1 sh -c 'echo c > /proc/sysrq-trigger'",
    "panic-ap": "taskset 4 sh -c 'echo c > /proc/sysrq-trigger'",
}
REASONS = {"reboot": "reboot", "sysrq-b": "emergency-restart"}


def start(simulate, parameters="", append="", **arguments):
    guest = simulate(qemu=DEVICES, append=append, **arguments)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=crash.BOOT)
    guest.load(parameters)
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    return guest


def alarm(guest):
    """An alarm of the real-time clock that is yet to come."""
    guest.check("echo +600 > /sys/class/rtc/rtc0/wakealarm")


@pytest.mark.parametrize("how", ["panic-ap", *map(later, ("reboot", "sysrq-b", "panic-bsp"))])
@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_nothing_is_left(simulate, how, fidelity):
    """Disk, console and a device behind a bridge are in use; so is an alarm."""
    guest = start(simulate, "device_policy=refuse", fidelity=fidelity)
    alarm(guest)
    guest.check("ls /dev/nvme0n1 /dev/hvc0 /dev/hwrng")
    guest.send(BEGIN[how])
    assert guest.boot(2, timeout=crash.RESET) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == REASONS.get(how, "panic")
    guest.check("dd if=/dev/nvme0n1 of=/dev/null bs=4096 count=64")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.parametrize("how", ["reboot", *map(later, list(BEGIN)[1:])])
def test_call_comes_back(simulate, how):
    """The SVSM refuses: the devices are started again, and the kernel's own restart gets to its end."""
    guest = start(simulate, svsm="draft,result=0x80000006", append="console=hvc0 console=ttyS0")
    guest.send(BEGIN[how])
    guest.lost()
    refusal, = guest.events.refusals
    assert [mode for mode in refusal["apics"] if mode != "xapic"] == []
