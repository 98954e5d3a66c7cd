# SPDX-License-Identifier: GPL-2.0
"""What is known of the last reset, and a record that somebody has tampered with.

Hardly anything here knows the format of the record: it is what changes in the
secrets page and in the CMOS memory when the module is loaded for the first time.
"""

import zlib

from lib import places

CLOCK = set(range(0x0E))
SECRETS = "/sys/module/secrets/parameters"
EMPTY = bytes(32)
FOREIGN = b"A" * 32


def boot(simulate, **arguments):
    """A first boot, with the test module loaded: the guest."""
    guest = simulate(**{"smp": 1, "append": "nokaslr"} | arguments)
    again(guest, 1)
    return guest


def again(guest, number):
    guest.boot(number)
    guest.check("insmod /lib/modules/secrets.ko")


def page(guest):
    """The guest's 32 bytes of the secrets page."""
    return bytes.fromhex(guest.check(f"cat {SECRETS}/usage").split("\n")[-1])


def write_page(guest, raw):
    guest.check(f"echo {raw.hex()} > {SECRETS}/usage")
    assert page(guest) == raw


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


def told(guest, *names):
    """What the driver says after a load; unloads it again."""
    guest.load()
    found = [guest.attribute(name) for name in names]
    guest.check("rmmod svsm_reset")
    return found if len(names) > 1 else found[0]


def reason(guest):
    return told(guest, "last_reset_reason")


def source(guest):
    return told(guest, "last_reset_reason", "record_store")


def record_place(guest):
    """Where the record is in CMOS: the bytes that the first load changes."""
    before = cmos(guest)
    assert page(guest) == EMPTY
    assert source(guest) == ["none", "none"]
    after = cmos(guest)
    assert page(guest) != EMPTY, "loading the module left no record in the secrets page"
    changed = [address for address in after if after[address] != before[address]]
    assert changed, "loading the module left no record in CMOS"
    return range(min(changed), max(changed) + 1)


def test_reboot_and_panic_on_an_ap(simulate):
    """Reason, CPU, message and count of two resets; PSP message numbers untouched."""
    guest = boot(simulate, smp=2)
    guest.trouble_is_fine = True  # a panic shows its call trace
    numbers = guest.check(f"cat {SECRETS}/seqno")
    guest.load()
    assert guest.attribute("reset_count") == "0"
    assert guest.attribute("last_reset_cpu") == "unknown"
    guest.send("reboot -f")
    again(guest, 2)
    names = ("last_reset_reason", "reset_count", "last_reset_cpus", "record_store")
    first = told(guest, *names)
    assert first == ["reboot", "1", "", "secrets"]
    # the same after a reload: it is the same boot
    assert told(guest, *names) == first
    guest.load()
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")
    again(guest, 3)
    found = told(guest, "last_reset_reason", "last_reset_cpu", "last_reset_message", "reset_count", "last_reset_cpus")
    assert found == ["panic", "1", "sysrq trigge", "2", ""]
    assert guest.check(f"cat {SECRETS}/seqno") == numbers
    guest.powered_off()


def test_tampered_record(simulate):
    """After a real reset, any damaged byte makes it unknown; undamaged it is right."""
    guest = boot(simulate)
    place = record_place(guest)
    guest.load()
    guest.send("reboot -f")
    again(guest, 2)
    raw = page(guest)
    memory = cmos(guest)
    record = {address: memory[address] for address in place}
    for at in range(len(raw)):
        damaged = bytearray(raw)
        damaged[at] ^= 1 << at % 8
        write_page(guest, bytes(damaged))
        # the bytes that say whose it is: then it is not damaged, but another's
        write(guest, record if at > 1 else {address: 0x41 for address in place})
        assert reason(guest) == "unknown", f"secrets, byte {at}"
    # Without it the one in CMOS counts.
    for address in place:
        write_page(guest, EMPTY)
        write(guest, record | {address: record[address] ^ 0x80})
        assert reason(guest) == "unknown", f"cmos, byte {address:#x}"
    for other in ({address: 0 for address in list(place)[4:]}, dict(zip(place, list(record.values())[1:] + [0]))):
        write_page(guest, EMPTY)
        write(guest, record | other)
        assert reason(guest) == "unknown", other
    # the controls: either record as it was, and CMOS beside an empty or another's page
    for other, where in ((raw, "secrets"), (EMPTY, "cmos"), (FOREIGN, "cmos")):
        write_page(guest, other)
        write(guest, record)
        assert source(guest) == ["reboot", where]
        if other == FOREIGN:
            assert page(guest) == FOREIGN
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)


def test_nothing_and_foreign_data(simulate):
    """Empty stores are no reason; somebody else's bytes are unknown and are left alone."""
    guest = boot(simulate)
    place = record_place(guest)
    for value in (0, 0xFF):
        write_page(guest, bytes([value] * 32))
        write(guest, {address: value for address in place})
        assert source(guest) == ["none", "none"]
    write_page(guest, FOREIGN)
    write(guest, {address: 0x41 for address in place})
    before = cmos(guest)
    assert source(guest) == ["unknown", "none"]
    assert "left alone" in guest.dmesg()
    guest.load()
    guest.send("reboot -f")
    again(guest, 2)
    assert source(guest) == ["unknown", "none"]
    assert (cmos(guest), page(guest)) == (before, FOREIGN)
    # given CMOS, it keeps its record there
    write(guest, {address: 0 for address in place})
    guest.load()
    guest.send("reboot -f")
    again(guest, 3)
    assert source(guest) == ["reboot", "cmos"]
    assert page(guest) == FOREIGN
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=1)


def returned(raw):
    """The record of a call as it is when the call has come back: stage 3, byte 3."""
    body = raw[:3] + bytes([0x30 | raw[3] & 0xF]) + raw[4:28]
    return body + zlib.crc32(body).to_bytes(4, "little")


def test_reset_that_the_module_did_not_ask_for(simulate):
    """A record left by a load of another boot claims no reset, nor does that of a refused call.

    The boot after either is one that the simulator does not have: the guest has
    restarted by way of the host.  So the record is written back.
    """
    guest = boot(simulate)
    guest.load()
    old = page(guest)
    guest.send("reboot -f")
    again(guest, 2)
    called = page(guest)
    assert reason(guest) == "reboot"
    write_page(guest, old)
    assert reason(guest) == "unknown"
    write_page(guest, returned(called))
    assert source(guest) == ["refused", "secrets"]
    # once more in the same boot
    assert source(guest) == ["refused", "secrets"]
    guest.powered_off()


def test_refused_call_is_no_reboot(simulate):
    """The call came back: the record must not claim a reset that did not happen."""
    guest = boot(simulate, svsm="draft,result=0x80000006", append="nokaslr reboot=t")
    place = record_place(guest)
    guest.load()
    assert set(place) <= set(cmos(guest))
    guest.send("reboot -f")
    guest.lost()
    assert len(guest.events.refusals) == 1
