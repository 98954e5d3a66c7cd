# SPDX-License-Identifier: GPL-2.0
"""The assertions themselves: a log with any one defect must not pass."""

import copy
import json
import re

import pytest

from lib.complaints import KERNEL_SPLAT, KERNEL_TROUBLE, SPLATS, TROUBLES, complaints
from lib.events import Events
from lib.guest import attribute_of

AP = {"cpu": 1, "apic_id": 1, "state": "halted", "runnable": False, "since_ns": 1}
GOOD = [
    {"event": "start", "t": 0, "version": 1, "cpus": 2, "memory": 1 << 29, "fidelity": "strict", "svsm": "draft"},
    {"event": "boot", "t": 1, "boot": 1, "cpu": 0, "apic_id": 0, "bsp": True, "image": "linux"},
    {
        "event": "execute", "t": 2, "boot": 1, "cpu": 0, "apic_id": 0, "bsp": True, "flags": "0x0",
        "result": "0x0", "aps": [AP], "vmsas": ["0x1000"],
        "irq": {"lvt_unmasked": 0, "irr": 0, "isr": 0, "apic_enabled": False, "ioapic_unmasked": 0},
        "apics": ["x2apic", "xapic"], "pv": [], "devices": [], "timers": {"hpet": 0, "rtc": []},
    },
    {"event": "invalidate", "t": 3, "boot": 1, "pages": 1000, "vmsas": 1, "shared": 10},
    {"event": "switches", "t": 4, "boot": 1, "vmrun": 1, "kinds": {}},
    {"event": "boot", "t": 5, "boot": 2, "cpu": 0, "apic_id": 0, "bsp": True, "image": "linux"},
    {"event": "poweroff", "t": 6, "boot": 2, "cpu": 0},
    {"event": "end", "t": 7, "boot": 2, "status": 0, "reason": "poweroff"},
]


def passes(events):
    try:
        events.orderly_resets(1, cpus=2)
        events.ended(0, "poweroff")
    except AssertionError:
        return False
    return True


def test_good_log_passes():
    assert passes(Events(GOOD))


def change(path, value):
    events = copy.deepcopy(GOOD)
    place = events
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return Events(events)


@pytest.mark.parametrize(
    "path, value",
    [
        ((2, "bsp"), False),
        ((2, "apic_id"), 1),
        ((2, "flags"), "0x1"),
        ((2, "result"), "0x80000006"),
        ((2, "aps"), []),
        ((2, "aps", 0, "runnable"), True),
        ((2, "aps", 0, "state"), "running"),
        ((2, "aps", 0, "state"), "idle"),
        ((2, "irq", "lvt_unmasked"), 1),
        ((2, "irq", "irr"), 1),
        ((2, "irq", "isr"), 1),
        ((2, "irq", "ioapic_unmasked"), 1),
        ((2, "devices"), [
            {"bdf": "00:03.0", "class": "0x20000", "bus_master": True, "msi": False, "msix": True},
        ]),
        ((2, "pv"), [{"cpu": 1, "kind": "steal", "gpa": "0x1000"}]),
        ((2, "timers", "hpet"), 1),
        ((2, "timers", "rtc"), ["alarm"]),
        ((3, "pages"), 0),
        ((3, "event"), "other"),
        ((5, "boot"), 3),
        ((5, "bsp"), False),
        ((5, "event"), "other"),
        ((7, "status"), 3),
        ((7, "reason"), "timeout"),
        ((7, "event"), "other"),
    ],
)
def test_one_defect_is_noticed(path, value):
    assert not passes(change(path, value))


@pytest.mark.parametrize("kind", ["violation", "host-reset", "terminate"])
def test_bad_end_is_noticed(kind):
    assert not passes(Events([*GOOD[:-1], {"event": kind}, GOOD[-1]]))


def test_second_execute_is_noticed():
    assert not passes(Events([*GOOD[:3], *GOOD[2:]]))
    assert not passes(Events([*GOOD[:2], {**GOOD[2], "result": "0x80000007"}, *GOOD[2:]]))


