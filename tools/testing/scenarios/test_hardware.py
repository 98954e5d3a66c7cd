# SPDX-License-Identifier: GPL-2.0
"""make check-hardware, where the simulator takes the place of QEMU on an SNP host."""

import argparse
import os
import re
import shlex

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
               env={**os.environ, "SNPSIM_BUILD": str(places.BUILD), "SNPSIM_SVSM": svsm})


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
    for line in ("IGVM        coconut-qemu.igvm", "QEMU        QEMU emulator", "- that the SVSM invalidated"):
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


@pytest.mark.parametrize("words, line", [
    (("--igvm", "/none"), "check-hardware: /none is no file"),
    (("--igvm", str(CHECK), "--qemu", "/none/qemu"), "check-hardware: /none/qemu: No such file or directory"),
])
def test_mistakes_are_one_line(words, line):
    result = run(CHECK, *words)
    assert (result.returncode, result.stdout) == (1, line + "\n")


def test_wrong_usage():
    for words in ((), ("--igvm", str(CHECK), "frobnicate"), ("--igvm", str(CHECK), "--firmware", str(CHECK))):
        result = run(CHECK, *words)
        assert result.returncode == 2 and "check-hardware" in result.stdout
