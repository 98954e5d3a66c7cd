# SPDX-License-Identifier: GPL-2.0
"""make check-hardware, where the simulator takes the place of QEMU on an SNP host."""

import argparse
import importlib.machinery
import importlib.util
import os
import re
import shlex
import struct
import sys

import pexpect
import pytest

from lib import hardware, places
from lib.sources import run

CHECK = places.TOP / "tools/testing/hardware/check-hardware"
STAND_IN = places.TOP / "tools/testing/hardware/stand-in"
REPORT = places.BUILD / "hardware/report.txt"

# Documentation/docs/installation/INSTALL.md of COCONUT-SVSM (f4bc4bcdc2bd, August 2026), without
# its disk, its network and its second serial port
COCONUT = r"""
  -enable-kvm \
  -cpu EPYC-v4 \
  -machine q35,confidential-guest-support=sev0,memory-backend=ram1,igvm-cfg=igvm0,kernel-irqchip=split,device-plane=2 \
  -object memory-backend-memfd,id=ram1,size=8G,share=true,prealloc=false,reserve=false \
  -object sev-snp-guest,id=sev0,cbitpos=51,reduced-phys-bits=1 \
  -object igvm-cfg,id=igvm0,file=/the/igvm \
  -smp 8 \
  -no-reboot \
  -vga none \
  -serial stdio
"""
# The test guest needs less of both, and its kernel is given directly
OTHER_SIZES = {"-smp 4", f"-object memory-backend-memfd,id=ram1,size={hardware.MEMORY},share=true,prealloc=false,reserve=false"}


def options(words):
    """{"-option value"}; all of QEMU's options that are used here begin with "-", and no value does."""
    return {text.strip() for text in re.split(r" (?=-[a-z])", " " + " ".join(words)) if text}


def check(tmp_path, *scenarios, svsm="draft"):
    igvm = tmp_path / "coconut-qemu.igvm"
    igvm.touch()
    REPORT.unlink(missing_ok=True)
    return run(CHECK, "--qemu", STAND_IN, "--igvm", igvm, "--patience", "3", *scenarios, timeout=3600,
               env={**os.environ, "SNPSIM_SVSM": svsm})


def test_command_line_is_coconuts():
    settings = argparse.Namespace(
        qemu=["qemu"], cpu="EPYC-v4", cbitpos=51, igvm="/the/igvm", planes=True, kernel="/k", initrd="/i")
    ours, theirs = options(hardware.command_line(settings)[1:]), options(shlex.split(COCONUT.replace("\\\n", " ")))
    added = {text for text in ours - theirs if not text.startswith(("-kernel /k", "-initrd /i", "-append "))}
    assert added == {"-nodefaults", "-display none", *OTHER_SIZES}
    assert {text.split(",size")[0] for text in theirs - ours} == {"-smp 8", "-object memory-backend-memfd,id=ram1"}
    settings.planes = False
    other = options(hardware.command_line(settings)[1:])
    assert not any("plane" in text for text in other)
    # QEMU refuses both beside an IGVM file (its docs/system/igvm.rst)
    assert not any(text.startswith(("-bios", "-pflash", "-drive")) for text in ours | other)


@pytest.mark.sliced
def test_all_scenarios(tmp_path):
    result = check(tmp_path)
    assert result.returncode == 0, result.stdout
    report = REPORT.read_text(encoding="utf-8")
    assert len(re.findall(r"^passed  ", report, re.MULTILINE)) == len(hardware.SCENARIOS) and "FAILED" not in report
    assert "svsm-reset: ready: protocol" in report and "last reset: panic on CPU 2" in report
    for line in ("Different from COCONUT-SVSM's INSTALL.md:", "IGVM        coconut-qemu.igvm", "QEMU        QEMU emulator", "- that the SVSM invalidated"):
        assert line in report


