# SPDX-License-Identifier: GPL-2.0
"""What stopping the devices costs: from "the CPUs are quiesced" to "now the call", in the guest's time.

Ten functions that master the bus, none busy.  Beside it the same driver which leaves devices
alone, and a guest that has none of these devices.  How often configuration space is accessed
is counted by QEMU, in runs of their own; each access is two exits of the guest, and some have
QEMU build its map of the memory anew.
"""

import re
import shutil

from lib import begin, mutation, places
from lib.guest import Guest
from spread import spread

VIRTIO = "iommu_platform=on,disable-legacy=on"
TEN = (
    "-drive", "if=none,id=disk1,driver=null-co,size=64M", "-device", "nvme,drive=disk1,serial=1",
    "-drive", "if=none,id=disk2,driver=null-co,size=64M", "-device", "nvme,drive=disk2,serial=2",
    "-device", f"virtio-serial-pci,{VIRTIO}", "-device", "virtconsole,chardev=nobody", "-chardev", "null,id=nobody",
    *("-device", f"virtio-rng-pci,{VIRTIO}") * 3,
    "-device", "pcie-root-port,id=port1,chassis=1", "-device", f"virtio-rng-pci,bus=port1,{VIRTIO}",
    "-device", "pcie-root-port,id=port2,chassis=2", "-device", f"virtio-rng-pci,bus=port2,{VIRTIO}",
)
LEFT_ALONE = ("reset/fire.c", "if (!svr_devices_stop() || svr_device_policy_get() == SVR_DEVICE_FORCE)", "if (true)")
STAMP = r"\[ *(\d+\.\d+)\] .*\b{}: "


def masters(guest):
    """How many functions master the bus now, as the configuration space has it."""
    found = guest.check(
        "n=0; for d in /sys/bus/pci/devices/*; do"
        " [ $(( $(od -An -tu1 -j4 -N1 $d/config) & 4 )) = 0 ] || n=$((n + 1)); done; echo masters=$n"
    )
    return int(re.search(r"masters=(\d+)", found)[1])


def once(directory, initrd, qemu):
    """One reset; milliseconds from the one event to the other, and what mastered the bus."""
    guest = Guest(directory, qemu=qemu, initrd=initrd, append="tp_printk", patience=3, cores="all")
    guest.trouble_is_fine = True
    try:
        guest.boot(1)
        guest.load()
        count = masters(guest)
        tracing = guest.tracefs()
        for event in ("quiesce_done", "call"):
            guest.check(f"echo 1 > {tracing}/events/svsm_reset/{event}/enable")
        guest.send(begin.REBOOT)
        guest.boot(2)
        guest.powered_off()
    finally:
        guest.stop()
    done, call = (float(re.search(STAMP.format(name), guest.console)[1]) for name in ("quiesce_done", "call"))
    return 1000 * (call - done), count


def accesses(directory, initrd, qemu):
    """How often two boots and the reset between them access configuration space."""
    log = directory / "accesses"
    directory.mkdir()
    once(directory / "guest", initrd, (*qemu, "-trace", "pci_cfg_*", "-D", log))
    return sum(line.startswith("pci_cfg_") for line in log.open(encoding="ascii", errors="replace"))


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    without = mutation.initrd(directory, *LEFT_ALONE)
    kinds = {
        "devices stopped": (places.INITRD, TEN),
        "devices left alone": (without, TEN),
        "no such devices": (places.INITRD, ()),
    }
    times, counts = {kind: [] for kind in kinds}, {}
    for run in range(runs):
        for kind, (initrd, qemu) in kinds.items():
            ms, counts[kind] = once(directory / f"{kind.replace(' ', '-')}-{run}", initrd, qemu)
            times[kind].append(ms)
            print(f"bench: devices: run {run + 1} of {runs}: {kind}: {ms:.2f} ms", flush=True)
    with_, without = (accesses(directory / f"accesses-{n}", *kinds[kind]) for n, kind in enumerate(list(kinds)[:2]))
    rows = [["", "bus masters", "median ms", "least", "greatest"]]
    for kind, values in times.items():
        rows.append([kind, counts[kind], *spread(values, 2)])
    title = (
        "From quiesced CPUs to the call, reboot on the BSP, 4 CPUs (the guest's time, under emulation);"
        f" to stop the devices takes {with_ - without} accesses to configuration space"
    )
    samples = {f"{kind}, ms": values for kind, values in times.items()}
    return title, rows, {"ms": times, "masters": counts, "accesses": with_ - without, "samples": samples}
