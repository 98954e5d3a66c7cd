# SPDX-License-Identifier: GPL-2.0
"""A Debian system from start and from reboot until all units are started: in the simulator, and in QEMU alone.

The same disk, the same firmware, the same QEMU, one after the other. QEMU alone resets the
machine, as it does for any guest that is not confidential.
"""

import pathlib
import shutil
import statistics
import time

from lib import debian
from lib.guest import Guest
from spread import spread

KINDS = {"QEMU alone": True, "simulator": False}
STEPS = "start to all units started", "reboot to all units started"


def once(directory, plain):
    """Seconds of each step."""
    disk = debian.copy(directory / "disk")
    guest = Guest(directory, plain=plain, cores="all", **debian.arguments(disk))
    try:
        seconds = []
        for command in (None, "systemctl reboot"):
            begin = time.monotonic()
            if command:
                guest.send(command)
            debian.login(guest)
            seconds.append(time.monotonic() - begin)
        return seconds
    finally:
        guest.stop()
        debian.remove(disk)


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    times = {kind: [] for kind in KINDS}
    for run in range(runs):
        for kind, plain in KINDS.items():
            seconds = once(pathlib.Path(directory) / f"{kind.replace(' ', '-')}-{run}", plain)
            times[kind].append(seconds)
            print(f"bench: debian: run {run + 1} of {runs}: {kind}: "
                  + ", ".join(f"{step} {value:.1f} s" for step, value in zip(STEPS, seconds)), flush=True)
    rows = [["", *KINDS, "ratio, median of pairs", "least", "greatest"]]
    for number, step in enumerate(STEPS):
        alone, simulated = ([seconds[number] for seconds in times[kind]] for kind in KINDS)
        ratios = [s / a for a, s in zip(alone, simulated)]
        rows.append([step, f"{statistics.median(alone):.1f} s", f"{statistics.median(simulated):.1f} s", *spread(ratios, 2)])
    title = "Debian 13 by OVMF, 2 CPUs, 1 GiB, fidelity strict: medians, and the ratio to QEMU alone"
    samples = {f"{kind}, {step}, s": [run[number] for run in seconds]
               for kind, seconds in times.items() for number, step in enumerate(STEPS)}
    return title, rows, {"seconds": times, "samples": samples}
