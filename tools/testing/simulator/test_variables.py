# SPDX-License-Identifier: GPL-2.0
"""EFI variables, which there are only with --efivars."""

import pytest

TESTS = ("efivar.set-get", "efivar.refused", "efivar.enumerate", "efivar.fill", "efivar.ports")


# Not at full fidelity: the self-test guest's #VC handler knows no string I/O; Linux's does,
# see scenarios/test_efivars.py.
@pytest.mark.parametrize("fidelity", ("strict", "fast"))
@pytest.mark.parametrize("test", TESTS)
def test_variables(selftest, test, fidelity):
    run = selftest(test, fidelity=fidelity, efivars=True)
    run.well_formed()
    run.passed(test)


def test_kept_over_a_reset(selftest):
    run = selftest("efivar.kept", efivars=True)
    run.well_formed()
    run.passed("efivar.kept")
    run.executes(1)
    (write,) = run.events.of("efi-variable")
    assert (write["boot"], write["name"], write["size"], write["result"]) == (1, "A", 15, "0x0")


def test_refusals_are_logged(selftest):
    results = {e["result"] for e in selftest("efivar.refused", efivars=True).events.of("efi-variable")}
    assert results >= {"0x8000000000000002", "0x8000000000000003"}


@pytest.mark.parametrize("test", TESTS)
def test_none_by_default(selftest, test):
    run = selftest(test)
    with pytest.raises(AssertionError):
        run.passed(test)
    run.events.no("efi-variable")
