# SPDX-License-Identifier: GPL-2.0
"""Debian 13 as it is: its systemd and kernel, and our packages, on a disk that OVMF boots.

One machine for all: resets in one QEMU process, under load, and none is like the one before.
"""

from lib import debian, monitor

VARIABLES = "/sys/firmware/efi/efivars"
GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
OWN = f"{VARIABLES}/Kept-5dc1a3e6-0f6b-4f0c-9d0e-6a2b7b1f4c11"


def boot_entries(guest):
    """The firmware's boot entries and their order, as bytes."""
    return guest.check(f"cd {VARIABLES} && for f in Boot0*-{GLOBAL} BootOrder-{GLOBAL}; do echo $f; "
                       "od -An -tx1 -v -w4096 $f; done; cd /")


def make_variable(guest):
    """One that nobody knows, and that is to be kept."""
    guest.check(f"printf '\\007\\0\\0\\0here' >{OWN} && test -e {OWN}")


def test_reboot(machine):
    """systemd's reboot goes through the SVSM, and the firmware boots the disk again."""
    assert "SEV-SNP" in machine.check("dmesg | grep 'Memory Encryption Features'")
    debian.reset(machine, "systemctl reboot")


def test_boot_entries(machine):
    """OVMF makes them again, of the devices that it finds. Other variables are in RAM, which is cleared."""
    before = boot_entries(machine)
    assert f"BootOrder-{GLOBAL}" in before and f"Boot0000-{GLOBAL}" in before
    make_variable(machine)
    debian.reset(machine, "reboot")
    assert boot_entries(machine) == before
    assert machine.run(f"test -e {OWN}")[0] == 1


def test_variables_in_kept_memory(start):
    """An SVSM that leaves memory as it is leaves them, too: the firmware finds its store and goes on with it."""
    guest = start(svsm="draft,ram=keep")
    make_variable(guest)
    before = boot_entries(guest)
    guest.send("systemctl reboot")
    debian.came_back(guest, "reboot")
    assert guest.check(f"tail -c 4 {OWN}") == "here"
    assert boot_entries(guest) == before
    debian.power_off(guest, 1)


def test_kexec(machine):
    """systemd loads the kernel and shuts down; the driver refuses the jump, and systemd restarts instead."""

    def kexec():
        machine.send("systemctl kexec")
        machine.expect("svsm-reset: kexec refused", debian.BOOT_TIMEOUT)

    debian.reset(machine, kexec)


def test_ctrl_alt_del(machine):
    """The keys of a keyboard: the kernel asks PID 1, and that restarts in order."""
    keys = [{"type": "qcode", "data": key} for key in ("ctrl", "alt", "delete")]
    debian.reset(machine, lambda: monitor.ask(machine.qmp, "send-key", keys=keys))
