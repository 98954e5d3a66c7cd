# SPDX-License-Identifier: GPL-2.0
"""A guest from the start to its shell: in QEMU alone, and in the simulator at each fidelity.

The same kernel, initial ram disk and QEMU, one after the other, on all cores but where it
says one.  Times depend on what else the machine does; the world switches, by what they are
for, hardly do.  A kernel at a random place is compared with one at a random place.
"""

import pathlib
import shutil
import statistics
import time

from lib import launch
from lib.guest import Guest
from spread import spread

ALONE = "QEMU alone"
# The parameters of other boots, without that for the place
RANDOM = {"kaslr": True, "append": launch.QUICK.replace("nokaslr", "").strip()}
# (what it is called, beside what, arguments)
KINDS = (
    (ALONE, None, {"plain": True}),
    ("fast", ALONE, {"fidelity": "fast"}),
    ("strict", ALONE, {"fidelity": "strict"}),
    ("strict, one core", ALONE, {"cores": "one"}),
    ("full", ALONE, {"fidelity": "full"}),
    (f"{ALONE}, KASLR", None, {"plain": True, **RANDOM}),
    ("strict, KASLR", f"{ALONE}, KASLR", {"fidelity": "strict", **RANDOM}),
)


def once(directory, arguments):
    """Seconds to the shell, and the world switches of the whole boot by kind."""
    begin = time.monotonic()
    guest = Guest(directory, patience=4, **{"cores": "all", **arguments})
    try:
        guest.boot(1)
        seconds = time.monotonic() - begin
        if "plain" in arguments:
            return seconds, {}
        guest.powered_off()
        switches = guest.events.one("switches")
        return seconds, {"in all": switches["vmrun"], **switches["kinds"]}
    finally:
        guest.stop()


def ratios(times, kind, beside):
    return spread([own / other for own, other in zip(times[kind], times[beside])], 2) if beside else [""] * 3


def table(times, counts):
    """A column for each kind of boot, and a row for each kind of world switch that there is."""
    median = {kind: {name: round(statistics.median(one[name] for one in runs)) for name in runs[0]} for kind, runs in counts.items()}
    known = {name: max(one.get(name, 0) for one in median.values()) for one in median.values() for name in one}
    rows = [["", *times]]
    rows.append(["to the shell", *(f"{statistics.median(seconds):.1f} s" for seconds in times.values())])
    columns = [ratios(times, kind, beside) for kind, beside, _ in KINDS]
    rows += [[name, *cells] for name, cells in zip(("ratio, median of pairs", "least", "greatest"), zip(*columns))]
    rows += [[f"switches: {name}", *(one.get(name, "") for one in median.values())]
             for name in sorted(known, key=lambda name: -known[name]) if known[name]]
    return rows


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    times, counts = {kind: [] for kind, _, _ in KINDS}, {kind: [] for kind, _, _ in KINDS}
    for run in range(runs):
        for number, (kind, _, arguments) in enumerate(KINDS):
            seconds, switches = once(pathlib.Path(directory) / f"{number}-{run}", arguments)
            times[kind].append(seconds)
            counts[kind].append(switches)
            print(f"bench: simulator: run {run + 1} of {runs}: {kind}: {seconds:.1f} s", flush=True)
    title = "Linux to the shell, 4 CPUs, 512 MiB: medians, the ratio to QEMU alone, and world switches"
    samples = {f"{kind}, s": seconds for kind, seconds in times.items()}
    samples |= {f"{kind}, switches": [one["in all"] for one in runs] for kind, runs in counts.items() if runs[0]}
    return title, table(times, counts), {"switches": counts, "samples": samples}
