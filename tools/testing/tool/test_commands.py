# SPDX-License-Identifier: GPL-2.0
"""check, set, events, and what is wrong usage."""

import json
import os
import re
import signal
import subprocess

import pytest

from lib import faketree, places
from lib.faketree import FakeTree, rehearsal

OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


def last(reason, outcome="completed", cause=None):
    return {"last_reset_reason": reason, "last_reset_cause": cause or reason, "last_reset_outcome": outcome}


CHECKS = [
    ({}, (), OK),
    (last("reboot"), (), OK),
    (last("emergency-restart"), (), WARNING),
    (last("unknown", "unknown"), (), WARNING),
    (last("panic"), (), CRITICAL),
    (last("kdump"), (), CRITICAL),
    (last("refused", "refused", "reboot"), (), CRITICAL),
    (last("reboot", "relaunched"), (), CRITICAL),
    ({"enabled": "0", "state": "disabled"}, (), WARNING),
    ({"enabled": "0", "state": "ready"}, (), WARNING),
    ({"state": "spent"}, (), WARNING),
    ({"ap_policy": "force"}, (), WARNING),
    ({"ap_policy": "host"}, (), OK),
    ({"deadman": "0"}, (), OK),
    (last("panic") | {"ap_policy": "force"}, (), CRITICAL),
    # the last rehearsal
    ({"rehearse": rehearsal()}, (), OK),
    ({"rehearse": rehearsal(record="failed")}, (), WARNING),
    ({"rehearse": rehearsal(nmi="failed", silent="2")}, (), CRITICAL),
    ({"rehearse": rehearsal(record="failed", version="failed")}, (), CRITICAL),
    ({"rehearse": rehearsal(nmi="gave-way")}, (), OK),
    ({"rehearse": rehearsal(nmi="failed", silent="2")}, ("-c", "nothing", "-w", "rehearsal"), WARNING),
    # the user's choice
    (last("panic"), ("--critical=kdump",), OK),
    (last("panic"), ("--critical=", "--warning=kdump,panic"), WARNING),
    (last("panic"), ("-c", "nothing", "-w", "nothing"), OK),
    (last("reboot"), ("--critical=reboot",), CRITICAL),
    (last("refused", "refused", "panic"), ("-c", "panic"), CRITICAL),
    ({"ap_policy": "host"}, ("-w", "policy-host"), WARNING),
    ({"deadman": "0"}, ("-c", "deadman-off"), CRITICAL),
    ({"record_trust": "host"}, ("-w", "trust-host"), WARNING),
    ({"record_trust": "guest"}, ("-w", "trust-host"), OK),
    # this boot is 1000 s old
    (last("panic"), ("--recent=900",), OK),
    (last("panic"), ("--recent=1100",), CRITICAL),
    (last("panic") | {"state": "spent"}, ("--recent=900",), WARNING),
]


@pytest.mark.parametrize("values, arguments, status", CHECKS)
def test_check(tool, tree, values, arguments, status):
    tree.device(**values)
    result = tool("check", *arguments)
    assert result.returncode == status, result.stdout
    assert re.fullmatch(rf"SVSM_RESET {NAMES[status]} - last reset: [^|]+ \| resets=0;;;0;[^|]*\n", result.stdout)
    assert result.stderr == ""


@pytest.mark.parametrize("values, arguments, status", CHECKS)
def test_check_json(tool, tree, values, arguments, status):
    """The same for programs."""
    tree.device(**values)
    line = tool("check", *arguments).stdout
    result = tool("check", "--json", *arguments)
    assert (result.returncode, result.stderr) == (status, "")
    seen = json.loads(result.stdout)
    assert (seen["status"], seen["exit_status"]) == (NAMES[status], status)
    assert line.startswith(f"SVSM_RESET {seen['status']} - {seen['text'].replace('|', '/')} | ")
    worst = max([NAMES.index(condition["status"]) for condition in seen["conditions"]], default=OK)
    assert worst == status
    assert seen["numbers"]["total"] == 0 and seen["error"] is None


