# SPDX-License-Identifier: GPL-2.0
"""Wrong usage of the command line: exit status 1 and one clear line."""

import fcntl
import importlib
import json
import os
import re
import subprocess
import time

import pytest

from lib import places
from lib.sources import run as run_command

IMAGE = places.BUILD / "snpsim/selftest.bz"


def snpsim(tmp_path, *arguments, kernel=IMAGE, **options):
    initrd = tmp_path / "initrd"
    initrd.write_bytes(b"x")
    events = tmp_path / "events"
    words = ["run", "--kernel", kernel, "--initrd", initrd, "--events", events, *arguments]
    result = run_command(places.SNPSIM, *words, timeout=60, **options)
    return result.returncode, result.stdout.strip().splitlines(), events


def one_line(status, lines, *words):
    assert status == 1, lines
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    for word in words:
        assert word in lines[0]


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_missing_kernel(tmp_path):
    status, lines, _ = snpsim(tmp_path, kernel=tmp_path / "nowhere")
    one_line(status, lines, "nowhere")


@pytest.mark.parametrize(
    "content",
    (b"", b"\x7fELF" + bytes(4096), b"x" * 100, bytes(0x202) + b"HdrX" + bytes(4096)),
    ids=("empty", "elf", "short", "no-header"),
)
def test_kernel_without_snp_support(tmp_path, content):
    kernel = tmp_path / "kernel"
    kernel.write_bytes(content)
    status, lines, _ = snpsim(tmp_path, kernel=kernel)
    one_line(status, lines, str(kernel))


def test_kernel_without_64_bit_entry(tmp_path):
    """xloadflags bit 0 clear: nothing an SNP guest could enter"""
    image = bytearray(IMAGE.read_bytes())
    image[0x236] &= 0xFE
    kernel = tmp_path / "kernel"
    kernel.write_bytes(image)
    status, lines, _ = snpsim(tmp_path, kernel=kernel)
    one_line(status, lines, str(kernel))


def test_kernel_that_is_no_snp_guest(tmp_path):
    """A good bzImage in which nothing speaks of SEV-SNP"""
    kernel = tmp_path / "kernel"
    kernel.write_bytes(IMAGE.read_bytes().replace(b"snpsim-guest", b"another-one!"))
    status, lines, _ = snpsim(tmp_path, kernel=kernel)
    one_line(status, lines, str(kernel), "SNP")


def built(tmp_path, *names):
    """A build directory with the self-test guest in place of what make guest builds."""
    build = tmp_path / "build"
    (build / "kernel").mkdir(parents=True)
    (build / "guest").mkdir()
    (build / "snpsim").symlink_to(places.BUILD / "snpsim")
    for name in names:
        (build / name).write_bytes(IMAGE.read_bytes() if name.endswith("vmlinuz") else b"x")
    return {**os.environ, "SNPSIM_BUILD": str(build), "SNPSIM_QEMU": places.qemu()}


def test_built_guest(tmp_path):
    """Neither --kernel nor --initrd: those that make guest has built."""
    environment = built(tmp_path, "kernel/vmlinuz", "guest/initrd.img")
    result = run_command(places.SNPSIM, "run", "--append", "test=host.none", timeout=60, env=environment)
    assert result.returncode == 0 and "PASS host.none" in result.stdout


@pytest.mark.parametrize("there", ((), ("kernel/vmlinuz",)), ids=("nothing", "no-initrd"))
def test_guest_that_is_not_built(tmp_path, there):
    environment = built(tmp_path, *there)
    result = run_command(places.SNPSIM, "run", timeout=60, env=environment)
    missing = "guest/initrd.img" if there else "kernel/vmlinuz"
    said = f"snpsim: SNPSIM_BUILD={tmp_path}/build: {tmp_path}/build/{missing} is missing: run make "
    one_line(result.returncode, result.stdout.splitlines(), said, " guest", "--kernel")


def test_command_line_by_default(tmp_path):
    """One with which something is seen, and which is not given away by one of your own."""
    status, lines, _ = snpsim(tmp_path, "--timeout", "5")
    assert any("options console=ttyS0 nokaslr panic=-1 snpsim.boot=1" in line for line in lines), lines


