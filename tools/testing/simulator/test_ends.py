# SPDX-License-Identifier: GPL-2.0
"""The ways a run can end, and the exit status of each."""

import pytest


def test_power_off(selftest):
    run = selftest("host.none")
    run.well_formed()
    run.passed("host.none")
    assert run.events.one("poweroff")["cpu"] == 0


@pytest.mark.parametrize(
    "test, how",
    (
        ("host.port-cf9", "port-cf9"),
        ("host.port-92", "port-92"),
        ("host.keyboard", "keyboard"),
        ("host.triple-fault", "triple-fault"),
    ),
)
@pytest.mark.parametrize("fidelity", ("strict", "fast", "full"))
def test_host_reset(selftest, test, how, fidelity):
    """A reset that goes through the host has lost the VM."""
    run = selftest(test, fidelity=fidelity)
    run.well_formed()
    run.cut_off()
    run.ended(3, "host-reset")
    run.events.one("host-reset", cpu=0, how=how)
    run.events.no("execute", "violation", "poweroff")
    assert len(run.events.of("boot")) == 1


def test_triple_fault_of_an_ap(selftest):
    run = selftest("host.ap-triple-fault")
    run.well_formed()
    run.ended(3, "host-reset")
    run.events.one("host-reset", cpu=1, how="triple-fault")


@pytest.mark.parametrize("test", ("nmi.destroyed", "nmi.destroyed-masked", "nmi.deleted"))
@pytest.mark.parametrize("fidelity, apic", (("strict", "x2apic"), ("strict", "xapic"), ("full", "x2apic")))
@pytest.mark.parametrize("host", ("honest", "rebuild"))
def test_nmi_without_a_vmsa(selftest, test, fidelity, apic, host):
    """KVM runs a vCPU that has an NMI to take. Nobody has asked for a reset, and none follows."""
    run = selftest(test, fidelity=fidelity, apic=apic, host=host)
    run.well_formed()
    run.ended(3, "host-reset")
    run.events.one("host-reset", cpu=1, how="invalid-vmsa", rebuilt=False)
    assert len(run.events.of("boot")) == 1


@pytest.mark.parametrize(
    "test, code", (("host.terminate-msr", 2), ("host.terminate-ghcb", 0x13))
)
def test_terminate(selftest, test, code):
    run = selftest(test)
    run.well_formed()
    run.cut_off()
    run.ended(3, "terminate")
    run.events.one("terminate", cpu=0, set=1, code=code)


# host.forge-wide writes to all ports near the simulator's own; the last of them is pvpanic's.
@pytest.mark.parametrize("action", (None, "pause", "exit-failure"))
def test_stopped_by_a_device(selftest, action):
    """QEMU ends or stops without the hypervisor's knowing; it says why."""
    run = selftest("host.forge-wide", qemu=("-device", "pvpanic", *(("-action", f"panic={action}") if action else ())))
    run.well_formed()
    run.ended(3, "host-stop")
    event = run.events.one("host-stop", how="guest-panicked")
    assert event["action"] == ("pause" if action == "pause" else "poweroff")
    said = f"snpsim: the guest told the host that it panics, and the host stops the VM ({event['action']})"
    assert run.lines[-1] == said and len([line for line in run.lines if line.startswith("snpsim: ")]) == 1


def test_device_that_stops_nothing(selftest):
    run = selftest("host.forge-wide", qemu=("-device", "pvpanic", "-action", "panic=none"))
    run.well_formed()
    run.passed("host.forge-wide")
    run.events.no("host-stop")


@pytest.mark.parametrize("test", ("host.hang", "host.spin"))
def test_time_out(selftest, test):
    run = selftest(test, timeout=2)
    run.well_formed()
    run.cut_off()
    run.ended(4, "time-out")
