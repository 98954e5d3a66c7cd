# SPDX-License-Identifier: GPL-2.0
"""The operator's note, before the restart and after it."""

import json
import os
import subprocess

import pytest

from lib import faketree

NOTE = "kernel update, alice"
REBOOT = {
    "last_reset_reason": "reboot", "last_reset_cause": "reboot", "last_reset_outcome": "completed", "last_reset_cpu": "0",
    "record_store": "secrets", "record_trust": "guest",
}


def joined(result):
    return " ".join(result.stdout.split())


def as_user(binary, *arguments):
    """As an ordinary user: root without its capabilities is one."""
    words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    words += [binary, *arguments]
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kept, changes, said", [
    (NOTE, {}, "The next boot will show it, if the restart is an orderly one."),
    ("kernel upd...", {}, 'The next boot will show "kernel upd..." of it, if the restart is an orderly one: '
     "the record has no more room."),
    ("", {}, "The next boot will not show it: no record that is kept has room for it."),
    ("", {"enabled": "0"}, "The next boot will not show it: enabled is 0, and no record is written."),
])
def test_note(tool, tree, kept, changes, said):
    """What has been written, and how much of it will be left, before anything is lost."""
    tree.device(next_reset_note_kept=kept, **changes)
    result = tool("note", NOTE)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f'note: "{NOTE}"\n{said}\n'
    assert tree.get("next_reset_note") == NOTE
    assert tool("note").stdout == result.stdout


def test_note_is_taken_back(tool, tree):
    tree.device(next_reset_note=NOTE, next_reset_note_kept=NOTE)
    result = tool("note", "")
    assert (result.returncode, result.stdout, result.stderr) == (0, "note: none\n", "")
    assert tree.get("next_reset_note") == ""
    assert tool("note").stdout == "note: none\n"


@pytest.mark.parametrize("text", ["x" * 64, "x" * 5000, "\u00e4" * 3000, "-5 % $HOME", "\033[31m"])
def test_note_goes_to_the_driver_as_it_is(tool, tree, text):
    """Which cuts it, and replaces what is not printable; a long one is no error, and goes there in one piece."""
    result = tool("note", "--", text)
    assert (result.returncode, result.stderr) == (0, "")
    written = (tree.root / faketree.DEVICE / "next_reset_note").read_bytes()
    assert written == text.encode()[:199] + b"\n"
    assert result.stdout.isascii() and "\033" not in result.stdout


def test_note_that_was_cut(tool, tree):
    """The driver's own mark."""
    tree.device(next_reset_note="x" * 60 + "...", next_reset_note_kept="x" * 60 + "...")
    assert tool("note").stdout.startswith(f'note: "{"x" * 60}...": cut, the driver takes no more\n')


@pytest.mark.parametrize("text", ["a\nb", "a\n", "\n"])
def test_note_is_one_line(tool, tree, text):
    tree.device(next_reset_note="before")
    result = tool("note", text)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", "svsm-reset note: it is one line\n")
    assert tree.get("next_reset_note") == "before"


def test_note_without_rights(binary, tree):
    for name in ("next_reset_note", "next_reset_note_kept"):
        (tree.root / faketree.DEVICE / name).chmod(0)
    for words in ((), (NOTE,)):
        result = as_user(binary, "note", f"--sysfs-root={tree.root}", *words)
        assert (result.returncode, result.stdout, result.stderr) == (1, "", "svsm-reset note: this needs root\n")
    # It is no secret that there may be one, but nobody has to be told
    result = as_user(binary, "status", f"--sysfs-root={tree.root}")
    assert (result.returncode, result.stderr) == (0, "") and "note" not in result.stdout
    result = as_user(binary, "status", "--json", f"--sysfs-root={tree.root}")
    assert json.loads(result.stdout)["next_reset"] == {"note": None, "kept": None}


def test_note_and_an_older_driver(tool, tree):
    tree.older_driver()
    for words in ((), (NOTE,)):
        result = tool("note", *words)
        assert result.returncode == 1 and "this driver does not take notes, it is older" in result.stderr
    assert not (tree.root / faketree.DEVICE / "next_reset_note").exists(), "it must not make a file"
    assert json.loads(tool("status", "--json").stdout)["next_reset"] == {"note": None, "kept": None}


def test_note_without_the_module(tool, tree):
    tree.without_module()
    result = tool("note", NOTE)
    assert result.returncode == 1 and result.stderr.startswith("svsm-reset note: the module is not loaded")


def test_note_that_has_no_effect(tool, tree):
    """A write that is taken and changes nothing is no success."""
    path = tree.root / faketree.DEVICE / "next_reset_note"
    path.unlink()
    path.symlink_to("/dev/null")
    result = tool("note", NOTE)
    assert (result.returncode, result.stderr) == (1, "svsm-reset note: there is none all the same\n")


@pytest.mark.parametrize("kept, line", [
    (NOTE, f'next note "{NOTE}"'),
    ("kernel...", f'next note "{NOTE}", of which the next boot will show "kernel..."'),
    ("", f'next note "{NOTE}", which the next boot will not show'),
])
def test_status_before_the_restart(tool, tree, kept, line):
    assert "note" not in joined(tool("status"))
    assert json.loads(tool("status", "--json").stdout)["next_reset"] == {"note": "", "kept": ""}
    tree.device(next_reset_note=NOTE, next_reset_note_kept=kept)
    assert f"{line} Last reset" in joined(tool("status"))
    assert json.loads(tool("status", "--json").stdout)["next_reset"] == {"note": NOTE, "kept": kept}


@pytest.mark.parametrize("values, note", [
    ({}, NOTE),
    # The call was made and came back: it was an orderly restart all the same
    ({"last_reset_reason": "refused", "last_reset_outcome": "refused"}, NOTE),
    ({"last_reset_reason": "panic", "last_reset_cause": "panic"}, None),
    ({"last_reset_reason": "kdump", "last_reset_cause": "kdump"}, None),
    ({"last_reset_reason": "emergency-restart", "last_reset_cause": "emergency-restart"}, None),
    ({"last_reset_reason": "none", "last_reset_cause": "none"}, None),
])
def test_status_after_it(tool, tree, values, note):
    """It is a message: nothing tells a note from other texts. JSON keeps the text of an orderly restart apart."""
    tree.device(**REBOOT | {"last_reset_message": NOTE} | values)
    assert f'message "{NOTE}"' in joined(tool("status"))
    seen = json.loads(tool("status", "--json").stdout)["last_reset"]
    assert (seen["note"], seen["message"]) == (note, NOTE)
    assert f'("{NOTE}")' in tool("check").stdout


def test_status_after_it_for_an_ordinary_user(binary, tree):
    tree.device(**REBOOT, last_reset_message=NOTE)
    (tree.root / faketree.DEVICE / "last_reset_message").chmod(0)
    assert "message for root only" in joined(as_user(binary, "status", f"--sysfs-root={tree.root}"))
    seen = json.loads(as_user(binary, "status", "--json", f"--sysfs-root={tree.root}").stdout)["last_reset"]
    assert (seen["note"], seen["message"]) == (None, None)


def test_status_without_a_note(tool, tree):
    tree.device(**REBOOT)
    assert "note" not in joined(tool("status"))
    assert json.loads(tool("status", "--json").stdout)["last_reset"]["note"] == ""
