# SPDX-License-Identifier: GPL-2.0
"""What the simulator's events look like: every event, every key, its type.

This is the documented format once more, so that neither a missing nor an
undocumented key goes unnoticed.
"""

import re

HEX = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)")
VCPU_STATES = ("starting", "running", "idle", "halted", "reset-hold", "destroyed", "deleted")
RUNNABLE_STATES = ("starting", "running", "idle")
VIOLATIONS = (
    "ap-running", "private-as-shared", "shared-as-private", "unvalidated", "vmsa-write",
    "vmsa-in-use",
    "hypervisor-memory", "mmio-as-private", "ghcb-not-shared", "ghcb-not-registered", "doorbell-not-shared",
    "share-validated", "outside-memory", "stale-pv", "stale-dma", "not-assigned", "vmpl-rights",
)
RESETS = (
    "port-cf9", "port-92", "keyboard", "keyboard-output", "triple-fault", "init", "invalid-vmsa",
    "hung-write",
)
# QEMU has ended, or stopped, because of a device: nothing of a vCPU is known then.
BY_DEVICES = ("watchdog", "device")
FAULTS = ("refuse", "drop", "lie", "replay", "short", "nmi-before", "nmi-after")
FUZZED = ("dropped", "undone", "rax", "rcx", "rest", "pending", "manifest", "host", "short")
STOPS = ("watchdog", "guest-panicked")
REASONS = {
    0: ("poweroff", "user", "saved"),
    1: ("internal-error", "qemu"),
    2: ("violation",),
    3: ("host-reset", "host-stop", "terminate"),
    4: ("time-out",),
    130: ("user",),
}
SWITCHES = (
    "cpuid", "msr", "ioio", "hlt", "npf", "vc", "ghcb-msr", "ghcb-page", "svsm", "nmi",
    "shootdown", "ud", "cr", "other", "pvalidate", "rmpadjust", "invlpgb",
)


