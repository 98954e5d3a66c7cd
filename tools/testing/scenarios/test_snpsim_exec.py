# SPDX-License-Identifier: GPL-2.0
"""snpsim as a script uses it: a command in the built guest, its output and its status."""

import json
import subprocess

import pytest

from lib import places
from lib.slices import later


@pytest.fixture
def execute(tmp_path):
    """execute(command, *options) -> (status, stdout, stderr, events)"""

    def run(command, *options, timeout=150):
        events = tmp_path / "events"
        done = subprocess.run(
            [places.SNPSIM, "run", "--smp", "2", "--timeout", str(timeout), "--events", events, "--exec", command,
             *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=timeout + 60, check=False,
        )
        return done.returncode, done.stdout, done.stderr, [json.loads(line) for line in events.read_text().splitlines()]

    return run


def test_output_and_status(execute):
    """The command's output and no other; standard error by itself."""
    command = "ls -d / /tmp; uname -r; printf 'no newline, \\t a tab and \"quotes\"'; echo wrong >&2; exit 7"
    release = (places.BUILD / "kernel/release").read_text().strip()
    status, out, err, events = execute(command)
    assert (status, out, err) == (7, f'/\n/tmp\n{release}\nno newline, \t a tab and "quotes"', "wrong\n")
    assert events[-1] == {**events[-1], "status": 0, "reason": "poweroff", "exec": 7}


@pytest.mark.sliced
def test_left_behind(execute):
    """What runs on in the background does not keep the run from ending."""
    assert execute("sleep 1000 & echo done; false")[:3] == (1, "done\n", "")


@pytest.mark.sliced
def test_much_output(execute):
    """Every byte of it, whatever a terminal would make of it."""
    status, out, err, _ = execute("seq 20000; printf '\\r\\n\\004\\003\\021'; true")
    expected = "".join(f"{number}\n" for number in range(1, 20001)) + "\n\4\3\x11"  # text=True has made \r\n one
    assert (status, err) == (0, "") and out.encode() == expected.encode()


def test_reset_and_what_is_told_of_it(execute):
    """The product in one line: each boot runs the command, and BOOT says which it is."""
    status, out, err, events = execute(
        "modprobe svsm_reset; [ $BOOT = 2 ] || reboot -f; cat /sys/bus/platform/devices/svsm-reset/last_reset_reason")
    assert (status, out, err) == (0, "reboot\n", "")
    assert [event["boot"] for event in events if event["event"] == "boot"] == [1, 2]


# What ends the run before the command has ended: what is said, and the simulator's own status
ENDS = {
    "poweroff -f": ("the guest powered off", 0),
    "reboot -f": ("host reset (", 3),
    "sleep 1000": ("time-out", 4),
}


@pytest.mark.parametrize("command", ["poweroff -f", later("reboot -f"), later("sleep 1000")])
def test_no_status(execute, command):
    """125, why, and the end of the console."""
    said, own = ENDS[command]
    status, out, err, events = execute(command, timeout=30 if "sleep" in command else 150)
    assert (status, out) == (125, "")
    lines = err.splitlines()
    assert lines[-1].startswith("snpsim: the command has not ended: ") and said in lines[-1]
    assert any(line.startswith("console: ") for line in lines[:-1])
    assert events[-1]["status"] == own and "exec" not in events[-1]


def test_shared_directory(execute, tmp_path):
    """Files, modes, links and names as they are; the guest can change none of it, in no boot."""
    share = tmp_path / "a directory"
    (share / "sub").mkdir(parents=True)
    (share / "script").write_text("#!/bin/sh\necho from the host: $1\n")
    (share / "script").chmod(0o755)
    (share / "sub/data").write_bytes(bytes(range(256)) * 5000)
    (share / "sub/naïve name").write_text("")
    (share / "link").symlink_to("sub/data")
    command = """
        cd /mnt/share
        ./script yes; stat -c %a script; readlink link; find sub -type f | sort; sha256sum <link
        touch new || echo read-only; echo x >script || echo read-only; rm link || echo read-only
        [ $BOOT = 2 ] || { modprobe svsm_reset; reboot -f; }
    """
    status, out, _, _ = execute(command, "--share", share)
    digest = subprocess.run(["sha256sum"], stdin=open(share / "link", "rb"), capture_output=True, text=True, check=True).stdout
    once = f"from the host: yes\n755\nsub/data\nsub/data\nsub/naïve name\n{digest}" + "read-only\n" * 3
    assert (status, out) == (0, once * 2)


@pytest.mark.sliced
def test_shared_with_a_kernel_that_has_little(execute, tmp_path):
    """full fidelity, and no file system but the root's: nothing else is needed of the kernel."""
    (tmp_path / "share").mkdir()
    (tmp_path / "share/file").write_text("contents")
    status, out, err, _ = execute("cat /mnt/share/file", "--share", tmp_path / "share", "--fidelity", "full", timeout=240)
    assert (status, out, err) == (0, "contents", "")
