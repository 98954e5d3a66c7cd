# SPDX-License-Identifier: GPL-2.0
"""status and explain on trees that look like guests."""

import json
import os
import pty
import re
import subprocess

import pytest

from lib import faketree, places
from lib.faketree import before_boot

PANIC = {
    "last_reset_reason": "panic", "last_reset_cause": "panic", "last_reset_outcome": "completed",
    "last_reset_message": "trouble: as asked for", "last_reset_cpu": "2", "last_reset_uptime": "7300",
    "last_reset_kernel": "6.12.117", "reset_count": "3", "reset_counts__reboot": "2", "reset_counts__panic": "1",
    "record_store": "secrets", "record_trust": "guest",
}


def joined(result):
    """What was printed, without the breaks between lines."""
    return " ".join(result.stdout.split())


def test_first_boot(tool):
    result = tool("status")
    assert (result.returncode, result.stderr) == (0, "")
    shown = joined(result)
    for part in (
        "SEV-SNP guest at VMPL 2, under an SVSM", "protocol 5, version 1 (the SVSM has 1-1)",
        "state ready: no reset has begun", "ap_policy refuse: the SVSM is not called",
        "device_policy force: the SVSM is called none the less", "deadman 600 s",
        "none is known: there is no record: most likely the first boot", "resets 0 by the SVSM",
        "record none: there is no record",
    ):
        assert part in shown
    assert "crash kernel" not in shown and "message" not in shown and "result" not in shown


def test_after_a_panic(tool, tree):
    tree.device(**PANIC, last_reset_time=before_boot(180), last_reset_cpus="1,3-4")
    result = tool("status")
    assert result.returncode == 0
    shown = joined(result)
    assert "what a panic on CPU 2, 3 minutes before this boot, 2 hours after" in shown
    assert 'message "trouble: as asked for"' in shown
    assert "outcome completed: the SVSM did it" in shown
    assert "not stopped CPU 1,3-4: could not be shown to have stopped" in shown
    assert "resets 3 by the SVSM; reboot 2, panic 1" in shown
    assert "kernel 6.12.117" in shown
    assert "record secrets: the host can neither read nor forge it" in shown
    seen = json.loads(tool("status", "--json").stdout)
    last = seen["last_reset"]
    assert last.pop("seconds_before_boot") == 180
    assert last.pop("text").startswith("a panic on CPU 2")
    assert last.pop("time").endswith("Z")
    assert last.pop("elsewhere")["redfish"] == "SystemCrash"
    assert last == {
        "reason": "panic", "cause": "panic", "outcome": "completed", "message": "trouble: as asked for", "cpu": 2, "note": None,
        "not_quiesced": "1,3-4", "uptime": 7300, "kernel": "6.12.117", "result": "none", "dump": "none",
        "devices_not_stopped": "", "devices_not_stopped_count": 0,
        "trigger": "none", "message_cut": False, "crash_time": None, "dump_seconds": None,
    }
    assert seen["resets"] == {
        "total": 3, "reboot": 2, "emergency-restart": 0, "panic": 1, "kdump": 0, "refused": 0,
    }
    assert seen["record"] == {"store": "secrets", "trust": "guest"} and seen["error"] is None
    assert (seen["state"], seen["enabled"], seen["ap_policy"], seen["deadman"]) == ("ready", True, "refuse", 600)


@pytest.mark.parametrize("names, count, said", [
    ("", 1, "PCI devices (1 or more) did not stop"),
    ("0000:00:05.0", 1, "PCI device 0000:00:05.0 did not stop"),
    ("0000:00:05.0 0000:01:00.0", 2, "2 PCI devices did not stop: 0000:00:05.0 0000:01:00.0 kernel"),
    ("0000:00:05.0", 9, "9 PCI devices did not stop: 0000:00:05.0 and others"),
])
def test_devices_that_did_not_stop(tool, tree, names, count, said):
    tree.device(**PANIC, last_reset_devices=names, last_reset_device_count=str(count))
    assert f"not stopped {said}" in joined(tool("status"))
    last = json.loads(tool("status", "--json").stdout)["last_reset"]
    assert (last["devices_not_stopped"], last["devices_not_stopped_count"]) == (names, count)