def test_a_reset_and_none(tmp_path):
    """One that the SVSM makes, and what a host without this service comes to."""
    result = check(tmp_path, "reboot_on_an_ap")
    assert result.returncode == 0 and "1 passed, 0 failed" in result.stdout, result.stdout
    said = [line for line in REPORT.read_text(encoding="utf-8").splitlines() if "svsm-reset: " in line]
    assert len(said) == len(set(said)) and sum("ready: protocol" in line for line in said) == 2, said
    result = check(tmp_path, "reboot_on_an_ap", svsm="noreboot")
    assert result.returncode == 1 and "0 passed, 1 failed" in result.stdout, result.stdout
    assert re.search(r"^FAILED  reboot-on-an-ap \(\d+ s\): .", REPORT.read_text(encoding="utf-8"), re.MULTILINE)


def test_lost_vm_is_seen(tmp_path):
    """The call comes back with an error, the kernel's own restart ends the VM: no scenario may pass."""
    result = check(tmp_path, "reboot_on_the_bsp", svsm="draft,result=0x80000001")
    assert result.returncode == 1, result.stdout
    assert "the run ended without" in REPORT.read_text(encoding="utf-8")


# A QEMU that starts no guest, and does not end when it is asked to
STUBBORN = """#!/bin/bash
case $1 in --version) echo "QEMU emulator version 11.0.0"; exit ;; -h) exit ;; esac
trap '' HUP INT
echo "svsm-reset: stubborn"
while :; do sleep 0.1; done
"""


@pytest.fixture
def main(tmp_path, monkeypatch):
    """main(scenarios) -> (exit status, report): check-hardware in this process, its QEMU the one above, nobody patient."""
    loader = importlib.machinery.SourceFileLoader("check_hardware", str(CHECK))
    program = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_hardware", loader))
    loader.exec_module(program)
    qemu, igvm = tmp_path / "qemu", tmp_path / "igvm"
    qemu.write_text(STUBBORN)
    qemu.chmod(0o755)
    igvm.touch()
    monkeypatch.setattr(program, "OUT", tmp_path)
    monkeypatch.setattr(hardware, "BOOT", 2)

    def call(*scenarios):
        monkeypatch.setattr(hardware, "SCENARIOS", scenarios)
        monkeypatch.setattr(sys, "argv", ["check-hardware", "--qemu", str(qemu), "--igvm", str(igvm)])
        with pytest.raises(SystemExit) as end:
            program.main()
        return end.value.code, (tmp_path / "report.txt").read_text(encoding="utf-8")

    return call


def odd(machine):
    raise OSError("of the test")


def never(machine):
    machine.expect("never", 2)


def after(machine):
    """An earlier one does not keep this from being run."""
    machine.expect("stubborn", 20)


def test_qemu_that_does_not_end(main):
    """It is killed, whatever went wrong, and the report has all scenarios."""
    status, report = main(odd, never, after)
    assert status == 1 and "3 of 3 scenarios were run" in report
    assert re.findall(r"^(FAILED|passed)  (.*) \(\d+ s\)(.*)$", report, re.MULTILINE) == [
        ("FAILED", "odd", ": OSError: of the test"), ("FAILED", "never", ": no 'never' within 2 s"), ("passed", "after", "")]


def test_qemu_that_cannot_be_ended(main, monkeypatch):
    """sudo takes no signal of an ordinary user: the report says which process is left, and has what was run before."""
    children, reports = [], []

    def close(child, force=True):
        children.append(child)
        raise pexpect.ExceptionPexpect("Could not terminate the child.")

    monkeypatch.setattr(hardware, "PARTING", 1)
    with monkeypatch.context() as patch:
        patch.setattr(pexpect.spawn, "close", close)

        def second(machine):
            reports.append((machine.directory.parent / "report.txt").read_text(encoding="utf-8"))

        status, report = main(after, second)
    assert status == 1 and "1 of 2 scenarios were run" in reports[0]
    for child in children:
        child.close(force=True)
        assert f"process {child.pid} still runs: end it as root (kill {child.pid})\n" in report
    assert len(children) == 2