@pytest.mark.parametrize("arguments, added", (
    ((), r"snpsim\.boot=1 tsc_early_khz=[1-9]\d{5,7}$"),
    (("--append", "test=host.none tsc_early_khz=7"), r"tsc_early_khz=7 snpsim\.boot=1$"),
    (("--host", "kvm-pv"), r"snpsim\.boot=1$"),
), ids=("told", "given", "kvmclock"))
def test_frequency_of_the_tsc(tmp_path, arguments, added):
    """A KVM host tells it by kvmclock; measured by the guest on a busy machine it can be anything."""
    status, lines, _ = snpsim(tmp_path, *(arguments if "--append" in arguments else ("--append", "test=host.none", *arguments)))
    options, = [line for line in lines if "options " in line]
    assert status == 0 and re.search(added, options), options


@pytest.mark.parametrize("what, said", (
    ("missing", "No such file"), ("file", "Not a directory"), ("large", "200 MiB"), ("odd", "neither"),
))
def test_directory_that_cannot_be_shared(tmp_path, what, said):
    share = tmp_path / "share"
    if what == "file":
        share.write_text("")
    elif what != "missing":
        share.mkdir()
    if what == "large":
        with open(share / "large", "wb") as file:
            file.truncate(200 << 20)
    if what == "odd":
        os.mkfifo(share / "odd")
    status, lines, _ = snpsim(tmp_path, "--share", share)
    one_line(status, lines, f"snpsim: --share {share}", said)


@pytest.mark.parametrize("arguments", (("--exec", "true", "--smp", "100"), ("--exec=true", "--svsm", "x"), ("--exec", "")))
def test_wrong_usage_with_a_command(tmp_path, arguments):
    """1 would be a status of the command's."""
    status, lines, _ = snpsim(tmp_path, *arguments)
    assert status == 125 and len(lines) == 1


def test_console_is_for_a_command(tmp_path):
    status, lines, _ = snpsim(tmp_path, "--console", tmp_path / "console")
    one_line(status, lines, "--console", "--exec")


def test_missing_initrd(tmp_path):
    result = run_command(
        places.SNPSIM, "run", "--kernel", IMAGE, "--initrd", tmp_path / "nowhere", timeout=60
    )
    one_line(result.returncode, result.stdout.strip().splitlines(), "nowhere")


@pytest.mark.parametrize(
    "arguments",
    (
        ("--fidelity", "perfect"),
        ("--svsm", "coconut"),
        ("--svsm", "draft,no-such-option"),
        ("--svsm", "draft,busy"),
        ("--svsm", "draft,busy=x"),
        ("--svsm", "draft,ap-execute=me"),
        ("--svsm", "draft,secrets"),
        ("--svsm", ""),
        ("--host", "kvm"),
        ("--host", ""),
        ("--host", "honest,resume"),
        ("--host", "resume=1"),
        ("--host", "nmi-call"),
        ("--host", "nmi-call=x"),
        ("--host", "nmi-call=-1"),
        ("--host", "nmi-answer=1000001"),
        ("--host", "rebuild=1"),
        ("--host", "kvm-pv=1"),
        ("--host", "stuck-device"),
        ("--host", "fault"),
        ("--host", "fault=drop"),
        ("--host", "fault=forget@0:1"),
        ("--host", "fault=drop@0"),
        ("--host", "fault=drop@0:-1"),
        ("--host", "fault=drop@execute:0"),
        ("--host", "fault=drop@0:1,fault=lie@0:1"),
        ("--host", "fuzz"),
        ("--host", "fuzz="),
        ("--host", "fuzz=-1"),
        ("--host", "fuzz=0x1"),
        ("--host", "fuzz=4294967296"),
        ("--host", "fuzz=1,fuzz=2"),
        ("--host", "stuck-device=3"),
        ("--host", "stuck-device=00:20.0"),
        ("--host", "stuck-device=00:00.0"),
        ("--host", "device-hangs"),
        ("--host", ",".join(["nmi-call=1"] * 8)),
        ("--smp", "0"),
        ("--smp", "x"),
        ("--smp", "100"),
        ("--memory", "lots"),
        ("--memory", "1M"),
        ("--share", ""),
        ("--timeout", "soon"),
        ("--timeout", "-1"),
        ("--no-such-option",),
    ),
    ids=" ".join,
)
def test_bad_argument(tmp_path, arguments):
    status, lines, _ = snpsim(tmp_path, *arguments)
    one_line(status, lines)


