# SPDX-License-Identifier: GPL-2.0
"""One fault of the host at the call itself, for each kind of fault and each cause; and that lies are seen.

tools/testing/campaign does the same at each step of a reset.
"""

import pytest

from lib import faults, mutation, slices

# What comes of a fault at the call: the call is made again, or is not made and the record says so
AGAIN, REFUSED = "reset by the SVSM", "restart by the host, record: noanswer"
CALL = {
    "refuse": REFUSED, "drop": AGAIN, "lie": AGAIN, "replay": AGAIN, "short": AGAIN, "nmi-before": AGAIN, "nmi-after": AGAIN,
}
QUICK = (("reboot-bsp", "refuse"), ("panic-ap", "nmi-before"))
# A driver that leaves the record of the call, when the call has not been answered
ONE_PASS = ("reset/ioapic.c", "#define SVR_IOAPIC_PASSES\t3", "#define SVR_IOAPIC_PASSES\t1")
MUTE = ("reset/fire.c", "\tsvr_write_refusal(req,", "\tif (false)\n\t\tsvr_write_refusal(req,")


def go(simulate, cause, kind, **more):
    guest = simulate(fidelity="full-once", patience=faults.PATIENCE, **{
        "host": faults.host(kind, 0, "execute"), **faults.CAUSES[cause].arguments, **more})
    guest.boot(1)
    faults.ready(guest, cause)
    return guest, faults.judge(guest, cause)


@pytest.mark.parametrize("cause, kind", (
    (cause, kind) if (cause, kind) in QUICK else slices.later(cause, kind) for cause in faults.CAUSES for kind in faults.KINDS
))
def test_at_the_call(simulate, cause, kind):
    guest, outcome = go(simulate, cause, kind)
    assert outcome == ("the call", CALL[kind], []), guest.tail()
    # A call is one EXECUTE at most, whatever the host makes of it
    assert len(guest.events.of("execute")) == (0 if CALL[kind] == REFUSED else 1)


def test_at_the_io_apic(simulate):
    """How many pins it has is asked first: a pin that is forgotten delivers its old vector to the next kernel."""
    guest, outcome = go(simulate, "panic-bsp", "drop", host=faults.host("drop", 0, "ioapic"))
    assert outcome == ("I/O APIC", AGAIN, []), guest.tail()


@pytest.mark.sliced
def test_pin_that_stays_open(simulate, tmp_path):
    """A driver that does not look again has to say that it cannot know."""
    guest = simulate(smp=1, initrd=mutation.initrd(tmp_path, *ONE_PASS))
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.expect("the host does not mask all pins of an I/O APIC")
    guest.boot(2)


@pytest.mark.sliced
def test_a_lie_is_seen(simulate, tmp_path):
    """The record then says that there was a call, of a guest that the host has restarted."""
    _, outcome = go(simulate, "reboot-bsp", "refuse", initrd=mutation.initrd(tmp_path, *MUTE))
    assert outcome.came == "restart by the host, no record" and len(outcome.wrong) == 1, outcome
    assert outcome.wrong[0].startswith("a record that cannot be"), outcome
