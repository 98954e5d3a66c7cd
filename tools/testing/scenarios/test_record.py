# SPDX-License-Identifier: GPL-2.0
"""What is known of the last reset, and a record that somebody has tampered with.

Hardly anything here knows the format of the record: it is what the driver has written into
the secrets page and into its bytes of the CMOS memory.
"""

import calendar
import re
import time
import zlib

import pytest

from lib import places
from lib.record import usage

CLOCK = set(range(0x0E))
SECRETS = "/sys/module/secrets/parameters"
# The bytes of CMOS that are the record's, as the page about the record has them
PLACE = range(0x60, 0x70)
BLANK = dict.fromkeys(PLACE, 0)
EMPTY = bytes(32)
FOREIGN = b"A" * 32


def boot(simulate, **arguments):
    """A first boot, with the test module loaded: the guest."""
    guest = simulate(**{"smp": 1} | arguments)
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


def in_cmos(guest):
    """The record's bytes of CMOS."""
    memory = cmos(guest)
    return {address: memory[address] for address in PLACE}


def counts(guest):
    """The numbers in reset_counts, by their files' names, without the zeros; loads nothing."""
    lines = guest.check(f"cd {places.ATTRIBUTES}/reset_counts; grep . *; cd /").splitlines()
    return {name: int(number) for name, number in (line.split(":") for line in lines) if number != "0"}


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def test_reboot_panic_and_emergency(simulate):
    """What is told of three resets in a row; PSP message numbers untouched."""
    guest = boot(simulate, smp=2)
    guest.trouble_is_fine = True  # a panic shows its call trace
    numbers = guest.check(f"cat {SECRETS}/seqno")
    guest.load()
    begin = int(guest.check("date +%s"))
    guest.send("reboot -f")
    again(guest, 2)
    names = (
        "last_reset_reason", "last_reset_cause", "last_reset_outcome", "reset_count", "last_reset_cpus",
        "last_reset_result", "record_store", "record_trust", "power_on_reason", "last_reset_time",
    )
    first = told(guest, *names)
    assert first[:-1] == ["reboot", "reboot", "completed", "1", "", "none", "secrets", "guest", "software reset"]
    assert begin - 1 <= seconds(first[-1]) <= int(guest.check("date +%s"))
    # the same after a reload: it is the same boot
    assert told(guest, *names) == first
    guest.load()
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")
    again(guest, 3)
    guest.load()
    assert [guest.attribute(name) for name in ("last_reset_reason", "last_reset_cpu", "last_reset_message")] == [
        "panic", "1", "sysrq triggered crash",
    ]
    line = [line for line in guest.dmesg().splitlines() if "svsm-reset: last reset: " in line][-1]
    assert re.search(
        r'last reset: panic "sysrq triggered crash" on CPU 1 at 20[0-9-]+T[0-9:]+Z, completed; '
        r"2 resets so far; record from secrets \(guest\)$", line,
    ), line
    assert counts(guest) == {"reboot": 1, "panic": 1}
    guest.send("echo b > /proc/sysrq-trigger")
    again(guest, 4)
    guest.load()
    assert counts(guest) == {"reboot": 1, "panic": 1, "emergency-restart": 1}
    assert guest.attribute("reset_count") == "3"
    assert guest.attribute("last_reset_reason") == "emergency-restart"
    assert guest.attribute("last_reset_trigger") == "sysrq-b"
    assert "last reset: emergency-restart (sysrq-b) on CPU " in guest.dmesg()
    # the store of which the host is the master knows how many there were
    guest.check("rmmod svsm_reset")
    guest.load("record=cmos")
    assert guest.attribute("reset_count") == "3" and counts(guest) == {}
    assert guest.check(f"cat {SECRETS}/seqno") == numbers
    guest.powered_off()
    guest.events.orderly_resets(3, cpus=2)


@pytest.mark.sliced
def test_tampered_record(simulate):
    """After a real reset, any damaged byte makes it unknown; undamaged it is right."""
    guest = boot(simulate)
    guest.load()
    guest.send("reboot -f")
    again(guest, 2)
    raw = page(guest)
    record = in_cmos(guest)
    for at in range(len(raw)):
        damaged = bytearray(raw)
        damaged[at] ^= 1 << at % 8
        write_page(guest, bytes(damaged))
        # the bytes that say whose it is: then it is not damaged, but another's
        write(guest, record if at > 1 else dict.fromkeys(PLACE, 0x41))
        assert reason(guest) == "unknown", f"secrets, byte {at}"
    # Without it the one in CMOS counts.
    for address in PLACE:
        write_page(guest, EMPTY)
        write(guest, record | {address: record[address] ^ 0x80})
        assert reason(guest) == "unknown", f"cmos, byte {address:#x}"
    for other in (dict.fromkeys(PLACE[4:], 0), dict(zip(PLACE, list(record.values())[1:] + [0]))):
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


