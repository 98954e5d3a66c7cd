# SPDX-License-Identifier: GPL-2.0
"""A check that cannot fail is not a test: each is shown a run that it must refuse.

The runs here are made up: a good one, which every check accepts, and doctored
copies of it, each with one thing wrong.
"""

import copy

import pytest

import event_schema
from lib.events import Events
from selftest_run import Run

KINDS = {name: 5 for name in event_schema.SWITCHES}
IRQ = {
    "lvt_unmasked": 0, "irr": 0, "isr": 0, "vectors": [], "apic_enabled": True, "nmi_masked": False,
    "nmi_pending": False, "ioapic_unmasked": 0,
}
AP = {
    "cpu": 1, "apic_id": 1, "state": "halted", "runnable": False, "nmi_masked": False, "since_ns": 600,
}
VMSA = "0x1207000"


def log(*events):
    """Number the boots and the time of a list of events."""
    boot, full = 0, Events()
    for number, event in enumerate(events):
        boot = event.get("boot", boot)
        full.append({"event": event["event"], "t": 1000 * number, "boot": boot, **event})
    return full


def first_boot():
    return [
        {"event": "start", "version": 1, "cpus": 2, "memory": 1 << 29, "fidelity": "strict",
         "apic": "x2apic", "svsm": "draft", "host": "honest"},
        {"event": "boot", "boot": 1, "cpu": 0, "apic_id": 0, "bsp": True, "image": "linux"},
        {"event": "vcpu-create", "cpu": 0, "apic_id": 1, "vmsa": VMSA, "ca": "0x1208000"},
        {"event": "vcpu-start", "cpu": 0, "apic_id": 1, "vmpl": 2, "vmsa": VMSA, "result": "started"},
    ]


def good_reset():
    """EXECUTE with a halted AP, a second boot, power-off"""
    events = log(
        *first_boot(),
        {"event": "execute", "cpu": 0, "apic_id": 0, "bsp": True, "flags": "0x0",
         "result": "0x0", "aps": [dict(AP)], "vmsas": [VMSA], "irq": dict(IRQ),
         "pv": [], "apics": ["xapic", "xapic"], "devices": [], "timers": {"hpet": 0, "rtc": []}},
        {"event": "invalidate", "pages": 16, "vmsas": 1, "shared": 2},
        {"event": "switches", "vmrun": 50, "kinds": dict(KINDS)},
        {"event": "boot", "boot": 2, "cpu": 0, "apic_id": 0, "bsp": True, "image": "linux"},
        {"event": "poweroff", "cpu": 0},
        {"event": "switches", "vmrun": 50, "kinds": dict(KINDS)},
        {"event": "end", "status": 0, "reason": "poweroff"},
    )
    console = (
        "selftest: boot 1, APIC id 0, options test=a.b\nRUN a.b\nSTATE dr7 400\nEXECUTE\n"
        "selftest: boot 2, APIC id 0, options test=a.b\nRUN a.b\nSTATE dr7 400\nPASS a.b\n"
        "selftest: 1 passed, 0 failed\n"
    )
    return Run(0, console, events)


def good_violation():
    """A planted violation that was caught"""
    events = log(
        *first_boot(),
        {"event": "violation", "kind": "unvalidated", "cpu": 0, "vmpl": 2, "gpa": "0x4000000",
         "rip": "0x1000200", "access": "read"},
        {"event": "switches", "vmrun": 50, "kinds": dict(KINDS)},
        {"event": "end", "status": 2, "reason": "violation"},
    )
    console = "selftest: boot 1, APIC id 0, options \nRUN v.w\nPAGE 4000000\nPLANTED\n"
    console += "snpsim: violation: unvalidated\n"
    return Run(2, console, events)


def check_reset(run):
    run.well_formed()
    run.passed("a.b")
    execute, = run.executes(1)
    run.ap(execute, 1, "halted", least_ns=500)
    run.same_states()


def check_violation(run):
    run.well_formed()
    run.cut_off()
    run.violation("unvalidated", cpu=0, gpa=run.page, access="read")


def event(run, kind):
    return run.events.of(kind)[-1]


def drop(kind):
    return lambda run: run.events.remove(event(run, kind))


def double(kind):
    def doctor(run):
        run.events.insert(run.events.index(event(run, kind)), copy.deepcopy(event(run, kind)))

    return doctor


def change(name, /, **values):
    return lambda run: event(run, name).update(values)


def forget(kind, key):
    return lambda run: event(run, kind).pop(key)


def change_ap(**values):
    return lambda run: event(run, "execute")["aps"][0].update(values)


def exit_status(status):
    return lambda run: setattr(run, "status", status)


def replace(old, new):
    def doctor(run):
        text = "\n".join(run.lines)
        assert old in text
        run.lines = text.replace(old, new).splitlines()

    return doctor


def add(**new):
    def doctor(run):
        last = run.events[-1]
        run.events.insert(-1, {"t": last["t"], "boot": last["boot"], **new})

    return doctor