@pytest.mark.parametrize("words, line", [
    (("--igvm", "/none"), "check-hardware: /none is no file"),
    (("--igvm", str(CHECK), "--qemu", "/none/qemu"), "check-hardware: /none/qemu: No such file or directory"),
    (("--igvm", str(CHECK), "--qemu", "echo version 10.1.2"),
     "check-hardware: 10.1.2: version 10.1.2 --version: COCONUT-SVSM wants 11.0 or newer, with its patches"),
    (("--igvm", str(CHECK), "--qemu", "test"), "check-hardware: test: says no version: COCONUT-SVSM wants 11.0 or newer, with its patches"),
])
def test_mistakes_are_one_line(words, line):
    result = run(CHECK, *words)
    assert (result.returncode, result.stdout) == (1, line + "\n")


@pytest.mark.parametrize("deaf", ["--version", "-h"])
def test_qemu_that_does_not_answer(main, tmp_path, monkeypatch, deaf):
    """Whichever it is asked for first."""
    monkeypatch.setattr(hardware, "ANSWER", 1)
    (tmp_path / "qemu").write_text(STUBBORN.replace("case", f"[ $1 != {deaf} ] || exec sleep 30\ncase", 1))
    (tmp_path / "report.txt").touch()
    assert main() == (f"check-hardware: {tmp_path}/qemu {deaf}: no answer within 1 s", "")


@pytest.mark.parametrize("text, found", [(b"Y\n", "on"), (b"N\n", "off"), (b"2\n", "unknown"), (b"\xff", "unknown"), (None, "unknown")])
def test_debug_swap(tmp_path, text, found):
    if text is not None:
        (tmp_path / "debug_swap").write_bytes(text)
    assert hardware.debug_swap(tmp_path / "debug_swap") == found


def test_make_looks_for_the_file_first():
    result = run("make", "-C", places.TOP, "--no-print-directory", "check-hardware", "IGVM=/none")
    assert result.returncode == 2
    assert result.stdout.startswith("check-hardware: /none is no file: give one with IGVM=\nmake: ***"), result.stdout


@pytest.mark.parametrize("eax, ebx, found", [(0x1F, 0x173, 51), (0x1F, 0x16F, 47), (0x0F, 0x16F, None), (0, 0, None)])
def test_c_bit(tmp_path, eax, ebx, found):
    """What the driver of /dev/cpu/0/cpuid gives at that offset; without SNP, or a file, nothing."""
    with open(tmp_path / "cpuid", "wb") as file:
        file.seek(0x8000001F)
        file.write(struct.pack("<4I", eax, ebx, 0, 0))
    assert hardware.c_bit(tmp_path / "cpuid") == found
    assert hardware.c_bit(tmp_path / "none") is None
    (tmp_path / "short").write_bytes(b"")
    assert hardware.c_bit(tmp_path / "short") is None


@pytest.mark.parametrize("end, why", [("exit 0", ""), ("exit 1", ": QEMU ended with status 1"), ("kill -9 $$", ": QEMU was killed")])
def test_status_counts(main, tmp_path, end, why):
    """A QEMU that fails has not ended well."""
    qemu = tmp_path / "qemu"
    qemu.write_text(STUBBORN.replace("while", f"{end}\nwhile"))

    def power_off(machine):
        machine.off()

    status, report = main(power_off)
    assert status == (1 if why else 0)
    assert re.search(r"^\w+  power-off \(\d+ s\)(.*)$", report, re.MULTILINE)[1] == why


def test_wrong_usage():
    for words in ((), ("--igvm", str(CHECK), "frobnicate"), ("--igvm", str(CHECK), "--firmware", str(CHECK))):
        result = run(CHECK, *words)
        assert result.returncode == 2 and "check-hardware" in result.stdout
