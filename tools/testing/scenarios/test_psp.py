# SPDX-License-Identifier: GPL-2.0
"""Messages to the PSP on both sides of a reset, by the kernel's own sev-guest.

The firmware goes on counting them over a reset.  Linux goes on from the number in
the secrets page, so it depends on what the SVSM makes of that page.
"""

import pytest

from lib.slices import later

SEQNO = "/sys/module/secrets/parameters/seqno"
OVERFLOW = "0x1d"  # SEV_RET_AEAD_OFLOW: what the firmware says to a number that is not due


def start(guest, number):
    guest.boot(number)
    guest.check("load-sev-guest")


def report(guest):
    """One report: for VMPL 2, with the data that the program gave."""
    line = guest.check("snp-report").split("\n")[-1]
    assert line.endswith('VMPL 2, data "snp-report"'), line


def reset(guest, number):
    guest.load()
    guest.send("reboot -f")
    start(guest, number)


@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_numbers_go_on(simulate, fidelity):
    """The page is kept: two reports before a reset and two after it, all accepted."""
    guest = simulate(smp=2, fidelity=fidelity)
    start(guest, 1)
    report(guest)
    report(guest)
    reset(guest, 2)
    report(guest)
    report(guest)
    assert "Disabling VMPCK" not in guest.dmesg()
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)
    assert guest.events.accepted_messages() == {2: [1, 3, 5, 7]}
    assert not guest.events.refused_messages()


def test_restored_page(simulate):
    """The page is restored: the first request is refused, and Linux gives its key up."""
    guest = simulate(smp=2, svsm="draft,secrets=pristine")
    start(guest, 1)
    report(guest)
    report(guest)
    reset(guest, 2)
    status, output = guest.run("snp-report")
    assert status == 1 and f"firmware {OVERFLOW}" in output, output
    assert "Disabling VMPCK2 communication key to prevent IV reuse" in guest.dmesg()
    # Linux has given the key up: nothing is sent.
    status, output = guest.run("snp-report")
    assert status == 1, output
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)
    assert guest.events.accepted_messages() == {2: [1, 3]}
    (refused,) = guest.events.refused_messages()
    # Number 1 was sent with that key before: only the firmware kept it from being used twice.
    assert refused["boot"] == 2 and refused["seqno"] == 1 and refused["result"] == OVERFLOW


@pytest.mark.sliced
def test_wiped_key_stays_wiped(simulate):
    """A key that Linux has given up is not there after a reset either, where the page is kept."""
    guest = simulate(smp=1)
    start(guest, 1)
    report(guest)
    # A number that is not due, as if somebody had restored the page.
    guest.check("insmod /lib/modules/secrets.ko")
    guest.check(f"echo 0 0 0 0 > {SEQNO}")
    assert guest.run("snp-report")[0] == 1
    assert [event["seqno"] for event in guest.events.refused_messages()] == [1]
    guest.load()
    guest.send("reboot -f")
    guest.boot(2)
    assert guest.run("load-sev-guest")[0] != 0
    assert "Empty VMPCK2 communication key" in guest.dmesg()
    guest.powered_off()
    assert guest.events.accepted_messages() == {2: [1]}
