# SPDX-License-Identifier: GPL-2.0
"""SVSMs other than the draft's: what --svsm promises."""

import pytest

# (--svsm, test, options of the test, accepted EXECUTE calls)
PERSONALITIES = (
    ("noreboot", "persona.noreboot", "", 0),
    ("ocp", "persona.ocp", "", 0),
    ("draft,noattest", "persona.noattest", "", 0),
    ("draft,proto=7", "persona.proto", "proto=7", 1),
    ("draft,proto=64", "persona.proto", "proto=64", 1),
    ("draft,manifest-flags=3", "persona.manifest", "manifest-flags=3", 0),
    ("draft,manifest-version=2", "persona.manifest", "manifest-version=2", 0),
    ("draft,manifest-size=4", "persona.manifest", "manifest-size=4", 0),
    ("draft,manifest-size=16", "persona.manifest", "manifest-size=16", 0),
    ("draft,manifest-size=0", "persona.manifest", "manifest-size=0", 0),
    ("draft,busy=3", "persona.busy", "busy=3", 1),
    ("draft,incomplete=3", "persona.incomplete", "incomplete=3", 1),
    ("draft,result=0x80000006", "persona.result", "result=0x80000006", 0),
    ("draft,result=0x80001000", "persona.result", "result=0x80001000", 0),
    ("draft,pending", "persona.pending", "", 0),
    ("draft,foreign=2", "persona.foreign", "foreign=2", 1),
)


@pytest.mark.parametrize("svsm, test, options, executes", PERSONALITIES)
def test_personality(selftest, svsm, test, options, executes):
    run = selftest(test, svsm=svsm, append=options)
    run.well_formed()
    run.passed(test)
    run.executes(executes)
    assert run.events.one("start")["svsm"] == svsm.split(",")[0]


def test_busy_is_logged(selftest):
    run = selftest("persona.busy", svsm="draft,busy=3", append="busy=3")
    assert [event["result"] for event in run.events.refusals] == ["0x80000007"] * 3


@pytest.mark.parametrize("test", ("persona.noreboot", "persona.ocp", "persona.noattest"))
def test_draft_is_none_of_them(selftest, test):
    """The same tests fail where the personality is not that."""
    run = selftest(test)
    with pytest.raises(AssertionError):
        run.passed(test)