def test_devices_of_an_older_driver(tool, tree):
    tree.device(**PANIC)
    tree.older_driver()
    last = json.loads(tool("status", "--json").stdout)["last_reset"]
    assert last["devices_not_stopped"] is None and last["devices_not_stopped_count"] is None
    assert "not stop" not in joined(tool("status"))


def pci(tree, name, command, power="D0"):
    tree.put(f"sys/bus/pci/devices/{name}/config", bytes((0x86, 0x80, 1, 2, command)) + bytes(59))
    tree.put(f"sys/bus/pci/devices/{name}/power_state", power)


def watchdog(tree, name, state, identity):
    tree.put(f"sys/class/watchdog/{name}/state", state)
    tree.put(f"sys/class/watchdog/{name}/identity", identity)


def left(tool):
    """What explain says that a reset leaves: the line, and the same for programs."""
    line = re.search(r"leave alive left (.*?) Who could forge it", joined(tool("explain")))[1]
    seen = json.loads(tool("explain", "--json").stdout)["left"]
    assert seen["text"] == line
    return line, seen["pci"]["names"], seen["watchdogs"]["names"]


def test_nothing_is_left(tool, tree):
    """The devices that the driver stops, those that sleep, and a watchdog that nobody has opened."""
    assert left(tool) == ("nothing that can be seen from here", [], [])
    pci(tree, "0000:00:03.0", 0x06)
    pci(tree, "0001:00:03.0", 0x02)
    pci(tree, "0001:00:04.0", 0x06, power="D3cold")
    watchdog(tree, "watchdog0", "inactive", "i6300ESB timer")
    watchdog(tree, "watchdog1", "active", "Software Watchdog")
    assert left(tool) == ("nothing that can be seen from here", [], [])


def test_something_is_left(tool, tree):
    pci(tree, "0000:00:03.0", 0x06)
    pci(tree, "0001:00:03.0", 0x06)
    pci(tree, "10000:e1:00.0", 0x04, power="unknown")
    watchdog(tree, "watchdog0", "active", "i6300ESB timer")
    assert left(tool) == (
        "PCI devices outside of domain 0, which the driver does not reach: 0001:00:03.0, 10000:e1:00.0; "
        "watchdogs, which only an orderly restart stops: watchdog0", ["0001:00:03.0", "10000:e1:00.0"], ["watchdog0"])


def test_many_are_left(tool, tree):
    for slot in range(10):
        pci(tree, f"0001:00:{slot:02x}.0", 0x06)
    line, names, _ = left(tool)
    assert line.endswith("0001:00:07.0 and 2 more") and len(names) == 8
    assert json.loads(tool("explain", "--json").stdout)["left"]["pci"]["count"] == 10


@pytest.mark.parametrize("config", [b"", b"\x86\x80\x01\x02"])
def test_a_device_that_cannot_be_read(tool, tree, config):
    """It has gone meanwhile."""
    pci(tree, "0001:00:03.0", 0x06)
    tree.put("sys/bus/pci/devices/0001:00:03.0/config", config)
    assert left(tool) == ("nothing that can be seen from here", [], [])


def test_an_older_driver_leaves_every_device(tool, tree):
    pci(tree, "0000:00:03.0", 0x06)
    tree.device(device_policy=None)
    assert left(tool)[0] == "PCI devices, of which this driver stops none: 0000:00:03.0"


def test_nothing_is_said_of_it_without_a_reset_by_the_svsm(tool, tree):
    tree.device(state="disabled", enabled="0")
    assert "leave alive" not in joined(tool("explain"))
    tree.without_module()
    assert "leave alive" not in joined(tool("explain"))


def test_message_for_root_only(binary, tree):
    """An ordinary user is told so, and not that there was none."""
    tree.device(**PANIC)
    (tree.root / faketree.DEVICE / "last_reset_message").chmod(0)

    def seen(*arguments):
        # root without its capabilities is a user like any other
        words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
        words += [binary, *arguments, f"--sysfs-root={tree.root}"]
        result = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
        assert result.stderr == ""
        return result

    assert "message for root only" in joined(seen("status"))
    assert json.loads(seen("status", "--json").stdout)["last_reset"]["message"] is None
    assert "last reset: a panic on CPU 2, 2 hours after that boot began | " in seen("check").stdout
    # where there cannot have been one, there is nothing to hide
    tree.device(last_reset_reason="unknown", last_reset_cause="unknown")
    assert "message" not in joined(seen("status"))


