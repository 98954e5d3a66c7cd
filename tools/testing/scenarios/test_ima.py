# SPDX-License-Identifier: GPL-2.0
"""What a verifier gets to see: an entry in IMA's measurement list, where a policy asks for it."""

import json
import re
import subprocess

from lib import places

DECODER = places.TOP / "tools/verify/ima-entry"
LIST = "/sys/kernel/security/ima/ascii_runtime_measurements"
POLICY = "/sys/kernel/security/ima/policy"
# What IMA has audited if it does not take the entry, or might say of itself
COMPLAINT = re.compile(r'op=measuring_critical_data|name="svsm-reset-record"|\bima: .*(?:fail|error)', re.IGNORECASE)


def measured(guest):
    """The whole list."""
    guest.run("mount -t securityfs none /sys/kernel/security 2>/dev/null")
    lines = guest.check(f"cat {LIST}").splitlines()
    return "".join(f"{line}\n" for line in lines if re.match(r" ?\d+ [0-9a-f]+ ima", line))


def decoded(text, *options):
    return subprocess.run([DECODER, *options, "-"], input=text, capture_output=True, text=True, check=False)


def told(text):
    result = decoded(text, "--json")
    assert (result.returncode, result.stderr) == (0, ""), text
    return json.loads(result.stdout)


def test_reset_is_measured(simulate):
    """A panic, and the next boot's list tells of it, without its message; once for each load."""
    guest = simulate(smp=1, append="ima_policy=critical_data")
    guest.trouble_is_fine = True  # a panic shows its call trace
    guest.boot()
    before = decoded(measured(guest))  # the kernel's own, and nothing of ours yet
    assert (before.returncode, before.stdout) == (1, "") and "no entry of svsm_reset" in before.stderr
    guest.load()
    first = told(measured(guest))
    assert [(entry["reason"], entry["count"], entry["trust"]) for entry in first] == [("none", 0, "none")]
    guest.send("echo c > /proc/sysrq-trigger")

    guest.boot(2)
    guest.load()
    text = measured(guest)
    entry, = told(text)
    shown = {key: entry[key] for key in ("version", "reason", "cause", "trigger", "outcome", "dump", "count", "store", "trust")}
    assert shown == {
        "version": 1, "reason": "panic", "cause": "panic", "trigger": "none", "outcome": "completed", "dump": "none",
        "count": 1, "store": "secrets", "trust": "guest",
    }
    assert (entry["pcr"], entry["digest"].split(":")[0]) == (10, "sha256")
    assert entry["boot"] not in (first[0]["boot"], "0x0000")
    assert guest.attribute("last_reset_message") == "sysrq triggered crash"
    assert b"crash".hex() not in text
    # A load more is an entry more, by which IMA is not surprised
    guest.check("rmmod svsm_reset")
    guest.load()
    assert not COMPLAINT.search(guest.dmesg())
    again = told(measured(guest))
    assert again[0] == entry and len(again) == 2 and again[1]["uptime_ms"] > entry["uptime_ms"]
    assert {key: again[1][key] for key in shown} == shown and again[1]["boot"] == entry["boot"]
    # An emergency restart, by whom
    guest.send("echo b > /proc/sysrq-trigger")
    guest.boot(3)
    guest.load()
    entry, = told(measured(guest))
    assert (entry["reason"], entry["trigger"], entry["count"]) == ("emergency-restart", "sysrq-b", 2)
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=1)


def test_without_a_policy(simulate):
    """No entry, no line in the log, and the module works."""
    guest = simulate(smp=1)
    guest.boot()
    guest.load()
    text = measured(guest)
    assert "boot_aggregate" in text, "a list, and nothing of ours in it"
    assert "svsm-reset" not in text and b"version=1".hex() not in text
    assert "ima" not in "".join(line for line in guest.dmesg().splitlines() if "svsm-reset" in line)
    assert not COMPLAINT.search(guest.dmesg())
    assert guest.attribute("state") == "ready"
    guest.powered_off()


def test_policy_of_ones_own(simulate):
    """Written before the module is loaded; one that asks for another label has none of it."""
    guest = simulate(smp=1)
    for number, label in ((1, "svsm"), (2, "svsm-reset")):
        guest.boot(number)
        assert "boot_aggregate" in measured(guest)
        guest.check(f"echo measure func=CRITICAL_DATA label={label} > {POLICY}")
        guest.load()
        if label == "svsm-reset":
            entry, = told(measured(guest))
            assert (entry["reason"], entry["count"]) == ("reboot", 1)
        else:
            assert "svsm-reset" not in measured(guest)
            guest.send("reboot -f")
    assert not COMPLAINT.search(guest.dmesg())
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1)
