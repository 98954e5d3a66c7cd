# SPDX-License-Identifier: GPL-2.0
"""Runs a row of the crash matrix; the end that the row has to have chooses the judge (JUDGES)."""

import re
import time

from . import matrix, minisvsm, record
from .complaints import KERNEL_TROUBLE

TROUBLE = "/lib/modules/trouble.ko"
DO = "/sys/module/trouble/parameters/do"
# A machine that runs other things as well gets its time.
BOOT = 240
RESET = 120
# How long nothing must happen, where nothing is to happen
QUIET = 5
# The driver has no business in a backtrace.
IN_THE_DRIVER = re.compile(r"\bsvr_\w+\+0x")
# Nothing of the memory is left after the reset: the console has the whole panic before it
WITH_A_TRACE = ("panic", "panic-timeout", "panic-armed")


def mask(*cpus):
    """The CPUs as taskset wants them."""
    return f"{sum(1 << cpu for cpu in cpus):x}"


def start(simulate, row, module=None, **arguments):
    """Boot, load the driver and the trouble module; no reset before."""
    guest = simulate(**{
        "smp": row.smp, "append": row_append(row), "host": row.host or None, "timeout": 600, **arguments})
    # Judged by no_other_complaint() instead, which knows what belongs to the cause
    guest.trouble_is_fine = True
    guest.boot(1, timeout=BOOT)
    guest.load(row.module if module is None else module)
    assert guest.attribute("last_reset_reason") == "none"
    guest.check(f"insmod {TROUBLE}")
    return guest


def row_append(row):
    """The kernel's parameters: those of the cause, and of the row."""
    cause = matrix.CAUSES[row.cause].append
    return row.append if row.append.startswith(cause) else f"{cause} {row.append}"


def words(row):
    """What stands for the names in the rows' shell commands."""
    cpu = matrix.CPUS[row.cpu]
    return {
        "cpu": cpu, "mask": mask(cpu), "other": row.other, "other_mask": mask(row.other), "do": DO,
    }


def bring_about(guest, row):
    """Bring the other CPU into its state, then cause the reset; does not wait for what comes of it.

    Little works with a CPU that takes no interrupts. So both are one line for the shell,
    typed ahead, and the shell runs on a CPU where nothing else happens.
    """
    cause, state = matrix.CAUSES[row.cause], matrix.STATES[row.state]
    cpu = matrix.CPUS[row.cpu]
    guest.check(f"echo 1 > /proc/sys/kernel/sysrq; taskset -p {mask(cpu)} $$ > /dev/null")
    # The serial line's interrupt goes where it is taken to the end
    guest.run(f"echo {cpu} > /proc/irq/4/smp_affinity_list")
    if row.state == "all-offline":
        for other in range(1, row.smp):
            if other != cpu:
                guest.check(f"echo 0 > /sys/devices/system/cpu/cpu{other}/online")
    shell = [command.format(**words(row)) for command in (state.shell, cause.shell) if command]
    line = " ".join(command if command.endswith("&") else f"{command};" for command in shell)
    if row.state == "offline":
        guest.check(shell.pop(0))
        line = "; ".join(shell)
    if row.state.endswith("user"):
        line = line.replace("& ", "& usleep 300000; ", 1)
    if cause.shell or state.shell:
        guest.send(line)
    if row.cause == "sysrq-b-serial":
        time.sleep(1)
        press_sysrq_b(guest)


def press_sysrq_b(guest):
    """sysrq-b as somebody at the console would."""
    guest.serial_break()
    time.sleep(0.3)
    guest.keys("b")


def quiet(guest):
    """Nothing happens, for a while."""
    time.sleep(QUIET)
    guest.events.no("execute", "host-reset", "violation", "terminate")


def rest(guest, number):
    """The console from that boot on."""
    return guest.console.split(f"guest: boot {number} ", 1)[1]


def no_other_complaint(guest, row, until=None):
    """The kernel complained of what it was made to complain of, and of nothing else."""
    cause = matrix.CAUSES[row.cause]
    console = guest.console.split(until, 1)[0] if until else guest.console
    allowed = re.compile("|".join(cause.complaints)) if cause.complaints else None
    rogue = [
        line for line in console.splitlines()
        if KERNEL_TROUBLE.search(line) and not (allowed and allowed.search(line))
    ]
    assert not rogue, f"the kernel complains of something else: {rogue}\n{guest.tail()}"
    driver = [line for line in console.splitlines() if IN_THE_DRIVER.search(line)]
    assert not driver, f"the driver is in a backtrace: {driver}\n{guest.tail()}"
    panics = console.count("Kernel panic - not syncing: ") - console.count("end Kernel panic - not syncing: ")
    expected = (0, 1) if cause.panics < 0 else (cause.panics,)
    if cause.way == "panic" or not row.lost >= 0:
        assert panics in expected, f"{panics} panics\n{guest.tail()}"
    assert re.search(cause.begins, console), f"it never began\n{guest.tail()}"
    assert console.count("Oops: ") <= 2, f"more than one oops\n{guest.tail()}"