RED_RESET = {
    "wrong exit status": exit_status(2),
    "time-out": exit_status(4),
    "event end says otherwise": change("end", status=2, reason="violation"),
    "end missing": drop("end"),
    "end with an unknown reason": change("end", reason="whatever"),
    "start missing": drop("start"),
    "two starts": double("start"),
    "no event execute": drop("execute"),
    "EXECUTE refused": change("execute", result="0x80000007"),
    "no second boot": drop("boot"),
    "second boot has the wrong number": change("boot", boot=3),
    "nothing invalidated": drop("invalidate"),
    "invalidated twice": double("invalidate"),
    "world switches not counted": drop("switches"),
    "a kind of switches missing": change("switches", kinds={"cpuid": 1}),
    "a violation in a good run": add(event="violation", kind="unvalidated", cpu=0, rip="0x1"),
    "a host reset in a good run": add(event="host-reset", how="port-cf9", cpu=0, rip="0x1", rebuilt=False, guest_usage=[]),
    "a forged event": add(event="forged"),
    "an undocumented key": change("boot", colour="blue"),
    "a key missing": forget("boot", "apic_id"),
    "a number as a string": change("boot", cpu="0"),
    "a truth value as a number": change("boot", bsp=1),
    "an address that is not hexadecimal": change("vcpu-create", vmsa="1207000"),
    "no time": forget("boot", "t"),
    "time goes back": change("poweroff", t=0),
    "no such AP": change_ap(cpu=2),
    "AP in another state": change_ap(state="reset-hold"),
    "AP in no known state": change_ap(state="asleep"),
    "AP could run": change_ap(state="idle", runnable=True),
    "AP runnable and halted": change_ap(runnable=True),
    "AP halted too recently": change_ap(since_ns=1),
    "AP halted before there was anything": change_ap(since_ns=10**15),
    "test failed": replace("PASS a.b", "FAIL a.b: got 1, want 2"),
    "no verdict": replace("PASS a.b\n", ""),
    "two verdicts": replace("PASS a.b\n", "PASS a.b\nPASS a.b\n"),
    "another test": replace("PASS a.b", "PASS a.c"),
    "one test more": replace("PASS a.b", "PASS a.b\nPASS a.c"),
    "closing line missing": replace("selftest: 1 passed, 0 failed", ""),
    "closing line counts a failure": replace("1 passed, 0 failed", "1 passed, 1 failed"),
    "guest did not see boot 2": replace("selftest: boot 2", "selftest: boot 1"),
    "register not restored": lambda run: run.lines.__setitem__(6, "STATE dr7 4ff"),
    "register not shown again": lambda run: run.lines.__setitem__(6, ""),
    "one register more": lambda run: run.lines.insert(7, "STATE dr6 1"),
}

RED_VIOLATION = {
    "wrong exit status": exit_status(0),
    "not caught": drop("violation"),
    "caught twice": double("violation"),
    "another kind": change("violation", kind="vmsa-write"),
    "no known kind": change("violation", kind="bad-thing"),
    "another page": change("violation", gpa="0x4001000"),
    "another CPU": change("violation", cpu=1),
    "another access": change("violation", access="write"),
    "end says power-off": change("end", status=0, reason="poweroff"),
    "guest did not get there": replace("PLANTED", ""),
    "no explanation": replace("snpsim: violation: unvalidated", ""),
    "two explanations": replace("snpsim: violation", "snpsim: what\nsnpsim: violation"),
    "guest lived on": replace("PLANTED", "PLANTED\nFAIL v.w: survived"),
    "guest lived on silently": replace("PLANTED", "PLANTED\nhello"),
    "guest does not name the page": replace("PAGE 4000000", ""),
}


def test_good_runs_pass():
    check_reset(good_reset())
    check_violation(good_violation())


@pytest.mark.parametrize("what", RED_RESET)
def test_bad_reset_is_red(what):
    run = good_reset()
    RED_RESET[what](run)
    with pytest.raises((AssertionError, KeyError)):
        check_reset(run)


@pytest.mark.parametrize("what", RED_VIOLATION)
def test_bad_violation_is_red(what):
    run = good_violation()
    RED_VIOLATION[what](run)
    with pytest.raises(AssertionError):
        check_violation(run)


@pytest.mark.parametrize("kind", event_schema.EVENTS)
def test_schema_notices_every_key(kind):
    """Of each event, each key that must be there: removed, it is missed."""
    runs = [good_reset(), good_violation()]
    found = [e for run in runs for e in run.events if e["event"] == kind]
    for sample in found[:1]:
        for key in set(sample) - {"boot", "event", "ap", "gpa", "access"}:
            doctored = {k: v for k, v in sample.items() if k != key}
            assert event_schema.problems([doctored]), f"{kind} without {key} is accepted"


def test_log_files(tmp_path):
    """What is not a log at all is not read as an empty one."""
    path = tmp_path / "events"
    for content in ("not json\n", "[]\n", '{"t":1}\n', '{"event":"start"}\n{"event"'):
        path.write_text(content)
        with pytest.raises(AssertionError):
            Events.read(path)


@pytest.mark.parametrize(
    "test, check",
    (
        ("host.none", lambda run: run.violation("unvalidated")),
        ("host.none", lambda run: run.executes(1)),
        ("host.none", lambda run: run.cut_off()),
        ("host.none", lambda run: run.ended(3, "host-reset")),
        ("execute.image", lambda run: run.executes(0)),
        ("execute.image", lambda run: run.passed("execute.pages")),
        ("violation.unvalidated-read", lambda run: run.passed("violation.unvalidated-read")),
        ("violation.unvalidated-read", lambda run: run.violation("vmsa-write")),
        ("ap.running", lambda run: run.passed("ap.running")),
        ("ap.halted", lambda run: run.violation("ap-running")),
        ("host.triple-fault", lambda run: run.ended(0, "poweroff")),
        ("no-such-test", lambda run: run.passed()),
    ),
)
def test_wrong_expectation_of_a_real_run_is_red(selftest, test, check):
    run = selftest(test)
    with pytest.raises(AssertionError):
        check(run)