def integer(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def boolean(value):
    return isinstance(value, bool)


def text(value):
    return isinstance(value, str) and value != ""


def string(value):
    return isinstance(value, str)


def hexadecimal(value):
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def matching(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def one_of(*values):
    return lambda value: value in values


def list_of(check):
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def members(**checks):
    """An object with exactly these keys; a key that ends in _ may be missing."""

    def check(value):
        return not problems_of_members(value, checks)

    return check


def problems_of_members(value, checks):
    if not isinstance(value, dict):
        return ["not an object"]
    found = []
    known = {name.rstrip("_"): (check, name.endswith("_")) for name, check in checks.items()}
    for name, (check, may_miss) in known.items():
        if name not in value:
            if not may_miss:
                found.append(f"{name} is missing")
        elif not check(value[name]):
            found.append(f"{name} is {value[name]!r}")
    found += [f"{name} is not documented" for name in value if name not in known]
    return found


AP = members(
    cpu=integer, apic_id=integer, state=one_of(*VCPU_STATES), runnable=boolean, nmi_masked=boolean,
    since_ns=integer,
)
IRQ = members(
    lvt_unmasked=integer, irr=integer, isr=integer, vectors=list_of(hexadecimal), apic_enabled=boolean,
    nmi_masked=boolean, nmi_pending=boolean, ioapic_unmasked_=integer,
)
bdf = matching(r"[0-9a-f]{2}:[01][0-9a-f]\.[0-7]")
DEVICE = members(
    bdf=bdf, vendor=hexadecimal, device=hexadecimal,
    bus_master=boolean, msi=boolean, msix=boolean, **{"class": hexadecimal},
)
PV = members(cpu=integer, kind=one_of("clock", "steal", "eoi", "async-pf"), gpa=hexadecimal)
PV_WRITES = members(seen=integer, private=integer, unused=integer)
TIMERS = members(hpet=integer, rtc=list_of(one_of("periodic", "alarm", "update")))
REGION = members(
    type=one_of("image", "sec-mem", "secrets", "cpuid", "svsm-caa", "kernel-hashes"), gpa=hexadecimal,
    pages=integer, lost=integer, changed=integer, kept=boolean,
)
VCPU = {"cpu": integer, "apic_id": integer}

EVENTS = {
    "start": {
        "version": one_of(1), "cpus": integer, "memory": integer,
        "fidelity": one_of("fast", "strict", "full"), "apic": one_of("x2apic", "xapic"), "svsm": text,
        "host": text,
    },
    "boot": {**VCPU, "bsp": boolean, "image": text},
    "vcpu-create": {**VCPU, "vmsa": hexadecimal, "ca": hexadecimal},
    "vcpu-start": {**VCPU, "vmpl": one_of(0, 2), "vmsa": hexadecimal, "result": one_of("started", "waits-for-sipi")},
    "vcpu-destroy": {**VCPU, "result": one_of("done", "refused", "ignored")},
    "vcpu-release": {**VCPU, "vmsa": hexadecimal, "halted": boolean},
    "vcpu-init": {"apic_id": integer},
    "vcpu-delete": {**VCPU, "vmsa": hexadecimal},
    "vcpu-park": {"cpu": integer, "how": one_of("reset-hold")},
    "execute": {
        **VCPU, "bsp": boolean, "flags": hexadecimal, "result": hexadecimal,
        "aps": list_of(AP), "vmsas": list_of(hexadecimal), "irq": IRQ,
        "pv": list_of(PV), "apics": list_of(one_of("xapic", "x2apic", "disabled")), "devices_": list_of(DEVICE), "timers_": TIMERS,
    },
    "invalidate": {"pages": integer, "vmsas": integer, "shared": integer},
    "switches": {
        "vmrun": integer,
        "kinds": members(**{name: integer for name in SWITCHES}),
        "pv_": PV_WRITES,
    },
    "dma": {
        "bdf": bdf, "gpa": hexadecimal, "access": one_of("read", "write"),
        "page": one_of("shared", "unclaimed", "unvalidated", "private", "hypervisor", "outside"), "stale": boolean,
    },
    "violation": {
        "kind": one_of(*VIOLATIONS), "cpu": integer, "vmpl": one_of(0, 2), "ap_": integer,
        "gpa_": hexadecimal, "rip": hexadecimal, "access_": one_of("read", "write", "fetch"),
    },
    "host-reset": {
        "how": one_of(*RESETS, *BY_DEVICES), "cpu_": integer, "rip_": hexadecimal,
        "guest_usage_": list_of(hexadecimal), "rebuilt": boolean,
    },
    "host-stop": {"how": one_of(*STOPS), "action": one_of("pause", "poweroff")},
    "terminate": {"cpu": integer, "set": integer, "code": integer, "rip": hexadecimal},
    "poweroff": {"cpu": integer},
    "svsm-call": {
        "cpu": integer, "protocol": integer, "call": integer, "result": hexadecimal,
    },
    "psp-request": {
        "cpu": integer, "vmpck": integer, "msg_type": integer, "seqno": integer, "result": hexadecimal,
    },
    "efi-variable": {"cpu": integer, "name": string, "size": integer, "result": hexadecimal},
    "path": {
        "cpu": integer, "marked": boolean, "ticks": integer, "lost": integer, "steps": list_of(list_of(text)),
    },
    "host-nmi": {"cpu": integer, "rip": hexadecimal, "when": one_of("call", "answer")},
    "host-fault": {
        "cpu": integer, "step": integer, "fault": one_of(*FAULTS), "at": list_of(text), "rip": hexadecimal,
    },
    "fuzz-seed": {"seed": integer},
    "fuzz": {
        "cpu": integer, "by": one_of("msr", "page"), "code": hexadecimal, "changed": list_of(one_of(*FUZZED)), "protocol_": integer,
        "call_": integer, "rax_": hexadecimal, "rcx_": hexadecimal, "pending_": integer, "manifest_": list_of(integer),
        "info1": hexadecimal, "info2": hexadecimal,
    },
    "fuzz-again": {"times": integer},
    "host-resume": {
        "apic_id": integer, "vmsa": hexadecimal, "result": one_of("refused", "resumed"),
    },
    "host-convert": {"gpa": hexadecimal, "to": one_of("private", "shared")},
    "regions": {"regions": list_of(REGION)},
    "end": {"status": one_of(*REASONS), "reason": text, "exec_": integer},
}


def problems(events):
    """Everything that is wrong with a whole log, as a list of lines."""
    found = []
    for number, event in enumerate(events, 1):
        kind = event.get("event")
        if kind not in EVENTS:
            found.append(f"{number}: event {kind!r} is not documented")
            continue
        checks = {"event": text, "t": integer, "boot": integer, **EVENTS[kind]}
        if kind == "start":
            checks["boot_"] = checks.pop("boot")
        if kind == "end":
            checks["boot_"] = checks.pop("boot")
        found += [f"{number}: {kind}: {why}" for why in problems_of_members(event, checks)]
    return found or order_problems(events)


def order_problems(events):
    """start first, end last, time and boots only forward, an end that fits its reason."""
    found = []
    kinds = [event["event"] for event in events if not event.get("rebuilt")]
    if not kinds or kinds[0] != "start" or kinds.count("start") != 1:
        found.append("start is not the first event, once")
    if not kinds or kinds[-1] != "end" or kinds.count("end") != 1:
        return found + ["end is not the last event, once"]
    times = [event["t"] for event in events]
    if times != sorted(times):
        found.append("time goes back")
    boots = [event["boot"] for event in events if event["event"] == "boot"]
    if boots != list(range(1, len(boots) + 1)):
        found.append(f"boots are {boots}")
    running = 0
    for number, event in enumerate(events, 1):
        running = event["boot"] if event["event"] == "boot" else running
        if event["event"] not in ("start", "end", "boot", "switches") and event["boot"] != running:
            found.append(f"{number}: {event['event']} is of boot {event['boot']}, not {running}")
    by_device = [e for e in events if e["event"] == "host-stop" or (e["event"] == "host-reset" and "cpu" not in e)]
    for event in events:
        if event["event"] == "host-reset" and (event["how"] in BY_DEVICES) != ("cpu" not in event):
            found.append(f"host-reset by {event['how']}: {sorted(event)}")
    counted = [event["boot"] for event in events if event["event"] == "switches"]
    end = events[-1]
    # A run that is cut off counts nothing for its last boot.
    cut_off = end["status"] in (1, 4) or end["reason"] in ("user", "saved") or by_device
    if counted != (boots[:-1] if cut_off else boots):
        found.append(f"world switches of the boots {counted} of {boots}")
    if end["reason"] not in REASONS[end["status"]]:
        found.append(f"status {end['status']} with reason {end['reason']}")
    for kind, status in (("violation", 2), ("host-reset", 3), ("host-stop", 3), ("terminate", 3), ("poweroff", 0)):
        if kind in kinds and (kinds.count(kind) != 1 or end["status"] != status):
            found.append(f"{kinds.count(kind)} events {kind} and status {end['status']}")
        if end["reason"] == kind and kind not in kinds:
            found.append(f"ended by {kind}, and there is no such event")
    for event in events:
        if event["event"] == "execute":
            shown = {"devices", "timers"} & set(event)
            if len(shown) != (2 if event["result"] == "0x0" else 0):
                found.append(f"EXECUTE with result {event['result']} shows {sorted(shown)}")
            for ap in event["aps"]:
                if ap["runnable"] != (ap["state"] in RUNNABLE_STATES):
                    found.append(f"AP {ap['cpu']} is {ap['state']}, runnable {ap['runnable']}")
    return found
