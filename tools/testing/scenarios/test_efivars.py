# SPDX-License-Identifier: GPL-2.0
"""EFI variables of the simulator, by Linux's own efivarfs."""

import pytest

from lib import efivars
from lib.slices import later

VARIABLE = "Test-11111111-2222-3333-4444-555555555555"
LONG = 3000  # more than the buffer of a GHCB holds


def value(guest):
    """/run/value: attributes and contents, as efivarfs has them."""
    guest.check(r"printf '\x07\x00\x00\x00' > /run/value")
    guest.check(f"yes wert | head -c {LONG} >> /run/value")


@pytest.mark.parametrize("fidelity", ["strict", later("full")])
def test_variables_outlive_a_reset(simulate, fidelity):
    guest = simulate(
        smp=1, efivars=True, fidelity=fidelity, patience=3 if fidelity == "full" else 1,
    )
    guest.boot()
    assert "Registered efivars operations" in guest.dmesg()
    efivars.mount(guest)
    assert efivars.names(guest) == []
    value(guest)
    # In one write: each sets the variable.
    guest.check(f"dd if=/run/value of={efivars.DIRECTORY}/{VARIABLE} bs=4096")
    guest.check(f"cmp /run/value {efivars.DIRECTORY}/{VARIABLE}")
    guest.load()
    guest.send("reboot -f")
    guest.boot(2)
    efivars.mount(guest)
    assert efivars.names(guest) == [VARIABLE]
    value(guest)
    guest.check(f"cmp /run/value {efivars.DIRECTORY}/{VARIABLE}")
    efivars.write(guest, VARIABLE, b"other")
    assert efivars.read(guest, VARIABLE) == b"other"
    efivars.remove(guest, VARIABLE)
    assert efivars.names(guest) == []
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)
    sizes = [event["size"] for event in guest.events.of("efi-variable", name="Test", result="0x0")]
    assert sizes == [LONG, len(b"other"), 0]


def test_none_without(simulate):
    guest = simulate(smp=1)
    guest.boot()
    assert "Registered efivars operations" not in guest.dmesg()
    assert guest.run(f"insmod /lib/modules/efivarfs.ko && mount -t efivarfs efivarfs {efivars.DIRECTORY}")[0] != 0
    guest.powered_off()
    guest.events.no("efi-variable")