def test_check_json_names_the_conditions(tool, tree):
    tree.device(**last("panic"), last_reset_message="a | b", state="spent", reset_count="7", reset_counts__panic="2")
    seen = json.loads(tool("check", "--json", "-w", "spent,trust-host").stdout)
    assert seen["conditions"] == [
        {"name": "panic", "status": "CRITICAL", "text": "the last reset was, or was to be: panic"},
        {"name": "spent", "status": "WARNING", "text": "a reset was refused or failed in this boot"},
    ]
    assert (seen["numbers"]["total"], seen["numbers"]["panic"]) == (7, 2)
    assert '("a | b")' in seen["text"]


def test_check_json_without_an_answer(tool, tree):
    for arguments, error in ((("--recent=soon",), "wrong usage"), ((), "the module is not loaded: try")):
        if not arguments:
            tree.without_module()
        result = tool("check", "--json", *arguments)
        seen = json.loads(result.stdout)
        assert result.returncode == UNKNOWN and seen["error"].startswith(error)
        assert (seen["status"], seen["exit_status"], seen["conditions"]) == ("UNKNOWN", 3, [])


def test_check_numbers(tool, tree):
    tree.device(**last("panic"), last_reset_message="a | b", last_reset_cpu="1", reset_count="7", reset_counts__panic="2",
                reset_counts__emergency_restart="1", reset_counts__reboot="4")
    assert tool("check").stdout == (
        'SVSM_RESET CRITICAL - last reset: a panic on CPU 1 ("a / b") | resets=7;;;0; reboot=4;;;0; '
        "emergency_restart=1;;;0; panic=2;;;0; kdump=0;;;0; refused=0;;;0;\n"
    )
    tree.older_driver()
    assert tool("check").stdout.endswith("| resets=7;;;0;\n")
    tree.put(f"{faketree.DEVICE}/reset_count", None)
    assert "|" not in tool("check").stdout


def test_check_unattested(tool, tree):
    assert tool("check", "-w", "unattested").returncode == OK
    tree.put(f"{faketree.PARAMETERS}/allow_unattested", "1")
    assert tool("check", "-w", "unattested").returncode == WARNING


def test_check_without_the_module(tool, tree):
    tree.without_module()
    result = tool("check")
    assert result.returncode == UNKNOWN
    assert result.stdout.startswith("SVSM_RESET UNKNOWN - the module is not loaded")


@pytest.mark.parametrize(
    "arguments, line",
    [
        (("--critical=panik",), '--critical: no condition "panik"; there are: reboot'),
        (("--warning=panic,,kdump",), '--warning: no condition ""'),
        (("--recent=soon",), "--recent=soon: it is a number of seconds"),
        (("--recent=-1",), "--recent=-1: it is a number of seconds"),
    ],
)
def test_check_wrong_usage(tool, arguments, line):
    result = tool("check", *arguments)
    assert result.returncode == UNKNOWN and line in result.stderr
    assert result.stdout == "SVSM_RESET UNKNOWN - wrong usage\n"


@pytest.mark.parametrize("arguments", [("--critical",), ("--once",), ("word",), ("--color=never",)])
def test_check_has_its_own_status_for_wrong_usage(tool, arguments):
    assert tool("check", *arguments).returncode == UNKNOWN


SET = [
    ("ap_policy", "force", "refuse -> force", "it may run while its memory is taken away"),
    ("ap_policy", "host", "refuse -> host", "a host that lies"),
    ("ap_policy", "refuse", "refuse -> refuse", "the SVSM is not called"),
    ("device_policy", "refuse", "force -> refuse", "if a PCI device does not stop, the SVSM is not called"),
    ("device_policy", "force", "force -> force", "may write into memory that the next kernel shares"),
    ("deadman", "0", "600 -> 0", "never forced"),
    ("deadman", "86400", "600 -> 86400", "longer than 86400 s is forced"),
    ("enabled", "0", "1 -> 0", "the host ends the virtual machine or builds another"),
    ("enabled", "1", "1 -> 1", "go through the SVSM"),
]


@pytest.mark.parametrize("key, value, change, consequence", SET)
def test_set(tool, tree, key, value, change, consequence):
    result = tool("set", key, value)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{key}: {change}: ") and consequence in result.stdout
    assert tree.get(key) == value


