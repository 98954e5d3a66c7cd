# SPDX-License-Identifier: GPL-2.0
"""Live fuzzing: answers of the SVSM and the host to the driver are drawn from a seed, and what comes of it is judged.

In the guest tools/guest/fuzz.c runs the cases, each with a seed of its own.  The simulator's
events say what the driver was answered; from that, and from the specification alone, a case
knows what the driver has to say of it.
"""

import collections
import functools
import json
import re
from typing import NamedTuple

from . import abi, messages
from .complaints import KERNEL_TROUBLE

CPUS = 2
KINDS = ("rehearse", "load", "tool")
HOST = "fuzz=0"
# Result codes and numbers of AMD 58019 and of the driver's documentation
SUCCESS, INCOMPLETE, BUSY = 0, 0x80000000, 0x80000007
PATIENCE = {INCOMPLETE: 4096, BUSY: 1000}
ATTEMPTS = 64
RUN_VMPL = 0x17
MANIFEST = [0] * 8
# The bounds of the waits in one case are seconds (svr_rehearse()); emulation takes more
LONGEST = 60
ENODEV = -19
PREFIX = "svsm-reset: "
# What the log may have that is not the driver's: nothing here provokes the kernel
KERNEL_SAYS = re.compile(
    r"svsm_reset: (unknown parameter|`.*' invalid for parameter|`.{900}|loading out-of-tree|module verification)|"
    r"workqueue: |hrtimer: |clocksource: |kauditd|random: |"
    # On a busy machine an NMI takes as long as the host lets it
    r"perf: interrupt took too long|INFO: NMI handler \(\w+( \[\w+\])?\) took too long"
)


class Case(NamedTuple):
    """What the guest says of one case."""
    number: int
    result: int
    took: float     # seconds
    files: dict     # all of them, after it
    log: list       # (level, text)


class Answer(NamedTuple):
    """What the driver was answered, as it found it."""
    protocol: int
    call: int
    rax: int
    rcx: int
    manifest: list
    taken: bool     # the SVSM has cleared call_pending
    refused: bool   # the host has not run it
    by_page: bool
    info1: int
    changed: bool


def cases(output, files=None):
    """The cases in the output of the guest's program, in order."""
    files, found = dict(files or {}), []
    for line in output.splitlines():
        if not line.startswith("fz "):
            continue
        what, _, rest = line[3:].partition(" ")
        if what == "case":
            number, result, took = map(int, rest.split())
            found.append(Case(number, result, took / 1e6, None, []))
        elif what == "is":
            name, _, value = rest.partition(" ")
            files[name] = value
        elif what == "log":
            level, _, text = rest.partition(" ")
            found[-1].log.append((int(level), text))
        # The files that there are after this line: the last one counts
        if found:
            found[-1] = found[-1]._replace(files=dict(files))
    return found


def _answer(event):
    called = "protocol" in event
    info1 = int(event["info1"], 16)
    by_page = event["by"] == "page"
    taken = called and not event["pending"]
    return Answer(
        event.get("protocol"), event.get("call"), int(event.get("rax", "0"), 16), int(event.get("rcx", "0"), 16),
        event.get("manifest"), taken, not by_page and info1 & 0xfff == RUN_VMPL and bool(info1 >> 32), by_page, info1,
        bool(event["changed"]))


def answers(events):
    """{seed: [Answer, ...]}; the same one many times is there as often."""
    found, now = collections.defaultdict(list), None
    for event in events:
        if event["event"] == "fuzz-seed":
            now = event["seed"]
        elif event["event"] == "fuzz" and now:
            found[now].append(_answer(event))
        elif event["event"] == "fuzz-again" and now:
            found[now] += [found[now][-1]] * event["times"]
    return found


class Exhausted(Exception):
    """The driver has asked less often than it had to."""


class Stream:
    """The answers of one case, in the order in which they came."""

    def __init__(self, answers):
        self._left = collections.deque(answers)

    @property
    def left(self):
        return len(self._left)

    def next(self):
        if not self._left:
            raise Exhausted
        return self._left.popleft()

    def attempts(self):
        """One call by the MSR protocol: its answer, None where nobody answered."""
        for _ in range(ATTEMPTS):
            answer = self.next()
            if answer.taken:
                return answer
            if answer.refused:
                return None
        return None

    def query(self):
        """QUERY_PROTOCOL, until there is an end of it: RCX, or None."""
        so_far = collections.Counter()
        while True:
            answer = self.attempts()
            if not answer:
                return None
            if answer.rax not in PATIENCE:
                return answer.rcx if answer.rax == SUCCESS else None
            so_far[answer.rax] += 1
            if so_far[answer.rax] >= PATIENCE[answer.rax]:
                return None

    def attestation(self):
        """The kernel's call, which it repeats without a bound: does the SVSM vouch for the service?"""
        while True:
            answer = self.next()
            # The kernel takes an answer in a GHCB page if the lower half of its first word is 0
            if not answer.taken or (answer.by_page and answer.info1 & 0xffffffff):
                return False
            if answer.rax not in PATIENCE:
                return answer.rax == SUCCESS and answer.rcx == len(MANIFEST) and answer.manifest == MANIFEST


