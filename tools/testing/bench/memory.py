# SPDX-License-Identifier: GPL-2.0
"""What the SVSM's part of a reset takes, against the guest's memory.

From EXECUTE to the first instruction of the next boot: the SVSM invalidates what the guest has
validated, and the host loads the guest again. Here that is the simulator's model of an SVSM: a
figure of its shape, not of an SVSM's speed.
"""

import pathlib
import shutil
import statistics

from lib.guest import Guest
from spread import spread

MIB = 256, 512, 1024, 2048, 4096, 8192
BOOT = 600


def once(directory, mib):
    """(pages, ms from EXECUTE to the next boot)"""
    guest = Guest(directory, smp=1, memory=f"{mib}M")
    try:
        guest.boot(1, timeout=BOOT)
        guest.load()
        guest.send("reboot -f")
        guest.boot(2, timeout=BOOT)
        events = guest.events
        execute, boot, pages = events.one("execute"), events.of("boot")[1], events.one("invalidate")["pages"]
        return pages, (boot["t"] - execute["t"]) / 1e6
    finally:
        guest.stop()


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    found = {mib: [] for mib in MIB}
    for run in range(runs):
        for mib, values in found.items():
            values.append(once(pathlib.Path(directory) / f"{mib}-{run}", mib))
            print(f"bench: memory: run {run + 1} of {runs}: {mib} MiB: {values[-1][0]} pages, {values[-1][1]:.0f} ms", flush=True)
    rows = [["memory", "pages validated", "median ms", "least", "greatest", "us per page"]]
    for mib, values in found.items():
        pages, ms = (statistics.median(value[n] for value in values) for n in (0, 1))
        rows.append([f"{mib} MiB", round(pages), *spread([value[1] for value in values], 0), f"{1000 * ms / pages:.2f}"])
    samples = {f"{mib} MiB, ms": [value[1] for value in values] for mib, values in found.items()}
    title = "From EXECUTE to the next boot's first instruction, one vCPU, the SVSM of the simulator"
    return title, rows, {"found": found, "samples": samples}
