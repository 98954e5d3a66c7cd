# SPDX-License-Identifier: GPL-2.0
"""The assertions themselves: a log with any one defect must not pass."""

import copy
import json

import pytest

from lib.events import Events

AP = {"cpu": 1, "apic_id": 1, "state": "halted", "runnable": False, "since_ns": 1}
GOOD = [
    {"event": "start", "t": 0, "version": 1, "cpus": 2, "memory": 1 << 29, "fidelity": "strict", "svsm": "draft"},
    {"event": "boot", "t": 1, "boot": 1, "cpu": 0, "apic_id": 0, "bsp": True, "image": "linux"},
    {
        "event": "execute", "t": 2, "boot": 1, "cpu": 0, "apic_id": 0, "bsp": True, "flags": "0x0",
        "result": "0x0", "aps": [AP], "vmsas": ["0x1000"],
        "irq": {"lvt_unmasked": 0, "irr": 0, "isr": 0, "apic_enabled": False, "ioapic_unmasked": 0},
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
