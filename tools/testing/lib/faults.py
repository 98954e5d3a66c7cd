# SPDX-License-Identifier: GPL-2.0
"""One fault of the host at one step of a reset: where steps are, and what came of one.

A step is a VMGEXIT or a HLT after the start of svr_fire() (the simulator's event path), at
fidelity full-once: each access that leaves an SNP guest on hardware is a step, and the boot
after the reset, which tells what the record says, is as fast as at strict.
"""

from typing import NamedTuple

from . import begin, places, record, steps

KINDS = ("refuse", "drop", "lie", "replay", "short", "nmi-before", "nmi-after")
CPUS = 4
# With the patience that a guest at fidelity full needs
PATIENCE = 3
ARMED = "insmod /lib/modules/mark.ko at=svr_fire"
CAPTURE = {"initrd": places.INITRD_KDUMP, "memory": "1G", "append": "crashkernel=320M", "smp": 2}


class Cause(NamedTuple):
    begin: str
    reason: str
    # CPU of a step, by what that CPU does in the reset
    roles: dict
    arguments: dict
    cpus: int


CAUSES = {
    "reboot-bsp": Cause(begin.on(0, begin.REBOOT), "reboot", {"calls": 0, "stops": 1}, {}, CPUS),
    "sysrq-b-ap": Cause(begin.on(2, begin.SYSRQ_B), "emergency-restart", {"fires": 2, "calls": 0, "stops": 1}, {}, CPUS),
    "panic-bsp": Cause(begin.on(0, begin.PANIC), "panic", {"calls": 0, "stops": 1}, {}, CPUS),
    "panic-ap": Cause(begin.on(2, begin.PANIC), "panic", {"fires": 2, "calls": 0, "stops": 1}, {}, CPUS),
    "kdump": Cause(begin.REBOOT, "kdump", {"calls": 0}, CAPTURE, 2),
}


def ready(guest, cause):
    """From the first prompt to the last moment before the reset."""
    guest.load()
    if cause != "kdump":
        guest.check(ARMED)
        return
    guest.check("load-capture nokaslr", timeout=600)
    guest.send(begin.on(1, begin.PANIC))
    guest.capture(1, timeout=600)
    guest.load()
    guest.check(ARMED)


def path(guest, cpu):
    """The steps of that CPU, each with its purpose; a panic has stopped the others before."""
    return [steps.purpose(step) for event in guest.events.of("path", cpu=cpu) for step in event["steps"]]


def chosen(purposes, each):
    """{step: purpose}: for each purpose so many steps, spread over all of that purpose."""
    found = {}
    for purpose in sorted(set(purposes)):
        at = [n for n, name in enumerate(purposes) if name == purpose]
        for n in range(min(each, len(at))):
            found[at[n * len(at) // min(each, len(at))]] = purpose
    return found


def host(kind, cpu, step):
    """For --host."""
    return f"fault={kind}@{cpu}:{step}"


class Outcome(NamedTuple):
    where: str   # what the fault hit, by its purpose
    came: str    # what came of it, in a few words
    wrong: list  # what may never be


def _record_of_lost(guest, cause):
    """The guest restarted by way of the host: what its record says of that, and what is wrong with it."""
    try:
        found = record.left_by(guest)
    except (AssertionError, KeyError):
        # Without a record the next boot says that it knows nothing
        raw = record.usage(guest)
        return "no record", [] if not any(raw) else [f"a record that cannot be: {raw.hex()}"]
    wrong = []
    if found.cause != cause.reason:
        wrong.append(f"the record says {found.cause}, not {cause.reason}")
    return f"record: {found.stage}", wrong


def _after_reset(guest, cause):
    """The SVSM has reset the guest: what the next boot says."""
    wrong = []
    cpus = guest.boot(2)
    if cpus != cause.cpus:
        wrong.append(f"{cpus} CPUs, not {cause.cpus}")
    guest.load()
    said = {name: guest.attribute(name) for name in ("last_reset_reason", "last_reset_outcome", "reset_count")}
    if said != {"last_reset_reason": cause.reason, "last_reset_outcome": "completed", "reset_count": "1"}:
        wrong.append(f"the next boot says {said}")
    guest.powered_off()
    return wrong


def judge(guest, cause):
    """Begins the reset and waits for what comes of it."""
    cause = CAUSES[cause]
    guest.trouble_is_fine = guest.splats_are_fine = True
    guest.send(cause.begin)
    wrong, came = [], "hangs"
    try:
        wrong = _after_reset(guest, cause)
        came = "reset by the SVSM"
    except AssertionError as error:
        events = guest.events
        if events.of("terminate"):
            # The kernel's handler of #VC does not take the answer: it does this without the driver, too
            came = "the kernel ends itself"
        elif events.of("host-reset"):
            came, wrong = _record_of_lost(guest, cause)
            came = f"restart by the host, {came}"
            if events.executes:
                wrong.append("lost after EXECUTE")
        else:
            wrong = [str(error).split("\n", 1)[0]]
    events = guest.events
    hit = events.of("host-fault")
    wrong += [f"violation {event['kind']}" for event in events.of("violation")]
    if came == "reset by the SVSM" and not events.executes:
        wrong.append("a reset without a call")
    if any(event["irq"].get("ioapic_unmasked") for event in events.executes) and "of an I/O APIC" not in guest.console:
        wrong.append("pins of an I/O APIC are open, and nobody says so")
    where = steps.purpose(hit[0]["at"]) if hit else ""
    return Outcome(where, came if hit else f"not reached: {came}", wrong)
