# SPDX-License-Identifier: GPL-2.0
"""check --deep: each thing that is looked at, good, bad, and where it cannot be told."""

import gzip
import json
import os
import shutil
import subprocess

import pytest

from lib import faketree, places

RELEASE = "6.12.117+deb12-cloud-amd64"
NEXT = "6.12.120+deb12-cloud-amd64"
OK, WARNING, CRITICAL, UNKNOWN = range(4)
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
CRASH = {
    "sys/kernel/kexec_crash_loaded": "1", "sys/kernel/kexec_crash_size": str(320 << 20),
    f"var/lib/kdump/initrd.img-{RELEASE}": "with", "etc/default/kdump-tools": 'USE_KDUMP=1\nKDUMP_KEXEC_ARGS="-s"',
}
DEBUGFS = "sys/kernel/debug/kprobes/enabled"
DOG = "sys/class/watchdog/watchdog0"
REHEARSE = f"{faketree.DEVICE}/rehearse"
PVPANIC = "sys/bus/pci/drivers/pvpanic-pci/0000:00:05.0"
NEXT_KERNEL = {f"boot/vmlinuz-{NEXT}": "", f"lib/modules/{NEXT}/modules.dep": "updates/dkms/svsm_reset.ko:"}


def armed(**values):
    return {f"{DOG}/{name}": value for name, value in
            {"state": "active", "identity": "i6300ESB timer", "timeout": "30", "nowayout": "0", **values}.items()}