def test_time_before_boot_is_a_constant(tool, tree):
    """Two calls, a while apart: /proc/uptime has gone on, and so has the clock, but not always at once."""
    tree.device(**PANIC, last_reset_time=before_boot(4))
    for uptime in ("999.99 0", "1003.01 0", "5.0 0"):
        tree.put("proc/uptime", uptime)
        assert json.loads(tool("status", "--json").stdout)["last_reset"]["seconds_before_boot"] == 4


@pytest.mark.parametrize("stat", [None, "cpu 1", "btime", "btime x", "btime -5", "btime 99999999999999999999", "xbtime 5"])
def test_boot_time_that_is_not_known(tool, tree, stat):
    tree.device(**PANIC, last_reset_time="2026-11-28T12:00:00Z")
    tree.put("proc/stat", stat)
    assert json.loads(tool("status", "--json").stdout)["last_reset"]["seconds_before_boot"] is None
    assert "a panic on CPU 2, at 2026-11-28T12:00:00Z, 2 hours after" in joined(tool("status"))


DUMPS = [
    ("ended", "dump ended: the crash kernel made an orderly restart", "a crash, and a crash kernel after it, on CPU 2"),
    ("interrupted", "dump interrupted: the crash kernel panicked or was restarted by force",
     "began; but the dump was interrupted"),
    ("unknown", "dump unknown: a crash kernel was started", "a crash, and a crash kernel after it, on CPU 2"),
    ("eaten", "dump eaten", "a crash, and a crash kernel after it, on CPU 2"),
]


@pytest.mark.parametrize("word, line, sentence", DUMPS)
def test_dump(tool, tree, word, line, sentence):
    """What became of the crash kernel: ended, interrupted, and a word that is newer than the tool."""
    tree.device(**PANIC | {"last_reset_reason": "kdump", "last_reset_cause": "kdump", "last_reset_dump": word})
    shown = joined(tool("status"))
    assert line in shown and sentence in shown
    last = json.loads(tool("status", "--json").stdout)["last_reset"]
    assert last["dump"] == word
    assert ("interrupted" in tool("check").stdout) == ("interrupted" in last["text"]) == (word == "interrupted")


ELSEWHERE = [
    ("none", "none", "none", "Unknown", "BOOT_REASON_FIRST"),
    ("unknown", "unknown", "none", "Unknown", "BOOT_REASON_UNKNOWN"),
    ("reboot", "reboot", "none", "OsSoftRestart", "BOOT_REASON_REBOOT_CMD"),
    ("emergency-restart", "emergency-restart", "sysrq-b", "OsSoftRestart", "BOOT_REASON_REBOOT_CMD"),
    ("emergency-restart", "emergency-restart", "kernel", "OsSoftRestart", "BOOT_REASON_KERNEL"),
    ("emergency-restart", "emergency-restart", "deadman", "WatchdogExpiration", "BOOT_REASON_WATCHDOG_HUNG"),
    ("emergency-restart", "emergency-restart", "unknown", "OsSoftRestart", "BOOT_REASON_UNKNOWN"),
    ("emergency-restart", "emergency-restart", None, "OsSoftRestart", "BOOT_REASON_UNKNOWN"),
    ("panic", "panic", "none", "SystemCrash", "BOOT_REASON_KERNEL"),
    ("kdump", "kdump", "none", "SystemCrash", "BOOT_REASON_KERNEL"),
    # why it was asked for counts
    ("refused", "panic", "none", "SystemCrash", "BOOT_REASON_KERNEL"),
    ("refused", None, "none", "Unknown", "BOOT_REASON_UNKNOWN"),
    ("meteor", "meteor", "comet", "Unknown", "BOOT_REASON_UNKNOWN"),
]


@pytest.mark.parametrize("reason, cause, trigger, redfish, eve", ELSEWHERE)
def test_in_the_words_of_others(tool, tree, reason, cause, trigger, redfish, eve):
    tree.device(last_reset_reason=reason, last_reset_cause=cause, last_reset_trigger=trigger,
                power_on_reason="software reset")
    seen = json.loads(tool("status", "--json").stdout)["last_reset"]["elsewhere"]
    assert seen == {"redfish": redfish, "eve": eve, "linux": "software reset"}


