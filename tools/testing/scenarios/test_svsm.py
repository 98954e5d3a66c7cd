# SPDX-License-Identifier: GPL-2.0
"""SVSMs without the service, with another one, and with a bad temper."""

import pytest

from lib import places
from lib.slices import later


def refuses_to_load(guest, says, parameters=""):
    """insmod fails with -ENODEV and one clear reason; the guest goes on."""
    guest.boot()
    status, output = guest.run(f"insmod {places.MODULE} {parameters}")
    assert status != 0 and "No such device" in output, output
    said = guest.check("dmesg | grep svsm-reset")
    assert says in said, said
    assert guest.run(f"test -e {places.ATTRIBUTES}")[0] != 0
    return said


def reboots_by_itself(guest):
    """Without the driver's help the kernel restarts as ever, which loses the VM."""
    guest.send("reboot -f")
    guest.lost()
    guest.events.no("invalidate", "violation")
    assert not guest.events.executes
    guest.events.boots(1)


@pytest.mark.parametrize(
    "svsm, says",
    [
        ("noreboot", "no protocol 5 version 1"),
        later("draft,proto=7", "no protocol 5 version 1"),
        ("ocp", "does not vouch for the reboot service"),
        later("draft,noattest", "does not vouch for the reboot service"),
        ("draft,manifest-flags=1", "manifest of the reboot service"),
        later("draft,manifest-version=1", "manifest of the reboot service"),
        later("draft,manifest-size=4", "manifest of the reboot service"),
    ],
)
def test_service_is_not_there(simulate, svsm, says):
    guest = simulate(svsm=svsm)
    refuses_to_load(guest, says)
    reboots_by_itself(guest)
    guest.events.no("execute")


def test_another_service_in_spite_of_all(simulate):
    """allow_unattested=1 where protocol 5 is another service: loud, and nothing is harmed."""
    guest = simulate(svsm="ocp")
    guest.boot()
    guest.load("allow_unattested=1")
    assert "WITHOUT PROOF THAT IT IS THE REBOOT SERVICE" in guest.dmesg()
    guest.send("reboot -f")
    guest.expect("SVSM_REBOOT_EXECUTE came back: 0x80000005")
    guest.lost()
    guest.events.no("invalidate", "violation")
    assert not guest.events.executes
    guest.events.boots(1)


def test_unattested_service(simulate):
    """The administrator's override where the service is there, but not vouched for."""
    guest = simulate(svsm="draft,noattest")
    guest.boot()
    guest.load("allow_unattested=1")
    guest.send("reboot -f")
    guest.boot(2)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


def test_other_protocol_number(simulate):
    guest = simulate(svsm="draft,proto=7")
    guest.boot()
    guest.load("protocol=7")
    assert guest.attribute("protocol_id") == "7"
    guest.send("reboot -f")
    guest.boot(2)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


@pytest.mark.parametrize("option, code", [("busy", "0x80000007"), later("incomplete", "0x80000000")])
def test_asked_to_come_again(simulate, option, code):
    """BUSY and INCOMPLETE mean: call again."""
    guest = simulate(svsm=f"draft,{option}=3")
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.boot(2)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4, refusals=3)
    assert [event["result"] for event in guest.events.refusals] == [code] * 3


@pytest.mark.parametrize("times, deleted", [(3, [1, 2, 3]), later(1000000, [])])
def test_in_use_for_a_moment(simulate, times, deleted):
    """A CPU that has parked may be on its way to HLT: its VMSA is in use until it is there.

    One that stays in use is left alone; the CPU is parked, and the reset goes on.
    """
    guest = simulate(svsm=f"draft,in-use={times}")
    guest.boot()
    guest.load("delete_vcpu=1")
    guest.send("reboot -f")
    guest.boot(2, timeout=240)
    guest.powered_off()
    assert [event["apic_id"] for event in guest.events.of("vcpu-delete", boot=1)] == deleted
    assert len(guest.events.executes) == 1
    guest.events.no("violation")


@pytest.mark.parametrize("option, code", [("busy", "0x80000007"), later("incomplete", "0x80000000")])
def test_asked_to_come_again_for_ever(simulate, option, code):
    """... but not for ever: the driver gives up and says so."""
    guest = simulate(svsm=f"draft,{option}=1000000")
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.expect(f"SVSM_REBOOT_EXECUTE came back: {code}", timeout=120)
    guest.lost()
    guest.events.no("invalidate", "violation")
    assert not guest.events.executes
    assert 3 < len(guest.events.refusals) < 100000


@pytest.mark.parametrize("code", [later("0x80000002"), "0x80000006", later("0x80001000"), later("0x1")])
def test_refused(simulate, code):
    """Any other answer: one call, one line with the code, the kernel's own restart."""
    guest = simulate(svsm=f"draft,result={code}")
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.expect(f"SVSM_REBOOT_EXECUTE came back: {code} ")
    guest.lost()
    assert [event["result"] for event in guest.events.refusals] == [code]
    guest.events.no("invalidate", "violation")


def test_refused_after_hand_over(simulate):
    """An AP fired, the BSP called, the call came back: the AP is told and goes on."""
    guest = simulate(svsm="draft,result=0x80000006")
    guest.boot()
    guest.load()
    guest.check("echo 2 > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect("SVSM_REBOOT_EXECUTE came back: 0x80000006 ")
    guest.lost()
    refusal, = guest.events.refusals
    assert refusal["bsp"] and not any(ap["runnable"] for ap in refusal["aps"])


def test_foreign_response(simulate):
    """A response in the GHCB MSR that is not the call's own: tried again."""
    guest = simulate(svsm="draft,foreign=3")
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.boot(2)
    guest.powered_off()
    assert len(guest.events.executes) == 1
    guest.events.no("violation", "host-reset", "terminate")
    guest.events.boots(2)


def test_call_stays_pending(simulate):
    """The SVSM never takes the call: bounded, reported, the kernel's own restart."""
    guest = simulate(svsm="draft,pending")
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.expect("SVSM_REBOOT_EXECUTE: no answer from the SVSM", timeout=120)
    guest.lost()
    guest.events.no("invalidate", "violation")
    assert not guest.events.executes
