# SPDX-License-Identifier: GPL-2.0
"""The self-test guest under minisvsm, the SVSM that is a program at VMPL 0.

It was written from the specification, as the built-in SVSM was: where the two differ, one of them is
wrong, or the specification leaves it open. DIFFERENT has what is left, and why.
"""

import pytest

from lib import minisvsm, places
from lib.events import Events
from lib.guest import Guest
from lib.slices import later
from selftest_run import run_of
from test_calls import NAMES

IMAGE = places.BUILD / "snpsim/selftest.bz"
TIMEOUT = 120

# By the host. That of the built-in SVSM knows which VMSAs and pages are the SVSM's, and refuses to touch them.
# A host that only has what KVM has does what it is asked for, and is stopped for it (share-validated), or finds
# a VMSA that it cannot run.
NO_VMSA = "the host takes any address for a VMSA, and runs no such VMSA"
NOT_ITS_PAGE = "the host makes the SVSM's page shared: a violation"
# By the SVSM
STOPS = "EFER.SVME is cleared once the host has the vCPU out of the guest, as COCONUT-SVSM does it: it is never in use"
DIFFERENT = {
    "ghcb.psc-bad-entry": NOT_ITS_PAGE,
    "mem.deposit-withdraw": NOT_ITS_PAGE,
    "pvalidate.psc-bad": NOT_ITS_PAGE,
    "vcpu.host-refuses": NO_VMSA,
    "vcpu.delete-halted": NO_VMSA,
    "apic.init-keeps-out": "an INIT of the guest's ends the run, also on a CPU whose VMPL 2 was destroyed",
    "vcpu.delete-running": STOPS,
    "vcpu.destroy-in-nmi": STOPS,
    "pvalidate.ignore-cf": "a page that was valid keeps its contents, and nobody has had them but the guest",
    "pvalidate.shared-page": "PVALIDATE of a page that the guest made shared is the host's to handle: a violation here",
}

GROUPS = {group: [name for name in names if name not in DIFFERENT] for group, names in NAMES.items()}
QUICK = ("call", "pvalidate", "vcpu", "attest")
TWO_BOOTS = ("execute.pages", "execute.image", "execute.launch-pages", "execute.by-ghcb", "execute.moved-ca")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    initrd = tmp_path_factory.mktemp("selftest") / "initrd"
    initrd.write_bytes(b"not used by the self-test guest\n")

    def run(test, append="", smp=2, fidelity="strict"):
        guest = Guest(
            places.CHECK / "simulator" / f"minisvsm-{test}-{fidelity}", kernel=IMAGE, initrd=initrd,
            svsm=minisvsm.NAME, fidelity=fidelity, smp=smp, append=f"test={test} restricted=1 {append}".strip(), timeout=TIMEOUT)
        return run_of(guest, TIMEOUT + 30)

    return run


def passed(run, *names):
    run.well_formed()
    run.passed(*names)
    assert run.events.one("boot")["image"] == "vmpl0"


@pytest.mark.parametrize("group", [group if group in QUICK else later(group) for group in GROUPS])
def test_group(served, group):
    left_out = ",".join(name for name in NAMES[group] if name in DIFFERENT)
    passed(served(group, f"without={left_out}" if left_out else ""), *GROUPS[group])


@pytest.mark.parametrize("test", [TWO_BOOTS[0], *(later(test) for test in TWO_BOOTS[1:])])
def test_two_boots(served, test):
    """One boot prepares, EXECUTE, and the next one checks."""
    run = served(test)
    passed(run, test)
    boots = [match[4] for match in map(minisvsm.RESTARTS.match, run.lines) if match]
    assert boots == ["2"], run


GOOD = "minisvsm: CPU 0 restarts the guest: 4 vCPUs stopped, 87476 pages invalidated, boot 2\n"
LOG = (
    {"event": "boot", "boot": 1, "image": "vmpl0"},
    {"event": "vcpu-start", "apic_id": 0, "vmpl": 2, "vmsa": "0x8038000"},
    {"event": "vcpu-start", "apic_id": 1, "vmpl": 2, "vmsa": "0x4247000"},
    {"event": "vcpu-release", "apic_id": 1, "halted": True},
    {"event": "poweroff"},
)


def resets(console, log=LOG, count=1):
    events = minisvsm.OwnEvents(log)
    events.console = console
    events.orderly_resets(count, cpus=4)


def test_orderly_reset_is_one():
    resets(GOOD)
    resets("", count=0)


@pytest.mark.parametrize("console, log", (
    ("", LOG),
    (GOOD + GOOD, LOG),
    (GOOD.replace("CPU 0", "CPU 1"), LOG),
    (GOOD.replace("4 vCPUs", "3 vCPUs"), LOG),
    (GOOD.replace("87476", "0"), LOG),
    (GOOD.replace("boot 2", "boot 3"), LOG),
    (GOOD, (*LOG, {"event": "vcpu-release", "apic_id": 2, "halted": False})),
    (GOOD, (*LOG, {"event": "vcpu-start", "apic_id": 2, "vmpl": 2, "vmsa": "0x8039000"})),
    (GOOD, (*LOG, {"event": "violation"})),
    (GOOD, (*LOG, {"event": "dma"})),
), ids=("none", "twice", "on-ap", "vcpus", "pages", "boot", "ran", "started", "violation", "dma"))
def test_reset_that_is_not_orderly(console, log):
    with pytest.raises(AssertionError):
        resets(console, log)


ON_AP = GOOD.replace("CPU 0", "CPU 1")
STARTED_ON_AP = (*LOG, {"event": "vcpu-start", "apic_id": 1, "vmpl": 2, "vmsa": "0x8039000"})


def by_an_ap(console, log):
    events = minisvsm.OwnEvents(log)
    events.console = console
    events.reset_by_an_ap()


def test_reset_by_an_ap_is_one():
    by_an_ap(ON_AP, STARTED_ON_AP)


@pytest.mark.parametrize("console, log", (
    ("", STARTED_ON_AP), (GOOD, STARTED_ON_AP), (ON_AP + ON_AP, STARTED_ON_AP), (ON_AP, LOG),
    (ON_AP, (*STARTED_ON_AP, {"event": "vcpu-release", "halted": False})),
), ids=("none", "on-bsp", "twice", "not-started", "ran"))
def test_reset_that_is_not_by_an_ap(console, log):
    with pytest.raises(AssertionError):
        by_an_ap(console, log)


def test_reset_is_seen_in_the_console():
    events = minisvsm.OwnEvents(LOG)
    events.console = GOOD
    Events(LOG).no("execute")
    with pytest.raises(AssertionError):
        events.no("execute")


@pytest.mark.parametrize("test, halted", (("ap.running", False), later("ap.idle", True)))
def test_ap_is_stopped(served, test, halted):
    """An AP that can still run at EXECUTE is got out of the guest; the built-in SVSM lets the run end there."""
    run = served(test)
    passed(run, test)
    assert {event["halted"] for event in run.events.of("vcpu-release", apic_id=1)} == {halted}, run


@pytest.mark.parametrize("test, kind", (
    later("violation.unvalidated-read", "unvalidated"),
    later("violation.rescinded-read", "unvalidated"),
    later("violation.vmsa-write", "vmsa-write"),
    ("violation.deposited", "vmpl-rights"),
))
def test_violation(served, test, kind):
    """What the SVSM has not given, or has taken back, VMPL 2 cannot use."""
    run = served(test)
    run.well_formed()
    run.cut_off()
    run.violation(kind, gpa=run.page, vmpl=2)
