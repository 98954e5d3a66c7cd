# SPDX-License-Identifier: GPL-2.0
"""The operator's note: left before a restart, shown after it, and dropped by any other reset."""

import pytest

from lib import places
from lib.crash import DO, TROUBLE
from lib.slices import later

SHORT = "update, alice"
LONG = "kernel update to 6.12.120 for CVE-2026-12345, asked for by alice in ticket 4711"
# What the driver holds: 63 characters, of which the last three say that it was cut
HELD = LONG[:60] + "..."


def boot(simulate, record="", **arguments):
    guest = simulate(**{"smp": 1} | arguments)
    again(guest, 1, record)
    return guest


def again(guest, number, record=""):
    guest.boot(number)
    guest.load(record)


def noted(guest, text):
    """svsm-reset note TEXT, as root: what it says."""
    return guest.check(f'svsm-reset note "{text}"').splitlines()


def last(guest):
    return guest.json("svsm-reset status --json")["last_reset"]


def test_note_of_a_reboot(simulate):
    """Shown by the next boot beside the reason, and not by the one after that; for root only."""
    guest = boot(simulate)
    assert guest.check("svsm-reset note") == "note: none"
    assert noted(guest, SHORT) == [f'note: "{SHORT}"', "The next boot will show it, if the restart is an orderly one."]
    assert guest.attribute("next_reset_note") == guest.attribute("next_reset_note_kept") == SHORT
    user = "su user -c"
    for command in ("svsm-reset note", "svsm-reset note mine"):
        assert guest.run(f"{user} '{command}'") == (1, "svsm-reset note: this needs root"), command
    assert guest.run(f"{user} 'cat {places.ATTRIBUTES}/next_reset_note'")[0] != 0
    assert SHORT not in guest.check(f"{user} 'svsm-reset status --json' 2>/dev/null")
    guest.check("svsm-reset note ''")
    assert guest.attribute("next_reset_note") == ""
    noted(guest, SHORT)
    guest.send("reboot -f")

    again(guest, 2)
    seen = last(guest)
    assert (seen["reason"], seen["note"], seen["message_cut"]) == ("reboot", SHORT, False)
    assert f'message "{SHORT}"' in " ".join(guest.check("svsm-reset status").split())
    assert f'last reset: reboot "{SHORT}" on CPU 0' in guest.dmesg()
    assert "message for root only" in " ".join(guest.check(f"{user} 'svsm-reset status'").split())
    assert SHORT not in guest.check(f"cat {places.ATTRIBUTES}/uevent")
    assert guest.attribute("next_reset_note") == ""
    guest.send("reboot -f")

    again(guest, 3)
    assert (last(guest)["reason"], last(guest)["note"]) == ("reboot", "")
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=1)


@pytest.mark.parametrize("how, reason, message", [
    ("echo c > /proc/sysrq-trigger", "panic", "sysrq triggered crash"),
    later("echo b > /proc/sysrq-trigger", "emergency-restart", ""),
])
def test_note_that_is_dropped(simulate, how, reason, message):
    guest = boot(simulate)
    guest.trouble_is_fine = True
    noted(guest, SHORT)
    guest.send(how)
    again(guest, 2)
    seen = last(guest)
    assert (seen["reason"], seen["message"], seen["note"]) == (reason, message, None)
    assert SHORT not in guest.check("svsm-reset status") and SHORT not in guest.dmesg()
    guest.powered_off()


def test_note_that_is_cut(simulate):
    """As much as the store has room for, and it says so before: secrets, and CMOS alone."""
    guest = boot(simulate)
    held, kept = noted(guest, LONG)
    assert held == f'note: "{HELD}": cut, the driver takes no more'
    shown = guest.attribute("next_reset_note_kept")
    assert shown.endswith("...") and LONG.startswith(shown[:-3]) and len(shown) > 12
    assert kept == f'The next boot will show "{shown}" of it, if the restart is an orderly one: ' \
        "the record has no more room."
    guest.send("reboot -f")
    again(guest, 2, "record=cmos")
    # Where a load in the same boot looks has nothing of the record that "secrets" has
    assert guest.attribute("last_reset_message") == ""
    guest.check("rmmod svsm_reset")
    guest.load()
    assert (last(guest)["note"], last(guest)["message_cut"]) == (shown, True)
    guest.check("rmmod svsm_reset")

    guest.load("record=cmos")
    assert noted(guest, SHORT)[1] == "The next boot will not show it: no record that is kept has room for it."
    guest.send("reboot -f")
    again(guest, 3, "record=cmos")
    assert (last(guest)["reason"], last(guest)["note"]) == ("reboot", "")
    guest.check("svsm-reset set enabled 0")
    assert noted(guest, SHORT)[1] == "The next boot will not show it: enabled is 0, and no record is written."
    guest.powered_off()


@pytest.mark.sliced
def test_note_in_an_efi_variable(simulate):
    """All that the driver holds."""
    guest = boot(simulate, "record=efi", efivars=True)
    assert noted(guest, LONG)[1] == "The next boot will show it, if the restart is an orderly one."
    guest.send("reboot -f")
    again(guest, 2, "record=efi")
    assert last(guest)["note"] == HELD
    guest.powered_off()


