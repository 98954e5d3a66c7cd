# SPDX-License-Identifier: GPL-2.0
"""An NMI between the SVSM's answer and the RDMSR that looks for it, as KVM injects one.

Its handler leaves another value in the GHCB MSR. That the SVSM has taken the call is in
the calling area, and a call that was taken is not to be made again.
"""

import pytest

from lib import crash, places

ALWAYS = "nmi-answer=1000000"
QUERIES = 2  # for the core protocol and for the reboot protocol
REMAP_CA, DELETE_VCPU = 0, 3
VCPU_IN_USE = "0x80001003"


def hits(guest, boot):
    return len(guest.events.of("host-nmi", boot=boot))


def test_every_answer(simulate):
    """Each query and each DELETE_VCPU that is obeyed is made once, and the VMSAs are gone.

    One is repeated only where the answer was that the CPU has not halted yet.
    """
    guest = simulate(smp=4, host=ALWAYS)
    guest.trouble_is_fine = True  # NMIs that nobody claims
    guest.boot(1, timeout=crash.BOOT)
    before = hits(guest, 1)
    guest.load("delete_vcpu=1")
    assert hits(guest, 1) == before + QUERIES
    guest.send("reboot -f")
    assert guest.boot(2, timeout=crash.RESET) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"
    guest.powered_off()
    refused = guest.events.of("svsm-call", protocol=0, call=DELETE_VCPU)
    assert {call["result"] for call in refused} <= {VCPU_IN_USE}
    assert hits(guest, 1) == before + QUERIES + 3 + len(refused)
    assert len(guest.events.of("vcpu-delete", boot=1)) == 3
    assert "could not be deleted" not in guest.console
    guest.events.orderly_resets(1, cpus=4)


def crash_into_capture(simulate, **arguments):
    """sysrq-c on the BSP with a capture kernel loaded: its shell, and the module loaded there."""
    guest = simulate(
        smp=2, initrd=places.INITRD_KDUMP, memory="1G", append="crashkernel=320M", timeout=900, **arguments,
    )
    guest.trouble_is_fine = True
    guest.boot(1, timeout=300)
    guest.load()
    guest.check("load-capture nokaslr", timeout=240)
    guest.send("taskset 1 sh -c 'echo c > /proc/sysrq-trigger'")
    assert guest.capture(1, timeout=300) == 1
    return guest


@pytest.mark.sliced
def test_last_call_before_the_capture_kernel(simulate):
    """REMAP_CA by the crashing kernel: taken, so nobody listens at the old area; all is well."""
    guest = crash_into_capture(simulate, host=ALWAYS)
    assert "did not move the calling area back" not in guest.console
    guest.load()
    guest.send("reboot -f")
    assert guest.boot(2, timeout=300) == 2
    guest.load()
    assert guest.attribute("last_reset_reason") == "kdump"
    guest.powered_off()
    assert not guest.events.of("svsm-call", protocol=0, call=REMAP_CA)
    guest.events.orderly_resets(1, cpus=2)
