# SPDX-License-Identifier: GPL-2.0
"""Hosts other than an honest one: what --host promises."""

import pytest

FIDELITIES = ("strict", "full")


def passes(run, test, host, executes=0):
    run.well_formed()
    run.passed(test)
    run.executes(executes)
    assert run.events.one("start")["host"] == host


@pytest.mark.parametrize(
    "host", ("destroy-refuse", "no-ap-creation", "implicit", "debug-swap", "no-wake", "no-ghcb-back", "nmi-call-any=3",
             "nmi-call-any=1", "nmi-answer=1", "nmi-answer=3")
)
@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_host(selftest, host, fidelity):
    test = "quirks." + host.split("=")[0]
    run = selftest(test, host=host, append=host if "=" in host else "", fidelity=fidelity)
    passes(run, test, host)


@pytest.mark.parametrize("test", (
    "destroy-refuse", "no-ap-creation", "debug-swap", "no-wake", "no-ghcb-back", "nmi-call-any", "nmi-answer", "fuzz",
))
def test_honest_is_none_of_them(selftest, test):
    """The same tests fail where the host does what it should: by their own verdict, to the end."""
    run = selftest(f"quirks.{test}", append=f"{test}=1")
    run.well_formed()
    assert run.verdicts[f"quirks.{test}"], run
    run.ended(0, "poweroff")


SEED = "fuzz=1"


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_answers_from_a_seed(selftest, fidelity):
    """Those of attestation change, and only while there is a seed; the log has each."""
    run = selftest("quirks.fuzz", host=SEED, append=SEED, fidelity=fidelity)
    passes(run, "quirks.fuzz", SEED)
    assert [event["seed"] for event in run.events.of("fuzz-seed")] == [1, 0, 0, 0, 1, 0]
    assert any(event["changed"] for event in run.events.of("fuzz"))
    # 64 calls, and nobody has asked for another protocol
    assert len(run.events.of("fuzz")) + sum(event["times"] for event in run.events.of("fuzz-again")) == 64
    assert {event.get("protocol", 1) for event in run.events.of("fuzz")} == {1}


def test_a_seed_gives_the_same_answers(selftest):
    def answers(fidelity, seed):
        host = f"fuzz={seed}"
        run = selftest("quirks.fuzz", host=host, append=host, fidelity=fidelity)
        return [{**event, "t": 0, "rcx": 0, "cpu": 0} for event in run.events.of("fuzz")]

    assert answers("strict", 1) == answers("full", 1) != answers("strict", 2)


@pytest.mark.parametrize("test", ("nmi.execute-keeps-mask", "nmi.execute-keeps-pending"))
@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_nmi_outlives_execute(selftest, test, fidelity):
    """An SVSM reaches the vCPU's registers, not what the host keeps for it."""
    run = selftest(test, fidelity=fidelity)
    passes(run, test, "honest", 1)
    irq = run.events.one("execute")["irq"]
    assert irq["nmi_masked"] and irq["nmi_pending"] == (test == "nmi.execute-keeps-pending")


def test_vnmi(selftest):
    """A processor that keeps track of NMIs: an IRET ends one, the guest's word does not."""
    passes(selftest("nmi.vnmi", host="vnmi"), "nmi.vnmi", "vnmi")
    with pytest.raises(AssertionError):
        selftest("nmi.vnmi").passed("nmi.vnmi")


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_xapic(selftest, fidelity):
    """No x2APIC is offered, and the MSRs are not there."""
    for test in ("apic.not-offered", "apic.leaves"):
        run = selftest(test, apic="xapic", append="apic=xapic", fidelity=fidelity)
        passes(run, test, "honest")
        assert run.events.one("start")["apic"] == "xapic"
    run = selftest("apic.not-offered", fidelity=fidelity)
    with pytest.raises(AssertionError):
        run.passed("apic.not-offered")


def test_registers_in_memory_are_gone_in_x2apic_mode(selftest):
    """Where the host sees the access; below that QEMU's local APIC goes on answering."""
    passes(selftest("apic.mmio-hole", fidelity="full"), "apic.mmio-hole", "honest")


