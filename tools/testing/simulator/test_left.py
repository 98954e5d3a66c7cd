# SPDX-License-Identifier: GPL-2.0
"""What a guest has left alive when it calls EXECUTE: the event names all of it, and nothing else."""

import pytest

AHCI = {
    "bdf": "00:1f.2", "vendor": "0x8086", "device": "0x2922", "class": "0x10601",
    "bus_master": True, "msi": True, "msix": False,
}
BRIDGE = (
    "-device", "pcie-root-port,id=rp,chassis=1,addr=4",
    "-device", "virtio-rng-pci,bus=rp,disable-legacy=on",
)
FIDELITIES = ("strict", "full")


def execute_of(run, test):
    run.well_formed()
    run.passed(test)
    execute, = run.executes(1)
    return execute


def test_nothing(selftest):
    execute = execute_of(selftest("left.quiet"), "left.quiet")
    assert execute["devices"] == []
    assert execute["timers"] == {"hpet": 0, "rtc": []}
    assert execute["apics"] == ["xapic", "xapic"]


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_device(selftest, fidelity):
    run = selftest("left.devices", fidelity=fidelity)
    assert execute_of(run, "left.devices")["devices"] == [AHCI]
    assert run.events.left() == ["00:1f.2 bus_master msi"]


STUCK = "stuck-device=00:1f.2"


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_device_that_does_not_stop(selftest, fidelity):
    """It masters the bus and interrupts, whatever the guest writes, and the event says so."""
    run = selftest("left.stuck", host=STUCK, fidelity=fidelity)
    assert execute_of(run, "left.stuck")["devices"] == [AHCI]
    assert run.events.one("start")["host"] == STUCK


@pytest.mark.parametrize("host", (None, "stuck-device=00:1f.3"))
def test_device_that_stops(selftest, host):
    """The same test fails where it does what it is told."""
    run = selftest("left.stuck", host=host)
    run.well_formed()
    assert run.verdicts["left.stuck"], run
    run.executes(0)


def test_interrupts_alone(selftest):
    run = selftest("left.msi")
    assert execute_of(run, "left.msi")["devices"] == [{**AHCI, "bus_master": False}]


def test_device_behind_a_bridge(selftest):
    execute = execute_of(selftest("left.bridge", qemu=BRIDGE), "left.bridge")
    port, behind = execute["devices"]
    assert port["bdf"] == "00:04.0" and port["class"] == "0x60400"
    assert (port["bus_master"], port["msi"], port["msix"]) == (True, False, False)
    assert behind["bdf"] == "07:00.0" and behind["vendor"] == "0x1af4"
    assert (behind["bus_master"], behind["msi"], behind["msix"]) == (False, False, True)


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_timers(selftest, fidelity):
    run = selftest("left.timers", fidelity=fidelity)
    assert execute_of(run, "left.timers")["timers"] == {"hpet": 1, "rtc": ["alarm"]}
    assert run.events.left() == ["hpet 1", "rtc alarm"]


def test_hpet_that_is_off(selftest):
    execute = execute_of(selftest("left.hpet-off"), "left.hpet-off")
    assert execute["timers"] == {"hpet": 0, "rtc": []}


def test_no_hpet(selftest):
    execute = execute_of(selftest("left.quiet", qemu=("-machine", "hpet=off")), "left.quiet")
    assert execute["timers"]["hpet"] == 0


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_looking_changes_nothing(selftest, fidelity):
    """The PCI address and the CMOS index are the guest's."""
    execute_of(selftest("left.indexes", fidelity=fidelity), "left.indexes")


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_local_apics(selftest, fidelity):
    run = selftest("left.apics", fidelity=fidelity)
    assert execute_of(run, "left.apics")["apics"] == ["disabled", "x2apic"]
    assert run.events.left() == ["apic 0 disabled", "apic 1 x2apic"]


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_the_host_keeps_its_state(selftest, fidelity):
    """MTRRs, MISC_ENABLE, machine checks, task priority: not in the VMSA, so no EXECUTE resets them."""
    execute_of(selftest("kept.by-execute", fidelity=fidelity), "kept.by-execute")


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_ap_creation_leaves_the_same(selftest, fidelity):
    run = selftest("kept.by-creation", fidelity=fidelity)
    run.well_formed()
    run.passed("kept.by-creation")


def test_a_new_vm_has_nothing_of_it(selftest):
    run = selftest("kept.not-in-a-new-vm", host="rebuild")
    run.well_formed()
    run.ended(0, "poweroff")
    assert run.verdicts == {"kept.not-in-a-new-vm": None}, run


def test_refused(selftest):
    """Other vCPUs run, and what is reached by an index is theirs."""
    run = selftest("execute.refused")
    run.well_formed()
    refusal, = run.events.refusals
    assert "apics" in refusal and "devices" not in refusal and "timers" not in refusal
