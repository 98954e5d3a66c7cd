# SPDX-License-Identifier: GPL-2.0
"""World switches from the start of svr_fire() to the SVSM's EXECUTE, by what they are for.

At fidelity full, where each access to a port, an MSR or a device costs a VMGEXIT as it does
on hardware.  A probe in the guest marks the start (tools/guest/mark), the simulator lists
what comes after it (event path).
"""

import collections
import pathlib
import shutil
import statistics
import time

from lib import faults, steps
from lib.guest import Guest

BOOT, RESET = 600, 300
# What the figure calls them
CAUSES = {
    "reboot on the BSP": "reboot-bsp",
    "sysrq-b on an AP, handed over": "sysrq-b-ap",
    "panic on the BSP": "panic-bsp",
    "panic on an AP, handed over": "panic-ap",
    "reboot of the crash kernel": "kdump",
}


def path_of(guest, begin_it):
    """{cpu: Counter} of the CPU that fires and of the one that calls; begins the reset and waits for it."""
    guest.send(begin_it)
    end = time.monotonic() + RESET
    while not guest.events.of("execute"):
        assert time.monotonic() < end, guest.tail()
        time.sleep(0.5)
    caller = guest.events.one("execute")["cpu"]
    paths = [path for path in guest.events.of("path") if path["marked"] or path["cpu"] == caller]
    assert paths and not any(path["lost"] for path in paths), "a path is not whole"
    return {
        "fires and calls" if path["marked"] and path["cpu"] == caller else "fires" if path["marked"] else "calls":
        collections.Counter(map(steps.purpose, path["steps"])) for path in paths
    }


def once(directory, cause):
    known = faults.CAUSES[CAUSES[cause]]
    guest = Guest(directory, **{"fidelity": "full", "patience": 4, "cores": "all", **known.arguments})
    guest.trouble_is_fine = True
    try:
        guest.boot(1, timeout=BOOT)
        faults.ready(guest, CAUSES[cause])
        return path_of(guest, known.begin)
    finally:
        guest.stop()


def spread(values):
    """A count, or its median with the least and the greatest where the runs differ."""
    low, high = min(values), max(values)
    return str(low) if low == high else f"{round(statistics.median(values))} ({low} to {high})"


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    columns = collections.defaultdict(list)
    for run in range(runs):
        for number, cause in enumerate(CAUSES):
            for role, counts in once(pathlib.Path(directory) / f"{number}-{run}", cause).items():
                columns[cause, role].append(counts)
                print(f"bench: switches: run {run + 1} of {runs}: {cause}, the CPU that {role}: {counts.total()}", flush=True)
    purposes = sorted({name for runs_ in columns.values() for counts in runs_ for name in counts},
                      key=lambda name: -sum(counts[name] for runs_ in columns.values() for counts in runs_))
    rows = [["", *(f"{cause}: {role}" for cause, role in columns)]]
    rows += [[name, *(spread([counts[name] for counts in runs_]) for runs_ in columns.values())] for name in purposes]
    rows.append(["in all", *(spread([counts.total() for counts in runs_]) for runs_ in columns.values())])
    title = "VMGEXITs and HLTs from the start of svr_fire() to EXECUTE, 4 CPUs (the crash kernel: 1), fidelity full"
    data = [{"cause": cause, "cpu": role, "runs": [dict(counts) for counts in runs_]} for (cause, role), runs_ in columns.items()]
    samples = {f"{cause}, the CPU that {role}": [counts.total() for counts in runs_] for (cause, role), runs_ in columns.items()}
    return title, rows, {"columns": data, "samples": samples}
