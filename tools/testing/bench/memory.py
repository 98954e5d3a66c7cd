# SPDX-License-Identifier: GPL-2.0
"""What the SVSM's part of a reset takes, against the memory that the guest has validated: all of it, at its start.

From EXECUTE the SVSM invalidates what the guest has validated, then the host loads the guest again. Here that is the
simulator's model of an SVSM: a figure of its shape, not of an SVSM's speed.
"""

import pathlib
import shutil
import statistics

from lib.guest import Guest
from spread import spread

MIB = 256, 512, 1024, 2048, 4096, 8192
PAGES = 256  # in one MiB
# What the loader validates is not the guest's to validate: more of it, and the kernel has not accepted all memory
LOADED = 100 * PAGES
BOOT = 600


def once(directory, mib):
    """(pages, ms that the SVSM takes to invalidate them, ms until the next boot's first instruction)"""
    guest = Guest(directory, smp=1, memory=f"{mib}M", append="accept_memory=eager", patience=3, cores="all")
    try:
        guest.boot(1, timeout=BOOT)
        guest.load()
        guest.send("reboot -f")
        # Not its shell: it validates all of its memory once more
        guest.expect("Linux version .*", BOOT)
        events = guest.events
        execute, invalidate, boot = events.one("execute"), events.one("invalidate"), events.one("boot", boot=2)
        assert mib * PAGES - invalidate["pages"] - invalidate["shared"] < LOADED, f"{mib} MiB are not validated: {invalidate}"
        return invalidate["pages"], (invalidate["t"] - execute["t"]) / 1e6, (boot["t"] - invalidate["t"]) / 1e6
    finally:
        guest.stop()


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    found = {mib: [] for mib in MIB}
    for run in range(runs):
        for mib, values in found.items():
            values.append(once(pathlib.Path(directory) / f"{mib}-{run}", mib))
            pages, ms, load = values[-1]
            print(f"bench: memory: run {run + 1} of {runs}: {mib} MiB: {pages} pages, {ms:.0f} ms, then {load:.0f} ms", flush=True)
    rows = [["memory", "pages validated", "to invalidate, ms", "least", "greatest", "us per page", "to load the next, ms"]]
    for mib, values in found.items():
        pages, ms, load = (statistics.median(value[n] for value in values) for n in range(3))
        rows.append([f"{mib} MiB", round(pages), *spread([value[1] for value in values], 0), f"{1000 * ms / pages:.2f}", f"{load:.0f}"])
    samples = {f"{mib} MiB, ms": [value[1] for value in values] for mib, values in found.items()}
    title = "From EXECUTE until all pages are invalidated, and from there to the next boot; one vCPU, the SVSM of the simulator"
    return title, rows, {"found": found, "samples": samples}
