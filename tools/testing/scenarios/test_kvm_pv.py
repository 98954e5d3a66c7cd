# SPDX-License-Identifier: GPL-2.0
"""A host with KVM's paravirtual features: Linux uses them, and a reset finds them registered, or not."""

import pytest

from lib import crash, mutation
from lib.slices import later

CPUS = 2


def start(simulate, fidelity="strict", **arguments):
    guest = simulate(
        smp=CPUS, host="kvm-pv", fidelity=fidelity, patience=3 if fidelity == "full" else 1, **arguments)
    assert guest.boot(1) == CPUS
    guest.load()
    return guest


def uses_them(guest):
    """Clock, stolen time, interrupts that are ended in memory."""
    assert guest.check("cat /sys/devices/system/clocksource/clocksource0/current_clocksource") == "kvm-clock"
    log = guest.dmesg()
    assert "kvm-clock: Using msrs 4b564d01 and 4b564d00" in log
    assert "eoi() replaced with kvm_guest_apic_eoi_write()" in log
    # The eighth number of a line: in the first second of a boot there may be none yet
    guest.check("for i in $(seq 200); do sleep 0.01; done")
    assert int(guest.check("grep '^cpu ' /proc/stat").split()[8]) > 0


def second_boot(guest, reason):
    assert guest.boot(2, timeout=crash.RESET) == CPUS
    guest.load()
    assert guest.attribute("last_reset_reason") == reason
    uses_them(guest)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=CPUS)
    for event in guest.events.of("switches"):
        assert event["pv"]["seen"] > 100


@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_reboot(simulate, fidelity):
    """The kernel takes its areas back by itself, on every CPU (kvm_pv_reboot_notify())."""
    guest = start(simulate, fidelity)
    uses_them(guest)
    guest.send("reboot -f")
    second_boot(guest, "reboot")
    assert guest.events.executes[0]["pv"] == []


HOW = {
    "sysrq-b": ("echo b > /proc/sysrq-trigger", "emergency-restart"),
    "panic-bsp": ("taskset 1 sh -c 'echo c > /proc/sysrq-trigger'", "panic"),
    "panic-ap": ("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'", "panic"),
}


@pytest.mark.parametrize("how, fidelity", [
    ("panic-ap", "strict"), later("panic-bsp", "strict"), later("sysrq-b", "strict"), later("panic-ap", "full"),
])
def test_crash(simulate, how, fidelity):
    """The kernel takes back nothing: each CPU that parks does, and the one that calls (kvm-areas.c)."""
    guest = start(simulate, fidelity)
    guest.trouble_is_fine = True
    uses_them(guest)
    begin, reason = HOW[how]
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    guest.send(begin)
    second_boot(guest, reason)
    guest.events.no("violation")


# Each measure taken away: file, text, what it becomes, whose areas are left then of a panic on CPU 1
WITHOUT = {
    "all": ("reset/kvm-areas.c", "if (svr_kvm_has & BIT(i))", "if (0)", {0, 1}),
    "steal-time": ("reset/kvm-areas.c", "{ KVM_FEATURE_STEAL_TIME,\tMSR_KVM_STEAL_TIME },", "", {0, 1}),
}


@pytest.mark.sliced
@pytest.mark.parametrize("measure", WITHOUT)
def test_crash_without(simulate, tmp_path, measure):
    """The scenario above would notice."""
    guest = start(simulate, initrd=mutation.initrd(tmp_path, *WITHOUT[measure][:3]))
    guest.trouble_is_fine = True
    guest.send(HOW["panic-ap"][0])
    guest.expect("Linux version", timeout=crash.RESET)
    guest.stop()
    areas = guest.events.executes[0]["pv"]
    assert {area["cpu"] for area in areas} == WITHOUT[measure][3]
    if measure == "steal-time":
        assert {area["kind"] for area in areas} == {"steal"}
