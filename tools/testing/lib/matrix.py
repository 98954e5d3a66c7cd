# SPDX-License-Identifier: GPL-2.0
"""The crash matrix: cause x CPU x what another CPU is doing -> how it ends.

Pure data.  scenarios/test_crash*.py run it, static/test_matrix.py sees that no
cell is silently missing, and tools/testing/matrix-table writes the table in
Documentation/ from it.
"""

import dataclasses
import itertools

# Three CPUs are enough for the BSP, an AP, and the last AP.
SMP = 3
CPUS = {"bsp": 0, "ap": 1, "last-ap": 2}

# How the other CPUs come to be stopped.  For each way one cause is tried with
# everything that another CPU may be doing; the rest are stopped the same way.
WAYS = {
    "panic": "by the kernel, in panic()",
    "emergency": "by the driver, in emergency_restart()",
    "restart": "by the driver, in kernel_restart()",
}


@dataclasses.dataclass(frozen=True)
class Cause:
    """What makes the machine reset, on the CPU {cpu}.

    `shell` is run by a shell (on {cpu} where it says so); {do} is the trouble
    module's file, {other} another AP.  `complaints` are those of the kernel
    that belong to it.  Where two things race, there are two reasons (A|B); the
    message is that of the first.
    """

    says: str
    shell: str
    way: str
    reason: str
    message: str = ""
    append: str = ""
    complaints: tuple = ()
    cpus: tuple = tuple(CPUS)
    panics: int = 1
    begins: str = ""  # something that must be on the console
    # "reset"; "lives": the machine goes on; "stays": it stays as it is, as it was told; "waits": for a sysrq-b
    end: str = "reset"
    why_these_cpus: str = ""
    reason_on_bsp: str = ""  # where nothing races with it


PANIC = ("Call Trace",)
OOPS = (r"BUG: kernel NULL pointer", r"Oops: ", "Call Trace")
BUG = (r"Oops: ", "Call Trace")
ASKED = "trouble: as asked for"
# What the record says of an oops, out of two lines of the log
NULL = "kernel NULL pointer dereference at trouble_oops+0x"

