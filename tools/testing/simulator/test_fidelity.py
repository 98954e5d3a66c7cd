# SPDX-License-Identifier: GPL-2.0
"""What --fidelity means: which #VC the guest gets."""

import pytest

NAMES = [
    f"vc.{what}"
    for what in "cpuid io-read io-write msr-read msr-write mmio debug-register write-back none-for-own".split()
]


def test_full_raises_vc(selftest):
    """CPUID 0x72, port I/O 0x7b, MSR 0x7c, device memory 0x400"""
    run = selftest("vc", fidelity="full")
    run.well_formed()
    run.passed(*NAMES)


@pytest.mark.parametrize("fidelity", ("strict", "fast"))
def test_others_do_not(selftest, fidelity):
    """Port I/O does not raise #VC there, so these tests fail there: they can."""
    verdicts = selftest("vc", fidelity=fidelity).verdicts
    assert set(verdicts) == set(NAMES)
    assert verdicts["vc.io-read"] and verdicts["vc.io-write"]
    assert verdicts["vc.none-for-own"] is None


def kinds(run):
    return run.events.one("switches")["kinds"]


def test_switches_are_counted(selftest):
    """Each kind is counted where it has to occur, per boot."""
    full, strict = kinds(selftest("vc", fidelity="full")), kinds(selftest("call"))
    assert full["vc"] > 100 and full["ghcb-page"] > 100
    assert strict["ghcb-msr"] > 5 and strict["svsm"] > 5 and strict["msr"] > 5
    assert strict["vc"] < full["vc"]
    stale = kinds(selftest("stale.rescinded"))
    assert stale["shootdown"] >= 1


def test_vmgexit_behind_a_write(selftest):
    """A VMGEXIT right behind the write of the GHCB MSR takes no entry into the guest of its own."""
    event = selftest("call").events.one("switches")
    assert event["vmrun"] < event["kinds"]["msr"] + event["kinds"]["ghcb-msr"]


def test_full_once(selftest):
    """The boot after the reset is strict, and its devices and ports are reached without #VC."""
    run = selftest("execute.image", fidelity="full-once")
    first, second = run.events.of("switches")
    assert run.events.one("start")["fidelity"] == "full-once"
    assert first["kinds"]["vc"] > 20 and first["kinds"]["ghcb-page"] > 20
    assert second["kinds"]["vc"] == 0 and second["kinds"]["ghcb-page"] == 0 and second["kinds"]["svsm"] > 0


def test_switches_per_boot(selftest):
    first, second = selftest("execute.image").events.of("switches")
    assert (first["boot"], second["boot"]) == (1, 2)
    for event in (first, second):
        assert event["vmrun"] > 0
        assert event["kinds"]["ghcb-msr"] > 0 and event["kinds"]["svsm"] > 0


def test_most_memory(selftest):
    """The tables of the largest guest that --memory allows fit beside the simulator."""
    run = selftest("query", memory="16G")
    run.well_formed()
    assert run.verdicts and not any(run.verdicts.values())
