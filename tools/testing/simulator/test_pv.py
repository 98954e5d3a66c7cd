# SPDX-License-Identifier: GPL-2.0
"""A host with KVM's paravirtual features: its MSRs, and what it writes where they say."""

import pytest

FIDELITIES = ("strict", "full")
KINDS = {"clock": 0x000, "steal": 0x040, "eoi": 0x080, "async-pf": 0x0c0}


def passes(run, test, executes=0):
    run.well_formed()
    run.passed(test)
    return run.executes(executes)


def page(run, name, boot=1):
    found = [int(line.split()[1], 16) for line in run.lines if line.startswith(f"{name} ")]
    return found[boot - 1]


def areas(cpu, start):
    return [{"cpu": cpu, "kind": kind, "gpa": hex(start + offset)} for kind, offset in KINDS.items()]


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_no_other_host_has_them(selftest, fidelity):
    passes(selftest("pv.absent", fidelity=fidelity), "pv.absent")


@pytest.mark.parametrize("fidelity", FIDELITIES)
@pytest.mark.parametrize("test", ("msrs", "clock", "steal", "eoi", "eoi-declined", "async-pf", "creation-resets"))
def test_feature(selftest, test, fidelity):
    passes(selftest(f"pv.{test}", host="kvm-pv", fidelity=fidelity), f"pv.{test}")


@pytest.mark.parametrize("test", ("eoi", "eoi-declined"))
def test_beside_virtual_nmis(selftest, test):
    """Both have the vCPU come back as soon as it takes interrupts."""
    passes(selftest(f"pv.{test}", host="kvm-pv,vnmi"), f"pv.{test}")
    passes(selftest("nmi.vnmi", host="kvm-pv,vnmi"), "nmi.vnmi")


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_left_at_execute(selftest, fidelity):
    run = selftest("pv.left", host="kvm-pv", fidelity=fidelity)
    execute, = passes(run, "pv.left", 1)
    bsp, ap = page(run, "PAGE"), page(run, "APPAGE")
    assert execute["pv"] == areas(0, bsp) + areas(1, ap)
    assert f"pv 1 steal {ap + KINDS['steal']:#x}" in run.events.left()


def test_destruction_takes_them_away(selftest):
    run = selftest("pv.left", host="kvm-pv", append="destroyed")
    execute, = passes(run, "pv.left", 1)
    assert execute["pv"] == areas(0, page(run, "PAGE"))


def test_creation_in_the_next_boot(selftest):
    passes(selftest("pv.created-anew", host="kvm-pv"), "pv.created-anew", 1)


def test_none_left_by_other_hosts(selftest):
    assert selftest("left.quiet").events.executes[0]["pv"] == []


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_writes_to_private_pages(selftest, fidelity):
    """They go to the alias; the guest's memory is its own, and its interrupts are right."""
    run = selftest("pv.hidden", host="kvm-pv", fidelity=fidelity)
    passes(run, "pv.hidden", 1)
    first, second = (event["pv"] for event in run.events.of("switches"))
    assert first["seen"] > 0 and first["private"] == 0
    assert second["private"] >= 6 and second["seen"] == 0


def test_writes_to_what_nobody_uses(selftest):
    """The last kernel shared it, this one has not touched it yet."""
    run = selftest("pv.unused", host="kvm-pv")
    passes(run, "pv.unused", 1)
    second = run.events.of("switches")[1]["pv"]
    assert second["unused"] > 0 and second["private"] == second["seen"] == 0


@pytest.mark.parametrize("fidelity", FIDELITIES)
@pytest.mark.parametrize("what", ("steal", "eoi", "clock"))
def test_stale(selftest, what, fidelity):
    """A page that the present kernel shares, and the last one registered."""
    run = selftest(f"pv.stale-{what}", host="kvm-pv", fidelity=fidelity)
    run.well_formed()
    run.violation("stale-pv", cpu=0, gpa=run.page, access="write", boot=2)
    assert not run.verdicts


def test_registered_anew_is_not_stale(selftest):
    run = selftest("pv.taken-over", host="kvm-pv")
    passes(run, "pv.taken-over", 1)
    assert run.events.of("switches")[1]["pv"]["seen"] > 0


def test_new_vm_has_none(selftest):
    run = selftest("quirks.rebuild", host="kvm-pv,rebuild", smp=3, append="how=1 execute")
    run.well_formed()
    assert run.events.executes[0]["pv"] == []