@pytest.fixture
def programs(tmp_path):
    """A lsinitramfs that finds the module where the image says so."""
    directory = tmp_path / "programs"
    directory.mkdir()
    program = directory / "lsinitramfs"
    program.write_text(
        "#!/bin/sh\n"
        'case $(cat "$1") in\n'
        "with) echo usr/lib/modules/x/updates/dkms/svsm_reset.ko.xz ;;\n"
        "without) echo usr/lib/modules/x/kernel/fs/ext4/ext4.ko; echo etc/svsm_reset.kox ;;\n"
        "broken) echo usr/lib/modules/x/svsm_reset.ko; exit 1 ;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    for name in ("sh", "cat"):
        (directory / name).symlink_to(shutil.which(name))
    return directory


@pytest.fixture
def ready(tree):
    """A guest in which nothing is wrong."""
    for path, value in {
        "proc/sys/kernel/osrelease": RELEASE, f"boot/vmlinuz-{RELEASE}": "", f"boot/initrd.img-{RELEASE}": "with",
        DEBUGFS: "1", f"{faketree.DEVICE}/reset_count": "1", f"{faketree.DEVICE}/last_reset_reason": "reboot",
        f"{faketree.DEVICE}/last_reset_cause": "reboot", f"{faketree.DEVICE}/last_reset_outcome": "completed",
    }.items():
        tree.put(path, value)
    return tree


@pytest.fixture
def look(tool, ready, programs):
    """look({files}) -> (exit status, {name: (status, text, mend)}); both ways of telling it agree."""

    def call(files=None, path=None):
        for name, value in (files or {}).items():
            ready.put(name, value)
        env = {"PATH": str(path or programs)}
        shown, told = tool("check", "--deep", env=env), tool("check", "--deep", "--json", env=env)
        assert shown.stderr == told.stderr == "" and shown.returncode == told.returncode
        seen = json.loads(told.stdout)
        assert seen["exit_status"] == told.returncode
        lines = []
        for check in seen["checks"]:
            lines.append(f"{check['status']:<8} {check['name']}: {check['text']}")
            if check["mend"]:
                lines.append(f"{'':9}=> {check['mend']}")
            attention = check["status"] in ("WARNING", "CRITICAL")
            assert (f"see {check['name']}" in seen["text"].split("; ")) == attention
        assert shown.stdout.splitlines()[1:] == lines
        return told.returncode, {c["name"]: (c["status"], c["text"], c["mend"]) for c in seen["checks"]}

    return call


def test_nothing_to_complain_of(look):
    status, seen = look()
    assert status == OK and {state for state, *_ in seen.values()} == {"OK"}
    assert list(seen) == [
        "initrd", "next-kernel", "crash-kernel", "kprobes", "watchdog", "pvpanic", "panic", "sysrq", "rehearsal",
        "last-test",
    ]
    status, seen = look(CRASH | NEXT_KERNEL | {f"boot/initrd.img-{NEXT}": "with"})
    assert status == OK and {state for state, *_ in seen.values()} == {"OK"}
    assert list(seen)[1:6] == ["next-kernel", "next-initrd", "crash-initrd", "crash-load", "crash-area"]


LOOKS = [
    ("initrd", {f"boot/initrd.img-{RELEASE}": "without"}, WARNING, "is not in",
     f"/usr/lib/svsm-reset/images {RELEASE}"),
    ("initrd", {f"boot/initrd.img-{RELEASE}": "broken"}, UNKNOWN, "could not be looked into", None),
    ("initrd", {f"boot/initrd.img-{RELEASE}": None}, UNKNOWN, "there is no ", None),
    ("initrd", {f"boot/initrd.img-{RELEASE}": None, f"boot/initramfs-{RELEASE}.img": "with"}, OK, "is in", None),
    ("initrd", {"proc/sys/kernel/osrelease": "../x"}, UNKNOWN, "release of this kernel could not be read", None),
    ("next-kernel", {f"boot/vmlinuz-{RELEASE}": None}, UNKNOWN, "cannot be told", None),
    ("next-kernel", {f"boot/vmlinuz-{NEXT}": "", f"lib/modules/{NEXT}/modules.dep": "kernel/fs/ext4/ext4.ko:"}, CRITICAL,
     f"not installed for {NEXT}", f"apt install linux-headers-{NEXT}"),
    ("next-kernel", {"boot/vmlinuz-6.12.9": ""}, OK, "is the one that runs", None),
    ("next-initrd", NEXT_KERNEL | {f"boot/initrd.img-{NEXT}": "without"}, WARNING, "is not in",
     f"/usr/lib/svsm-reset/images {NEXT}"),
    # the issue's: a crash kernel without the module
    ("crash-initrd", CRASH | {f"var/lib/kdump/initrd.img-{RELEASE}": "without"}, CRITICAL, "is not in",
     f"/usr/lib/svsm-reset/images {RELEASE} && kdump-config reload"),
    ("crash-initrd", {"sys/kernel/kexec_crash_loaded": "1"}, UNKNOWN, "there is no ", None),
    ("crash-kernel", {"sys/kernel/kexec_crash_loaded": "x"}, UNKNOWN, "could not be read", None),
    ("crash-load", CRASH | {"etc/default/kdump-tools": '#KDUMP_KEXEC_ARGS="-s"\nUSE_KDUMP=1'}, WARNING, "kexec -s",
     "echo 'KDUMP_KEXEC_ARGS=\"-s\"' >> /etc/default/kdump-tools && kdump-config reload"),
    ("crash-load", CRASH | {"etc/default/kdump-tools": 'KDUMP_KEXEC_ARGS="-s"\nKDUMP_KEXEC_ARGS=""'}, WARNING, "", None),
    ("crash-load", CRASH | {"etc/default/kdump-tools": 'KDUMP_KEXEC_ARGS="--x -s"'}, OK, "is set up to", None),
    ("crash-load", {"sys/kernel/kexec_crash_loaded": "1"}, UNKNOWN, "cannot be told", None),
    ("crash-load", {"sys/kernel/kexec_crash_loaded": "1", "etc/sysconfig/kdump": 'KEXEC_ARGS="-s"'}, OK, "", None),
    ("crash-load", {"sys/kernel/kexec_crash_loaded": "1", "sys/kernel/security/lockdown": "none [integrity]"}, OK,
     "locked down", None),
    ("crash-area", CRASH | {"sys/kernel/kexec_crash_size": str(192 << 20)}, WARNING, "192 MiB: a crash kernel may run out of memory below 256 MiB",
     "crashkernel=256M on the kernel's command line"),
    ("crash-area", CRASH | {"sys/kernel/kexec_crash_size": str(256 << 20)}, OK, "256 MiB", None),
    ("crash-area", CRASH | {"sys/kernel/kexec_crash_size": "x"}, UNKNOWN, "", None),
    ("kprobes", {DEBUGFS: "0"}, WARNING, "disarmed", "echo 1 > /sys/kernel/debug/kprobes/enabled"),
    ("kprobes", CRASH | {DEBUGFS: "0"}, CRITICAL, "disarmed", None),
    ("kprobes", {"proc/sys/kernel/ftrace_enabled": "0"}, WARNING, "ftrace is off", "sysctl kernel.ftrace_enabled=1"),
    ("kprobes", {DEBUGFS: None}, UNKNOWN, "could not be read", None),
    ("watchdog", armed(), WARNING, "watchdog0 (i6300ESB timer) is armed: it goes on over a reset after a panic", None),
    ("watchdog", armed(nowayout="1"), WARNING, "is armed and cannot be stopped: it goes on over a reset, and", None),
    ("watchdog", armed(state="inactive"), OK, "no watchdog is armed", None),
    ("watchdog", armed(identity="Software Watchdog"), OK, "no watchdog is armed", None),
    ("pvpanic", {f"{PVPANIC}/events": "3"}, WARNING, "-action panic=none",
     f"echo 0 > /{PVPANIC}/events"),
    ("pvpanic", {f"{PVPANIC}/events": "2"}, OK, "told of no panic", None),
    ("panic", {"proc/sys/kernel/panic": "0"}, WARNING, "a panic resets nothing", "sysctl kernel.panic=10"),
    ("panic", CRASH | {"proc/sys/kernel/panic": "0"}, OK, "goes to the crash kernel", None),
    ("panic", {"proc/sys/kernel/panic": "x"}, UNKNOWN, "", None),
    ("sysrq", {"proc/sys/kernel/sysrq": "0"}, OK, "only by /proc/sysrq-trigger (kernel.sysrq=0)", None),
    ("sysrq", {"proc/sys/kernel/sysrq": "438"}, OK, "from the console (kernel.sysrq=438)", None),
    ("last-test", {f"{faketree.DEVICE}/reset_count": "0"}, WARNING, "has not been reset",
     "svsm-reset rehearse, or a reboot while it does not matter"),
    ("last-test", {f"{faketree.DEVICE}/last_reset_kernel": NEXT}, WARNING, f"by kernel {NEXT}, and this is {RELEASE}", None),
    ("last-test", {f"{faketree.DEVICE}/last_reset_kernel": RELEASE}, OK, "the last one by this kernel", None),
    ("last-test", {f"{faketree.DEVICE}/reset_count": "0", REHEARSE: faketree.rehearsal()}, OK,
     "but a rehearsal has passed", None),
    ("last-test", {f"{faketree.DEVICE}/last_reset_kernel": NEXT, REHEARSE: faketree.rehearsal()}, OK,
     f"and this is {RELEASE}; but a rehearsal has passed", None),
    ("rehearsal", {REHEARSE: faketree.rehearsal()}, OK, "passed 2 minutes ago", None),
    ("rehearsal", {REHEARSE: faketree.rehearsal(nmi="failed", silent="1-2")}, CRITICAL,
     "failed 2 minutes ago: an NMI was not answered by CPU 1-2", "svsm-reset set ap_policy=host"),
    ("rehearsal", {REHEARSE: faketree.rehearsal(record="failed", stores="secrets:written,cmos:lost")}, WARNING,
     "the record of a reset would not be kept (secrets:written,cmos:lost)",
     "modprobe -r svsm_reset && modprobe svsm_reset"),
    ("rehearsal", {REHEARSE: faketree.rehearsal(version="failed")}, CRITICAL,
     "does not have the protocol as it had at load", "modprobe -r svsm_reset && modprobe svsm_reset"),
    ("rehearsal", {REHEARSE: faketree.rehearsal(handover="failed")}, CRITICAL, "the boot processor did not ask the SVSM",
     "echo l > /proc/sysrq-trigger"),
    ("rehearsal", {REHEARSE: faketree.rehearsal(nmi="gave-way")}, OK, "gave way to a reset", None),
]


@pytest.mark.parametrize("name, files, status, text, mend", LOOKS, ids=range(len(LOOKS)))
def test_look(look, name, files, status, text, mend):
    found, seen = look(files)
    assert seen[name][0] == NAMES[status] and text in seen[name][1]
    if mend:
        assert seen[name][2] == mend
    assert found == (status if status != UNKNOWN else OK)


def test_what_runs_as_root_only(binary, ready, programs):
    """An image that is for root is said to be so."""
    image = ready.root / f"boot/initrd.img-{RELEASE}"
    image.chmod(0)
    words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    words = [shutil.which(words[0]), *words[1:]] if words else []
    words += [binary, "check", "--deep", f"--sysfs-root={ready.root}"]
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                            env={"PATH": str(programs)})
    assert f"UNKNOWN  initrd: only root can look into {image}" in result.stdout.splitlines()


def test_without_a_program_that_looks(look, tmp_path):
    (tmp_path / "empty").mkdir()
    _, seen = look(path=tmp_path / "empty")
    assert seen["initrd"][0] == "UNKNOWN" and "neither lsinitramfs nor lsinitrd" in seen["initrd"][1]


def test_real_images(look):
    """lsinitramfs itself, on an image of the tests: the guest's has the module in /lib/modules. One that is not packed it does not list."""
    image = places.GUEST / "initrd.img"
    look({f"boot/initrd.img-{RELEASE}": gzip.compress(image.read_bytes(), 1)})
    _, seen = look(path=os.environ["PATH"])
    assert seen["initrd"][0] == "OK"


def test_deep_is_not_for_others(tool):
    for command in ("status", "explain", "events", "set"):
        result = tool(command, "--deep")
        assert result.returncode == 2 and "unrecognized option" in result.stderr


def test_without_the_driver_there_is_no_second_look(tool, tree):
    tree.without_module()
    result = tool("check", "--deep")
    assert result.returncode == UNKNOWN and len(result.stdout.splitlines()) == 1
