# SPDX-License-Identifier: GPL-2.0
"""A program at VMPL 0: how long it takes to the guest's first instruction, and what its operations take.

The program is minisvsm. The first is from the launch to the AP creation of VMPL 2 on the boot CPU, with a kernel or
firmware to launch; the second what the program has measured itself.
"""

import pathlib
import re
import shutil
import statistics

from lib import minisvsm, vmpl0
from lib.guest import Guest
from spread import spread

CPUS = 1, 4, 8
BOOT = 300
TESTS = 120
RATE = re.compile(r"^RATE (\S+) (\d+) (\d+)\s*$", re.MULTILINE)


def to_guest(directory, svsm, cpus):
    """ms from the launch to the guest's entry, and the operations of VMPL 0 until it powers off."""
    guest = Guest(directory, svsm=svsm, smp=cpus, memory="1G", patience=3, cores="all")
    try:
        guest.boot(1, timeout=BOOT)
        guest.powered_off()
        events = guest.events
        entry = next(event for event in events.of("vcpu-start", vmpl=2))
        return (entry["t"] - events.one("boot")["t"]) / 1e6, events.one("switches")["kinds"]
    finally:
        guest.stop()


def rates(directory):
    """{operation: us for one}"""
    guest = vmpl0.guest(pathlib.Path(directory), "rate", smp=1, timeout=TESTS)
    assert guest.end(timeout=TESTS + 30) == 0, guest.tail()
    found = {name: int(us) / int(n) for name, n, us in RATE.findall(guest.console.replace("\r", ""))}
    assert found, guest.tail()
    return found


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    place = pathlib.Path(directory)
    entries, operations, counts = {}, {}, {}
    for run in range(runs):
        for svsm in minisvsm.NAMES:
            for cpus in CPUS:
                name = f"{svsm}, {cpus} vCPUs: to the guest, ms"
                ms, counts[name] = to_guest(place / f"{svsm}-{cpus}-{run}", svsm, cpus)
                entries.setdefault(name, []).append(ms)
                print(f"bench: svsm: run {run + 1} of {runs}: {name} {ms:.0f}", flush=True)
        for name, us in rates(place / f"rate-{run}").items():
            operations.setdefault(f"{name}, us", []).append(us)
    rows = [["", "median", "least", "greatest", "PVALIDATE of the run", "RMPADJUST"]]
    for name, values in entries.items():
        rows.append([name, *spread(values, 0), counts[name]["pvalidate"], counts[name]["rmpadjust"]])
    for name, values in operations.items():
        rows.append([name, *spread(values, 1), f"{1e6 / statistics.median(values):.0f} a second", ""])
    title = "A program at VMPL 0 (minisvsm), 1 GiB: its launch of a guest, and its operations; RUN_VMPL is there and back"
    return title, rows, {"counts": counts, "samples": {**entries, **operations}}
