# SPDX-License-Identifier: GPL-2.0
"""A host that builds the VM anew where the kernel restarts by way of it, as QEMU 11 does.

The next boot has the same CMOS memory, an empty secrets page and a young TSC: what the
record then says is the host's word, and never that the reset went through.
"""

from lib import crash

SECRETS = "/sys/module/secrets/parameters"
EMPTY = "00" * 32
REFUSED = "draft,result=0x80000006"
NAMES = ("last_reset_reason", "last_reset_cause", "last_reset_outcome", "record_store", "record_trust", "reset_count")


def told(guest):
    return [guest.attribute(name) for name in NAMES]


def rebuilt(guest, boot):
    """The host has ended the VM of this boot and has built another: its shell."""
    assert guest.boot(boot + 1, timeout=crash.RESET) == guest.smp
    reset = guest.events.one("host-reset", boot=boot)
    assert reset["rebuilt"] is True
    guest.check("insmod /lib/modules/secrets.ko")
    assert guest.check(f"cat {SECRETS}/usage").split("\n")[-1] == EMPTY


def test_refused(simulate):
    """The SVSM refuses, the kernel restarts by itself, and the host builds the VM anew."""
    guest = simulate(smp=2, svsm=REFUSED, host="rebuild")
    guest.boot(1)
    guest.load()
    guest.send("reboot -f")
    guest.expect("SVSM_REBOOT_EXECUTE came back: 0x80000006", timeout=crash.RESET)
    rebuilt(guest, 1)
    # A reload finds what the load has left in the secrets page, and trusts it no more for that
    for store in ("cmos", "secrets"):
        guest.load()
        assert told(guest) == ["refused", "reboot", "refused", store, "host", "0"]
        status = guest.check("svsm-reset status")
        assert "refused" in status and "completed" not in status
        guest.check("rmmod svsm_reset")
    guest.powered_off()
    guest.events.no("invalidate", "violation")
    assert len(guest.events.refusals) == 1


def test_without_the_module(simulate):
    """Nobody asked the SVSM: a load leaves blank CMOS alone, so this looks like a first boot."""
    guest = simulate(smp=2, host="rebuild")
    guest.boot(1)
    guest.load()
    guest.check("rmmod svsm_reset")
    guest.send("reboot -f")
    rebuilt(guest, 1)
    guest.load()
    assert told(guest) == ["none", "none", "none", "none", "none", "0"]
    # what a VM that has been built anew asks for is done by the SVSM as ever
    guest.send("reboot -f")
    assert guest.boot(3, timeout=crash.RESET) == 2
    guest.load()
    assert told(guest) == ["reboot", "reboot", "completed", "secrets", "guest", "1"]
    guest.powered_off()
    assert len(guest.events.executes) == 1
