# SPDX-License-Identifier: GPL-2.0
"""The driver under a host that does not do what it should, and under SVSMs that read the draft otherwise.

What the simulator's hosts do is tested in simulator/test_hosts.py; here it is what
becomes of a reset.
"""

import dataclasses

import pytest

from lib import crash, matrix, record

pytestmark = pytest.mark.sliced

REBOOT = matrix.BY_ID["reboot-bsp-idle"]
STUCK_AP = matrix.BY_ID["panic-ap-nmi-stuck-host"]
STUCK_BSP = matrix.BY_ID["panic-ap-bsp-nmi-stuck-host"]


def caused(simulate, row, **arguments):
    """A guest in which the row's cause has been brought about."""
    guest = crash.start(simulate, row, **arguments)
    crash.bring_about(guest, row)
    return guest


@pytest.mark.parametrize("count", [1, 5])
def test_nmi_before_vmgexit(simulate, count):
    """An NMI between the write of the GHCB MSR and VMGEXIT costs another attempt, each time."""
    guest = caused(simulate, REBOOT, host=f"nmi-call={count}")
    crash.next_boot(guest, REBOOT, REBOOT.smp)
    assert len(guest.events.of("host-nmi")) == count
    guest.events.orderly_resets(1, cpus=REBOOT.smp)


def test_nmi_before_vmgexit_for_ever(simulate):
    """No attempt gets through: bounded, one line, and the kernel's own restart goes on."""
    guest = caused(simulate, REBOOT, host="nmi-call=1000000")
    guest.expect("SVSM_REBOOT_EXECUTE: no answer from the SVSM", timeout=crash.RESET)
    guest.expect("the kernel's own restart goes on")
    guest.lost()
    assert 10 < len(guest.events.of("host-nmi")) < 10000
    guest.events.no("invalidate", "violation")
    assert not guest.events.executes


def test_nmi_before_any_call(simulate):
    """The calls that the driver makes when it is loaded."""
    guest = simulate(smp=2, host="nmi-call-any=6")
    guest.trouble_is_fine = True  # NMIs that nobody claims
    guest.boot(1, timeout=crash.BOOT)
    guest.load()
    guest.send("reboot -f")
    assert guest.boot(2, timeout=crash.RESET) == 2
    guest.powered_off()
    assert len(guest.events.of("host-nmi")) == 6
    guest.events.orderly_resets(1, cpus=2)


def test_destroy_refused(simulate):
    """ap_policy=host, and the host does not want to: refused, the CPU is named."""
    guest = caused(simulate, STUCK_AP, host="destroy-refuse")
    crash.refused(guest, matrix.BY_ID["panic-ap-nmi-stuck"])
    assert guest.events.one("vcpu-destroy")["result"] == "refused"


def test_destroy_is_a_lie(simulate):
    """ap_policy=host takes the host's word: the driver cannot know, the simulator does.

    This is why it is not the default.  At full fidelity the host sees MMIO, and drops
    the INIT as well, which would have stopped the CPU all the same.
    """
    guest = caused(simulate, STUCK_AP, host="destroy-lie", fidelity="full")
    assert guest.end() == 2, guest.tail()
    assert guest.events.one("vcpu-destroy")["result"] == "ignored"
    execute, = guest.events.of("execute")
    assert [ap["apic_id"] for ap in execute["aps"] if ap["runnable"]] == [STUCK_AP.other]
    guest.events.one("violation", kind="ap-running")


def test_parked_ap_is_resumed_in_vain(simulate):
    """The host runs an AP's VMSA again after EXECUTE: the SVSM has made it unusable."""
    guest = caused(simulate, REBOOT, host="resume")
    crash.next_boot(guest, REBOOT, REBOOT.smp)
    assert guest.events.one("host-resume")["result"] == "refused"
    guest.events.orderly_resets(1, cpus=REBOOT.smp)