@pytest.mark.parametrize("host", ("kvm", "resume,no-such-host", "nmi-answer-any=1"))
def test_unknown_host_lists_those_there_are(tmp_path, host):
    status, lines, _ = snpsim(tmp_path, "--host", host)
    one_line(status, lines, "honest", "rebuild", "destroy-lie", "nmi-answer=N", host.split(",")[-1])


def helped(*words):
    result = run_command(places.SNPSIM, *words, "--help", timeout=60, env={**os.environ, "COLUMNS": "100"})
    assert result.returncode == 0, result.stdout
    return " ".join(result.stdout.split())


@pytest.mark.parametrize(
    "arguments",
    (("--svsm", "none"), ("--svsm", "draft,none"), ("--host", "none"), ("--fidelity", "none"), ("--apic", "none"),
     ("--smp", "33"), ("--memory", "32G")),
    ids=" ".join,
)
def test_help_says_what_the_errors_say(tmp_path, arguments):
    """Names, options and limits: all of an error's list is in the help, and in its words."""
    status, lines, _ = snpsim(tmp_path, *arguments)
    one_line(status, lines, arguments[0])
    said = re.search(r"(?:known: |choose from |argument --(?:smp|memory): )([^)]*)", lines[0])[1]
    text = helped("run")
    for word in re.split(r"[,' ]+", said):
        assert word in text, word


def test_help_of_the_command():
    assert "Exit status" in helped() and "run" in helped()


@pytest.mark.parametrize(
    "host",
    (
        "destroy-refuse,destroy-lie", "destroy-lie,implicit,destroy-refuse", "no-ap-creation,destroy-refuse",
        "destroy-lie,no-ap-creation", "resume,no-ap-creation", "nmi-call=1,nmi-call=2", "rebuild,rebuild",
    ),
)
def test_contradictory_hosts(tmp_path, host):
    status, lines, _ = snpsim(tmp_path, "--host", host)
    one_line(status, lines, "--host: ")
    assert "known:" not in lines[0]


@pytest.mark.parametrize("option", ("--events", "--log"))
def test_unwritable_file(tmp_path, option):
    status, lines, _ = snpsim(tmp_path, option, tmp_path / "no/such/directory")
    one_line(status, lines, f"snpsim: {option} {tmp_path}/no/such/directory: No such file")


def test_file_for_everything(tmp_path):
    status, lines, events = snpsim(tmp_path, "--log", tmp_path / "events")
    one_line(status, lines, "--events", "--log", str(events))


def test_no_room_in_a_file(tmp_path):
    status, lines, _ = snpsim(tmp_path, "--append", "test=host.none", "--events", "/dev/full")
    assert status == 1 and lines[-1] == "snpsim: --events /dev/full: No space left on device"


@pytest.mark.parametrize("option", ("--events", "--log"))
def test_file_of_another_run(tmp_path, option):
    """The second run with it is refused, and the file stays the first one's."""
    file = tmp_path / "file"
    with open(file, "w", encoding="utf-8") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write("mine\n")
        other.flush()
        status, lines, _ = snpsim(tmp_path, "--append", "test=host.none", option, file)
    one_line(status, lines, f"snpsim: {option} {file}: ", "another run")
    assert file.read_text() == "mine\n"