def test_the_words_of_others_are_documented():
    page = (places.TOP / "Documentation/admin-guide/svsm-reset-tool.rst").read_text()
    section = page.split("In the words of others", 1)[1]
    for *_, redfish, eve in ELSEWHERE:
        assert f"``{redfish}``" in section and f"``{eve}``" in section


def test_times_after_a_dump(tool, tree):
    """The crash and the reset after the dump, each with its time."""
    tree.device(**PANIC | {"last_reset_reason": "kdump", "last_reset_cause": "kdump", "last_reset_dump": "ended"},
                last_reset_time=before_boot(5), last_reset_crash_time=before_boot(185))
    shown = joined(tool("status"))
    assert f"crashed {before_boot(185)}, 3 minutes before the reset" in shown
    assert "a crash, and a crash kernel after it, on CPU 2, 5 seconds before this boot" in shown
    last = json.loads(tool("status", "--json").stdout)["last_reset"]
    assert (last["crash_time"], last["dump_seconds"], last["seconds_before_boot"]) == (before_boot(185), 180, 5)
    # a clock that was set back in between
    tree.device(last_reset_crash_time=before_boot(1))
    assert f"crashed {before_boot(1)} outcome" in joined(tool("status"))
    assert json.loads(tool("status", "--json").stdout)["last_reset"]["dump_seconds"] is None


@pytest.mark.parametrize("dump", ["in-progress", "unknown"])
def test_in_the_crash_kernel(tool, tree, dump):
    """It is a dump in progress, not an unknown outcome; also with an older driver."""
    tree.device(**PANIC | {"last_reset_reason": "kdump", "last_reset_cause": "kdump", "last_reset_dump": dump,
                           "last_reset_outcome": "unknown"}, last_reset_crash_time=before_boot(3))
    tree.put("proc/cmdline", "elfcorehdr=0x1000")
    shown = joined(tool("status"))
    assert "dump in progress: this is the crash kernel, and it has not ended" in shown
    assert "outcome" not in shown and "nobody can tell" not in shown
    assert "a crash on CPU 2, 2 hours after that boot began; this is its crash kernel" in shown


@pytest.mark.parametrize("store, message, where", [
    ("secrets", "sysrq trigg...", 'message "sysrq trigg...", cut: record=secrets,cmos,efi would keep 63 characters'),
    ("efi", "x" * 60 + "...", f'message "{"x" * 60}...", cut: no record has room for more'),
    ("secrets", "a panic", 'message "a panic" outcome'),
])
def test_message_that_was_cut(tool, tree, store, message, where):
    tree.device(**PANIC | {"last_reset_message": message, "record_store": store})
    assert where in joined(tool("status"))
    assert json.loads(tool("status", "--json").stdout)["last_reset"]["message_cut"] == message.endswith("...")


SENTENCES = [
    ({"last_reset_reason": "reboot", "last_reset_cause": "reboot", "last_reset_cpu": "0"}, "an orderly restart on CPU 0"),
    (
        {"last_reset_reason": "emergency-restart", "last_reset_cause": "emergency-restart", "last_reset_cpu": "1"},
        "sysrq-b, emergency_restart(), or a restart that the deadman forced, on CPU 1",
    ),
    *(
        ({"last_reset_reason": "emergency-restart", "last_reset_cause": "emergency-restart", "last_reset_cpu": "1",
          "last_reset_trigger": trigger}, sentence)
        for trigger, sentence in (
            ("sysrq-b", "what sysrq-b, from a console or by /proc/sysrq-trigger, on CPU 1"),
            ("kernel", "what emergency_restart(), called by code of the kernel, on CPU 1"),
            ("deadman", "what an orderly restart that hung, and that the deadman forced, on CPU 1"),
            ("unknown", "what sysrq-b, emergency_restart(), or a restart that the deadman forced, on CPU 1"),
            ("newer", "what sysrq-b, emergency_restart(), or a restart that the deadman forced, on CPU 1"),
        )
    ),
    (
        {"last_reset_reason": "refused", "last_reset_cause": "panic", "last_reset_cpu": "1"},
        "a panic on CPU 1; but the SVSM was not called or did not want to: reset by other means",
    ),
    ({"last_reset_reason": "refused", "last_reset_cause": None}, "the SVSM was not called or did not want to: reset by"),
    (
        {"last_reset_reason": "reboot", "last_reset_cause": "reboot", "last_reset_outcome": "relaunched"},
        "an orderly restart; but it was begun, but the host ended that virtual machine; this is another",
    ),
    ({"last_reset_reason": "unknown", "last_reset_cause": "unknown"}, "unknown: reset by other means; or the record"),
    ({"last_reset_reason": "meteor", "last_reset_cause": "meteor", "last_reset_cpu": "1"}, "what meteor"),
    ({"last_reset_reason": None, "last_reset_cause": None}, "the driver does not say"),
    (
        {"last_reset_reason": "kdump", "last_reset_cause": "kdump", "last_reset_time": "2999-01-01T00:00:00Z"},
        "a crash, and a crash kernel after it, at 2999-01-01T00:00:00Z",
    ),
    (
        {"last_reset_reason": "panic", "last_reset_cause": "panic", "last_reset_time": "yesterday"},
        "what a panic resets",
    ),
]