@pytest.mark.parametrize(
    "key, value",
    [("ap_policy", value) for value in ("", "Force", "forced", "force,host", "1", "force\n")]
    + [("device_policy", value) for value in ("", "host", "Force", "1")]
    + [("deadman", value) for value in ("", "-1", "86401", "1.5", "5s", "0x10", "010", "+5", " 5", "9" * 30, "no")]
    + [("enabled", value) for value in ("", "2", "yess", "YES", "-1", "01")],
)
@pytest.mark.parametrize("form", [("{key}", "{value}"), ("--", "{key}", "{value}"), ("{key}={value}",)])
def test_set_refuses(tool, tree, key, value, form):
    """A negative number is a value, and no option."""
    before = tree.get(key)
    result = tool("set", *(part.format(key=key, value=value) for part in form))
    assert result.returncode == 2 and result.stderr.startswith(f"svsm-reset set: {key}: it is ")
    assert result.stderr.endswith(f'not "{value}"\n')
    assert tree.get(key) == before


@pytest.mark.parametrize("arguments, key, value", [
    (("deadman=5",), "deadman", "5"), (("ap_policy=host",), "ap_policy", "host"), (("enabled=0",), "enabled", "0"),
    (("enabled", "no"), "enabled", "0"), (("enabled=yes",), "enabled", "1"), (("enabled=off",), "enabled", "0"),
    (("enabled", "on"), "enabled", "1"),
])
def test_set_as_people_write_it(tool, tree, arguments, key, value):
    result = tool("set", *arguments)
    assert (result.returncode, result.stderr, tree.get(key)) == (0, "", value)
    assert f"-> {value}: " in result.stdout


@pytest.mark.parametrize("arguments", [("deadman=5", "6"), ("deadman=", "5"), ("=5",), ("deadman",), ("-5",)])
def test_set_takes_one_key_and_one_value(tool, tree, arguments):
    result = tool("set", *arguments)
    assert result.returncode == 2 and result.stdout == "" and tree.get("deadman") == "600"


def test_deadman_has_the_bounds_of_the_driver():
    driver = (places.TOP / "drivers/virt/coco/svsm-reset/settings.c").read_text()
    tool = (places.TOP / "tools/svsm-reset/set.c").read_text()
    limit = re.search(r"#define SVR_DEADMAN_MAX_S\s+(\d+)", driver)[1]
    assert re.search(r"#define SR_DEADMAN_MAX\s+(\d+)", tool)[1] == limit
    assert f"0 to {limit} seconds" in tool


def test_set_lists_the_keys(tool):
    for arguments in ((), ("deadman",), ("sate", "1")):
        result = tool("set", *arguments)
        assert result.returncode == 2
        assert [line.split()[0] for line in result.stderr.splitlines()[1:]] == ["enabled", "ap_policy", "device_policy", "deadman"]
    assert 'no key "sate"' in result.stderr


def test_set_without_the_file(tool, tree):
    tree.older_driver()
    result = tool("set", "enabled", "0")
    assert result.returncode == 1 and "this driver does not have that" in result.stderr
    assert not (tree.root / faketree.DEVICE / "enabled").exists(), "it must not make a file"


def test_set_without_rights(tree, binary):
    """A file that may not be written, for a user whom the mode does not stop."""
    (tree.root / faketree.DEVICE / "deadman").chmod(0o444)
    # root without its capabilities is a user like any other
    words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    words += [binary, "set", f"--sysfs-root={tree.root}", "deadman", "5"]
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "svsm-reset set: deadman: this needs root\n"


def test_set_that_has_no_effect(tool, tree):
    """A write that is taken and changes nothing is no success."""
    path = tree.root / faketree.DEVICE / "deadman"
    path.unlink()
    path.symlink_to("/dev/null")
    result = tool("set", "deadman", "5")
    assert result.returncode == 1 and 'it is "" all the same' in result.stderr