@pytest.mark.parametrize("apic, fidelity, append", (
    ("x2apic", "strict", ""), ("x2apic", "full", ""), ("xapic", "full", "apic=xapic"),
    ("xapic", "strict", "apic=xapic unseen"),
))
def test_init_to_a_destroyed_vcpu(selftest, apic, fidelity, append):
    """KVM does not run the AP before a SIPI; one that the host does not see starts nothing."""
    run = selftest("apic.init-keeps-out", apic=apic, fidelity=fidelity, append=append)
    passes(run, "apic.init-keeps-out", "honest")
    run.events.one("vcpu-init", apic_id=1)
    assert [event["result"] for event in run.events.of("vcpu-start")] == ["started", "waits-for-sipi"]


def test_destroy_refused(selftest):
    events = selftest("quirks.destroy-refuse", host="destroy-refuse").events
    assert events.one("vcpu-destroy", apic_id=1)["result"] == "refused"


def test_destroy_lie(selftest):
    """The guest is told that the AP is gone; it runs, and EXECUTE shows it."""
    run = selftest("quirks.destroy-lie", host="destroy-lie")
    run.well_formed()
    run.violation("ap-running", ap=1)
    assert run.events.one("vcpu-destroy", apic_id=1)["result"] == "ignored"
    run.ap(run.events.one("execute"), 1, "running")
    assert not run.verdicts


def test_resume_is_refused(selftest):
    """The SVSM has dropped the VMSAs: VMRUN fails, and the guest never knows."""
    run = selftest("quirks.resume", host="resume")
    passes(run, "quirks.resume", "resume", 1)
    event = run.events.one("host-resume", boot=2)
    assert event["result"] == "refused" and event["apic_id"] == 1
    assert event["vmsa"] == run.events.one("vcpu-create", boot=1)["vmsa"]


def test_resume_under_a_careless_svsm(selftest):
    """The AP goes on behind its HLT, where memory is no longer validated."""
    run = selftest("quirks.resume", host="resume", svsm="draft,keepvmsa")
    run.well_formed()
    assert len(run.events.executes) == 1
    assert run.events.one("host-resume", boot=2)["result"] == "resumed"
    # Its page tables are gone: the walk to its next instruction is caught.
    run.violation("unvalidated", cpu=1, gpa=run.page, boot=2)
    assert not run.verdicts


def test_careless_svsm_alone(selftest):
    """Nobody runs the VMSA: there is nothing to see."""
    run = selftest("quirks.resume", svsm="draft,keepvmsa")
    passes(run, "quirks.resume", "honest", 1)
    run.events.no("host-resume")


def test_deleted_is_safe_from_a_careless_svsm(selftest):
    run = selftest("quirks.resume-deleted", host="resume", svsm="draft,keepvmsa")
    passes(run, "quirks.resume-deleted", "resume", 1)
    assert run.events.one("host-resume")["result"] == "refused"


@pytest.mark.parametrize("count", (1, 4))
@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_nmi_before_execute(selftest, count, fidelity):
    host = f"nmi-call={count}"
    run = selftest("quirks.nmi-call", host=host, append=host, fidelity=fidelity)
    passes(run, "quirks.nmi-call", host, 1)
    assert len(run.events.of("host-nmi", cpu=0, boot=1)) == count


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_nmi_after_the_answer(selftest, fidelity):
    """Between the VMGEXIT and the RDMSR; after an EXECUTE that went through there is nobody to take it."""
    run = selftest("quirks.nmi-answer", host="nmi-answer=3", append="nmi-answer=2 nmi-later=1", fidelity=fidelity)
    passes(run, "quirks.nmi-answer", "nmi-answer=3", 1)
    assert [(event["boot"], event["when"]) for event in run.events.of("host-nmi")] == [
        (1, "answer"), (1, "answer"), (2, "answer"),
    ]


def test_nmi_before_and_after(selftest):
    """One comes before the VMGEXIT, the other after it: which is which is in the event."""
    run = selftest("quirks.nmi-call-any", host="nmi-call-any=2,nmi-answer=1", append="nmi-call-any=2")
    run.well_formed()
    assert [event["when"] for event in run.events.of("host-nmi")] == ["call", "call", "answer"]
    with pytest.raises(AssertionError):
        run.passed("quirks.nmi-call-any")  # which wants no third one


