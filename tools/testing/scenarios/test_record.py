# SPDX-License-Identifier: GPL-2.0
"""The reason of the last reset, and a record that somebody has tampered with.

Nothing here knows the format of the record: it is what changes in the CMOS
memory when the module is loaded for the first time.
"""

from lib import places

CLOCK = set(range(0x0E))


def cmos(guest):
    """The CMOS memory as {address: value}, without the clock."""
    memory = {}
    for line in guest.check("cmos").splitlines():
        if line.startswith("cmos "):
            head, values = line[5:].split(":")
            for offset, value in enumerate(values.split()):
                if value != "--":
                    memory[int(head, 16) + offset] = int(value, 16)
    assert len(memory) == 256 - len(CLOCK)
    return memory


def write(guest, values):
    guest.check("; ".join(f"cmos {address:#x} {value:#x}" for address, value in values.items()))


def reason(guest):
    """What the driver says after a load; unloads it again."""
    guest.load()
    found = guest.attribute("last_reset_reason")
    guest.check("rmmod svsm_reset")
    return found


def record_place(guest):
    """Where the record is: the bytes that the first load changes."""
    before = cmos(guest)
    assert reason(guest) == "none"
    after = cmos(guest)
    changed = [address for address in after if after[address] != before[address]]
    assert changed, "loading the module left no record"
    return range(min(changed), max(changed) + 1)


def test_tampered_record(simulate):
    """After a real reset, any damaged byte makes it unknown; undamaged it is right."""
    guest = simulate(smp=1)
    guest.boot()
    place = record_place(guest)
    guest.load()
    guest.send("reboot -f")
    guest.boot(2)
    memory = cmos(guest)
    record = {address: memory[address] for address in place}
    for address in place:
        for bit in (0x01, 0x80):
            write(guest, record | {address: record[address] ^ bit})
            assert reason(guest) == "unknown", f"byte {address:#x} ^ {bit:#x}"
    # truncated, shifted, another's data
    for other in (
        {address: 0 for address in list(place)[4:]},
        dict(zip(place, list(record.values())[1:] + [0])),
        {address: 0x5A for address in place},
    ):
        write(guest, record | other)
        assert reason(guest) == "unknown", other
    # the control: the record as it was
    write(guest, record)
    assert reason(guest) == "reboot"
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)


def test_foreign_data_at_first_boot(simulate):
    """Somebody else's bytes are no reason; untouched memory is none."""
    guest = simulate(smp=1)
    guest.boot()
    before = cmos(guest)
    place = record_place(guest)
    write(guest, {address: before[address] for address in place})
    assert reason(guest) == "none"
    write(guest, {address: 0xFF for address in place})
    assert reason(guest) == "none"
    write(guest, {address: 0x41 for address in place})
    assert reason(guest) == "unknown"
    guest.powered_off()


def test_foreign_data_is_left_alone(simulate):
    """Neither a load nor a reset writes over what is somebody else's; the reset works."""
    guest = simulate(smp=1)
    guest.boot()
    place = record_place(guest)
    write(guest, {address: 0x41 for address in place})
    before = cmos(guest)
    assert reason(guest) == "unknown"
    assert cmos(guest) == before
    assert "left alone" in guest.dmesg()
    guest.load()
    assert cmos(guest) == before
    guest.send("reboot -f")
    guest.boot(2)
    assert cmos(guest) == before
    assert reason(guest) == "unknown"
    assert cmos(guest) == before
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)


def test_reboot_without_the_module_after_one_with_it(simulate):
    """The reason belongs to one reset; the next load does not repeat an old one."""
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    guest.send("reboot -f")
    guest.boot(2)
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"
    # a reload in the same boot still knows
    guest.check("rmmod svsm_reset")
    assert reason(guest) == "reboot"
    guest.powered_off()


def test_refused_call_is_no_reboot(simulate):
    """The call came back: the record must not claim a reset that did not happen."""
    guest = simulate(smp=1, svsm="draft,result=0x80000006", append="reboot=t")
    guest.boot()
    place = record_place(guest)
    guest.load()
    loaded = cmos(guest)
    guest.check(f"echo ap_policy: $(cat {places.ATTRIBUTES}/ap_policy)")
    guest.send("reboot -f")
    guest.lost()
    assert set(place) <= set(loaded)
    assert len(guest.events.refusals) == 1