@pytest.mark.parametrize(
    "arguments, line",
    [
        ((), "no command"),
        (("statsu",), 'no command "statsu"'),
        (("--frob",), "unrecognized option"),
        (("status", "--frob"), "unrecognized option"),
        (("status", "extra"), "too many arguments: extra"),
        (("set", "deadman", "5", "6"), "too many arguments: 6"),
        (("note", "two", "words"), "too many arguments: words"),
        (("status", "--color"), "requires an argument"),
        (("status", "--critical=panic"), "unrecognized option"),
        (("events", "--color=never"), "unrecognized option"),
        (("rehearse", "1"), "too many arguments: 1"),
        (("rehearse", "--deep"), "unrecognized option"),
    ],
)
def test_wrong_usage(binary, arguments, line):
    result = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 2 and line in result.stderr and result.stdout == ""
    assert len(result.stderr.splitlines()) <= 2


@pytest.mark.parametrize("command", [None, "status", "explain", "check", "set", "note", "events", "rehearse"])
def test_help(binary, command):
    words = [binary] + ([command] if command else [])
    long = subprocess.run([*words, "--help"], capture_output=True, text=True, check=False)
    short = subprocess.run([*words, "-h"], capture_output=True, text=True, check=False)
    assert long.returncode == short.returncode == 0 and long.stdout == short.stdout and long.stderr == ""
    assert long.stdout.startswith(f"Usage: svsm-reset {command or '['}")
    assert max(map(len, long.stdout.splitlines())) <= 80
    # not the English of the first versions
    assert not re.search(r", a copy for one|tells more of|Tells of|so that it alarms once", long.stdout)


def test_defaults_in_the_help_are_the_real_ones(tool):
    shown = re.sub(r"\s+", "", tool("check", "--help").stdout)
    source = (places.TOP / "tools/svsm-reset/check.c").read_text()
    for name in ("CRITICAL", "WARNING"):
        default = re.search(rf'#define SR_{name}\s+"(.*)"', source)[1]
        assert f"default:{default})" in shown


@pytest.mark.parametrize("command, status", [
    (("status",), 2), (("explain", "--json"), 2), (("check",), 3), (("set", "deadman", "5"), 2), (("note",), 2),
    (("events",), 2), (("rehearse",), 2),
])
@pytest.mark.parametrize("root", ["/no/such/directory", "/etc/passwd", ""])
def test_root_that_is_not_there(tool, command, status, root):
    """Instead of a machine that is no SEV-SNP guest."""
    result = tool(*command, f"--sysfs-root={root}", root=False)
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr == f'svsm-reset {command[0]}: --sysfs-root: there is no directory "{root}"\n'


def test_root_before_the_command(binary, tree):
    tree.device(state="spent")
    result = subprocess.run([binary, f"--sysfs-root={tree.root}", "status"], capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "spent" in result.stdout


def events(binary, tree, *arguments):
    return subprocess.Popen(
        [binary, "events", f"--sysfs-root={tree.root}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_events_tells_how_things_stand(binary, tree, number):
    tree.device(**last("panic"), last_reset_message="secret", reset_count="2", record_trust="guest")
    process = events(binary, tree)
    assert re.fullmatch(
        r'\S+Z present state=ready reason=panic cause=panic outcome=completed count=2 trust=guest dump=none trigger=none\n',
        process.stdout.readline(),
    )
    process.send_signal(number)
    assert process.wait(10) == 0 and process.stdout.read() == ""
    process = events(binary, tree, "--json")
    seen = json.loads(process.stdout.readline())
    process.send_signal(number)
    assert process.wait(10) == 0
    assert seen.pop("time").endswith("Z")
    assert seen == {
        "action": "present", "state": "ready", "reason": "panic", "cause": "panic", "outcome": "completed",
        "count": 2, "trust": "guest", "dump": "none", "trigger": "none",
    }


@pytest.mark.parametrize("change, said", [(None, "present state=ready"), (FakeTree.without_module, "not-loaded")])
def test_events_once(tool, tree, change, said):
    """How things stand, and no waiting."""
    if change:
        change(tree)
    result = tool("events", "--once")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split("Z ", 1)[1].startswith(said) and len(result.stdout.splitlines()) == 1
    assert json.loads(tool("events", "--once", "--json").stdout)["action"] == said.split()[0]


def test_events_waits_for_the_module(binary, tree):
    tree.without_module()
    process = events(binary, tree)
    assert process.stdout.readline().endswith("Z not-loaded\n")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