def test_two_runs_with_one_file(tmp_path):
    """The real thing: the first one goes on, and its log is whole."""
    initrd, events = tmp_path / "first", tmp_path / "events"
    initrd.write_bytes(b"x")
    words = ["run", "--kernel", IMAGE, "--initrd", initrd, "--append", "test=host.hang", "--events", events]
    with subprocess.Popen([places.SNPSIM, *map(str, words), "--timeout", "8"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as first:
        wait_for(lambda: events.exists() and "boot" in events.read_text())
        status, lines, _ = snpsim(tmp_path, "--append", "test=host.none")
        one_line(status, lines, "--events", "another run")
        first.communicate()
    assert first.returncode == 4
    names = [json.loads(line)["event"] for line in events.read_text().splitlines()]
    assert names[0] == "start" and names[-1] == "end" and names.count("start") == 1


def affinity(thread):
    """The cores that a thread may use; None if it has ended."""
    try:
        return os.sched_getaffinity(int(thread))
    except ProcessLookupError:
        return None


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core is all there is")
@pytest.mark.parametrize("cores", ("one", "all"))
def test_cores(tmp_path, cores):
    """Which cores QEMU's threads may use."""
    events = tmp_path / "events"
    words = ["run", "--kernel", IMAGE, "--initrd", __file__, "--append", "test=host.hang", "--events", events,
             "--smp", "2", "--cores", cores, "--timeout", "60"]
    with subprocess.Popen([places.SNPSIM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.STDOUT) as run:
        try:
            wait_for(lambda: events.exists() and "boot" in events.read_text())
            qemu, = open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii").read().split()
            found = list(filter(None, map(affinity, os.listdir(f"/proc/{qemu}/task"))))
        finally:
            run.terminate()
    allowed = os.sched_getaffinity(0)
    assert len(found) > 2 and all(each == found[0] for each in found)
    assert found[0] == allowed if cores == "all" else len(found[0]) == 1 and found[0] <= allowed


def test_runs_share_the_cores(monkeypatch):
    """No core has two of them before each has one, and so on; and the one that has become free is next."""
    monkeypatch.syspath_prepend(str(places.SNPSIM.parent))
    choice = importlib.import_module("cores")
    monkeypatch.setattr(choice, "NAME", f"test-{os.getpid()}")
    allowed = os.sched_getaffinity(0)
    taken = [choice.Core() for _ in range(3 * len(allowed))]
    assert {core.number: sum(core.number == each.number for each in taken) for core in taken} == dict.fromkeys(allowed, 3)
    free = taken.pop(len(taken) // 2).number
    taken.append(choice.Core())
    assert taken[-1].number == free


@pytest.mark.parametrize("name", ("no/such/qemu", "directory"))
def test_qemu_that_cannot_be_run(tmp_path, name):
    (tmp_path / "directory").mkdir()
    status, lines, _ = snpsim(tmp_path, env={**os.environ, "SNPSIM_QEMU": f"{tmp_path}/{name}"})
    one_line(status, lines, f"snpsim: SNPSIM_QEMU={tmp_path}/{name}: ")


def test_qemu_that_is_none(tmp_path):
    status, lines, _ = snpsim(tmp_path, env={**os.environ, "SNPSIM_QEMU": "true"})
    one_line(status, lines, "snpsim: SNPSIM_QEMU=true: ", "status 0")


def test_build_directory_that_is_none(tmp_path):
    status, lines, _ = snpsim(tmp_path, env={**os.environ, "SNPSIM_BUILD": str(tmp_path)})
    one_line(status, lines, f"snpsim: SNPSIM_BUILD={tmp_path}: ", "make O=", "simulator")


def test_end_is_the_last_line_of_an_internal_error(tmp_path):
    """QEMU that cannot start: status 1, and the log still ends with the event end."""
    status, _, events = snpsim(tmp_path, "--append", "test=host.none", "--", "-no-such-option")
    assert status == 1
    last = json.loads(events.read_text().splitlines()[-1])
    assert last["event"] == "end" and last["status"] == 1


@pytest.mark.parametrize("device", ("virtio-net-pci", "e1000e", "virtio-rng-pci", "VGA"))
def test_device_that_somebody_adds(tmp_path, device):
    """No option ROM is looked for, which no firmware would run here, and which QEMU may not have."""
    status, lines, _ = snpsim(tmp_path, "--append", "test=host.none", "--smp", "1", "--", "-device", device)
    assert status == 0, lines
    assert not [line for line in lines if "rom" in line]


def test_correct_usage_is_not_refused(tmp_path):
    """The same call without a mistake works, so the refusals above are of the mistake."""
    status, lines, events = snpsim(tmp_path, "--append", "test=host.none", "--smp", "1")
    assert status == 0, lines
    assert json.loads(events.read_text().splitlines()[-1])["status"] == 0
