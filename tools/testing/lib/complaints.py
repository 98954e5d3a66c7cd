# SPDX-License-Identifier: GPL-2.0
"""Lines of a guest's console in which its kernel complains."""

import re

# What the kernel's checks report (lockdep, KASAN, UBSAN, ...), most of them on a debug kernel
# only, and the driver's own warnings. Each is a failure, also where a scenario crashes the guest.
SPLATS = (
    r"KASAN:",
    r"UBSAN:",
    r"BUG: (sleeping function|scheduling|assuming)",
    r"BUG: using \w+\(\) in preemptible",
    r"BUG: (spin|rw)lock ",
    r"BUG: Invalid wait context",
    r"BUG: MAX_\w+ too low",
    r"list_(add|del) (corruption|double add)",
    r"possible circular locking",
    r"possible recursive locking",
    r"possible irq lock inversion",
    r"-safe -> \w+-unsafe lock order",
    r"inconsistent lock state",
    r"suspicious RCU usage",
    r"bad (unlock balance|contention)",
    r"held lock freed",
    r"(lock held when returning|still has locks held)",
    r"DEBUG_LOCKS_WARN_ON",
    r"INFO: trying to register non-static key",
    # Of a function or a module of ours: the path in front of them is the checkout's
    r"WARNING: .*(\bsvr_\w*\+0x|\[svsm_reset\])",
)
# Any of these on the console is a failure where a scenario does not crash the guest itself.
TROUBLES = (
    r"BUG:",
    r"WARNING: (?!See )",
    r"Oops",
    r"Call Trace",
    r"INFO: task .* blocked",
    r"rcu: INFO",
    r"soft lockup",
    r"Unable to handle",
)
KERNEL_SPLAT = re.compile("|".join(SPLATS))
KERNEL_TROUBLE = re.compile("|".join(SPLATS + TROUBLES))
# The kernel's stop takes CPUs out of the online mask one by one. The CPUs that it has yet to reach
# go on balancing tasks, and set_task_cpu() warns when it moves one to a CPU that has left. The
# driver has no part in this. The reset may cut off the second half of such a splat.
STOPPING = re.compile(
    r"(reboot: Restarting system(?:(?!Linux version)[\s\S])*?)"
    r"^.*-+\[ cut here \]-+\n.*WARNING: .* at kernel/sched/core\.c:\d+ set_task_cpu\+"
    r"(?:(?!svsm_reset\]|Linux version)[\s\S])*?(?:---\[ end trace \w+ \]---|(?=^.*Linux version))",
    re.MULTILINE,
)


def complaints(console, pattern):
    """Lines of a console that match, except for those that the kernel's own stop of CPUs causes."""
    return [line for line in STOPPING.sub(r"\1", console).splitlines() if pattern.search(line)]
