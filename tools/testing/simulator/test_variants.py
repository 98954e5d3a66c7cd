# SPDX-License-Identifier: GPL-2.0
"""SVSMs other than the draft's: what --svsm promises."""

import pytest

# (--svsm, test, options of the test, accepted EXECUTE calls)
PERSONALITIES = (
    ("noreboot", "variant.noreboot", "", 0),
    ("ocp", "variant.ocp", "", 0),
    ("draft,noattest", "variant.noattest", "", 0),
    ("draft,proto=7", "variant.proto", "proto=7", 1),
    ("draft,proto=64", "variant.proto", "proto=64", 1),
    ("draft,manifest-flags=3", "variant.manifest", "manifest-flags=3", 0),
    ("draft,manifest-version=2", "variant.manifest", "manifest-version=2", 0),
    ("draft,manifest-size=4", "variant.manifest", "manifest-size=4", 0),
    ("draft,manifest-size=16", "variant.manifest", "manifest-size=16", 0),
    ("draft,manifest-size=0", "variant.manifest", "manifest-size=0", 0),
    ("draft,busy=3", "variant.busy", "busy=3", 1),
    ("draft,incomplete=3", "variant.incomplete", "incomplete=3", 1),
    ("draft,in-use=3", "variant.in-use", "in-use=3", 0),
    ("draft,result=0x80000006", "variant.result", "result=0x80000006", 0),
    ("draft,result=0x80001000", "variant.result", "result=0x80001000", 0),
    ("draft,pending", "variant.pending", "", 0),
    ("draft,ap-execute=refuse", "variant.ap-refuse", "", 1),
    ("draft,ap-execute=refuse", "ap.halted", "", 1),
    ("draft,ap-execute=bsp", "ap.halted", "", 1),
    ("draft,secrets=pristine", "launch.secrets-pristine", "", 1),
    ("draft,secrets=pristine", "psp.pristine", "", 1),
    ("draft", "psp.kept", "", 1),
    ("draft,foreign=2", "variant.foreign", "foreign=2", 1),
)


@pytest.mark.parametrize("svsm, test, options, executes", PERSONALITIES)
def test_variant(selftest, svsm, test, options, executes):
    run = selftest(test, svsm=svsm, append=options)
    run.well_formed()
    run.passed(test)
    run.executes(executes)
    assert run.events.one("start")["svsm"] == svsm.split(",")[0]


def test_busy_is_logged(selftest):
    run = selftest("variant.busy", svsm="draft,busy=3", append="busy=3")
    assert [event["result"] for event in run.events.refusals] == ["0x80000007"] * 3


@pytest.mark.parametrize("test", ("variant.noreboot", "variant.ocp", "variant.noattest"))
def test_draft_is_none_of_them(selftest, test):
    """The same tests fail where the SVSM is not that."""
    run = selftest(test)
    with pytest.raises(AssertionError):
        run.passed(test)


def test_refused_on_an_ap(selftest):
    """The call by the AP is in the log, and nothing came of it."""
    run = selftest("variant.ap-refuse", svsm="draft,ap-execute=refuse")
    (refusal,) = run.events.refusals
    assert refusal["result"] == "0x80000006" and refusal["cpu"] == 1 and not refusal["bsp"]
    (execute,) = run.events.executes
    assert execute["cpu"] == 0 and execute["bsp"]


def test_from_an_ap_to_the_bsp(selftest):
    """The boot vCPU starts again, the AP that called is an AP again, and has to be made anew."""
    run = selftest("ap.from-ap", svsm="draft,ap-execute=bsp")
    run.well_formed()
    run.passed("ap.from-ap")
    (execute,) = run.executes(1)
    assert execute["cpu"] == 1 and execute["bsp"] is False
    run.ap(execute, 0, "halted")
    assert [event["bsp"] for event in run.events.of("boot")] == [True, True]
    again = [event["boot"] for event in run.events.of("vcpu-start", apic_id=1)]
    assert again == [1, 2]
    assert run.events.one("invalidate")["vmsas"] == 1


def test_register_state_of_the_bsp(selftest):
    """Also where it was not the BSP that called."""
    run = selftest("state.on-ap", svsm="draft,ap-execute=bsp")
    run.passed("state.on-ap")
    run.same_states()


def test_bsp_has_to_be_quiet(selftest):
    """The vCPU that is to start again must not run at EXECUTE either."""
    run = selftest("ap.bsp-running", svsm="draft,ap-execute=bsp")
    run.well_formed()
    run.violation("ap-running", ap=0)


def test_secrets_come_back(selftest):
    """secrets=pristine: the key that the guest wiped, and the numbers it used with it."""
    run = selftest("launch.secrets-pristine", svsm="draft,secrets=pristine")
    keys = [line for line in run.lines if line.startswith("VMPCK2 ")]
    assert len(keys) == 2 and keys[0] == keys[1]


def test_secrets_are_kept_by_default(selftest):
    run = selftest("launch.key-wiped")
    run.passed("launch.key-wiped")
    with pytest.raises(AssertionError):
        selftest("launch.secrets-pristine").passed("launch.secrets-pristine")
    with pytest.raises(AssertionError):
        selftest("launch.key-wiped", svsm="draft,secrets=pristine").passed("launch.key-wiped")


def test_message_numbers(selftest):
    """The PSP counts on over a reset; what a restored page makes of it is refused."""
    assert selftest("psp.kept").events.accepted_messages() == {2: [1, 3]}
    events = selftest("psp.pristine", svsm="draft,secrets=pristine").events
    assert events.accepted_messages() == {2: [1, 3, 5]}
    (refused,) = events.refused_messages()
    assert (refused["boot"], refused["seqno"], refused["result"]) == (2, 1, "0x1d")
    with pytest.raises(AssertionError):
        selftest("psp.pristine").passed("psp.pristine")
    with pytest.raises(AssertionError):
        selftest("psp.kept", svsm="draft,secrets=pristine").passed("psp.kept")
