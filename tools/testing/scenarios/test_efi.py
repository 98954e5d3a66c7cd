# SPDX-License-Identifier: GPL-2.0
"""The record in an EFI variable, where the SVSM restores the secrets page.

All but one of the stores are written at each reset; what is found in the others is
told from the word that record_store has.
"""

import pytest

from lib import efivars

VARIABLE = "SvsmReset-43efc36a-3c8e-4f4f-b089-f108373b0291"
PRISTINE = "draft,secrets=pristine"
SIZE = 256
FOREIGN = b"A" * SIZE
PANIC = "sysrq triggered crash"
# The variable is written only where the administrator asks for it.
ALL = "record=secrets,cmos,efi"
NAMES = ("last_reset_reason", "last_reset_outcome", "record_store", "record_trust")
EFI = ["completed", "efi", "host"]
CMOS = ["completed", "cmos", "host"]


def start(simulate, **arguments):
    guest = simulate(**{"smp": 2, "svsm": PRISTINE, "efivars": True} | arguments)
    guest.boot()
    return guest


def told(guest, *names, parameters=ALL):
    """What the driver says after a load; unloads it again."""
    guest.load(parameters)
    found = [guest.attribute(name) for name in names]
    guest.check("rmmod svsm_reset")
    return found


def reset(guest, number):
    guest.load(ALL)
    guest.send("reboot -f")
    guest.boot(number)


def writes(guest, boot):
    """How often the record was written in that boot, and what came of it."""
    return [event["result"] for event in guest.events.of("efi-variable", name="SvsmReset", boot=boot)]


def test_reboot_and_panic(simulate):
    """All that a full record has, of a reboot and of a panic on an AP."""
    guest = start(simulate)
    guest.trouble_is_fine = True  # a panic shows its call trace
    assert told(guest, *NAMES) == ["none", "none", "none", "none"]
    reset(guest, 2)
    assert told(guest, *NAMES) == ["reboot", *EFI]
    release = guest.check("uname -r").split("\n")[-1]
    guest.load(ALL)
    uptime = float(guest.check("cut -d' ' -f1 /proc/uptime"))
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")
    guest.boot(3)
    names = (*NAMES, "last_reset_message", "last_reset_cpu", "last_reset_kernel", "reset_count")
    numbers = ("reset_counts/reboot", "reset_counts/panic", "reset_counts/kdump")
    found = told(guest, *names, *numbers, "last_reset_uptime", "last_reset_time")
    assert found[:-2] == ["panic", *EFI, PANIC, "1", release, "2", "1", "1", "0"]
    assert uptime - 2 <= int(found[-2]) <= uptime + 60 and found[-1].startswith("20")
    efivars.mount(guest)
    assert efivars.names(guest) == [VARIABLE]
    assert len(efivars.read(guest, VARIABLE)) == SIZE
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=2)
    # at each load, and at the reset
    assert writes(guest, 1) == ["0x0"] * 3 and writes(guest, 2) == ["0x0"] * 3


@pytest.mark.sliced
def test_reboot_at_full_fidelity(simulate):
    """The service's port I/O goes through the kernel's #VC handler, with all other CPUs stopped."""
    guest = start(simulate, fidelity="full", patience=3)
    reset(guest, 2)
    assert told(guest, *NAMES) == ["reboot", *EFI]
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
def test_the_secrets_page_goes_first(simulate):
    """Where it is kept, what the host could have forged is not asked."""
    guest = start(simulate, svsm="draft", smp=1)
    reset(guest, 2)
    assert told(guest, *NAMES) == ["reboot", "completed", "secrets", "guest"]
    efivars.mount(guest)
    efivars.remove(guest, VARIABLE)
    assert told(guest, *NAMES) == ["reboot", "completed", "secrets", "guest"]
    guest.powered_off()


@pytest.mark.sliced
def test_somebody_elses_variable(simulate):
    """Other contents, another size: left alone. A damaged record is unknown."""
    guest = start(simulate, smp=1)
    efivars.mount(guest)
    for raw, line in ((FOREIGN, "efi: not a record"), (b"SR\x03", "no record in efi")):
        efivars.write(guest, VARIABLE, raw)
        assert told(guest, "record_store", parameters="record=efi") == ["none"]
        assert line in guest.dmesg()
        assert efivars.read(guest, VARIABLE) == raw
    reset(guest, 2)
    efivars.mount(guest)
    assert efivars.read(guest, VARIABLE) == b"SR\x03"
    assert told(guest, *NAMES) == ["reboot", *CMOS]
    efivars.remove(guest, VARIABLE)
    reset(guest, 3)
    efivars.mount(guest)
    record = efivars.read(guest, VARIABLE)
    assert told(guest, *NAMES, parameters="record=efi") == ["reboot", *EFI]
    for at in (2, 3, 100, SIZE - 1):
        damaged = bytearray(record)
        damaged[at] ^= 0x40
        efivars.write(guest, VARIABLE, bytes(damaged))
        assert told(guest, "last_reset_reason", parameters="record=efi") == ["unknown"], at
    efivars.write(guest, VARIABLE, record)
    assert told(guest, *NAMES, parameters="record=efi") == ["reboot", *EFI]
    guest.powered_off()


@pytest.mark.sliced
def test_not_by_itself(simulate):
    """record=auto leaves the variables alone: a reset must not depend on firmware unasked."""
    guest = start(simulate, smp=1)
    guest.load()
    assert guest.check("cat /sys/module/svsm_reset/parameters/record") == "auto"
    guest.send("reboot -f")
    guest.boot(2)
    assert told(guest, *NAMES, parameters="") == ["reboot", *CMOS]
    guest.powered_off()
    assert writes(guest, 1) == []


@pytest.mark.sliced
def test_without_variables(simulate):
    guest = start(simulate, efivars=False, smp=1)
    reset(guest, 2)
    assert told(guest, *NAMES) == ["reboot", *CMOS]
    assert "no record in efi" in guest.dmesg()
    guest.powered_off()


@pytest.mark.sliced
def test_not_after_a_stop_by_nmi(simulate):
    """A CPU that an NMI stopped may hold the lock of a semaphore: the variable is left alone.

    What the load has written there is older than what CMOS has, and is not taken for it.
    """
    guest = start(simulate, smp=4, append="reboot=force")
    guest.load(ALL)
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=irq")
    guest.send("taskset 1 reboot -f")
    guest.expect(r"by NMI: 2\s")
    guest.boot(2)
    assert told(guest, *NAMES) == ["reboot", *CMOS]
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)
    assert writes(guest, 1) == ["0x0"]


@pytest.mark.sliced
def test_not_inside_an_nmi(simulate):
    """A panic in an NMI: EFI services need the FPU, which cannot be used there."""
    guest = start(simulate, smp=1)
    guest.trouble_is_fine = True
    guest.load(ALL)
    guest.check("insmod /lib/modules/trouble.ko")
    guest.send("echo panic@nmi 0 > /sys/module/trouble/parameters/do")
    guest.boot(2)
    assert told(guest, *NAMES) == ["panic", *CMOS]
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)
    assert writes(guest, 1) == ["0x0"]
    assert "irq_fpu_usable" not in guest.console
