# SPDX-License-Identifier: GPL-2.0
"""What devices may reach: the shared pages, and nothing that the present kernel has not begun with them."""

import pytest

from selftest_run import EDU, UHCI

FIDELITIES = ("strict", "full")


def dma(run):
    return run.events.of("dma")


def told(run, access, page, stale):
    """One event of an access that was kept from the device."""
    run.well_formed()
    event, = dma(run)
    assert event["bdf"] == "00:05.0" and event["gpa"] == run.page
    assert (event["access"], event["page"], event["stale"]) == (access, page, stale)


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_shared_memory(selftest, fidelity):
    run = selftest("dma.to-shared", fidelity=fidelity, qemu=EDU)
    run.well_formed()
    run.passed("dma.to-shared")
    assert dma(run) == []


@pytest.mark.parametrize("test, access", [("to-private", "write"), ("from-private", "read"), ("to-taken-back", "write")])
def test_private_memory(selftest, test, access):
    run = selftest(f"dma.{test}", qemu=EDU)
    run.passed(f"dma.{test}")
    told(run, access, "private", False)


def test_fast_knows_no_iommu(selftest):
    """Everything passes; nothing is said."""
    run = selftest("dma.to-private", fidelity="fast", qemu=EDU)
    run.well_formed()
    assert run.verdicts["dma.to-private"].startswith("contents")
    assert dma(run) == []


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_device_of_the_last_boot(selftest, fidelity):
    """
    The event comes whether the memory is nobody's by then, or this boot's, if that was quick
    enough to share it; then it is a violation.
    """
    run = selftest("dma.stale", fidelity=fidelity, qemu=EDU, memory="160M")
    run.well_formed()
    events = [event for event in dma(run) if event["stale"]]
    assert events and {(event["bdf"], event["access"], event["gpa"]) for event in events} == {("00:05.0", "write", run.page)}
    assert {event["page"] for event in events} <= {"unclaimed", "shared"}
    assert [event["kind"] for event in run.events.of("violation")] == \
        ["stale-dma"] * (events[-1]["page"] == "shared")


def test_memory_of_nobody(selftest):
    """What the last boot has shared, and this one has not: an event, and it goes on."""
    run = selftest("dma.stale-unclaimed", qemu=EDU)
    run.passed("dma.stale-unclaimed")
    if dma(run):
        told(run, "write", "unclaimed", True)


@pytest.mark.parametrize("fidelity", FIDELITIES)
@pytest.mark.parametrize("test, qemu", [("begun", EDU), ("stopped", EDU), ("begun-ports", UHCI)], ids=["begun", "stopped", "begun-ports"])
def test_lawful_after_execute(selftest, fidelity, test, qemu):
    run = selftest(f"dma.{test}", fidelity=fidelity, qemu=qemu)
    run.well_formed()
    run.passed(f"dma.{test}")
    assert dma(run) == []


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_device_of_the_last_boot_with_ports(selftest, fidelity):
    """It has no registers in memory."""
    run = selftest("dma.stale-ports", fidelity=fidelity, qemu=UHCI)
    run.passed("dma.stale-ports")
    assert {(event["bdf"], event["access"], event["stale"]) for event in dma(run)} == {("00:05.0", "read", True)}
    assert {int(event["gpa"], 16) & ~0xFFF for event in dma(run)} == {int(run.page, 16)}