@pytest.mark.sliced
def test_note_and_the_text_of_a_reboot(simulate):
    """reboot(2) may bring one along: the message where there is no note."""
    guest = boot(simulate)
    # Of the text as much as "secrets" has room for
    for number, note, seen in ((2, "", "trouble: as aske..."), (3, SHORT, SHORT)):
        guest.check(f"svsm-reset note '{note}'")
        guest.send("reboot-text 'trouble: as asked for'")
        again(guest, number)
        assert (last(guest)["reason"], last(guest)["message"], last(guest)["note"]) == ("reboot", seen, seen)
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=1)


@pytest.mark.sliced
def test_note_and_the_text_of_the_kernel(simulate):
    """What a thread of the kernel has to say, as that of dm-verity: no note takes its place, and it is not lost silently."""
    guest = boot(simulate)
    for number, note in ((2, ""), (3, SHORT)):
        guest.check(f"insmod {TROUBLE}; svsm-reset note '{note}'")
        guest.send(f"echo reboot-text 0 > {DO}")
        if note:
            guest.expect(f'dropped the note "{SHORT}"')
        again(guest, number)
        assert (last(guest)["reason"], last(guest)["message"]) == ("reboot", "trouble: as aske...")
        assert f'message "trouble: as aske..."' in " ".join(guest.check("svsm-reset status").split())
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=1)


def write(guest, text):
    """Into the file in one piece, as printf has it: the exit status."""
    path = f"{places.ATTRIBUTES}/next_reset_note"
    return guest.run(f"{text} > /tmp/note; dd if=/tmp/note of={path} bs=8192 2>/dev/null")[0]


def many(count):
    return f"yes x | head -n {count} | tr -d '\\n'"


def test_what_is_no_note(simulate):
    guest = boot(simulate)
    assert write(guest, "echo before") == 0
    for text in (r"printf 'a\nb\n'", r"printf 'a\0b'", r"printf '\na'", "echo ...", "printf ' . .... '", many(4096), many(5000)):
        assert write(guest, text) != 0, text
        assert guest.attribute("next_reset_note") == "before"
    line = "svsm-reset: next_reset_note: it is one line of text, of less than 4096 bytes, and not of dots alone"
    said = "svsm-reset note: the driver refuses it, the kernel's log says why"
    status, output = guest.run("svsm-reset note ...")
    assert status == 1 and said in output
    assert guest.attribute("next_reset_note") == "before"
    assert guest.dmesg().count(line) == 8
    for text, note in (
        (r"printf '\033[31mred\n'", "?[31mred"), (r"printf 'a\tb\303\244 \n'", "a?b??"),
        (r"printf 'voil\303\240\n'", "voil??"), (r"printf 'more...\n'", "more"),
        (many(63), "x" * 63), (many(64), "x" * 60 + "..."), (many(4095), "x" * 60 + "..."), ("echo ' '", ""), ("echo", ""),
    ):
        assert write(guest, text) == 0
        assert guest.attribute("next_reset_note") == note
    assert guest.dmesg().count(line) == 8
    guest.powered_off()


@pytest.mark.sliced
def test_note_that_comes_too_late(simulate):
    """A restart that has begun has taken the note that there was."""
    guest = boot(simulate, smp=2, append="reboot=t")
    noted(guest, SHORT)
    # On its way it waits for two seconds, armed
    guest.check("insmod /lib/modules/stuck.ko mode=none; taskset -p 1 $$ > /dev/null")
    guest.send(
        f"cd {places.ATTRIBUTES}; (taskset 2 reboot -f &); while ! grep -q armed state; do :; done; "
        "svsm-reset note later 2> /run/refused; s=$(cat next_reset_note)-$(grep -c 'it is too late' /run/refused); "
        "echo still $s; echo still $s"
    )
    guest.expect(f"still {SHORT}-1")
    again(guest, 2)
    assert last(guest)["note"] == SHORT
    guest.powered_off()


@pytest.mark.sliced
def test_note_and_a_crash_kernel(simulate):
    """The crash drops it, and the crash kernel takes none: the message of its restart is the crash's."""
    guest = simulate(smp=2, initrd=places.INITRD_KDUMP, memory="1G", timeout=600, append="crashkernel=256M")
    guest.trouble_is_fine = True
    guest.boot(1, timeout=300)
    guest.load()
    noted(guest, SHORT)
    guest.check("load-capture nokaslr", timeout=240)
    guest.send("echo c > /proc/sysrq-trigger")
    guest.capture(1, timeout=300)
    guest.load()
    status, output = guest.run("svsm-reset note mine")
    assert status == 1 and "svsm-reset note: this is a crash kernel, its restart has the crash's message" in output
    assert guest.attribute("next_reset_note") == ""
    guest.send("reboot -f")
    guest.boot(2, timeout=300)
    guest.load()
    seen = last(guest)
    assert (seen["reason"], seen["message"], seen["note"]) == ("kdump", "sysrq triggered crash", None)
    guest.powered_off()