@pytest.mark.sliced
def test_nothing_and_foreign_data(simulate):
    """Empty stores are no reason; somebody else's bytes are unknown and are left alone."""
    guest = boot(simulate)
    for value in (0, 0xFF):
        write_page(guest, bytes([value] * 32))
        write(guest, dict.fromkeys(PLACE, value))
        assert source(guest) == ["none", "none"]
    write_page(guest, FOREIGN)
    write(guest, dict.fromkeys(PLACE, 0x41))
    before = cmos(guest)
    assert source(guest) == ["unknown", "none"]
    assert "left alone" in guest.dmesg()
    guest.load()
    guest.send("reboot -f")
    again(guest, 2)
    assert source(guest) == ["unknown", "none"]
    assert (cmos(guest), page(guest)) == (before, FOREIGN)
    # given CMOS, it keeps its record there
    write(guest, BLANK)
    guest.load()
    guest.send("reboot -f")
    again(guest, 3)
    assert source(guest) == ["reboot", "cmos"]
    assert page(guest) == FOREIGN
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=1)


def sealed(body):
    return body + zlib.crc32(body).to_bytes(4, "little")


def as_stage(raw, stage, said, first=0xFF):
    """A record of a call as it is in the secrets page at another stage: bytes 3, 5 and 17 to 27."""
    assert len(raw) == 32 and len(said) <= 11
    head = raw[:3] + bytes([stage << 4 | raw[3] & 0xF, raw[4], first]) + raw[6:17]
    return sealed(head + said.ljust(11, b"\0"))


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
    names = ("last_reset_reason", "last_reset_outcome", "last_reset_cause", "reset_count")
    assert told(guest, *names) == ["reboot", "completed", "reboot", "1"]
    write_page(guest, old)
    assert told(guest, *names) == ["unknown", "unknown", "unknown", "0"]
    names = ("last_reset_reason", "last_reset_cause", "last_reset_outcome", "last_reset_result", "last_reset_cpus",
             "last_reset_message", "power_on_reason", "record_store")
    for stage, said, first, result, cpus, message in (
        (3, b"\x02\0\x80deadman:", 1, "none", "1,23", "deadman:..."),
        (3, b"\0\0\x80", 100, "none", "100", ""),
        (5, (0x80000006).to_bytes(8, "little") + b"\x08\0\0", 3, "0x80000006", "3", ""),
        (6, (-110).to_bytes(4, "little", signed=True) + b"\0\0\0a me", 0xFF, "-110", "", "a me..."),
    ):
        write_page(guest, as_stage(called, stage, said, first))
        # twice in the same boot
        for _ in range(2):
            assert told(guest, *names) == [
                "refused", "reboot", "refused", result, cpus, message, "unknown reason", "secrets",
            ]
    # on the way to a crash kernel, and never came back from there
    write_page(guest, as_stage(called[:3] + b"\x25" + called[4:], 4, b""))
    for _ in range(2):
        assert told(guest, "last_reset_reason", "last_reset_outcome", "last_reset_dump") == ["kdump", "unknown", "unknown"]
    guest.powered_off()


def small(raw, tsc):
    """A record from CMOS with another TSC (its bits 31 and up)."""
    return sealed(raw[:10] + tsc.to_bytes(2, "little"))


@pytest.mark.sliced
def test_relaunched(simulate):
    """What a host leaves in CMOS when it ends the machine and launches another, instead of a reset."""
    guest = boot(simulate)
    guest.load()
    # so that the other one is younger when it looks
    guest.check("sleep 25")
    guest.send("reboot -f")
    again(guest, 2)
    raw = bytes(in_cmos(guest).values())
    guest.powered_off()

    other = boot(simulate)
    names = ("last_reset_reason", "last_reset_outcome", "record_store", "record_trust", "reset_count", "power_on_reason")
    relaunched = ["reboot", "relaunched", "cmos", "host", "0", "regular power-up"]
    completed = ["reboot", "completed", "cmos", "host", "1", "software reset"]
    cases = [(raw, relaunched), (small(raw, 0xFFFF), relaunched), (small(raw, 0), completed), (small(raw, 1), completed)]
    for record, expected in cases:
        write_page(other, EMPTY)
        write(other, dict(zip(PLACE, record)))
        assert told(other, *names) == expected
        write_page(other, EMPTY)
        # the same after a reload
        assert told(other, *names) == expected
    other.powered_off()