@pytest.mark.parametrize("values, sentence", SENTENCES)
def test_sentence(tool, tree, values, sentence):
    tree.device(**values)
    assert sentence in joined(tool("status"))


@pytest.mark.parametrize(
    "seconds, words",
    [("0", "0 seconds"), ("1", "1 second"), ("119", "119 seconds"), ("120", "2 minutes"), ("7199", "119 minutes"),
     ("7200", "2 hours"), ("172799", "47 hours"), ("172800", "2 days"), ("4294967295", "49710 days")],
)
def test_time_spans(tool, tree, seconds, words):
    tree.device(**PANIC | {"last_reset_uptime": seconds})
    assert f", {words} after that boot began" in joined(tool("status"))


def without_vmpl(tree):
    tree.without_module()
    (tree.root / "sys/devices/system/cpu/sev/vmpl").unlink()
    (tree.root / "sys/devices/system/cpu/sev").rmdir()


def at_vmpl_0(tree):
    tree.without_module()
    tree.put("sys/devices/system/cpu/sev/vmpl", "0")


TROUBLES = [
    (without_vmpl, "this is no SEV-SNP guest, or its kernel is older than 6.11", "no SEV-SNP guest"),
    (at_vmpl_0, "this SEV-SNP guest runs at VMPL 0: it has no SVSM", "there is no SVSM"),
    (
        lambda tree: tree.without_module(),
        'the module is not loaded: try "modprobe svsm_reset", and look into dmesg', "driver not loaded",
    ),
]


@pytest.mark.parametrize("change, line, says", TROUBLES)
def test_nothing_to_tell(tool, tree, change, line, says):
    change(tree)
    result = tool("status")
    assert (result.returncode, result.stderr) == (1, f"svsm-reset status: {line}\n")
    assert says in joined(result) and "Last reset" not in result.stdout
    result = tool("status", "--json")
    assert result.returncode == 1 and json.loads(result.stdout)["error"] == line
    result = tool("explain")
    assert (result.returncode, result.stderr) == (1, f"svsm-reset explain: {line}\n")
    # Without the module the rules still tell what would happen, where there is an SVSM
    assert bool(result.stdout) == ("not loaded" in line)
    if result.stdout:
        assert "=> the kernel restarts by itself" in joined(result)
    for command in (("set", "deadman", "5"), ("events",)):
        if command == ("events",) and "not loaded" in line:
            continue
        result = tool(*command)
        assert (result.returncode, result.stderr) == (1, f"svsm-reset {command[0]}: {line}\n")
        assert result.stdout == ""


def test_older_driver(tool, tree):
    """What it does not have is unknown, and no failure."""
    tree.older_driver()
    tree.device(last_reset_reason="panic", last_reset_cpu="1", record_store="cmos")
    result = tool("status")
    assert (result.returncode, result.stderr) == (0, "")
    assert "what a panic on CPU 1" in joined(result)
    assert "record cmos: the host can read and forge it" in joined(result)
    seen = json.loads(tool("explain", "--json").stdout)
    assert seen["enabled"] is None and seen["last_reset"]["outcome"] is None and seen["resets"]["panic"] is None
    assert seen["at"]["reboot"]["outcome"] == "svsm-reset"
    assert seen["trust"]["record"]["forgeable_by"] == "host"


