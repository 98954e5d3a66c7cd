# SPDX-License-Identifier: GPL-2.0
"""An SVSM that misbehaves while a machine that has crashed wants to be reset.

The same answers as in test_svsm.py, but in a panic on an AP: the call is handed
over to the BSP, and what comes of it back to the CPU that panicked.
"""

import errno
import re

import pytest

from lib import crash, matrix, record

CRASH = matrix.BY_ID["panic-ap-idle"]
# Far more than any bound of the driver; a panic that hangs takes for ever.
BOUND = 120

pytestmark = pytest.mark.sliced


def panic(simulate, svsm, row=CRASH):
    guest = crash.start(simulate, row, svsm=f"draft,{svsm}")
    crash.bring_about(guest, row)
    return guest


def gives_up(guest, line, row=CRASH):
    """One line that says why, and the kernel's own restart, which loses the VM.

    The record has it as well: what was asked for, and what came of it.
    """
    guest.expect(line, timeout=BOUND)
    guest.expect("the kernel's own restart goes on")
    guest.lost()
    guest.events.no("invalidate", "violation")
    assert not guest.events.executes
    guest.events.boots(1)
    crash.no_other_complaint(guest, row)
    assert guest.console.count(line.split(":")[0]) == 1, guest.tail()
    code, error = re.search(r"SVSM_REBOOT_EXECUTE.*?(0x[0-9a-f]+|\(-(E[A-Z]+)\))", guest.console).groups()
    stage, result = ("noanswer", -getattr(errno, error)) if error else ("returned", int(code, 16))
    assert record.left_by(guest) == (stage, row.reason, matrix.CPUS[row.cpu], [], result)


@pytest.mark.parametrize("option", ["busy", "incomplete"])
def test_asked_to_come_again(simulate, option):
    guest = panic(simulate, f"{option}=3")
    crash.next_boot(guest, CRASH, CRASH.smp)
    crash.no_other_complaint(guest, CRASH, until="guest: boot 2 ")
    guest.events.orderly_resets(1, cpus=CRASH.smp, refusals=3)


@pytest.mark.parametrize("option, code", [("busy", "0x80000007"), ("incomplete", "0x80000000")])
def test_asked_to_come_again_for_ever(simulate, option, code):
    guest = panic(simulate, f"{option}=1000000")
    gives_up(guest, f"SVSM_REBOOT_EXECUTE came back: {code}")
    assert 3 < len(guest.events.refusals) < 100000


@pytest.mark.parametrize("code", [
    "0x80000001", "0x80000002", "0x80000003", "0x80000004", "0x80000005", "0x80000006", "0x80001000", "0x1",
    "0xffffffffffffffff",
])
def test_refused(simulate, code):
    guest = panic(simulate, f"result={code}")
    gives_up(guest, f"SVSM_REBOOT_EXECUTE came back: {code} ")
    refusal, = guest.events.refusals
    assert refusal["result"] == code and refusal["bsp"]
    assert not any(ap["runnable"] for ap in refusal["aps"])


def test_refused_in_an_nmi(simulate):
    """The call came back, and the CPU that goes on is inside an NMI.

    From there no line gets to the console; but the kernel's own restart goes on.
    """
    row = matrix.BY_ID["panic-nmi-ap-idle"]
    guest = panic(simulate, "result=0x80000006", row)
    guest.lost()
    refusal, = guest.events.refusals
    assert refusal["bsp"] and not any(ap["runnable"] for ap in refusal["aps"])
    guest.events.no("invalidate", "violation")
    guest.events.boots(1)
    crash.no_other_complaint(guest, row)
    assert record.left_by(guest) == ("returned", row.reason, matrix.CPUS[row.cpu], [], 0x80000006)


def test_refused_on_the_bsp(simulate):
    row = matrix.BY_ID["sysrq-b-bsp-idle"]
    guest = panic(simulate, "result=0x80000006", row)
    gives_up(guest, "SVSM_REBOOT_EXECUTE came back: 0x80000006 ", row)
    assert len(guest.events.refusals) == 1


@pytest.mark.parametrize("cause", ["panic-and-sysrq-b", "two-sysrq-b"])
def test_refused_on_two_cpus(simulate, cause):
    """One CPU asks, the other stands by; both are there for the kernel's own restart."""
    row = matrix.BY_ID[f"{cause}-ap-idle"]
    guest = panic(simulate, "result=0x80000006", row)
    guest.lost()
    assert len(guest.events.refusals) == 1
    guest.events.no("invalidate", "violation")
    crash.no_other_complaint(guest, row)
    kept = record.left_by(guest)
    assert (kept.stage, kept.lost, kept.result) == ("returned", [], 0x80000006), kept
    reasons = row.reason.split("|")
    assert (kept.cause, kept.cpu) in [(reasons[0], matrix.CPUS[row.cpu]), (reasons[-1], row.other)], kept


def test_call_stays_pending(simulate):
    guest = panic(simulate, "pending")
    gives_up(guest, "SVSM_REBOOT_EXECUTE: no answer from the SVSM")


def test_foreign_response(simulate):
    """A response in the GHCB MSR that is not the call's own: tried again."""
    guest = panic(simulate, "foreign=3")
    crash.next_boot(guest, CRASH, CRASH.smp)
    crash.no_other_complaint(guest, CRASH, until="guest: boot 2 ")
    assert len(guest.events.executes) == 1
    guest.events.no("violation", "host-reset", "terminate")
    guest.events.boots(2)


def test_foreign_response_for_ever(simulate):
    guest = panic(simulate, "foreign=1000000")
    gives_up(guest, "SVSM_REBOOT_EXECUTE: no answer from the SVSM")