def came_back(answers):
    """(has the SVSM answered EXECUTE?, what with), of a call that has not reset the guest."""
    stream, so_far = Stream(answers), collections.Counter()
    while True:
        answer = stream.attempts()
        if not answer:
            return False, None
        so_far[answer.rax] += 1
        if answer.rax not in PATIENCE or so_far[answer.rax] >= PATIENCE[answer.rax]:
            if stream.left:
                raise Exhausted(f"{stream.left} calls more than there had to be")
            return True, answer.rax


def covers(rcx, version=1):
    """Do these versions, highest << 32 | lowest, make sense, and have that one?"""
    low, high = (rcx or 0) & 0xffffffff, (rcx or 0) >> 32
    return 0 < low <= version <= high


def _rehearsal(stream, versions):
    """What each step of a rehearsal has to say."""
    def same():
        return "ok" if stream.query() == versions else "failed"
    said = {"version": same()}
    said["service"] = ("ok" if stream.attestation() else "failed") if said["version"] == "ok" else "skipped"
    said.update(record="ok", handover=same(), nmi="ok")
    return said


def _load(stream):
    """(the result of a load, the versions that it shows)"""
    if not covers(stream.query()):
        return ENODEV, None
    versions = stream.query()
    if not covers(versions) or not stream.attestation():
        return ENODEV, None
    # The host says which features it has, and is asked until that is an answer
    for _ in range(ATTEMPTS):
        if stream.next().info1 & 0xfff == 0x81:
            break
    return 0, f"{versions & 0xffffffff}-{versions >> 32}"


def wrong_rehearsal(case, stream):
    said = dict(word.split("=", 1) for word in case.files["svsm-reset/rehearse"].removesuffix(r"\x0a").split(" "))
    expected = _rehearsal(stream, 1 << 32 | 1)
    expected["result"] = "failed" if "failed" in expected.values() else "ok"
    return [f"{name} is {said.get(name)}, not {value}" for name, value in expected.items() if said.get(name) != value]


def wrong_load(case, stream):
    result, versions = _load(stream)
    wrong = [] if case.result == result else [f"the load came to {case.result}, not {result}"]
    if case.result == 0 and versions and case.files["svsm-reset/supported_versions"] != versions + r"\x0a":
        wrong.append(f"versions {case.files['svsm-reset/supported_versions']}, not {versions}")
    return wrong


def wrong_tool(case, stream):
    found = wrong_rehearsal(case, stream)
    rehearse, check = case.result % 10, case.result // 10
    good = case.files["svsm-reset/rehearse"].startswith("result=ok ")
    if rehearse != (0 if good else 1):
        found.append(f"the tool ends with {rehearse}")
    if check not in (0, 1, 2, 3) or (check == 0 and not good):
        found.append(f"the tool's check ends with {check}")
    return found


JUDGES = {"rehearse": wrong_rehearsal, "load": wrong_load, "tool": wrong_tool}


@functools.cache
def _driver_says():
    """What the driver's lines in the log may be."""
    levels = ("emerg", "alert", "crit", "err", "warn", "notice", "info")
    return [messages.pattern(form) for form in messages.of_the_driver(*levels)]


def _is_known(text):
    if not text.startswith(PREFIX):
        return KERNEL_SAYS.search(text)
    return any(form.fullmatch(text.removeprefix(PREFIX)) for form in _driver_says())


def unknown_lines(log):
    """Lines of the kernel's log that are neither the driver's nor what a kernel says by itself."""
    return [text for _, text in log if KERNEL_TROUBLE.search(text) or not _is_known(text)]


def wrong(kind, case, answers, loaded):
    """All that is wrong with a case; `loaded`: the driver is there after it."""
    stream = Stream(answers)
    try:
        found = JUDGES[kind](case, stream)
    except Exhausted:
        found = [f"the driver asked {len(answers)} times, which is too few"]
    else:
        if stream.left:
            found.append(f"the driver asked {stream.left} times more than it had to")
    if case.took > LONGEST:
        found.append(f"it took {case.took:.0f} s")
    found += [f"the log says: {text}" for text in unknown_lines(case.log)]
    if loaded:
        found += abi.wrong(case.files)
    return found


def as_json(kind, case, answers, found):
    """A line for the results."""
    return json.dumps({"kind": kind, "seed": case.number, "result": case.result, "took": round(case.took, 3),
                       "answers": len(answers), "changed": sum(answer.changed for answer in answers), "wrong": found})