@pytest.mark.parametrize("path", list(faketree.DEFAULTS))
def test_any_file_may_be_missing(tool, tree, path):
    tree.put(path, None)
    for command in ("status", "explain"):
        result = tool(command, "--json")
        assert result.returncode == 0, result.stderr
        json.loads(result.stdout)
        assert tool(command).returncode == 0
    assert tool("check").returncode in (0, 1)


NASTY = [
    b"\x1b[31mred\x1b[0m\x07\x9b31m\n", b"\xff\xfe\xc3(\n", b"A" * 70000, b"\0\0\0\n", b"", b"\n\n\n", b"%s%n%x\n",
    "\u202eevil\u0085\n".encode(), b'"quoted\\"\n', b"-1\n", b"99999999999999999999\n", b"1e9\n", b"|rm -rf;$(x)\n",
]


@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_untrusted_values(tool, tree, value):
    """In every file: nothing but printable ASCII comes out, and JSON is JSON."""
    for path in faketree.DEFAULTS:
        if not path.endswith("/vmpl"):
            tree.put(path, value)
    for command in (("status",), ("explain",), ("check",), ("status", "--json"), ("explain", "--json")):
        result = tool(*command)
        assert re.fullmatch(r"[ -~\n]*", result.stdout + result.stderr), command
        if "--json" in command:
            json.loads(result.stdout)
        if command == ("check",):
            assert len(result.stdout.splitlines()) == 1 and result.stdout.count("|") <= 1


def test_directories_and_fifos_for_files(tool, tree):
    """A tree that was not copied well does not hang or crash it."""
    for name in ("state", "last_reset_message"):
        (tree.root / faketree.DEVICE / name).unlink()
        (tree.root / faketree.DEVICE / name).mkdir()
    for name in ("deadman", "last_reset_reason"):
        (tree.root / faketree.DEVICE / name).unlink()
        os.mkfifo(tree.root / faketree.DEVICE / name)
    assert tool("explain").returncode == 0


EXPLAINED = [
    ({}, {"reboot": "svsm-reset", "panic": "svsm-reset", "sysrq-b": "svsm-reset", "oops": "goes-on",
          "soft-lockup": "goes-on", "hard-lockup": "goes-on", "reboot-hung-cpu": "svsm-reset",
          "stuck-cpu": "kernel-restart"}),
    ({"proc/sys/kernel/panic": "0"}, {"panic": "stays"}),
    ({"proc/sys/kernel/panic": "-1"}, {"panic": "svsm-reset"}),
    ({"proc/sys/kernel/panic_on_oops": "1"}, {"oops": "svsm-reset"}),
    ({"proc/sys/kernel/softlockup_panic": "1"}, {"soft-lockup": "svsm-reset"}),
    ({"sys/kernel/kexec_crash_loaded": "1"}, {"panic": "crash-kernel", "sysrq-b": "svsm-reset"}),
    ({"sys/kernel/kexec_crash_loaded": "1", f"{faketree.PARAMETERS}/kdump": "0"}, {"panic": "crash-kernel-dies"}),
    ({"sys/kernel/kexec_crash_loaded": "1", f"{faketree.PARAMETERS}/kdump": None}, {"panic": "unknown"}),
    # a kernel that has no crash kernels has no such file
    ({"sys/kernel/kexec_crash_loaded": None}, {"panic": "svsm-reset"}),
    ({"sys/kernel/kexec_crash_loaded": "x"}, {"panic": "unknown"}),
    ({f"{faketree.DEVICE}/state": "disabled", f"{faketree.DEVICE}/enabled": "0"},
     {"reboot": "kernel-restart", "panic": "kernel-restart", "sysrq-b": "kernel-restart", "reboot-hung-cpu": "hangs"}),
    ({f"{faketree.DEVICE}/state": "spent"}, {"reboot": "kernel-restart", "panic": "kernel-restart"}),
    ({f"{faketree.DEVICE}/state": "dancing"}, {"reboot": "unknown", "panic": "unknown"}),
    ({f"{faketree.DEVICE}/deadman": "0"}, {"reboot": "svsm-reset", "reboot-hung-cpu": "hangs"}),
    ({f"{faketree.DEVICE}/ap_policy": "host"}, {"stuck-cpu": "host-decides"}),
    ({f"{faketree.DEVICE}/ap_policy": "force"}, {"stuck-cpu": "svsm-reset"}),
    ({f"{faketree.PARAMETERS}/delete_vcpu": "1"}, {"stuck-cpu": "host-decides"}),
]


