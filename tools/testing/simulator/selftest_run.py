# SPDX-License-Identifier: GPL-2.0
"""One run of the self-test guest: what it printed, what the simulator saw.

Every assertion raises with the whole run in it.  They are themselves tested,
with runs that must not pass: test_red.py.
"""

import re

import event_schema
from lib.events import Events

VERDICT = re.compile(r"(PASS|FAIL) ([\w.-]+)(?:: (.*))?")
CLOSING = re.compile(r"selftest: (\d+) passed, (\d+) failed")
STATE = re.compile(r"STATE (\w+) ([0-9a-f]+)")
# What tests/dma.c of the self-test wants
EDU = ("-device", "edu,addr=5")
UHCI = ("-device", "piix3-usb-uhci,addr=5")
# ... and tests/stress.c
PORT = ("-device", "pcie-root-port,id=behind,chassis=1,addr=5", "-device", "edu,bus=behind")
BOOT = re.compile(r"selftest: boot (\d+), APIC id (\d+)")


class Run:
    """The end of a run: exit status, console text, events."""

    def __init__(self, status, console, events):
        self.status = status
        self.lines = console.replace("\r", "").splitlines()
        self.events = events

    def __str__(self):
        console = "\n".join(self.lines)
        return f"exit status {self.status}\n--- console:\n{console}\n--- events:\n{self.events}"

    def fail(self, why):
        raise AssertionError(f"{why}\n{self}")

    def matches(self, pattern):
        return [match for match in map(pattern.fullmatch, self.lines) if match]

    @property
    def verdicts(self):
        """{test: None or why it failed}"""
        found = {}
        for match in self.matches(VERDICT):
            name, why = match[2], (match[3] or "failed") if match[1] == "FAIL" else None
            if name in found:
                self.fail(f"two verdicts on {name}")
            found[name] = why
        return found

    @property
    def shareable(self):
        """Of a run that lists the tests: the names of those that can share a run."""
        return {line.split()[1] for line in self.lines if line.startswith("TEST ") and not line.endswith(" alone")}

    def well_formed(self):
        """The event log is as documented, and says what the exit status says."""
        problems = event_schema.problems(self.events)
        if problems:
            self.fail("event log: " + "; ".join(problems))
        if self.events[-1]["status"] != self.status:
            self.fail("the event end and the exit status differ")

    def passed(self, *names):
        """These tests passed and no other ran; the guest then powered off."""
        verdicts = self.verdicts
        for name in names:
            if name not in verdicts:
                self.fail(f"no verdict on {name}")
            if verdicts[name]:
                self.fail(f"{name}: {verdicts[name]}")
        if set(verdicts) != set(names):
            self.fail(f"unexpected tests: {sorted(set(verdicts) - set(names))}")
        closing = self.matches(CLOSING)
        if len(closing) != 1 or closing[0].groups() != (str(len(names)), "0"):
            self.fail("the closing line is missing or does not fit")
        self.ended(0, "poweroff")
        self.events.no("violation", "host-reset", "terminate")

    def ended(self, status, reason):
        if self.status != status:
            self.fail(f"exit status {self.status}, not {status}")
        self.events.ended(status, reason)

    def cut_off(self):
        """The guest did what it planted and got no further."""
        if "PLANTED" not in self.lines:
            self.fail("the guest did not come to the planted act")
        rest = self.lines[self.lines.index("PLANTED") + 1 :]
        rest = [line for line in rest if line]
        if len([line for line in rest if line.startswith("snpsim: ")]) != 1:
            self.fail("the simulator does not explain the end in one line")
        if len(rest) > 1 or self.verdicts:
            self.fail("the guest survived the planted act")

    @property
    def page(self):
        """The page that the planted act is about."""
        for line in self.lines:
            if line.startswith("PAGE "):
                return "0x" + line.split()[1]
        return self.fail("the guest does not say which page")

    def violation(self, kind, **match):
        """Stopped by this violation and no other."""
        self.ended(2, "violation")
        event = self.events.one("violation")
        for name, value in {"kind": kind, **match}.items():
            if event.get(name) != value:
                self.fail(f"violation: {name} is {event.get(name)!r}, not {value!r}")
        return event

    def executes(self, count):
        """Exactly so many EXECUTE calls were accepted, with a boot after each."""
        accepted = self.events.executes
        if len(accepted) != count:
            self.fail(f"{len(accepted)} accepted EXECUTE calls, not {count}")
        boots = [event["boot"] for event in self.events.of("boot")]
        if boots != list(range(1, count + 2)):
            self.fail(f"boots {boots}, not 1 to {count + 1}")
        if len(self.events.of("invalidate")) != count:
            self.fail("not every EXECUTE invalidated memory")
        seen = [int(match[1]) for match in map(BOOT.match, self.lines) if match]
        if seen != boots:
            self.fail(f"the guest saw the boots {seen}")
        return accepted

    def ap(self, execute, cpu, state, least_ns=0):
        """The AP was in this state at EXECUTE, for at least that long."""
        found = [ap for ap in execute["aps"] if ap["cpu"] == cpu]
        if len(found) != 1:
            self.fail(f"AP {cpu} is {len(found)} times in the event execute")
        ap = found[0]
        if ap["state"] != state:
            self.fail(f"AP {cpu} is {ap['state']}, not {state}")
        if ap["runnable"] != (state in event_schema.RUNNABLE_STATES):
            self.fail(f"AP {cpu} is {state} and runnable is {ap['runnable']}")
        if not least_ns <= ap["since_ns"] <= execute["t"]:
            self.fail(f"AP {cpu} is {state} since {ap['since_ns']} ns, not at least {least_ns}")

    def same_states(self, boots=2):
        """The register state printed in each boot is the same; {name: value}"""
        states, current = [], None
        for line in self.lines:
            if BOOT.match(line):
                current = {}
                states.append(current)
            match = STATE.fullmatch(line)
            if match and current is not None:
                current[match[1]] = match[2]
        if len(states) != boots or not all(states):
            self.fail(f"{len(states)} boots printed a state, not {boots}")
        for state in states[1:]:
            differ = {
                name: (states[0].get(name), state.get(name))
                for name in {*states[0], *state}
                if states[0].get(name) != state.get(name)
            }
            if differ:
                self.fail(f"not as at launch: {differ}")
        return states[0]


def run_of(guest, timeout):
    """Let a guest (lib.guest) run to its end."""
    status = guest.end(timeout)
    console, events = guest.console, guest.events
    guest.stop()
    return Run(status, console, Events(events))
