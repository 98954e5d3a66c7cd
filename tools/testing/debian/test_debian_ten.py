# SPDX-License-Identifier: GPL-2.0
"""Ten reboots of one Debian system, in one QEMU process."""

from lib import debian

REBOOTS = 10


def test_ten_reboots(start):
    """In order, under load, each like the first; the file system is clean each time and at the end."""
    guest = start()
    process = guest.qemu_process()
    for _ in range(REBOOTS):
        debian.reset(guest, "systemctl reboot")
    assert guest.attribute("reset_count") == str(REBOOTS)
    assert guest.qemu_process() == process
    assert guest.check("journalctl --no-pager -q --list-boots | wc -l") == str(REBOOTS + 1)
    debian.power_off(guest, REBOOTS)