def test_invalidate_after_boot_is_noticed():
    assert not passes(Events([*GOOD[:3], GOOD[5], GOOD[3], *GOOD[6:]]))


def test_no_reset_tried():
    Events([GOOD[0], GOOD[1], GOOD[7]]).no_reset_tried()
    for events in (GOOD, GOOD[:3], [GOOD[1], {**GOOD[2], "result": "0x80000005"}], [GOOD[1], GOOD[3]], []):
        with pytest.raises(AssertionError):
            Events(events).no_reset_tried()


def test_reading(tmp_path):
    path = tmp_path / "events"
    path.write_text("".join(json.dumps(event) + "\n" for event in GOOD))
    assert Events.read(path) == GOOD
    path.write_text(json.dumps(GOOD[0]) + '\n{"event":"bo')
    assert Events.read(path, partial=True) == GOOD[:1]
    with pytest.raises(AssertionError, match="no end"):
        Events.read(path)
    for bad in ("nonsense\n", "[1]\n", "{}\n", "\n"):
        path.write_text(bad)
        with pytest.raises(AssertionError):
            Events.read(path)


# Each as the kernel prints it, by the pattern that is to find it.
TROUBLE = {
    r"KASAN:": "BUG: KASAN: slab-out-of-bounds in svr_fire+0x2b0/0x2f0 [svsm_reset]",
    r"UBSAN:": "UBSAN: shift-out-of-bounds in drivers/virt/coco/svsm-reset/lib/protocol.c:61:9",
    r"BUG: (sleeping function|scheduling|assuming)": (
        "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585",
        "BUG: scheduling while atomic: reboot/1/0x00000002",
        "BUG: scheduling in a non-blocking section: reboot/1/1",
        "BUG: assuming atomic context at kernel/smp.c:1",
    ),
    r"BUG: using \w+\(\) in preemptible": (
        "BUG: using smp_processor_id() in preemptible [00000000] code: insmod/71",
        "BUG: using __this_cpu_read() in preemptible [00000000] code: insmod/71",
    ),
    r"BUG: (spin|rw)lock ": "BUG: spinlock bad magic on CPU#0, insmod/71",
    r"BUG: Invalid wait context": "[ BUG: Invalid wait context ]",
    r"BUG: MAX_\w+ too low": "BUG: MAX_LOCKDEP_CHAINS too low!",
    r"list_(add|del) (corruption|double add)": (
        "list_add double add: new=ffff888001, prev=ffff888001, next=ffff888002.",
        "list_add corruption. prev->next should be next (ffff888001), but was ffff888002.",
        "list_del corruption, ffff888001->next is LIST_POISON1 (dead000000000100)",
    ),
    r"possible circular locking": "WARNING: possible circular locking dependency detected",
    r"possible recursive locking": "WARNING: possible recursive locking detected",
    r"possible irq lock inversion": "WARNING: possible irq lock inversion dependency detected",
    r"-safe -> \w+-unsafe lock order": "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
    r"inconsistent lock state": "WARNING: inconsistent lock state",
    r"suspicious RCU usage": "WARNING: suspicious RCU usage",
    r"bad (unlock balance|contention)": (
        "WARNING: bad unlock balance detected!", "WARNING: bad contention detected!",
    ),
    r"held lock freed": "WARNING: held lock freed!",
    r"(lock held when returning|still has locks held)": (
        "WARNING: lock held when returning to user space!", "WARNING: insmod/71 still has locks held!",
    ),
    r"DEBUG_LOCKS_WARN_ON": "DEBUG_LOCKS_WARN_ON(lockdep_hardirqs_enabled())",
    r"INFO: trying to register non-static key": "INFO: trying to register non-static key.",
    r"WARNING: .*(\bsvr_\w*\+0x|\[svsm_reset\])": (
        "WARNING: CPU: 1 PID: 0 at drivers/virt/coco/svsm-reset/reset/fire.c:77 svr_fire+0x10/0x20",
        "WARNING: CPU: 1 PID: 0 at ../fire.c:77 svr_fire+0x10/0x20 [svsm_reset]",
    ),
    r"BUG:": "BUG: kernel NULL pointer dereference, address: 0000000000000000",
    r"WARNING: (?!See )": "WARNING: CPU: 1 PID: 0 at kernel/smp.c:807 smp_call_function_many_cond+0x8/0x9",
    r"Oops": "Oops: invalid opcode: 0000 [#1] PREEMPT SMP KASAN NOPTI",
    r"Call Trace": "Call Trace:",
    r"INFO: task .* blocked": "INFO: task insmod:71 blocked for more than 120 seconds.",
    r"rcu: INFO": "rcu: INFO: rcu_preempt self-detected stall on CPU",
    r"soft lockup": "watchdog: BUG: soft lockup - CPU#2 stuck for 23s! [sh:70]",
    r"Unable to handle": "Unable to handle kernel paging request",
}


