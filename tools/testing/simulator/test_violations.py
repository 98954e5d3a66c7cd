# SPDX-License-Identifier: GPL-2.0
"""Every planted violation is caught, where it was planted, and ends the run."""

import pytest

VIOLATIONS = (
    ("violation.private-as-shared-read", "private-as-shared", "read"),
    ("violation.private-as-shared-write", "private-as-shared", "write"),
    ("violation.shared-as-private-read", "shared-as-private", "read"),
    ("violation.shared-as-private-write", "shared-as-private", "write"),
    ("violation.unvalidated-read", "unvalidated", "read"),
    ("violation.unvalidated-write", "unvalidated", "write"),
    ("violation.unvalidated-fetch", "unvalidated", "fetch"),
    ("violation.unvalidated-vmgexit", "unvalidated", "fetch"),
    ("violation.shared-fetch", "shared-as-private", "fetch"),
    ("violation.outside-memory", "outside-memory", "write"),
    ("violation.rescinded-read", "unvalidated", "read"),
    ("violation.vmsa-write", "vmsa-write", "write"),
    ("violation.vmsa-of-running", "vmsa-in-use", "read"),
    ("violation.vmsa-of-halted", "vmsa-in-use", "read"),
    ("violation.hypervisor-private", "hypervisor-memory", "read"),
    ("violation.hypervisor-shared", "hypervisor-memory", "write"),
    ("violation.deposited", "hypervisor-memory", "read"),
    ("violation.mmio-private", "mmio-as-private", "read"),
    ("violation.share-validated", "share-validated", "write"),
    ("violation.ghcb-not-shared", "ghcb-not-shared", "read"),
    ("violation.ghcb-not-registered", "ghcb-not-registered", "read"),
    ("violation.ghcb-replaced", "ghcb-not-registered", "read"),
)


@pytest.mark.parametrize("fidelity", ("strict", "full"))
@pytest.mark.parametrize("test, kind, access", VIOLATIONS)
def test_violation(selftest, test, kind, access, fidelity):
    run = selftest(test, fidelity=fidelity)
    run.well_formed()
    run.cut_off()
    run.violation(kind, cpu=0, gpa=run.page, access=access)


@pytest.mark.parametrize(
    "test, kind, access", [row for row in VIOLATIONS if not row[0].startswith("violation.unval")]
)
def test_violation_at_fast(selftest, test, kind, access):
    """The page states are enforced at fidelity fast, too."""
    run = selftest(test, fidelity="fast")
    run.cut_off()
    run.violation(kind, cpu=0, gpa=run.page, access=access)


@pytest.mark.parametrize(
    "test, kinds",
    (
        ("stale.rescinded", ("unvalidated",)),
        ("stale.made-shared", ("unvalidated", "shared-as-private")),
        ("stale.made-private", ("unvalidated", "private-as-shared")),
    ),
)
def test_stale_translation(selftest, test, kinds):
    """A CPU that goes on using a page whose state another CPU changed is caught."""
    run = selftest(test)
    run.well_formed()
    run.cut_off()
    event = run.violation(run.events.one("violation")["kind"], cpu=1, gpa=run.page)
    assert event["kind"] in kinds and event["access"] == "read"


@pytest.mark.parametrize("test, state", (("ap.running", "running"), ("ap.idle", "idle")))
def test_ap_not_stopped(selftest, test, state):
    """An AP that can still run guest code at EXECUTE: the event first, then the end."""
    run = selftest(test)
    run.well_formed()
    event = run.violation("ap-running", ap=1)
    execute = run.events.one("execute")
    assert execute["result"] == "0x0"
    run.ap(execute, 1, state)
    assert run.events.index(execute) < run.events.index(event)
    run.events.no("invalidate")
    assert len(run.events.of("boot")) == 1
    assert not run.verdicts, run


def test_ap_just_started(selftest):
    """The host has been told to run it: it may have begun or not, it is not stopped."""
    run = selftest("ap.just-started")
    run.well_formed()
    run.violation("ap-running", ap=1)
    (ap,) = run.events.one("execute")["aps"]
    assert ap["runnable"] and ap["state"] in ("starting", "running")
    run.events.no("invalidate")


@pytest.mark.parametrize("fidelity", ("fast", "full"))
def test_ap_not_stopped_in_any_fidelity(selftest, fidelity):
    run = selftest("ap.running", fidelity=fidelity)
    run.violation("ap-running", ap=1)