CAUSES = {
    "panic": Cause(
        "panic(), panic=-1", "echo panic {cpu} > {do}", "panic", "panic", ASKED, complaints=PANIC),
    "panic-timeout": Cause(
        "panic(), panic=3", "echo panic {cpu} > {do}", "panic", "panic", ASKED, "panic=3", PANIC),
    # x86 switches the local APIC of the CPU that panics off, so that the console is not heard
    "panic-stays": Cause(
        "panic(), panic=0; sysrq-b by a serial BREAK", "echo panic {cpu} > {do}",
        "panic", "", "", "panic=0", PANIC, end="stays"),
    # ... but with reboot=force, which has it stop nothing and leave the local APIC on
    "panic-waits": Cause(
        "panic(), panic=0 reboot=force; sysrq-b by a serial BREAK", "echo panic {cpu} > {do}",
        "panic", "panic", ASKED, "panic=0 reboot=force", PANIC, end="waits"),
    "panic-irqs-off": Cause(
        "panic() with interrupts off", "echo panic@irqs-off {cpu} > {do}", "panic", "panic", ASKED, complaints=PANIC),
    "panic-irq": Cause(
        "panic() in a hard interrupt", "echo panic@irq {cpu} > {do}", "panic", "panic", ASKED, complaints=PANIC),
    "panic-nmi": Cause(
        "panic in an NMI handler", "echo panic@nmi {cpu} > {do}", "panic", "panic", ASKED, complaints=PANIC),
    "unknown-nmi": Cause(
        "NMI that nobody claims, unknown_nmi_panic", "echo nmi {cpu} > {do}", "panic", "panic",
        "NMI: Not continuing", "unknown_nmi_panic", PANIC),
    "sysrq-c": Cause(
        "sysrq-c from a process", "taskset {mask} sh -c 'echo c > /proc/sysrq-trigger'", "panic", "panic",
        "sysrq triggered crash", complaints=PANIC),
    "oops": Cause(
        "oops, panic_on_oops=0", "echo oops {cpu} > {do}", "panic", "", "", complaints=OOPS, panics=0, end="lives"),
    "oops-panic": Cause(
        "oops, panic_on_oops=1", "echo oops {cpu} > {do}", "panic", "panic", NULL, "oops=panic", OOPS),
    "oops-irq": Cause(
        "oops in a hard interrupt", "echo oops@irq {cpu} > {do}", "panic", "panic",
        NULL, complaints=OOPS),
    "bug": Cause(
        "BUG() in a module, panic_on_oops=0", "echo bug {cpu} > {do}", "panic", "", "", complaints=BUG, panics=0,
        end="lives"),
    "bug-panic": Cause(
        "BUG() in a module, panic_on_oops=1", "echo bug {cpu} > {do}", "panic", "panic", "kernel BUG at ",
        "oops=panic", BUG),
    "init-dies": Cause(
        "PID 1 ends", "taskset -p {mask} 1; touch /run/init-dies; exit", "panic", "panic",
        "Attempted to kill init!", complaints=PANIC),
    "soft-lockup": Cause(
        "soft lockup, softlockup_panic=1", "echo spin@preempt-off {cpu} > {do}", "panic", "panic",
        "softlockup: hung tasks", "softlockup_panic=1 watchdog_thresh=2", (r"BUG: soft lockup", *PANIC)),
    "two-panics": Cause(
        "panic() on two CPUs at once", "echo 'panic {cpu} + panic {other}' > {do}", "panic", "panic", ASKED,
        complaints=PANIC),
    "panic-armed": Cause(
        "panic() once a restart has armed the driver", "echo 'restart:panic {cpu}' > {do}; reboot -f", "panic",
        "panic", ASKED, complaints=PANIC),
    "panic-dump": Cause(
        "panic() right before the driver fires", "echo 'dump:panic {cpu}' > {do}; reboot -f", "panic",
        "panic|reboot", ASKED, complaints=PANIC, panics=-1, reason_on_bsp="panic",
        begins=r"Kernel panic - not syncing: trouble|trouble: has begun on 1 of"),
    "panic-and-sysrq-b": Cause(
        "panic(), and sysrq-b on another CPU at once", "echo 'panic {cpu} + sysrq-b {other}' > {do}", "panic",
        "panic|emergency-restart", complaints=PANIC, panics=-1),
    "sysrq-b": Cause(
        "sysrq-b from a process", "taskset {mask} sh -c 'echo b > /proc/sysrq-trigger'", "emergency",
        "emergency-restart", panics=0),
    "sysrq-b-serial": Cause(
        "sysrq-b by a serial BREAK", "", "emergency", "emergency-restart", panics=0, end="reset"),
    "two-sysrq-b": Cause(
        "sysrq-b on two CPUs at once", "echo 'sysrq-b {cpu} + sysrq-b {other}' > {do}", "emergency",
        "emergency-restart", panics=0),
    "emergency": Cause(
        "emergency_restart() in a module", "echo emergency {cpu} > {do}", "emergency", "emergency-restart", panics=0),
    "emergency-irq": Cause(
        "emergency_restart() in a hard interrupt", "echo emergency@irq {cpu} > {do}", "emergency",
        "emergency-restart", panics=0),
    "reboot": Cause(
        "kernel_restart(), as reboot -f", "echo reboot {cpu} > {do}", "restart", "reboot", panics=0),
}

# The causes that meet everything another CPU may be doing, one for each way.
REPRESENTATIVE = {"panic": "panic", "emergency": "emergency", "restart": "reboot"}


@dataclasses.dataclass(frozen=True)
class State:
    """What another CPU is doing: `shell` brings it there, {other} or the BSP."""

    says: str
    shell: str = ""
    bsp: bool = False
    # An interrupt does not stop it: kernel_restart() waits for it for ever.
    deaf: bool = False
    # Nothing stops it
    lost: bool = False
    offline: tuple = ()


STATES = {
    "idle": State("is idle"),
    "user": State("loops in user space", "taskset {other_mask} sh -c 'while :; do :; done' &"),
    "kernel": State("loops in the kernel", "echo spin {other} > {do}"),
    "irqs-off": State("loops with interrupts off", "echo spin@irqs-off {other} > {do}", deaf=True),
    "halted": State("is halted with interrupts off", "echo halt@irqs-off {other} > {do}", deaf=True),
    "nmi-stuck": State("is stuck inside an NMI handler", "echo spin@nmi {other} > {do}", deaf=True, lost=True),
    "offline": State("is offline", "echo 0 > /sys/devices/system/cpu/cpu{other}/online"),
    "all-offline": State("is offline, as all APs but that of the cause"),
    "bsp-user": State("(the BSP) loops in user space", "taskset 1 sh -c 'while :; do :; done' &", bsp=True),
    "bsp-kernel": State("(the BSP) loops in the kernel", "echo spin 0 > {do}", bsp=True),
    "bsp-irqs-off": State("(the BSP) loops with interrupts off", "echo spin@irqs-off 0 > {do}", True, deaf=True),
    "bsp-halted": State("(the BSP) is halted with interrupts off", "echo halt@irqs-off 0 > {do}", True, deaf=True),
    "bsp-nmi-stuck": State(
        "(the BSP) is stuck inside an NMI handler", "echo spin@nmi 0 > {do}", True, deaf=True, lost=True),
}

