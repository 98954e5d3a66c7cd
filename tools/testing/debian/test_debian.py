# SPDX-License-Identifier: GPL-2.0
"""Debian 13 as it is: its systemd, kernel and kdump-tools, and our packages, on a disk that OVMF boots."""

from lib import debian


def power_off(guest, resets, cpus=2):
    """systemd's; so many resets, each as it should be, are behind it."""
    guest.send("systemctl poweroff")
    assert guest.end(debian.BOOT_TIMEOUT) == 0, guest.tail()
    guest.events.ended(0, "poweroff")
    guest.events.orderly_resets(resets, cpus=cpus)


def reboot(guest, command="systemctl reboot"):
    guest.send(command)
    debian.login(guest)
    assert guest.attribute("last_reset_reason") == "reboot"
    assert guest.check("nproc") == str(guest.smp)


def test_reboot(start):
    """systemd's reboot goes through the SVSM, and the firmware boots the disk again."""
    guest = start()
    assert guest.attribute("last_reset_reason") == "none"
    assert "SEV-SNP" in guest.check("dmesg | grep 'Memory Encryption Features'")
    reboot(guest)
    power_off(guest, 1)