def test_parked_ap_is_resumed_under_a_careless_svsm(simulate):
    """... except with an SVSM that forgets to: the AP goes on, in memory that is no longer its own.

    What it meets there is a matter of what the next boot has made of it, and the end of
    the VM either way.
    """
    guest = caused(simulate, REBOOT, host="resume", svsm="draft,keepvmsa")
    assert guest.end() in (2, 3), guest.tail()
    resumed = guest.events.one("host-resume")
    assert resumed["result"] == "resumed"
    ends = [*guest.events.of("violation"), *guest.events.of("host-reset", how="triple-fault")]
    assert [(end["cpu"], end["boot"]) for end in ends] == [(resumed["apic_id"], 2)], guest.tail()


def test_deleted_ap_is_not_resumed(simulate):
    """delete_vcpu=1 is the strongest there is: not even then does it run again."""
    guest = crash.start(simulate, REBOOT, host="resume", svsm="draft,keepvmsa", module="delete_vcpu=1")
    crash.bring_about(guest, REBOOT)
    crash.next_boot(guest, REBOOT, REBOOT.smp)
    assert guest.events.one("host-resume")["result"] == "refused"
    assert len(guest.events.of("vcpu-delete", boot=1)) == REBOOT.smp - 1
    guest.events.orderly_resets(1, cpus=REBOOT.smp)


def test_ap_calls_and_starts_again(simulate):
    """The BSP is lost and an AP calls; the SVSM starts the caller: one CPU fewer from then on."""
    guest = caused(simulate, STUCK_BSP, svsm="draft,ap-execute=caller")
    assert crash.called_by_an_ap(guest, STUCK_BSP) == STUCK_BSP.smp - 1
    assert not guest.events.of("boot")[1]["bsp"]


def test_ap_calls_and_the_bsp_starts(simulate):
    """The other reading of the draft, and the better one: the boot vCPU starts, and all CPUs are there."""
    guest = caused(simulate, STUCK_BSP, svsm="draft,ap-execute=bsp")
    assert crash.called_by_an_ap(guest, STUCK_BSP) == STUCK_BSP.smp
    assert guest.events.of("boot")[1]["bsp"]


def test_bsp_is_not_run(simulate):
    """The BSP has parked, and the host does not run it to take the call over: lost, and no CPU calls."""
    row = matrix.BY_ID["panic-ap-idle"]
    guest = caused(simulate, row, host="no-wake")
    guest.expect(r"the BSP, CPU 0, did not take the call over \(-ETIMEDOUT\)", timeout=crash.RESET)
    guest.expect("refusing the SVSM reset", timeout=60)
    guest.lost()
    assert record.left_by(guest) == ("refused", "panic", 1, [0], 0)
    guest.events.no("execute", "invalidate", "violation")
    crash.no_other_complaint(guest, row)


def test_bsp_is_not_run_and_destroyed(simulate):
    """The same with ap_policy=host: that is as much as the host's word, and an AP calls."""
    row = matrix.BY_ID["panic-ap-idle"]
    guest = caused(simulate, dataclasses.replace(row, module="ap_policy=host"), host="no-wake", svsm="draft,ap-execute=bsp")
    guest.expect(r"the BSP, CPU 0, did not take the call over", timeout=crash.RESET)
    assert crash.called_by_an_ap(guest, row) == row.smp
    guest.events.one("vcpu-destroy", apic_id=0)


def test_ap_calls_and_is_refused(simulate):
    """The third: an AP may not call.  Then a lost BSP means no reset, and the log says so."""
    guest = caused(simulate, STUCK_BSP, svsm="draft,ap-execute=refuse")
    guest.expect("SVSM_REBOOT_EXECUTE came back: 0x80000006", timeout=crash.RESET)
    guest.lost()
    guest.events.no("invalidate", "violation")
    assert len(guest.events.refusals) == 1
    assert record.left_by(guest) == ("returned", "panic", 1, [0], 0x80000006)
