# SPDX-License-Identifier: GPL-2.0
"""EFI variables of a guest, by its efivarfs."""

DIRECTORY = "/sys/firmware/efi/efivars"


def mount(guest):
    guest.check("insmod /lib/modules/efivarfs.ko")
    guest.check(f"mount -t efivarfs efivarfs {DIRECTORY}")


def names(guest):
    """What there is: NAME-GUID, in the order of the alphabet."""
    return [line for line in guest.check(f"ls -1 {DIRECTORY}").split("\n") if "-" in line]


def read(guest, name):
    return bytes.fromhex(guest.check(f"efivar {name}").split("\n")[-1])


def write(guest, name, raw):
    guest.check(f"efivar {name} {raw.hex()}")


def remove(guest, name):
    guest.check(f"efivar -d {name}")
