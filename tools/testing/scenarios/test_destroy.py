# SPDX-License-Identifier: GPL-2.0
"""A CPU that nothing reaches is destroyed by the host, or deleted by the SVSM.

tools/guest/stuck makes it spin inside an NMI handler once the restart has begun.
"""

import pytest

from lib.slices import later

STUCK = 2


def boot_with_stuck(simulate, parameters, cpu=STUCK, **arguments):
    guest = simulate(timeout=600, **arguments)
    guest.boot(timeout=240)
    guest.load(parameters)
    guest.check(f"insmod /lib/modules/stuck.ko cpu={cpu} mode=nmi")
    return guest


def reboot(guest):
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    guest.expect(f"CPU {STUCK} did not park", timeout=120)


def state_at_execute(guest, apic_id):
    execute, = guest.events.of("execute")
    return next(ap for ap in execute["aps"] if ap["apic_id"] == apic_id)


def healthy_second_boot(guest, lost=""):
    """All CPUs, the record, and all of them take NMIs again: see the next EXECUTE."""
    assert guest.boot(2, timeout=240) == guest.smp
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"
    assert guest.attribute("last_reset_cpus") == lost
    guest.send("reboot -f")
    assert guest.boot(3, timeout=240) == guest.smp
    guest.powered_off()
    second = guest.events.executes[1]
    assert not any(ap["nmi_masked"] for ap in second["aps"]) and not second["irq"]["nmi_masked"]


def reset_with_stuck(guest, state):
    """The reset has gone through; this is what the CPU was when the call was made."""
    guest.expect("Linux version", timeout=240)
    assert state_at_execute(guest, STUCK)["state"] == state
    guest.events.one("vcpu-destroy", apic_id=STUCK)
    guest.events.one("invalidate")
    guest.events.no("violation")


def test_host_destroys(simulate):
    """ap_policy=host: the host's word is enough."""
    guest = boot_with_stuck(simulate, "ap_policy=host")
    reboot(guest)
    reset_with_stuck(guest, "destroyed")
    guest.events.no("vcpu-delete")
    guest.stop()


@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_svsm_deletes(simulate, fidelity):
    """Under the default policy: destroyed by the host, and the SVSM's word makes it final."""
    guest = boot_with_stuck(simulate, "delete_vcpu=1", fidelity=fidelity)
    assert "none is known" not in guest.dmesg()
    reboot(guest)
    reset_with_stuck(guest, "deleted")
    guest.events.one("vcpu-delete", apic_id=STUCK)
    guest.stop()


@pytest.mark.parametrize("parameters, lost", [("ap_policy=host", str(STUCK)), later("delete_vcpu=1", "")])
def test_next_boot(simulate, parameters, lost):
    """The next boot has all CPUs, the one that was destroyed included.

    The host resets the local APIC of a CPU that it creates: nothing is left for it there, and
    an INIT would keep it from being started.  The record knows of a CPU that there was only the
    host's word for.
    """
    guest = boot_with_stuck(simulate, parameters)
    reboot(guest)
    healthy_second_boot(guest, lost)
    stuck = next(ap for ap in guest.events.executes[0]["aps"] if ap["apic_id"] == STUCK)
    assert stuck["nmi_masked"]  # the second boot had something to mend
    guest.events.no("vcpu-init")
    assert "Stale IRR" not in guest.console


@pytest.mark.sliced
def test_refused_without_need(simulate):
    """The default, without delete_vcpu: the host's word would not help, so it is not asked."""
    guest = boot_with_stuck(simulate, "")
    reboot(guest)
    guest.expect("refusing the SVSM reset")
    guest.lost()
    guest.events.no("vcpu-destroy", "vcpu-delete", "execute", "violation")


@pytest.mark.sliced
def test_kernels_ghcb_is_lost(simulate):
    """The host does not take it back: a console may need it, so no other CPU is tried."""
    guest = boot_with_stuck(simulate, "ap_policy=host", host="no-ghcb-back")
    guest.send("taskset 1 reboot -f")
    guest.expect("Linux version", timeout=240)
    guest.events.one("vcpu-destroy", apic_id=STUCK)
    assert len(guest.events.executes) == 1
    assert "did not park" not in guest.console and "take the kernel's GHCB back" not in guest.console
    guest.stop()


@pytest.mark.sliced
def test_kernels_ghcb_is_back(simulate):
    """The SVSM refuses the call: the kernel's own restart needs its GHCB, and has it."""
    guest = boot_with_stuck(simulate, "ap_policy=host", svsm="draft,result=0x80000006")
    reboot(guest)
    guest.expect("SVSM_REBOOT_EXECUTE came back: 0x80000006")
    guest.lost()
    guest.events.one("vcpu-destroy", apic_id=STUCK)
    guest.events.no("violation")


@pytest.mark.sliced
def test_not_needed(simulate):
    """CPUs that park are left alone by the host."""
    guest = simulate()
    guest.boot()
    guest.load("ap_policy=host")
    guest.send("reboot -f")
    healthy_second_boot(guest)
    guest.events.no("vcpu-destroy", "vcpu-delete", "violation")


def test_unload(simulate):
    """The page is made private again: what comes after may use it."""
    guest = simulate(smp=2)
    guest.boot()
    for _ in range(3):
        guest.load("delete_vcpu=1")
        guest.check("rmmod svsm_reset")
    assert "none is known" not in guest.dmesg()
    assert "is lost" not in guest.dmesg()
    guest.powered_off()
    guest.events.no("violation")