@pytest.mark.parametrize("files, ways", EXPLAINED)
def test_explain(tool, tree, files, ways):
    for path, value in files.items():
        tree.put(path, value)
    seen = json.loads(tool("explain", "--json").stdout)["at"]
    assert {name: seen[name]["outcome"] for name in ways} == ways
    assert set(seen) == set(EXPLAINED[0][1])


@pytest.mark.parametrize("mode, note", [
    (None, "if kprobes are armed: debugfs is not mounted, so that cannot be read"),
    (0, "if kprobes are armed, which only root can read"),
])
def test_kprobes_that_cannot_be_read(binary, tree, mode, note):
    """As root without debugfs, and as somebody else with it."""
    tree.put("sys/kernel/kexec_crash_loaded", "1")
    if mode is not None:
        tree.put("sys/kernel/debug/kprobes/enabled", "1")
        (tree.root / "sys/kernel/debug").chmod(mode)
    words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    words += [binary, "explain", f"--sysfs-root={tree.root}"]
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if mode is not None:
        (tree.root / "sys/kernel/debug").chmod(0o700)
    assert result.returncode == 0 and note in joined(result)


LINUX_7 = {"sys/kernel/kexec_crash_loaded": "1", "proc/sys/kernel/osrelease": "7.3.4+deb13-cloud-amd64"}


@pytest.mark.parametrize(
    "files, name, note",
    [
        ({"proc/sys/kernel/panic": "7"}, "panic", "after 7 s (panic=7)"),
        ({"sys/devices/system/cpu/online": "0,2", "sys/devices/system/cpu/present": "0-4"}, "reboot",
         "CPUs that are offline count as stopped: 1,3-4"),
        ({"sys/kernel/reboot/cpu": "2"}, "reboot", "the kernel restarts on CPU 2"),
        ({"proc/sys/kernel/sysrq": "438"}, "sysrq-b", "also from the console (kernel.sysrq=438)"),
        ({"proc/sys/kernel/sysrq": "0"}, "sysrq-b", "not from the console"),
        ({f"{faketree.DEVICE}/deadman": "90"}, "reboot", "forced after 90 s"),
        ({"sys/kernel/kexec_crash_loaded": "1", "sys/module/kernel/parameters/crash_kexec_post_notifiers": "Y"},
         "panic", "panic notifiers and pstore come first"),
        ({"sys/kernel/kexec_crash_loaded": "1", "sys/module/kernel/parameters/crash_kexec_post_notifiers": None,
          "proc/cmdline": "quiet crash_kexec_post_notifiers ro"}, "panic", "panic notifiers and pstore come first"),
        ({"sys/kernel/kexec_crash_loaded": "1"}, "panic", "if kprobes are armed: debugfs is not mounted"),
        ({"sys/kernel/kexec_crash_loaded": "1", "proc/sys/kernel/ftrace_enabled": "0"}, "panic",
         "ftrace is off"),
        ({"proc/cmdline": "elfcorehdr=0x1000"}, "reboot", "this is a crash kernel"),
        ({**LINUX_7, "proc/cmdline": "ro"}, "panic", "it starts on the CPU that panics"),
        ({**LINUX_7, "proc/cmdline": "panic_force_cpu=0 ro"}, "panic", "it starts on the boot CPU, CPU 0"),
        ({**LINUX_7, "proc/cmdline": "panic_force_cpu=0x2 panic_force_cpu=x"}, "panic",
         "it starts on CPU 2, wherever the panic begins"),
        ({**LINUX_7, "proc/cmdline": "panic_force_cpu=0"}, "panic", "unless CPU 0 hangs, interrupts off"),
        ({"proc/sys/kernel/softlockup_panic": "1", "proc/sys/kernel/watchdog_thresh": "15"}, "soft-lockup",
         "a panic after about 30 s"),
    ],
)
def test_reasons(tool, tree, files, name, note):
    for path, value in files.items():
        tree.put(path, value)
    because = json.loads(tool("explain", "--json").stdout)["at"][name]["because"]
    assert any(note in line for line in because), because
    assert note in joined(tool("explain"))


