# SPDX-License-Identifier: GPL-2.0
"""What the SVSM does not reset is as on first boot: devices, timers, KVM's areas.

A real reset stops all of them.  The execute event has what is left (events.left()); every
scenario with orderly_resets() looks at that, these have something to be left.
"""

import pytest

from lib import begin, crash, monitor, mutation
from lib.slices import later

# Bus masters with MSI-X, one of them behind a bridge, which the kernel drives by itself
DEVICES = (
    "-drive", "if=none,id=disk,driver=null-co,size=64M", "-device", "nvme,drive=disk,serial=1",
    "-device", "virtio-serial-pci,iommu_platform=on,disable-legacy=on", "-device", "virtconsole,chardev=nobody", "-chardev", "null,id=nobody",
    "-device", "pcie-root-port,id=downstream,chassis=1",
    "-device", "virtio-rng-pci,bus=downstream,iommu_platform=on,disable-legacy=on",
)


def start(simulate, parameters="", append="", **arguments):
    guest = simulate(qemu=DEVICES, append=append, **arguments)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=crash.BOOT)
    guest.load(parameters)
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    return guest


def alarm(guest):
    """An alarm of the real-time clock that is yet to come, and a device with nothing but MSI."""
    guest.check("echo +600 > /sys/class/rtc/rtc0/wakealarm")
    guest.check(r"printf '\001' | dd of=/sys/bus/pci/devices/0000:00:1f.2/config bs=1 seek=130 conv=notrunc 2>/dev/null")


@pytest.mark.parametrize("how", ["panic-ap", *map(later, ("reboot", "sysrq-b", "panic-bsp"))])
@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_nothing_is_left(simulate, how, fidelity):
    """Disk, console and a device behind a bridge are in use; so is an alarm."""
    guest = start(simulate, "device_policy=refuse", fidelity=fidelity)
    alarm(guest)
    guest.check("ls /dev/nvme0n1 /dev/hvc0 /dev/hwrng")
    guest.send(begin.WAYS[how][0])
    assert guest.boot(2, timeout=crash.RESET) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == begin.WAYS[how][1]
    guest.check("dd if=/dev/nvme0n1 of=/dev/null bs=4096 count=64")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.parametrize("how", ["reboot", *map(later, list(begin.WAYS)[1:])])
def test_call_comes_back(simulate, how):
    """The SVSM refuses: the devices are started again, and the kernel's own restart gets to its end."""
    guest = start(simulate, svsm="draft,result=0x80000006", append="console=hvc0 console=ttyS0")
    guest.send(begin.WAYS[how][0])
    guest.lost()
    assert len(guest.events.refusals) == 1


# Each measure taken away: file, text, what it becomes, what is then left of a panic on CPU 2.
# The disk is reset to end its requests, and what is behind the bridge with its bus.
WITHOUT = {
    "devices": ("reset/devices.c", "svr_pci_stop(&svr_pci_ports, list)", "0", [
        "00:01.0 bus_master msix", "00:02.0 bus_master msix", "00:03.0 bus_master msix", "00:1f.2 msi",
        "01:00.0 bus_master",
    ]),
    "msix": ("lib/pci-functions.c", "svr_pci_flags_off(pci, f, f->msix, PCI_MSIX_FLAGS_ENABLE);", "", [
        "00:02.0 msix", "00:03.0 msix",
    ]),
    "msi": ("lib/pci-functions.c", "svr_pci_flags_off(pci, f, f->msi, PCI_MSI_FLAGS_ENABLE);", "", ["00:1f.2 msi"]),
    "master": ("lib/pci-functions.c", "(f->command & ~PCI_COMMAND_MASTER)", "f->command", [
        "00:02.0 bus_master", "00:03.0 bus_master",
    ]),
    "bridge": ("lib/pci-functions.c", "turn < SVR_PCI_TURNS", "turn < SVR_PCI_TURNS - 1", ["00:03.0 bus_master msix"]),
    "hpet": ("reset/timers.c", "config & ~SVR_HPET_INTERRUPTS", "config", ["hpet 1"]),
    "rtc": ("reset/timers.c", "control & ~(RTC_PIE | RTC_AIE | RTC_UIE)", "control", ["rtc alarm"]),
}


