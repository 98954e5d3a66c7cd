# SPDX-License-Identifier: GPL-2.0
"""minisvsm as the SVSM of a guest: a program at VMPL 0 in place of the simulator's built-in SVSM.

The simulator knows nothing of its calls. What it does at a reset it says on the console, and what
the host has to do for it is in the event log.
"""

import os
import re

from . import ovmf, places
from .events import BAD_ENDS, Events
from .sources import run

NAME = "minisvsm"
WITH_FIRMWARE = "minisvsm-ovmf"     # it launches firmware, which boots the kernel
NAMES = NAME, WITH_FIRMWARE
IGVM = places.BUILD / "snpsim/minisvsm.igvm"
# One that reads the map of memory, and leaves the SVSM's alone
FIRMWARE = "sid", "ovmf/OVMF.fd"
# Its own memory, by tools/snpsim/pack-igvm
OWN = range(0x8000000, 0x9000000)
RESTARTS = re.compile(
    r"minisvsm: CPU (\d+) restarts the guest: (\d+) vCPUs stopped, (\d+) pages invalidated, boot (\d+)$", re.MULTILINE)


def packed(path, *arguments):
    """The same program in another file."""
    parts = places.BUILD / "snpsim/minisvsm.o.d"
    made = path.with_suffix(f".{os.getpid()}")
    result = run(places.TOP / "tools/snpsim/pack-igvm", "--boot", parts / "boot", "--kernel", parts / "kernel",
                 *arguments, "--output", made)
    assert result.returncode == 0, result.stdout
    made.rename(path)
    return path


def unrestricted():
    """With a VMSA that takes injected interrupts, and the page in place of firmware."""
    parts = places.BUILD / "snpsim/minisvsm.o.d"
    return packed(parts / "unrestricted.igvm", "--unrestricted", "--firmware", parts / "firmware")


def with_firmware(release, name):
    """With Debian's firmware."""
    image = ovmf.debian(release, name)
    return packed(places.BUILD / f"snpsim/minisvsm.o.d/{release}-{image.name}.igvm", "--firmware", image)


def arguments(name, kernel, initrd, append):
    """The kernel is QEMU's, which hands it over by fw_cfg: (options of snpsim, arguments of QEMU)"""
    igvm = with_firmware(*FIRMWARE) if name == WITH_FIRMWARE else IGVM
    return ["--igvm", igvm], ["-kernel", kernel, "-initrd", initrd, "-append", append]


def in_own(event):
    """Is the VMSA in the SVSM's memory? Then the guest starts with it."""
    return int(event["vmsa"], 16) in OWN


class OwnEvents(Events):
    """The event log of such a run, and what is asserted about it; `console` is what was printed."""

    console = ""

    def no(self, *kinds):
        if "execute" in kinds and RESTARTS.search(self.console):
            self.fail("the SVSM has restarted the guest")
        super().no(*kinds)

    def orderly_resets(self, count, cpus, refusals=0, by_firmware=()):
        """So many resets, each on the BSP, and no vCPU had to be stopped that could run the guest's code."""
        found = RESTARTS.findall(self.console)
        if [int(boot) for *_, boot in found] != list(range(2, count + 2)):
            self.fail(f"the SVSM has restarted the guest as {found}, not {count} times")
        for cpu, vcpus, pages, _ in found:
            if cpu != "0" or int(vcpus) != cpus or int(pages) <= 0:
                self.fail(f"restarted on CPU {cpu}, with {vcpus} vCPUs of {cpus} and {pages} pages")
        # The BSP goes on with the VMSA that it has
        starts = [event["apic_id"] for event in self.of("vcpu-start", vmpl=2) if in_own(event)]
        if starts != [0]:
            self.fail(f"the guest was started on the CPUs {starts}, not on the BSP")
        self.no(*BAD_ENDS)
        self.no("dma")
        self._nobody_ran()

    def firmware_started_again(self, count, cpus):
        """So many resets on the BSP, each of which has stopped the kernel's vCPUs and firmware's, and found them halted."""
        found = RESTARTS.findall(self.console)
        if [(cpu, int(boot)) for cpu, _, _, boot in found] != [("0", boot) for boot in range(2, count + 2)]:
            self.fail(f"the SVSM has restarted firmware as {found}, not {count} times on the BSP")
        if min(int(vcpus) for _, vcpus, _, _ in found) <= cpus or min(int(pages) for *_, pages, _ in found) <= 0:
            self.fail(f"restarted as {found}: firmware's own vCPUs are none of {cpus}")
        self._nobody_ran()

    def reset_by_an_ap(self):
        """One reset, by an AP, from which the guest goes on."""
        found = RESTARTS.findall(self.console)
        if len(found) != 1 or found[0][0] == "0":
            self.fail(f"the SVSM has restarted the guest as {found}, not once on an AP")
        if not [event for event in self.of("vcpu-start", vmpl=2, apic_id=int(found[0][0])) if in_own(event)]:
            self.fail("the guest was not started on that AP")
        self._nobody_ran()

    def _nobody_ran(self):
        for event in self.of("vcpu-release", halted=False):
            self.fail(f"a vCPU ran the guest's code when the SVSM stopped it: {event}")
