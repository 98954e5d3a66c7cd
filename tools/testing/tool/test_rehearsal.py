# SPDX-License-Identifier: GPL-2.0
"""svsm-reset rehearse, and what status and check make of the driver's line."""

import json
import os
import subprocess

import pytest

from lib import faketree
from lib.faketree import UPTIME, rehearsal

FILE = f"{faketree.DEVICE}/rehearse"


def status(tool, tree, line):
    """(JSON of the rehearsal, what people see of it or None)"""
    tree.put(FILE, line)
    found, shown = tool("status", "--json"), tool("status")
    assert found.returncode == shown.returncode == 0 and found.stderr == shown.stderr == ""
    lines = shown.stdout.splitlines()
    first = next((i for i, line in enumerate(lines) if line.split()[:1] == ["rehearsal"]), None)
    if first is None:
        return json.loads(found.stdout)["rehearsal"], None
    end = next(i for i, line in enumerate(lines) if i > first and not line.startswith("     "))
    return json.loads(found.stdout)["rehearsal"], " ".join(" ".join(lines[first:end]).split()).removeprefix("rehearsal ")


def test_none(tool, tree):
    assert status(tool, tree, "none") == (None, None)
    assert "rehearsal" not in tool("check").stdout


def test_passed(tool, tree):
    told, shown = status(tool, tree, rehearsal())
    assert told == {
        "result": "ok", "text": "passed 2 minutes ago", "mend": None, "time": "2026-11-29T12:48:52Z", "seconds_ago": 120,
        "took_us": 3564, "stores": "secrets:written,cmos:blank", "cpus": "0-2", "not_answered": None,
        "steps": dict.fromkeys(("version", "service", "record", "handover", "nmi"), "ok"),
    }
    assert shown == "passed 2 minutes ago"
    assert "; last rehearsal: passed 2 minutes ago | resets=" in tool("check").stdout


def test_failed(tool, tree):
    line = rehearsal(nmi="failed", handover="failed", record="failed", silent="0,2", stores="secrets:written,cmos:lost")
    told, shown = status(tool, tree, line)
    says = ("failed 2 minutes ago: the record of a reset would not be kept (secrets:written,cmos:lost), "
            "the boot processor did not ask the SVSM, an NMI was not answered by CPU 0,2")
    assert told["text"] == shown == says
    assert (told["result"], told["not_answered"], told["mend"]) == ("failed", "0,2", "svsm-reset set ap_policy=host")
    said = tool("check")
    assert said.returncode == 2 and f"last rehearsal: {says}; a reset is likely to fail | " in said.stdout


@pytest.mark.parametrize("line, age", [
    (rehearsal(ago=0), 0), (rehearsal(ago=-1), None), (rehearsal().replace("uptime=", "uptime=x"), None),
    (rehearsal().replace(f"uptime={UPTIME - 120}", ""), None), (rehearsal() + " more=5 silent", 120),
])
def test_age(tool, tree, line, age):
    told, shown = status(tool, tree, line)
    assert told["seconds_ago"] == age
    assert (" ago" in shown) == (age is not None) and shown.startswith("passed")


@pytest.mark.parametrize("line", ["", "x", "result=", "result=splendid nmi=ok", "=", "result", "nmi=failed", "\x1b[31m=\x1b"])
def test_line_that_says_nothing(tool, tree, line):
    """It is unknown: neither good nor bad."""
    assert status(tool, tree, line) == (None, None)
    assert tool("check").returncode == 0
    assert tool("rehearse").returncode == 1


def test_words_that_are_newer(tool, tree):
    told, shown = status(tool, tree, rehearsal().replace("service=ok", "service=shaky apic=ok"))
    assert told["steps"]["service"] is None and "apic" not in told["steps"] and shown == "passed 2 minutes ago"


def test_run_that_tells_nothing(tool, tree):
    """The write is taken, and the file is no driver's."""
    found = tool("rehearse")
    assert found.returncode == 1 and found.stdout == ""
    assert found.stderr == "svsm-reset rehearse: the driver does not tell what came of it\n"
    assert tree.get("rehearse") == "1"


def test_run_as_an_ordinary_user(tree, binary):
    (tree.root / FILE).chmod(0o444)
    # root without its capabilities is a user like any other
    words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    words += [binary, "rehearse", f"--sysfs-root={tree.root}"]
    found = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == "svsm-reset rehearse: this needs root\n"


@pytest.mark.parametrize("change, line", [
    ("older_driver", "this driver does not have that, it is older than this tool"),
    ("without_module", "the module is not loaded"),
])
def test_run_that_cannot_be(tool, tree, change, line):
    getattr(tree, change)()
    found = tool("rehearse")
    assert found.returncode == 1 and found.stdout == "" and line in found.stderr
    assert not (tree.root / FILE).exists(), "it must not make a file"
