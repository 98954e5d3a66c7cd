# SPDX-License-Identifier: GPL-2.0
"""The smallest crashkernel= with which Debian's kdump-tools leave a dump, in steps of 16 MiB.

Halved between one that works and one that does not; the smallest is then tried as often as
asked for. It works if the next boot has the reason kdump and there is a dump.
"""

import pathlib
import re
import shutil
import subprocess

from lib import begin, debian
from lib.guest import Guest

STEP = 16  # MiB
LEAST, MOST = 64, 256
MEMORY = "1G"
ESP = 1 << 20  # where it begins on the disk
ENTRIES = "::/loader/entries"
TIMEOUT = 600


def mtools(command, disk, *words, text=None):
    return subprocess.run([command, "-i", f"{disk}@@{ESP}", *words], check=True, capture_output=True, text=True, input=text).stdout


def resize(disk, size):
    """Another crashkernel= in the boot loader's entry."""
    name = re.search(r"\S+\.conf", mtools("mdir", disk, "-b", ENTRIES))[0].rsplit("/", 1)[-1]
    entry = mtools("mtype", disk, f"{ENTRIES}/{name}")
    new, count = re.subn(r"crashkernel=\S+", f"crashkernel={size}M", entry)
    assert count == 1, entry
    mtools("mcopy", disk, "-o", "-", f"{ENTRIES}/{name}", text=new)


def once(directory, size):
    """Why it does not work, or nothing."""
    disk = debian.copy(directory / "disk")
    resize(disk, size)
    guest = Guest(directory, **debian.arguments(disk, memory=MEMORY), cores="all")
    guest.trouble_is_fine = True
    try:
        # kdump-tools fails where the crash kernel does not fit
        debian.login(guest, accepted=("running", "degraded"))
        assert guest.check("cat /sys/kernel/kexec_crash_size") == str(size << 20)
        if "ready to kdump" not in guest.run("kdump-config show")[1]:
            return "the crash kernel is not loaded"
        guest.send(begin.on(1, begin.PANIC))
        try:
            debian.login(guest, TIMEOUT, accepted=("running", "degraded"))
        except AssertionError:
            said = re.findall(r"Out of memory[^\n]*|Kernel panic - not syncing: (?!sysrq)[^\n]*|snpsim: the guest[^\n]*", guest.console)
            return said[-1] if said else "it does not come back"
        reason = guest.attribute("last_reset_reason")
        if reason != "kdump":
            return f"the reason is {reason}"
        return "" if guest.run("test -s /var/crash/2*/dump.2*")[0] == 0 else "there is no dump"
    finally:
        guest.stop()
        debian.remove(disk)


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    tried = []

    def works(size):
        why = once(pathlib.Path(directory) / f"{len(tried)}-{size}", size)
        tried.append((size, why or "works"))
        print(f"bench: crashkernel: {size} MiB: {why or 'works'}", flush=True)
        return not why

    assert works(MOST), f"{MOST} MiB do not work"
    low, high = LEAST - STEP, MOST
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        if works(middle):
            high = middle
        else:
            low = middle
    good = sum(works(high) for _ in range(runs - 1)) + 1
    rows = [["crashkernel=", "outcome"], *([f"{size}M", outcome] for size, outcome in sorted(tried))]
    title = f"Debian 13's kdump-tools, {MEMORY} of memory, 2 CPUs: {high} MiB is the smallest that works ({good} of {runs} times)"
    return title, rows, {"tried": tried, "smallest": high, "samples": {"the smallest, MiB": [high]}}