@pytest.mark.parametrize("test", ("nmi-call", "nmi-answer"))
def test_honest_host_sends_no_nmi(selftest, test):
    run = selftest(f"quirks.{test}", append=f"{test}=1")
    run.events.no("host-nmi")


def test_conversion_is_logged(selftest):
    events = selftest("quirks.implicit", host="implicit").events
    events.one("host-convert")


def test_no_conversion_by_an_honest_host(selftest):
    run = selftest("quirks.implicit")
    run.well_formed()
    run.violation("shared-as-private", cpu=0, access="read")


REBUILT = {1: "port-cf9", 2: "keyboard", 3: "keyboard-output", 4: "port-92", 5: "triple-fault", 6: "triple-fault"}


@pytest.mark.parametrize(
    "how, fidelity", [*((how, "strict") for how in REBUILT), (1, "full"), (5, "full")]
)
def test_rebuild(selftest, how, fidelity):
    """The run goes on with a new VM: other keys, no memory of the old one, a TSC from 0."""
    run = selftest("quirks.rebuild", host="rebuild", smp=3, append=f"how={how}", fidelity=fidelity)
    run.well_formed()
    run.ended(0, "poweroff")
    assert run.verdicts == {"quirks.rebuild": None}, run
    reset = run.events.one("host-reset")
    assert (reset["how"], reset["boot"], reset["rebuilt"]) == (REBUILT[how], 1, True)
    assert reset["cpu"] == (2 if how == 6 else 0) and reset["guest_usage"][0] == "0x5afe5afe5afe5afe"
    assert [event["bsp"] for event in run.events.of("boot")] == [True, True]
    keys = [line for line in run.lines if line.startswith("VMPCK2 ")]
    assert len(keys) == 2 and keys[0] != keys[1] and "VMPCK2 0" not in keys


def test_rebuild_again_and_again(selftest):
    run = selftest("quirks.rebuild", host="rebuild", smp=3, append="how=6 boots=4")
    run.well_formed()
    run.ended(0, "poweroff")
    assert [event["boot"] for event in run.events.of("host-reset", rebuilt=True)] == [1, 2, 3]
    assert len({line for line in run.lines if line.startswith("VMPCK2 ")}) == 4


def test_execute_in_a_rebuilt_vm(selftest):
    """It is a VM like any other: the SVSM resets it, and the keys stay."""
    run = selftest("quirks.rebuild", host="rebuild", smp=3, append="how=1 execute")
    run.well_formed()
    assert len(run.events.executes) == 1 and len(run.events.of("boot")) == 3
    keys = [line for line in run.lines if line.startswith("VMPCK2 ")]
    assert keys[1] == keys[2] != keys[0]


@pytest.mark.parametrize("fidelity, apic", (("strict", "x2apic"), ("full", "x2apic"), ("full", "xapic")))
@pytest.mark.parametrize("to, cpu", (("running", 1), ("all", 0)))
def test_init_to_a_running_vcpu(selftest, fidelity, apic, to, cpu):
    """It takes the vCPU out of the guest and is no request for a reset."""
    run = selftest(f"apic.init-to-{to}", host="rebuild", fidelity=fidelity, apic=apic, append=f"apic={apic}")
    run.well_formed()
    run.ended(3, "host-reset")
    run.events.one("host-reset", cpu=cpu, how="init", rebuilt=False)


def test_rebuild_is_not_for_everything(selftest):
    """A guest that asks to be terminated is; and no other host builds anything."""
    run = selftest("quirks.rebuild", host="rebuild", smp=3, append="how=7")
    run.well_formed()
    run.ended(3, "terminate")
    run = selftest("quirks.rebuild", smp=3, append="how=1")
    run.well_formed()
    run.ended(3, "host-reset")
    assert run.events.one("host-reset")["rebuilt"] is False


def test_several_at_once(selftest):
    run = selftest("quirks.implicit", host="implicit,destroy-lie,nmi-call=2")
    passes(run, "quirks.implicit", "implicit,destroy-lie,nmi-call=2")
