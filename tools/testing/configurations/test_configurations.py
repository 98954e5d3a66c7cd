# SPDX-License-Identifier: GPL-2.0
"""Kernels that somebody else has configured, and other compilers: lib/configurations.py lists them."""

import re
import shutil
import subprocess

import pytest

from lib import begin, places
from lib.configurations import ACPI, BTF, KDUMP, ROWS, SMALL
from lib.kernels import complaints
from lib.sources import run

BUILD = places.TOP / "tools/build"
# A line of which the module's file has the text, and a line of the log
IN_THE_FILE = re.compile(rb"(kernel without CONFIG_[ -~]*)\n\0")
IN_THE_LOG = re.compile(r"svsm-reset: ((?:kernel without CONFIG_|/sys/kernel/btf/|no MADT|no ACPI).*)")


def compiler(cc):
    """gcc 12.2.0"""
    version = re.search(r"\d+\.\d+\.\d+", run(cc, "--version").stdout)[0]
    return f"{cc.split('-')[0]} {version}"


@pytest.mark.cell("compiled")
@pytest.mark.parametrize("name", ROWS)
def test_compiled(name, record_property):
    """Without a warning, and the module has the lines that are right for this kernel, and no others."""
    row = ROWS[name]
    record_property("compiler", compiler(row.cc))
    out = places.CHECK / "configurations"
    shutil.rmtree(out, ignore_errors=True)
    result = run(BUILD / "configuration", "--cc", row.cc, *row.options, timeout=3600)
    assert result.returncode == 0, result.stdout
    tests = ["--tests"] if name == "KUNIT=y" else []
    result = run(BUILD / "module", "--kdir", places.BUILD / "configuration", "--out", out, *tests, "W=1", f"CC={row.cc}",
                 timeout=1800)
    assert result.returncode == 0, result.stdout
    assert complaints(result.stdout) == []
    lines = {line.decode() for line in IN_THE_FILE.findall((out / "svsm_reset.ko").read_bytes())}
    assert lines == set(row.says)
    assert bool(list(out.rglob("*_kunit.ko"))) == bool(tests)
    record_property("says", "; ".join(row.says))
    shutil.rmtree(out)


@pytest.fixture(scope="session")
def small():
    """small(name) -> the directory of a small kernel, built now."""
    built = {}

    def directory(name):
        if name not in built:
            log = places.CHECK / f"{name}-build.log"
            with open(log, "w", encoding="utf-8") as file:
                status = subprocess.run(
                    [BUILD / "small-kernel", name], stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False).returncode
            text = log.read_text(encoding="utf-8")
            assert status == 0, f"tools/build/small-kernel {name} failed, see {log}:\n{text[-3000:]}"
            assert complaints(text.partition("module: svsm_reset\n")[2].partition("module: those")[0]) == []
            built[name] = places.BUILD / f"{name}-kernel"
        return built[name]

    return directory


@pytest.fixture
def start(simulate, small, name):
    """start(...) -> a guest with that small kernel, the module loaded"""
    def with_kernel(initrd="initrd.img", **arguments):
        directory = small(*SMALL[name].options)
        guest = simulate(kernel=directory / "bzImage", initrd=directory / initrd, timeout=900, **arguments)
        assert guest.boot() == guest.smp
        guest.load()
        assert guest.trouble() == []
        guest.trouble_is_fine = True  # a panic shows its call trace
        return guest

    return with_kernel


@pytest.mark.cell("run")
@pytest.mark.parametrize("name", SMALL)
def test_run(start, name, record_property):
    """The log says what is lost, and all that is left works."""
    record_property("compiler", compiler(SMALL[name].cc))
    record_property("compiled", "yes")
    guest = start()
    log = guest.dmesg()
    said = [line.strip() for line in IN_THE_LOG.findall(log)]
    assert sorted(said) == sorted(SMALL[name].says)
    assert "ACPI Error" not in log.partition("svsm_reset: loading")[2]
    record_property("says", "; ".join(said))
    guest.reload()
    for boot, (what, reason) in enumerate(begin.WAYS.values(), 2):
        guest.check("echo 1 > /proc/sys/kernel/sysrq")
        guest.send(what)
        assert guest.boot(boot) == guest.smp
        guest.load()
        assert guest.attribute("last_reset_reason") == reason
    acpi = ACPI not in SMALL[name].says
    if acpi:
        guest.powered_off()
    else:
        guest.send("poweroff -f")
        guest.expect("reboot: Power off not available: System halted instead")
    guest.events.orderly_resets(len(begin.WAYS), cpus=guest.smp, acpi=acpi)
    assert "CFI failure" not in guest.console


@pytest.mark.cell("run")
@pytest.mark.parametrize("name", [name for name, row in SMALL.items() if KDUMP not in row.says])
@pytest.mark.parametrize("cpu", [0, 1], ids=["bsp", "ap"])
def test_crash_kernel(start, name, cpu):
    """With all that leads there called indirectly: notifiers, kprobes, the jump."""
    assert BTF in SMALL[name].says, "without it the whole of the memory cannot be read"
    guest = start("initrd-kdump.img", smp=2, memory="1G", append="crashkernel=256M")
    guest.check("load-capture nokaslr", timeout=240)
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    guest.send(begin.on(cpu, begin.PANIC))
    assert guest.capture(1, timeout=300) == 1
    guest.load()
    guest.check("head -c 4096 /proc/vmcore | grep -q ELF")
    guest.send("reboot -f")
    guest.came_back("kdump", cpus=2)
    assert "CFI failure" not in guest.console


@pytest.mark.parametrize("name", ["cfi-kernel.config"])
def test_wrong_call_is_noticed(start, name):
    """That the kernel does look, at modules too."""
    guest = start(smp=1)
    guest.send("insmod /lib/modules/mistakes.ko kind=indirect-call")
    guest.expect("CFI failure at ")
