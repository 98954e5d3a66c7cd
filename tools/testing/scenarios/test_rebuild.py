# SPDX-License-Identifier: GPL-2.0
"""A host that builds the VM anew where the kernel restarts by way of it, as QEMU 11 does.

The next boot has the same CMOS memory, an empty secrets page and a young TSC: what the
record then says is the host's word, and never that the reset went through.
"""

import pytest

from lib import crash, places

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


@pytest.mark.sliced
def test_called_and_rebuilt(simulate):
    """A record that says "called", and then no reset by the SVSM but another VM: relaunched.

    The host has to end the VM in the middle of the call for that, so the record of a
    real reset is left in place, and the next boot restarts by way of the host.
    """
    guest = simulate(smp=2, host="rebuild")
    guest.boot(1)
    guest.load()
    # so that the TSC of the VM that is built is younger when the module is loaded there
    guest.check("sleep 40")
    guest.send("reboot -f")
    assert guest.boot(2, timeout=crash.RESET) == 2
    guest.send("reboot -f")
    rebuilt(guest, 2)
    for store in ("cmos", "secrets"):
        guest.load()
        assert told(guest) == ["reboot", "reboot", "relaunched", store, "host", "0"]
        status = " ".join(guest.check("svsm-reset status").split())
        assert "but the host ended that virtual machine; this is another" in status
        guest.check("rmmod svsm_reset")
    guest.powered_off()


@pytest.mark.sliced
def test_panic(simulate):
    """A panic whose call is refused: reason refused, cause panic, and the VM is there again."""
    guest = simulate(smp=2, svsm=REFUSED, host="rebuild")
    guest.trouble_is_fine = True
    guest.boot(1)
    guest.load()
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")
    rebuilt(guest, 1)
    guest.load()
    assert told(guest) == ["refused", "panic", "refused", "cmos", "host", "0"]
    guest.powered_off()


@pytest.mark.sliced
def test_capture_kernel_dies(simulate):
    """Without the module the capture kernel does not come up: the host builds the VM anew."""
    guest = simulate(
        smp=2, host="rebuild", initrd=places.INITRD_KDUMP, memory="1G", append="crashkernel=320M", timeout=900,
    )
    guest.trouble_is_fine = True
    guest.boot(1, timeout=300)
    guest.check("load-capture nokaslr", timeout=240)
    guest.send("taskset 1 sh -c 'echo c > /proc/sysrq-trigger'")
    rebuilt(guest, 1)
    guest.load()
    assert told(guest)[0] == "none"
    guest.powered_off()
