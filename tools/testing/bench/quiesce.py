# SPDX-License-Identifier: GPL-2.0
"""What it takes to quiesce, against the number of APs and what they do: sysrq-b on the BSP.

Beside it the kernel's own native_stop_other_cpus() in a panic, which is a part of that and does not say whether
it worked, and the CPUs taken offline one by one, as somebody would who has no NMI: both in a second guest,
alternately with the first. Times are the guest's.
"""

import pathlib
import re
import shutil
import statistics

from lib import begin, crash
from lib.guest import Guest
from spread import spread

APS = 1, 3, 7, 15, 31
BOOT = 1200
# What the APs do meanwhile; {n} of them
STATES = {
    "idle": "true",
    "busy in user space": "for n in $(seq 0 {n}); do (while :; do :; done) & taskset -p fffffffe $! > /dev/null; done",
    "interrupts off": f"echo spin@irqs-off 1-{{n}} > {crash.DO}",
}
QUIESCED = r"quiesced (\d+) of (\d+) CPUs in (\d+) us"
TOOK = r"mark: {} took (\d+) us"
OFFLINE = "for n in $(seq {n}); do echo {to} > /sys/devices/system/cpu/cpu$n/online || exit 1; done"


def started(directory, aps):
    guest = Guest(directory, smp=aps + 1, memory="1G", patience=3, cores="all")
    guest.trouble_is_fine = guest.splats_are_fine = True
    guest.boot(1, timeout=BOOT)
    # The shell stays on the BSP: it has to run when the APs do nothing else any more
    guest.check(f"echo 1 > /proc/sys/kernel/sysrq; taskset -p 1 $$; insmod {crash.TROUBLE}")
    return guest


def keep_busy(guest, aps, state, reset):
    guest.send(f"{STATES[state].format(n=aps)}; sleep 2; {reset}")


def quiesced(directory, aps, state):
    """us that the driver says it took; all have stopped."""
    guest = started(directory, aps)
    try:
        guest.load()
        keep_busy(guest, aps, state, begin.on(0, begin.SYSRQ_B))
        stopped, wanted, us = map(int, guest.expect(QUIESCED, BOOT).groups())
        assert stopped == wanted == aps, guest.tail()
        return us
    finally:
        guest.stop()


def native(directory, aps, state):
    """us of native_stop_other_cpus(); of as many CPUs taken offline one by one, before that, where they are idle."""
    guest = started(directory, aps)
    try:
        offline = None
        if state == "idle":
            guest.check("insmod /lib/modules/mark.ko time=cpu_device_down")
            guest.check(OFFLINE.format(n=aps, to=0), BOOT)
            offline = sum(map(int, re.findall(TOOK.format("cpu_device_down"), guest.check("dmesg"))))
            guest.check(OFFLINE.format(n=aps, to=1), BOOT)
            guest.check("rmmod mark")
        guest.check("insmod /lib/modules/mark.ko time=native_stop_other_cpus")
        keep_busy(guest, aps, state, begin.on(0, begin.PANIC))
        return int(guest.expect(TOOK.format("native_stop_other_cpus"), BOOT)[1]), offline
    finally:
        guest.stop()


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    found = []
    for run in range(runs):
        for aps in APS:
            for number, state in enumerate(STATES):
                place = pathlib.Path(directory) / f"{aps}-{number}-{run}"
                one = {"aps": aps, "state": state, "quiesce": quiesced(place / "quiesce", aps, state)}
                one["native"], one["offline"] = native(place / "native", aps, state)
                found.append(one)
                print(f"bench: quiesce: run {run + 1} of {runs}: {aps} APs, {state}: {one['quiesce']} us, "
                      f"native_stop_other_cpus() {one['native']} us, offline {one['offline']} us", flush=True)
    rows = [["APs", "what they do", "quiesce, ms", "least", "greatest", "the kernel's stop, ms", "offline one by one, ms"]]
    samples = {}
    for state in STATES:
        for aps in APS:
            these = [one for one in found if (one["aps"], one["state"]) == (aps, state)]
            quiesce = [one["quiesce"] / 1000 for one in these]
            offline = [one["offline"] / 1000 for one in these if one["offline"] is not None]
            samples[f"{aps} APs, {state}, ms"] = quiesce
            rows.append([aps, state, *spread(quiesce, 1),
                         f"{statistics.median(one['native'] for one in these) / 1000:.1f}",
                         f"{statistics.median(offline):.1f}" if offline else ""])
    title = "To quiesce, against the number of APs: sysrq-b on the BSP, the guest's time"
    return title, rows, {"found": found, "samples": samples}