def triggers(row, reason):
    """Who made this restart, as last_reset_trigger may have it."""
    if reason != "emergency-restart":
        return ["none"]
    if row.message.startswith("deadman"):
        return ["deadman"]
    if row.cause == "panic-and-sysrq-b":
        # Once one CPU panics, the log takes no line from another, also not sysrq's
        return ["sysrq-b", "kernel"]
    return ["sysrq-b" if "sysrq-b" in row.cause or row.end == "waits" else "kernel"]


def next_boot(guest, row, cpus):
    """All CPUs, the right reason, nothing to complain of; powers off."""
    found = guest.boot(2, timeout=RESET)
    assert found == cpus, f"{found} CPUs, not {cpus}\n{guest.tail()}"
    guest.load()
    reason = guest.attribute("last_reset_reason")
    reasons = row.reason.split("|")
    assert reason in reasons, f"last_reset_reason is {reason}, not {row.reason}\n{guest.tail()}"
    if row.message and reason == reasons[0]:
        # The store decides how much of it is kept
        message = guest.attribute("last_reset_message").removesuffix("...")
        assert message and (row.message.startswith(message) or message.startswith(row.message)), message
    assert guest.attribute("last_reset_trigger") in triggers(row, reason)
    guest.powered_off()
    assert not [line for line in rest(guest, 2).splitlines() if KERNEL_TROUBLE.search(line)], guest.tail()


def lives(guest, row):
    """No reset, and the machine goes on: even a reboot through the SVSM works."""
    guest.expect(r"Oops: ", timeout=60)
    quiet(guest)
    guest.check("true")
    guest.send("reboot -f")
    guest.boot(2, timeout=RESET)
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"
    guest.powered_off()
    no_other_complaint(guest, row)
    guest.events.orderly_resets(1, cpus=row.smp)


def stays(guest, row):
    """No reset, as the administrator asked; the console cannot change that."""
    guest.expect("end Kernel panic", timeout=RESET)
    quiet(guest)
    press_sysrq_b(guest)
    quiet(guest)
    no_other_complaint(guest, row)
    guest.stop()
    guest.events.no("execute", "host-reset", "violation", "terminate")


def refused(guest, row):
    """The default where a CPU cannot be stopped: it is named, and there is no call."""
    guest.expect(f"CPU {row.lost} did not park", timeout=RESET)
    guest.expect("refusing the SVSM reset", timeout=60)
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")
    no_other_complaint(guest, row)
    if guest.svsm in minisvsm.NAMES:
        return  # The simulator does not know where such an SVSM has put the guest's secrets page
    kept = record.left_by(guest)
    assert kept.cause in row.reason.split("|"), kept
    assert kept == ("refused", kept.cause, matrix.CPUS[row.cpu], [row.lost], 0), kept


def violated(guest, row):
    """Forced, the call is made, and the simulator shows what that means."""
    guest.expect(f"CPU {row.lost} did not park", timeout=RESET)
    assert guest.end() == 2, guest.tail()
    execute, = guest.events.of("execute")
    assert [ap["apic_id"] for ap in execute["aps"] if ap["runnable"]] == [row.lost], guest.tail()
    guest.events.one("violation", kind="ap-running")


def called_by_an_ap(guest, row):
    """The BSP is lost: an AP calls, says so, and the next boot comes up; its CPUs."""
    guest.expect("which is not the BSP", timeout=RESET)
    found = guest.boot(2, timeout=RESET)
    guest.load()
    assert guest.attribute("last_reset_reason") == row.reason
    assert guest.attribute("last_reset_cpus") == str(matrix.CPUS["bsp"])
    guest.powered_off()
    guest.events.reset_by_an_ap()
    guest.events.no("violation", "host-reset", "terminate")
    return found


def reset(guest, row):
    """One orderly reset; the next boot knows why."""
    aps = row.smp - 1 if row.aps < 0 else row.aps
    next_boot(guest, row, aps + 1)
    no_other_complaint(guest, row, until="guest: boot 2 ")
    if row.cause in WITH_A_TRACE:
        before = guest.console.split("guest: boot 2 ", 1)[0]
        trace = rf"not syncing: {row.message}.*Call Trace:.*</TASK>.*(quiesced|there is no other CPU to stop)"
        assert re.search(trace, before, re.DOTALL), guest.tail()
    guest.events.orderly_resets(1, cpus=aps + 1)


def waits(guest, row):
    """The panic resets nothing; somebody at the console does, by sysrq-b."""
    guest.expect("end Kernel panic", timeout=RESET)
    quiet(guest)
    press_sysrq_b(guest)
    reset(guest, row)


# By how a row ends
JUDGES = {
    "reset": reset,
    "lives": lives,
    "stays": stays,
    "waits": waits,
    "refused": refused,
    "violation": violated,
    "ap-calls": called_by_an_ap,
}


def run(simulate, row, **arguments):
    """Run a row of the matrix and judge it."""
    guest = start(simulate, row, **arguments)
    bring_about(guest, row)
    return JUDGES[row.end](guest, row)