@pytest.mark.parametrize("files, cpu", [
    ({}, -1),
    ({"proc/cmdline": "panic_force_cpu=2"}, 2),
    ({"proc/cmdline": "panic_force_cpu=2 panic_force_cpu=1"}, 1),
    ({"proc/cmdline": None}, None),
    ({"proc/sys/kernel/osrelease": None, "proc/cmdline": "panic_force_cpu=1"}, 1),
    # the kernel ignores it, or does not insist
    ({"proc/sys/kernel/osrelease": "6.12.117+deb12-cloud-amd64", "proc/cmdline": "panic_force_cpu=1"}, -1),
    ({"proc/cmdline": "panic_force_cpu=7"}, -1),
    ({"proc/cmdline": "panic_force_cpu"}, -1),
    ({"proc/cmdline": "panic_force_cpu= panic_force_cpu=-1 panic_force_cpu=1x panic_force_cpu=99999999999"}, -1),
    ({"proc/cmdline": "xpanic_force_cpu=1"}, -1),
])
def test_panic_force_cpu(tool, tree, files, cpu):
    for path, value in {**LINUX_7, **files}.items():
        if value is None and not (tree.root / path).exists():
            continue
        tree.put(path, value)
    assert json.loads(tool("explain", "--json").stdout)["settings"]["panic_force_cpu"] == cpu


def test_trust(tool, tree):
    def seen():
        return {name: thing["forgeable_by"] for name, thing in json.loads(tool("explain", "--json").stdout)["trust"].items()}

    assert seen() == {"record": "host", "service": "svsm", "cpus": "guest", "clock": "host", "settings": "guest"}
    tree.device(record_store="secrets", record_trust="guest", ap_policy="host")
    assert seen() == {"record": "guest", "service": "svsm", "cpus": "host", "clock": "host", "settings": "guest"}
    tree.device(record_trust="planets")
    assert seen()["record"] == "unknown"
    assert "the number of the protocol alone proves nothing" not in joined(tool("explain"))
    tree.put(f"{faketree.PARAMETERS}/allow_unattested", "1")
    assert "the number of the protocol alone proves nothing" in joined(tool("explain"))


def on_terminal(binary, tree, *arguments, **environment):
    """What comes out on a terminal of 60 columns."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "cols", "60"], stdin=slave, check=True)
    environment = {key: value for key, value in ({**os.environ, "TERM": "xterm"} | environment).items() if value is not None}
    process = subprocess.Popen(
        [binary, "status", f"--sysfs-root={tree.root}", *arguments], stdin=slave, stdout=slave, stderr=slave,
        env=environment,
    )
    os.close(slave)
    output = b""
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        output += data
    os.close(master)
    assert process.wait() == 0
    return output.decode()


def test_colour(binary, tool, tree, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\033[" in on_terminal(binary, tree)
    for changed in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}):
        assert "\033[" not in on_terminal(binary, tree, **changed), changed
    assert "\033[" in on_terminal(binary, tree, NO_COLOR="")
    assert "\033[" not in on_terminal(binary, tree, "--color=never")
    assert "\033[" in on_terminal(binary, tree, "--color=always", NO_COLOR="1")
    assert "\033[" not in tool("status").stdout
    assert "\033[" in tool("status", "--color=always").stdout
    assert tool("status", "--color=pink").returncode == 2


def test_lines_fit_the_terminal(binary, tree):
    tree.device(**PANIC)
    lines = on_terminal(binary, tree, "--color=never").replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 60 and len(lines) > 15


def test_output_that_cannot_be_written(binary, tree):
    for command in ("status", "explain", "check", "--help"):
        with open("/dev/full", "w", encoding="ascii") as full:
            words = [binary, command] + ([f"--sysfs-root={tree.root}"] if command != "--help" else [])
            result = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert result.returncode == (3 if command == "check" else 1) and "cannot write" in result.stderr
