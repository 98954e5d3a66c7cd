# SPDX-License-Identifier: GPL-2.0
"""What depends on the local APIC's mode, and on who keeps track of NMIs.

Everything else runs in x2APIC mode below fidelity full, on a host that waits for the
guest's word about NMIs.
"""

import pytest

from lib import begin, crash, matrix
from lib.slices import later

# Stopped by an interrupt and by an NMI, woken for a hand-over out of either, called from an NMI
ROWS = ("reboot-ap-irqs-off", "panic-ap-irqs-off", "panic-ap-bsp-irqs-off", "panic-nmi-last-ap-idle",
        "sysrq-b-last-ap-idle")
MODES = (("xapic", "strict"), ("xapic", "full"), ("x2apic", "full"))
QUICK = ("xapic", "strict", "panic-ap-bsp-irqs-off")


@pytest.mark.parametrize("apic, fidelity, name", [
    mode + (name,) if mode + (name,) == QUICK else later(*mode, name) for mode in MODES for name in ROWS
])
def test_row(simulate, apic, fidelity, name):
    """A row of the crash matrix in another mode."""
    crash.run(simulate, matrix.BY_ID[name], apic=apic, fidelity=fidelity, patience=3 if fidelity == "full" else 1)


@pytest.mark.parametrize("apic", ["x2apic", later("xapic")])
def test_mode(simulate, apic):
    """Linux has the mode that is offered, and keeps it over a reset."""
    guest = simulate(smp=2, apic=apic)
    for boot in (1, 2):
        assert guest.boot(boot) == 2
        assert ("x2apic" in guest.check("grep -m 1 flags /proc/cpuinfo").split()) == (apic == "x2apic")
        guest.load()
        if boot == 1:
            guest.send("reboot -f")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


def test_vector_that_is_never_delivered(simulate):
    """KVM and QEMU take a request for vector 0, and keep it: it is none that the next kernel would get."""
    guest = simulate(smp=2)
    guest.boot(1)
    guest.load()
    guest.check(f"insmod {crash.TROUBLE}; echo 'vector-0 0' > /sys/module/trouble/parameters/do")
    guest.send(begin.REBOOT)
    assert guest.boot(2) == 2
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)
    assert "stays pending" not in guest.console


CPU1 = "/sys/devices/system/cpu/cpu1/online"


@pytest.mark.parametrize("first, then", [("0; 1", ""), later("0", "1")])
def test_load_after_a_cpu_was_offline(simulate, first, then):
    """The kernel has leaked its GHCB: an NMI in the middle of a #VC, as a write to the ICR is, would be a panic."""
    guest = simulate(smp=2, fidelity="full", patience=3)
    guest.boot(1, timeout=300)
    for state in first.split("; "):
        guest.check(f"echo {state} > {CPU1}")
    guest.load(timeout=120)
    if then:
        guest.check(f"echo {then} > {CPU1}")
    guest.send(begin.REBOOT)
    assert guest.boot(2, timeout=300) == 2
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
@pytest.mark.parametrize("name", ["panic-ap-bsp-irqs-off", "panic-nmi-last-ap-idle"])
def test_virtual_nmis(simulate, name):
    """The processor itself masks NMIs until an IRET: the BSP is woken out of the NMI that stopped it."""
    crash.run(simulate, matrix.BY_ID[name], host="vnmi")


@pytest.mark.sliced
def test_caller_in_an_nmi_is_woken(simulate):
    """The call comes back, and the CPU that had handed it over hears of it inside its NMI."""
    row = matrix.BY_ID["panic-nmi-last-ap-idle"]
    guest = crash.start(simulate, row, host="vnmi", svsm="draft,result=0x80000006")
    crash.bring_about(guest, row)
    guest.lost()
    execute, = guest.events.of("execute")
    assert execute["bsp"] and execute["result"] == "0x80000006"