@pytest.mark.sliced
def test_stores(simulate):
    """Only the stores that are wanted are written, and read."""
    guest = boot(simulate)
    write(guest, BLANK)
    guest.load("record=cmos")
    guest.send("reboot -f")
    again(guest, 2)
    assert page(guest) == EMPTY
    record = in_cmos(guest)
    damaged = record | {PLACE[8]: record[PLACE[8]] ^ 1}
    # a damaged record of ours is overwritten: that shows whether the store is written
    choices = {"none": (False, False), "secrets": (True, False), "cmos": (False, True), "secrets,cmos": (True, True)}
    for choice, there in choices.items():
        write_page(guest, EMPTY)
        write(guest, damaged)
        guest.load(f"record={choice}")
        expected = ["none", "none"] if choice == "secrets" else ["unknown", "unknown"]
        assert [guest.attribute(name) for name in ("last_reset_reason", "last_reset_outcome")] == expected
        assert (page(guest) != EMPTY, in_cmos(guest) != damaged) == there, choice
        assert guest.attribute("record_store") == ("cmos" if there[1] else "none")
        guest.check("rmmod svsm_reset")
    write_page(guest, EMPTY)
    write(guest, record)
    guest.load("record=cmos")
    names = ("last_reset_reason", "last_reset_outcome", "record_store", "record_trust")
    assert [guest.attribute(name) for name in names] == ["reboot", "completed", "cmos", "host"]
    guest.check("rmmod svsm_reset")
    # Copied into the secrets page by a load, it is trusted no more than where it came from
    assert told(guest, *names, "reset_count") == ["reboot", "completed", "cmos", "host", "1"]
    assert told(guest, *names, "reset_count") == ["reboot", "completed", "secrets", "host", "1"]
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)


def test_blank_cmos_is_not_ours(simulate):
    """Loads leave blank bytes alone, a reset takes them if they still are, and then loads keep them."""
    guest = boot(simulate)
    for value in (0xFF, 0):
        write(guest, dict.fromkeys(PLACE, value))
        before = cmos(guest)
        for parameters in ("", "record=cmos"):
            # twice in one boot: it is nobody's fault that nothing is found
            for _ in range(2):
                guest.load(parameters)
                assert guest.attribute("last_reset_reason") == "none"
                guest.check("rmmod svsm_reset")
        assert cmos(guest) == before
    assert "no store keeps a record" not in guest.dmesg()
    write_page(guest, EMPTY)
    # another owner comes after the load
    guest.load()
    write(guest, {PLACE[5]: 0x41})
    guest.send("reboot -f")
    again(guest, 2)
    assert in_cmos(guest) == BLANK | {PLACE[5]: 0x41}
    assert source(guest) == ["reboot", "secrets"]
    # and nobody does
    write(guest, BLANK)
    guest.load("record=cmos")
    guest.send("reboot -f")
    again(guest, 3)
    called = in_cmos(guest)
    assert called != BLANK
    guest.load("record=cmos")
    assert [guest.attribute(f"last_reset_{name}") for name in ("reason", "outcome")] == ["reboot", "completed"]
    # what a load leaves in bytes that are ours: a boot that finds it came after a reset by other means
    mark = in_cmos(guest)
    assert mark not in (called, BLANK)
    guest.send("reboot -f")
    again(guest, 4)
    write(guest, mark)
    guest.load("record=cmos")
    assert [guest.attribute(f"last_reset_{name}") for name in ("reason", "outcome")] == ["unknown", "unknown"]
    guest.powered_off()
    guest.events.orderly_resets(3, cpus=1)


def test_record_of_another_version(simulate):
    """One that is intact and not of this version is left alone, and not understood."""
    guest = boot(simulate)
    assert source(guest) == ["none", "none"]
    old = sealed(page(guest)[:2] + b"\x02" + page(guest)[3:28])
    write_page(guest, old)
    write(guest, BLANK)
    assert source(guest) == ["unknown", "none"]
    assert page(guest) == old
    guest.powered_off()


def test_refused_call_is_no_reboot(simulate):
    """The call came back: the record must not claim a reset that did not happen."""
    guest = boot(simulate, svsm="draft,result=0x80000006", append="reboot=t")
    guest.load()
    guest.send("reboot -f")
    guest.lost()
    assert len(guest.events.refusals) == 1
    # What the driver has written, as the machine would have found it
    raw = usage(guest)
    guest = boot(simulate)
    write_page(guest, raw)
    names = ("last_reset_reason", "last_reset_cause", "last_reset_outcome", "last_reset_result", "reset_count")
    assert told(guest, *names) == ["refused", "reboot", "refused", "0x80000006", "0"]
    guest.powered_off()
