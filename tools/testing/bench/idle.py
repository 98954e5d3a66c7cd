# SPDX-License-Identifier: GPL-2.0
"""What a loaded module costs while nothing happens, and what it takes to load it.

The kernel's function tracer follows each function of the module while the guest is idle; reading one of the
module's files afterwards shows that it does. Timers are looked for where they are started, while the module is
loaded. What the whole guest does meanwhile, without the module and with it, stands beside that.
"""

import pathlib
import re
import shutil
import statistics

from lib import places
from lib.guest import Guest
from spread import spread

SECONDS = 20
COUNTERS = {"interrupts": r"^intr (\d+)", "context switches": r"^ctxt (\d+)"}
INIT = r"initcall \w+\+\S+ \[svsm_reset\] returned 0 after (\d+) usecs"
# In a pipe's output, after that of the shell
REAL = r"real\s+(\d+)m ?(\d+\.\d+)s"
STARTS = "timer/timer_start", "timer/hrtimer_start"
OURS = "svr_\\|svsm_reset"


def counters(guest):
    stat = guest.check("cat /proc/stat")
    return {name: int(re.search(pattern, stat, re.MULTILINE)[1]) for name, pattern in COUNTERS.items()}


def idle(guest):
    """What the guest does by itself, a second."""
    before = counters(guest)
    guest.check(f"sleep {SECONDS}")
    return {name: (value - before[name]) / SECONDS for name, value in counters(guest).items()}


def count(guest, command):
    return int(re.search(r"found=(\d+)", guest.check(f"echo found=$({command})"))[1])


def load(guest):
    """Milliseconds of insmod, and of the module's own part of it."""
    took = re.search(REAL, guest.check(f"time insmod {places.MODULE}"))
    own = re.search(INIT, guest.check("dmesg"))
    return 1000 * (60 * int(took[1]) + float(took[2])), int(own[1]) / 1000


def once(directory):
    """One guest, idle without the module and then with it."""
    guest = Guest(directory, append="initcall_debug", patience=3, cores="all")
    try:
        guest.boot(1)
        tracing = guest.tracefs()
        guest.check(f"echo 10000 > {tracing}/buffer_size_kb")
        guest.check("sleep 5")
        found = {"without": idle(guest)}
        for event in STARTS:
            guest.check(f"echo 1 > {tracing}/events/{event}/enable")
        found["insmod"], found["init"] = load(guest)
        found["timers started"] = count(guest, f"grep -c '{OURS}' {tracing}/trace")
        found["timers seen"] = count(guest, f"grep -c timer_start {tracing}/trace")
        for event in STARTS:
            guest.check(f"echo 0 > {tracing}/events/{event}/enable")
        found["with"] = idle(guest)
        guest.check(f"echo ':mod:svsm_reset' > {tracing}/set_ftrace_filter; echo function > {tracing}/current_tracer; echo > {tracing}/trace")
        found["followed"] = count(guest, f"grep -c . {tracing}/set_ftrace_filter")
        guest.check(f"sleep {SECONDS}")
        found["calls"] = count(guest, f"grep -vc '^#' {tracing}/trace")
        guest.attribute("last_reset_reason")
        found["calls of a read"] = count(guest, f"grep -vc '^#' {tracing}/trace") - found["calls"]
        found["timers pending"] = count(guest, f"grep -c '{OURS}' /proc/timer_list")
        found["bytes"] = int(re.search(r"^svsm_reset (\d+)", guest.check("cat /proc/modules"), re.MULTILINE)[1])
        guest.powered_off()
    finally:
        guest.stop()
    assert found["timers seen"] and found["calls of a read"], f"nothing was followed: {found}"
    return found


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    found = []
    for run in range(runs):
        found.append(once(pathlib.Path(directory) / str(run)))
        print(f"bench: idle: run {run + 1} of {runs}: {found[-1]['calls']} calls of the module in {SECONDS} s", flush=True)
    samples = {f"{name} a second, {state} the module": [one[state][name] for one in found]
               for name in COUNTERS for state in ("without", "with")}
    names = {"insmod": "to load it, ms", "init": "... of that the module's own", "followed": "functions of the module that were followed",
             "calls": f"calls of these in {SECONDS} s", "calls of a read": "calls of these for the read of a file",
             "timers started": "timers of the module started", "timers pending": "timers of the module pending",
             "bytes": "bytes that it takes, in whole pages"}
    samples |= {text: [one[name] for one in found] for name, text in names.items()}
    rows = [["", "median", "least", "greatest"]]
    rows += [[name, *spread(values, 0 if all(float(value).is_integer() for value in values) else 1)] for name, values in samples.items()]
    medians = {name: statistics.median(values) for name, values in samples.items()}
    assert not medians[names["calls"]] and not medians[names["timers started"]], f"the module is not idle: {medians}"
    return f"The loaded module while nothing happens, 4 CPUs, {SECONDS} s each (the guest's time)", rows, {"found": found, "samples": samples}
