# SPDX-License-Identifier: GPL-2.0
"""--save and --restore: the run goes on where it was, and only with the machine that it was."""

import json
import re
import time

import pytest

from lib import launch, minisvsm, places, states
from lib.guest import Guest
from lib.sources import run as run_command

CPUS = 2


def guest_of(directory, **more):
    return Guest(directory, smp=CPUS, **more)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A state, saved at the first prompt, with a file in the guest that no boot makes."""
    directory = tmp_path_factory.mktemp("saved")
    guest = guest_of(directory / "guest", save=directory / "state")
    try:
        assert guest.boot(1) == CPUS
        guest.check("echo kept > /tmp/kept")
        guest.send("save")
        assert guest.end() == 0, guest.tail()
        guest.events.ended(0, "saved")
    finally:
        guest.stop()
    return directory / "state"


def go_on(directory, state, **more):
    guest = guest_of(directory, restore=state, **more)
    guest.prompt()
    assert guest.check("cat /tmp/kept") == "kept"
    guest.load()
    return guest


def test_goes_on_and_resets(state, tmp_path):
    """Twice from one state: the next boot is as after any reset, and the log is whole."""
    for n in range(2):
        guest = go_on(tmp_path / str(n), state)
        try:
            guest.send("reboot -f")
            guest.came_back("reboot", CPUS)
        finally:
            guest.stop()
        assert [event["boot"] for event in guest.events.of("boot")] == [1, 2]


def test_others_are_busy(tmp_path):
    """QEMU restores no CPU that is inside of a VMRUN: the others leave the guest before the state is saved."""
    guest = guest_of(tmp_path / "first", save=tmp_path / "state")
    try:
        guest.boot(1)
        guest.check("for n in 0 1 2 3 4 5; do (while :; do :; done) & done")
        guest.send("save")
        assert guest.end() == 0, guest.tail()
    finally:
        guest.stop()
    guest = guest_of(tmp_path / "again", restore=tmp_path / "state")
    try:
        guest.prompt()
        assert guest.check("jobs | grep -c Running") == "6"
        guest.powered_off()
    finally:
        guest.stop()


def test_chosen_late(state, tmp_path):
    """What an SVSM makes of EXECUTE is chosen when the run goes on."""
    guest = go_on(tmp_path, state, svsm="draft,result=0x80000006")
    try:
        assert guest.events.one("start")["svsm"] == "draft"
        guest.send("reboot -f")
        guest.expect("SVSM_REBOOT_EXECUTE came back: 0x80000006")
        guest.lost()
    finally:
        guest.stop()


def test_usual_guest_is_the_commands():
    """lib/states.py knows of snpsim's own defaults what a guest's kind needs."""
    text = " ".join(run_command(places.SNPSIM, "run", "--help").stdout.split())
    for name in ("apic", "fidelity"):
        said = re.search(rf" --{name} .*?\(default (\S+)\)", text)
        assert said[1] == states.DEFAULTS[name]


def restore(tmp_path, state, *arguments):
    begin = time.monotonic()
    command = (places.SNPSIM, "run", "--kernel", places.KERNEL, "--initrd", places.INITRD, "--smp", CPUS,
               "--append", launch.command_line("", False), "--restore", state, *arguments)
    result = run_command(*map(str, command), timeout=60)
    assert time.monotonic() - begin < 60
    return result.returncode, result.stdout.strip().splitlines()


@pytest.mark.parametrize("arguments, said", (
    (("--append", "quiet"), "another value of --append"), (("--svsm", "draft,noattest"), "another value of --svsm"),
    (("--fidelity", "full"), "another value of --fidelity"), (("--host", "implicit"), "another value of --host"),
    (("--exec", "true"), "not with --exec"), (("--save", "x"), "contradict"),
))
def test_another_machine(state, tmp_path, arguments, said):
    status, lines = restore(tmp_path, state, *arguments)
    assert status in (1, 125) and len(lines) == 1 and said in lines[0], lines


def cut(state, head, size=None):
    """A file with that head; sparse behind it, unless it is short."""
    with open(state, "wb") as file:
        file.write(head)
        file.truncate(size or (2 << 20))


@pytest.mark.parametrize("head, size", (
    (b"", None), (b"\x7fELF", None), (b"{}\n", None), (b"[]\n", None), (b'{"magic": "snpsim-state-1"}\n', None),
    (b'{"magic": "snpsim-state-1", "machine": {}, "events": [1]}\n', None),
    (b'{"magic": "snpsim-state-1", "machine": {}, "events": []}\n', 100),
))
def test_no_saved_state(tmp_path, head, size):
    cut(tmp_path / "state", head, size)
    status, lines = restore(tmp_path, tmp_path / "state")
    assert status == 1 and len(lines) == 1 and "this is no saved state" in lines[0], lines


def test_missing_state(tmp_path):
    status, lines = restore(tmp_path, tmp_path / "nowhere")
    assert status == 1 and len(lines) == 1 and "No such file" in lines[0], lines


def test_damaged_state(state, tmp_path):
    """QEMU refuses what it finds behind the head."""
    head = json.loads(state.read_bytes()[:1 << 20].split(b"\n", 1)[0])
    cut(tmp_path / "state", json.dumps(head).encode() + b"\n")
    guest = guest_of(tmp_path / "guest", restore=tmp_path / "state")
    assert guest.end() == 1, guest.tail()


def test_nowhere_to_save(tmp_path):
    guest = guest_of(tmp_path / "guest", save=tmp_path / "nowhere/state")
    try:
        guest.boot(1)
        guest.send("save")
        assert guest.end() == 1
        assert "--save" in guest.console
    finally:
        guest.stop()


@pytest.mark.parametrize("arguments, alone", (
    ({}, False), ({"svsm": "draft,result=1"}, False), ({"svsm": minisvsm.NAME}, True), ({"qemu": ("-s",)}, True),
    ({"initrd": "/elsewhere"}, True), ({"plain": True}, True),
))
def test_who_boots_alone(arguments, alone):
    """Guests whose state cannot be saved, or is not theirs alone."""
    assert (states.kind(arguments) is None) == alone


def test_late_options_of_both():
    """The hypervisor takes over what the command lets through, and no more."""
    text = (places.TOP / "tools/snpsim/hv/host/save.c").read_text()
    taken = set(re.findall(r"HOST_[A-Z_]+|OPT_[A-Z]+", text)) - {"HOST_SAVE", "OPT_SAVE", "HOST_H"}
    taken |= set(re.findall(r"given->(\w+);", text)) - {"options", "host"}
    words = {f"HOST_{word.upper().replace('-', '_')}" for word in states.saved.LATE_HOST if word not in ("nmi-call", "fault")}
    switches = {"pending", "keepvmsa"}
    words |= {f"OPT_{word.upper()}" for word in switches} | {"OPT_RESULT", "execute_result", "nmi_call", "fault", "fault_cpu", "fault_step", "fuzz_seed"}
    words |= {word.replace("-", "_") for word in states.saved.LATE_SVSM if word not in (*switches, "result")}
    assert taken - {"LATE_OPTIONS", "LATE_HOST"} == words


def test_nobody_saves(tmp_path):
    """Without --save the port is nobody's: the guest goes on."""
    guest = guest_of(tmp_path / "guest")
    try:
        guest.boot(1)
        guest.check("save")
        guest.powered_off()
    finally:
        guest.stop()