# With this kernel_restart() does not get to the driver, and the deadman has to.
DEADMAN = "deadman=5"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One row: what is done, and what has to come of it."""

    id: str
    cause: str
    cpu: str
    state: str
    append: str = ""
    module: str = ""
    smp: int = SMP
    # the simulator's --host, where it is not an honest one
    host: str = ""
    # as of a cause; refused, violation or ap-calls
    end: str = "reset"
    reason: str = ""
    message: str = ""
    # the CPU that cannot be stopped
    lost: int = -1
    # what stands in the table instead of cause and state
    says: str = ""
    # how many APs the simulator has to account for, where that is not smp - 1
    aps: int = -1

    @property
    def other(self):
        """Another AP than that of the cause."""
        return 2 if CPUS[self.cpu] == 1 else 1


def why_not(cause, cpu, state):
    """Why there is no scenario for a cell, or None."""
    if cpu not in CAUSES[cause].cpus:
        return CAUSES[cause].why_these_cpus
    if STATES[state].bsp and cpu == "bsp":
        return "the BSP has the cause"
    representative = REPRESENTATIVE[CAUSES[cause].way]
    if state != "idle" and cause != representative:
        return f"the others are stopped {WAYS[CAUSES[cause].way]}: see {representative}"
    if state != "idle" and cpu == "last-ap":
        return "differs from ap in the number of the CPU only: see ap"
    return None


def scenario_of(cause_id, cpu, state_id):
    """The scenario of a cell."""
    cause, state = CAUSES[cause_id], STATES[state_id]
    reason, message, module, end, lost = cause.reason, cause.message, "", cause.end, -1
    if cpu == "bsp" and cause.reason_on_bsp:
        reason = cause.reason_on_bsp
    # The restart moves to the BSP, and does not get there past a loop in the kernel either.
    if cause.way == "restart" and (state.deaf or state_id == "bsp-kernel"):
        reason, message, module = "emergency-restart", "deadman: no restart within 5 s", DEADMAN
    row = Scenario(f"{cause_id}-{cpu}-{state_id}", cause_id, cpu, state_id)
    if state.lost:
        end, lost = "refused", 0 if state.bsp else row.other
    return dataclasses.replace(
        row, append=cause.append, module=module, end=end, reason=reason, message=message, lost=lost)


def cells():
    """Every combination of the axes."""
    return itertools.product(CAUSES, CPUS, STATES)


GRID = [scenario_of(*cell) for cell in cells() if why_not(*cell) is None]


def special(base, name, says, **change):
    """A scenario beside the grid: one of its rows with something changed."""
    row, = (row for row in GRID if row.id == base)
    return dataclasses.replace(row, id=f"{base}-{name}", says=says, **change)


SPECIAL = [
    special("panic-ap-nmi-stuck", "force", "ap_policy=force, and the host does not destroy it: called all the same",
            module="ap_policy=force", host="destroy-refuse", end="violation"),
    special("emergency-bsp-nmi-stuck", "force", "ap_policy=force, and the host does not destroy it: called all the same",
            module="ap_policy=force", host="destroy-refuse", end="violation"),
    special("panic-ap-nmi-stuck", "force-host", "ap_policy=force: the host destroys it",
            module="ap_policy=force", end="reset"),
    special("panic-ap-nmi-stuck", "host", "ap_policy=host: the host destroys it, and its word counts",
            module="ap_policy=host", end="reset"),
    special("panic-ap-bsp-nmi-stuck", "host", "ap_policy=host: the host destroys the BSP, the AP calls",
            module="ap_policy=host", end="ap-calls"),
    special("panic-bsp-idle", "maxcpus", "maxcpus=1", append="maxcpus=1", aps=0),
    special("emergency-bsp-idle", "maxcpus", "maxcpus=1", append="maxcpus=1", aps=0),
    special("panic-bsp-idle", "nosmp", "nosmp", append="nosmp", aps=0),
    special("panic-ap-idle", "force", "reboot=force", append="reboot=force"),
    special("emergency-ap-idle", "force", "reboot=force", append="reboot=force"),
    special("emergency-ap-irqs-off", "force", "reboot=force", append="reboot=force"),
    special("panic-ap-irqs-off", "broadcast", "no_ipi_broadcast=1", append="no_ipi_broadcast=1"),
    special("emergency-ap-irqs-off", "broadcast", "no_ipi_broadcast=1", append="no_ipi_broadcast=1"),
]

SCENARIOS = GRID + SPECIAL
BY_ID = {row.id: row for row in SCENARIOS}

# A bit of each: what `make check` runs.
SMOKE = (
    "panic-bsp-idle", "panic-ap-irqs-off", "panic-ap-nmi-stuck", "panic-nmi-last-ap-idle", "panic-and-sysrq-b-ap-idle",
    "sysrq-b-last-ap-idle", "emergency-irq-ap-idle", "reboot-ap-irqs-off", "oops-bsp-idle",
)


def end_text(row):
    """What has to come of it, for the table."""
    cause = CAUSES[row.cause]
    if row.end == "lives":
        return "no reset, the machine goes on"
    if row.end == "stays":
        return "no reset, nor after the sysrq-b, which the kernel does not hear"
    if row.end == "refused":
        return f"refused, CPU {row.lost} is named; the kernel's own restart"
    if row.end == "violation":
        return f"called although CPU {row.lost} runs: a violation"
    reset = f"reset, reason {row.reason.replace('|', ' or ')}"
    if row.end == "waits":
        return f"none; after the sysrq-b {reset}"
    if row.end == "ap-calls":
        return f"{reset}, called by an AP"
    if cause.way == "restart" and DEADMAN in row.module:
        return f"{reset} ({DEADMAN})"
    return reset


def rst_table(head, rows, widths):
    """A list-table, with the widths of its columns in relation to each other."""
    lines = [".. list-table::", "   :header-rows: 1", "   :class: wide", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if n == 0 else ' '} - {cell}".rstrip() for n, cell in enumerate(row)]
    return "\n".join(lines)


def document():
    """Documentation/virt/coco/svsm-reset-matrix.rst, whole."""
    grid = [
        (CAUSES[row.cause].says, row.cpu, STATES[row.state].says, end_text(row), f"``{row.id}``") for row in GRID
    ]
    beside = [
        (CAUSES[row.cause].says, row.cpu, STATES[row.state].says, f"{row.says}: {end_text(row)}", f"``{row.id}``")
        for row in SPECIAL
    ]
    reasons = {}
    for cell in cells():
        why = why_not(*cell)
        if why:
            reasons.setdefault(why, []).append(cell)
    missing = [(why, str(len(them))) for why, them in reasons.items()]
    total = len(CAUSES) * len(CPUS) * len(STATES)
    head = ("cause", "CPU", "another CPU", "what comes of it", "scenario")
    title = "The SVSM reset driver: crashes, and what comes of them"
    return "\n".join([
        ".. SPDX-License-Identifier: GPL-2.0", "",
        ".. Written by tools/testing/matrix-table out of tools/testing/lib/matrix.py. Do not edit.", "",
        "=" * len(title), title, "=" * len(title), "",
        "Each row is a scenario: the module in Debian's own kernel in the simulator, whose events have to show",
        "that the BSP made the call while no other vCPU could run guest code, and that the next boot has all its",
        "CPUs and knows the reason. ``make check`` runs a few of them, ``make check-all`` all. One by itself::", "",
        "\tmake check-scenarios SCOPE=all PYTEST_ARGS='-k panic-ap-irqs-off'", "",
        f"The CPUs are the BSP, an AP (CPU {CPUS['ap']}) and the last AP (CPU {CPUS['last-ap']}) of {SMP}.", "",
        "The grid", "========", "", rst_table(head, grid, (28, 7, 25, 18, 22)), "",
        "Beside the grid", "===============", "", rst_table(head, beside, (28, 7, 25, 18, 22)), "",
        "Cells without a scenario", "========================", "",
        f"{len(CAUSES)} causes, {len(CPUS)} CPUs and {len(STATES)} states of another CPU make {total} cells, of which",
        f"{len(GRID)} are scenarios. The others:", "",
        rst_table(("why not", "cells"), missing, (85, 15)), "",
    ])