@pytest.mark.parametrize("pattern", [*SPLATS, *TROUBLES])
def test_trouble_is_noticed(pattern):
    """Every pattern finds what it is for; what is always a failure is one of both kinds."""
    lines = TROUBLE[pattern]
    for line in (lines,) if isinstance(lines, str) else lines:
        line = f"[   12.345678][   T71] {line}"
        assert re.search(pattern, line), line
        assert KERNEL_TROUBLE.search(line), line
        assert bool(KERNEL_SPLAT.search(line)) == (pattern in SPLATS), line


def test_warning_of_another_module_of_the_checkout():
    """A test provokes it, from a file in a directory that may have any name."""
    line = "WARNING: CPU: 2 PID: 160 at /src/svsm-reset/build/guest/trouble.c:201 trouble_warn+0x29/0x30 [trouble]"
    assert KERNEL_TROUBLE.search(line) and not KERNEL_SPLAT.search(line)


RESTARTS = "[    6.293328] reboot: Restarting system\n"
MIGRATES = """\
[    6.295697] ------------[ cut here ]------------
[    6.296328] WARNING: CPU: 1 PID: 0 at kernel/sched/core.c:3300 set_task_cpu+0x1b8/0x1c0
[    6.296796] Modules linked in: svsm_reset(OE)
[    6.305115] Call Trace:
"""
ENDS = "[    6.317124] ---[ end trace 0000000000000000 ]---\n"
NEXT = "[    0.000000] Linux version 6.12.118\n"


@pytest.mark.parametrize("console, lines", [
    (RESTARTS + MIGRATES + ENDS + NEXT, 0),
    (RESTARTS + MIGRATES + NEXT, 0),  # cut by the reset
    (MIGRATES + ENDS + RESTARTS, 2),  # nobody stops anything yet
    (RESTARTS + NEXT + MIGRATES + ENDS, 2),
    (RESTARTS + MIGRATES + ENDS + "BUG: after it\n" + NEXT, 1),
    (RESTARTS + MIGRATES.replace("set_task_cpu", "set_task_rq") + ENDS, 2),
    (RESTARTS + MIGRATES + "svr_fire+0x10/0x20 [svsm_reset]\n" + ENDS, 2),
])
def test_warning_of_the_kernels_own_stop(console, lines):
    """A task that would have moved to a CPU that has just left the online mask: only then, only that."""
    assert len(complaints(console, KERNEL_TROUBLE)) == lines


def test_what_is_no_trouble():
    for line in (
        "svsm_reset: ready: protocol 5 version 1, ap_policy refuse",
        "kvm-guest: WARNING: See https://example.org/vulnerable",
        "Running RCU self tests",
        "Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
        "kasan: KernelAddressSanitizer initialized",
    ):
        assert not KERNEL_TROUBLE.search(line), line


@pytest.mark.parametrize("output", (
    "completed", "[   12.368709] e1000e: Link is Up\ncompleted", "completed\n[   12.368709] e1000e: Link is Up",
    "[    1.000000] one\ncompl[    1.000001] two\neted\n[    1.000002] three\n",
))
def test_attribute_among_the_kernels_lines(output):
    """The kernel prints before, in the middle of and behind what is read."""
    assert attribute_of(output) == "completed"
