# SPDX-License-Identifier: GPL-2.0
"""What comes from outside of the guest, without the module: a BREAK, an NMI, a host that lies."""


def test_break_then_b(simulate):
    """sysrq-b of the serial console: the kernel restarts by way of the host."""
    guest = simulate(smp=2, append="sysrq_always_enabled")
    guest.boot()
    guest.serial_break()
    guest.keys("b")
    guest.lost()
    guest.events.no("execute", "violation")


def test_b_without_break(simulate):
    """Only a letter for the shell."""
    guest = simulate(smp=2, append="sysrq_always_enabled")
    guest.boot()
    guest.send("b")
    guest.expect("not found")
    guest.powered_off()


def test_unknown_nmi_panics(simulate):
    guest = simulate(smp=2, append="unknown_nmi_panic")
    guest.boot()
    guest.trouble_is_fine = True
    guest.nmi()
    guest.expect("Kernel panic - not syncing: NMI: Not continuing")
    guest.lost()
    assert guest.events.one("host-reset")["cpu"] == 0


def test_nmis_do_no_harm(simulate):
    """Each of them arrives, and the guest goes on."""
    guest = simulate(smp=2)
    guest.boot()
    for _ in range(3):
        guest.nmi()
        guest.expect("Dazed and confused, but trying to continue")
    assert guest.check("nproc").endswith("2")
    guest.powered_off()