# The same where something else is alive
WITHOUT_MORE = {
    "requests": ("lib/pci-functions.c", "!svr_pci_end_requests(pci, &list->functions[i])", "false"),
    "virtual-functions": ("lib/pci-functions.c", "for_each_set_bit(number, hidden, SVR_PCI_NUMBERS) {", "for (number = 0; number < 0;) {"),
    "virtual-functions-made-later": ("reset/devices.c", "what == BUS_NOTIFY_ADD_DEVICE", "what == ~0UL"),
    "lapic": ("reset/lapic.c", "\tif (!boot_cpu_has(X86_FEATURE_APIC))\n\t\treturn -1;\n\n\tsvr_lapic_mask();",
              "\tif (true)\n\t\treturn -1;\n\n\tsvr_lapic_mask();"),
    "ioapic": ("reset/fire.c", "\tsvr_ioapic_mask();\n", ""),
}


@pytest.fixture(name="without")
def fixture_without(tmp_path):
    """without(measure) -> an initial ram disk with the driver, that measure taken away."""
    return lambda measure: mutation.initrd(tmp_path, *(WITHOUT | WITHOUT_MORE)[measure][:3])


# Requests to this disk are under way for longer than the next kernel takes to share memory
SLOW = ("-drive", "if=none,id=slow,driver=null-co,size=64M,read-zeroes=on,latency-ns=4000000000", "-device", "virtio-blk-pci,drive=slow")
# In a row, without waiting for an answer: the kernel's buffers for devices are all in use
READS = "for n in $(seq 0 31); do dd if=/dev/vda of=/dev/null bs=128k count=1 skip=$n 2>/dev/null & done; sleep 1"


def requests_under_way(simulate, **arguments):
    guest = simulate(qemu=SLOW, **arguments)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=crash.BOOT)
    guest.load()
    guest.check("modprobe virtio_blk")
    guest.check(READS)
    guest.send(begin.WAYS["panic-ap"][0])
    return guest


def test_requests_under_way(simulate):
    """A disk answers after the reset: not into the memory of the next kernel."""
    guest = requests_under_way(simulate)
    assert guest.boot(2, timeout=crash.RESET) == 4
    guest.check("sleep 5")
    guest.load()
    guest.check("modprobe virtio_blk; dd if=/dev/vda bs=64k count=4 | cmp -n 262144 - /dev/zero")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.sliced
def test_requests_under_way_without(simulate, without):
    """The same, if the disk is not stopped: a violation, or at least an event."""
    guest = requests_under_way(simulate, initrd=without("devices"))
    guest.boot(2, timeout=crash.RESET)
    guest.send("sleep 5; poweroff -f")
    guest.end()
    assert [event for event in guest.events.of("dma") if event["stale"]]


# At this rate a second request of READS waits for half a minute
THROTTLED = "if=none,id=slow,driver=null-co,size=64M,read-zeroes=on,throttling.bps-total=4096"
DISKS = {
    "virtio-blk": (("-device", "virtio-blk-pci,drive=slow,ioeventfd=off"), "modprobe virtio_blk", "vda"),
    "nvme": (("-device", "nvme,drive=slow,serial=1"), "true", "nvme0n1"),
}


def answered_late(simulate, tmp_path, kind, **arguments):
    """How many requests of the first boot's were answered while the second did not use the disk."""
    outside = tmp_path / "monitor"
    device, load, name = DISKS[kind]
    guest = simulate(qemu=("-drive", THROTTLED, *device, *monitor.arguments(outside)), **arguments)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=crash.BOOT)
    guest.load()
    guest.check(load)
    guest.check(READS.replace("vda", name))
    guest.send(begin.WAYS["panic-ap"][0])
    guest.expect("Linux version", timeout=crash.RESET)
    at_reset = monitor.reads(outside, "slow")
    guest.boot(2, timeout=crash.RESET)
    return monitor.reads(outside, "slow") - at_reset


