# SPDX-License-Identifier: GPL-2.0
"""Leaving a run that goes on: by Ctrl-A X, from QEMU's monitor, by a signal."""

import json
import os
import signal
import subprocess

import pexpect
import pytest

from lib import places

IMAGE = places.BUILD / "snpsim/selftest.bz"


@pytest.fixture
def words(tmp_path):
    """Of a run whose guest hangs."""
    initrd = tmp_path / "initrd"
    initrd.write_bytes(b"x")
    return [
        str(word) for word in (
            # Tests under nohup, or in the background, ignore some signals, which the command would respect
            "env", "--default-signal",
            places.SNPSIM, "run", "--kernel", IMAGE, "--initrd", initrd, "--append", "test=host.hang", "--smp", "1",
            "--events", tmp_path / "events", "--timeout", "60",
        )
    ]


@pytest.fixture
def terminal(words):
    """A run on a terminal, its guest hanging."""
    child = pexpect.spawn(words[0], words[1:], encoding="utf-8", timeout=120)
    child.delaybeforesend = None
    child.expect("PLANTED")
    yield child
    child.close(force=True)


def end_of(tmp_path):
    event = json.loads((tmp_path / "events").read_text().splitlines()[-1])
    return event["event"], event["status"], event["reason"]


def left(child):
    """What is said after the guest's last line, and the status."""
    rest = child.read().replace("\r", "")
    child.close()
    return child.exitstatus, [line for line in rest.split("\n") if line]


def test_banner_says_how(words, terminal):
    """Where somebody sits; not where a script reads."""
    assert "Ctrl-A X leaves" in terminal.before and "4 vCPUs" not in terminal.before
    assert "Ctrl-A" not in subprocess.run(
        [*words[:-1], "1"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    ).stderr


@pytest.mark.parametrize("keys", ("\x01x", "\x01X", "\x01\x01\x01x"), ids=("x", "X", "behind-another"))
def test_ctrl_a_x(tmp_path, terminal, keys):
    for key in keys:
        terminal.send(key)
    assert left(terminal) == (0, ["snpsim: ended by Ctrl-A X"])
    assert end_of(tmp_path) == ("end", 0, "user")


def test_x_behind_an_escaped_ctrl_a_does_not_leave(terminal):
    terminal.send("\x01\x01x")
    with pytest.raises(pexpect.TIMEOUT):
        terminal.expect(pexpect.EOF, timeout=2)


def test_monitor_is_reached_and_quits(tmp_path, terminal):
    terminal.send("\x01c")
    terminal.expect("(qemu)")
    terminal.send("quit\r")
    status, lines = left(terminal)
    assert status == 0 and lines[-1] == "snpsim: ended from QEMU's monitor"
    assert end_of(tmp_path) == ("end", 0, "user")


def test_terminal_is_as_it_was(words, tmp_path):
    """Cooked, and blocking: the shell that it goes back to wants it so."""
    script = tmp_path / "script"
    script.write_text(f"""
before=$(stty -a); flags=$(grep flags /proc/self/fdinfo/0)
{' '.join(words)}
[ "$before" = "$(stty -a)" ] && [ "$flags" = "$(grep flags /proc/self/fdinfo/0)" ] && echo the same
""")
    child = pexpect.spawn("bash", [str(script)], encoding="utf-8", timeout=120)
    child.expect("PLANTED")
    child.send("\x01x")
    child.expect("the same")
    child.close(force=True)


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
def test_signal(tmp_path, words, number):
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as run:
        for line in run.stdout:
            if "PLANTED" in line:
                break
        run.send_signal(number)
        _, said = run.communicate(timeout=120)
    assert (run.returncode, said) == (130, f"snpsim: ended by {number.name}\n")
    assert end_of(tmp_path) == ("end", 130, "user")


def test_signal_on_a_terminal(tmp_path, terminal):
    terminal.kill(signal.SIGINT)
    assert left(terminal) == (130, ["snpsim: ended by SIGINT"])
    assert end_of(tmp_path) == ("end", 130, "user")


def test_signal_to_the_process_group(tmp_path, words):
    """As a shell without a terminal of its own does it: QEMU gets it, too."""
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, start_new_session=True) as run:
        for line in run.stdout:
            if "PLANTED" in line:
                break
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=120)
    assert (run.returncode, said) == (130, "snpsim: ended by SIGINT\n")
    assert end_of(tmp_path) == ("end", 130, "user")