@pytest.mark.parametrize("kind", DISKS)
def test_reads_under_way(simulate, tmp_path, kind):
    """QEMU's devices know where data go when they take a request: it must end before the reset."""
    assert answered_late(simulate, tmp_path, kind) == 0


@pytest.mark.sliced
@pytest.mark.parametrize("kind", DISKS)
def test_reads_under_way_without(simulate, tmp_path, without, kind):
    assert answered_late(simulate, tmp_path, kind, initrd=without("requests")) > 0


# A physical function that can make one of itself, and that no reset reaches: on the root bus, and
# not by its maker one of QEMU's own. A reset would turn the virtual one off
VIRTUAL = (
    "-device", "nvme-subsys,id=subsystem",
    "-device", "nvme,serial=1,subsys=subsystem,addr=4,use-intel-id=on,max_ioqpairs=4,msix_qsize=5,"
    "sriov_max_vfs=1,sriov_vq_flexible=2,sriov_vi_flexible=1",
)
PHYSICAL = "/sys/bus/pci/devices/0000:00:04.0"
MADE = f"echo 0 > {PHYSICAL}/sriov_drivers_autoprobe; echo 1 > {PHYSICAL}/sriov_numvfs"
MASTERS = rf"printf '\006' | dd of={PHYSICAL}/virtfn0/config bs=1 seek=4 conv=notrunc 2>/dev/null"


def virtual_function(simulate, before, **arguments):
    """One that masters the bus, made before the driver is loaded, or after; a panic."""
    guest = simulate(qemu=VIRTUAL, smp=2, **arguments)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=crash.BOOT)
    if before:
        guest.check(MADE)
    guest.load("device_policy=refuse")
    if not before:
        guest.check(MADE)
    guest.check(f"{MASTERS}; basename $(readlink {PHYSICAL}/virtfn0) | grep -x 0000:00:04.1")
    guest.send("taskset 1 sh -c 'echo c > /proc/sysrq-trigger'")
    assert guest.boot(2, timeout=crash.RESET) == 2
    return guest


@pytest.mark.parametrize("before", [True, later(False)])
def test_virtual_function(simulate, before):
    """Nobody walks by it; the kernel knows it."""
    guest = virtual_function(simulate, before)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


def test_virtual_function_that_has_gone(simulate):
    """It was there when the driver was loaded."""
    guest = simulate(qemu=VIRTUAL, smp=2)
    guest.boot(1, timeout=crash.BOOT)
    guest.check(MADE)
    guest.load("device_policy=refuse")
    guest.check(f"echo 0 > {PHYSICAL}/sriov_numvfs")
    guest.send("reboot -f")
    assert guest.boot(2, timeout=crash.RESET) == 2
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
@pytest.mark.parametrize("measure, before", [("virtual-functions", True), ("virtual-functions-made-later", False)])
def test_virtual_function_without(simulate, without, measure, before):
    guest = virtual_function(simulate, before, initrd=without(measure))
    guest.stop()
    assert guest.events.left(apics=False) == ["00:04.1 bus_master"]


@pytest.mark.sliced
@pytest.mark.parametrize("measure, left", [("lapic", "irr"), ("ioapic", "ioapic_unmasked")])
def test_interrupts_without(simulate, without, measure, left):
    """orderly_resets() of any scenario would notice."""
    guest = start(simulate, initrd=without(measure))
    guest.send(begin.WAYS["panic-bsp"][0])
    # How far it comes with them is another question
    guest.expect("Linux version", timeout=crash.RESET)
    guest.stop()
    assert guest.events.executes[0]["irq"][left]


@pytest.mark.sliced
@pytest.mark.parametrize("measure", WITHOUT)
def test_without(simulate, without, measure):
    """The scenarios above would notice: each measure is what keeps something from being left."""
    guest = start(simulate, initrd=without(measure))
    alarm(guest)
    guest.send(begin.WAYS["panic-ap"][0])
    assert guest.boot(2, timeout=crash.RESET) == 4
    guest.stop()
    assert guest.events.left(apics=False) == WITHOUT[measure][3]
