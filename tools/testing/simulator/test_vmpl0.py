# SPDX-License-Identifier: GPL-2.0
"""A program at VMPL 0 in place of the built-in SVSM: tools/snpsim/minisvsm."""

import re

import pytest

from lib import igvm_file, minisvsm as svsm, places, vmpl0
from lib.sources import run as run_command
from selftest_run import run_of

TIMEOUT = 60

GROUPS = {
    "launch": "registers sev-status general-page memory-map madt pages required firmware firmware-memory rest-is-shared secrets cpuid-page",
    "pvalidate": "changes keeps-contents input offset large unmapped without-cbit conversion invlpgb",
    "rmpadjust": "results large unmapped",
    "run": "registers from-memory lma by-page msrs refused creation-refused rights rights-stay",
    "irq": "registers self-ipi refused task-priority halt ends-run cr8 storm nmi",
    "doorbell": "registration blocked signals one-by-one in-service ipi priority ends-halt ends-run",
    "rate": "small large rights switches",
    "smp": "starts ipi wakes in-use-running in-use-halted read-in-use destroy ipi-ends-run invlpgb another-cpus",
}
NAMES = {group: [f"{group}.{what}" for what in names.split()] for group, names in GROUPS.items()}
ALL = [name for names in NAMES.values() for name in names]


def minisvsm(test, fidelity="strict", smp=None, host=None, igvm=None):
    smp = smp or (3 if test.startswith("doorbell") else 2)
    directory = places.CHECK / "simulator" / f"vmpl0-{test}-{fidelity}-{smp}-{host}{'-igvm' if igvm else ''}"
    guest = vmpl0.guest(directory, test, fidelity=fidelity, smp=smp, timeout=TIMEOUT, host=host, igvm=igvm)
    return run_of(guest, TIMEOUT + 30)


@pytest.fixture(scope="module")
def runs():
    made = {}

    def run(test, **options):
        key = test, *sorted(options.items())
        if key not in made:
            made[key] = minisvsm(test, **options)
        return made[key]

    return run


@pytest.mark.parametrize("name", ALL)
def test_vmpl0(runs, name):
    run = runs(name.split(".")[0])
    assert name in run.verdicts, f"no verdict on {name}\n{run}"
    assert run.verdicts[name] is None, run.verdicts[name]


@pytest.mark.parametrize("group", GROUPS)
def test_group(runs, group):
    """The whole group, its end and its event log."""
    run = runs(group)
    run.well_formed()
    run.passed(*NAMES[group])
    assert run.events.one("boot")["image"] == "vmpl0"


def test_switches_are_counted(runs):
    """What a program at VMPL 0 executes, by kind; and how often VMPL 2 has given way to it."""
    pvalidate, rights, run = (runs(group).events.one("switches")["kinds"] for group in ("pvalidate", "rmpadjust", "run"))
    assert pvalidate["pvalidate"] > 15 and pvalidate["invlpgb"] >= 2 and not pvalidate["svsm"]
    assert rights["rmpadjust"] > 5
    assert run["svsm"] > 5 and run["rmpadjust"] > 100


def test_rates(runs):
    """What `make bench FIGURES=svsm` reads."""
    found = re.findall(r"^RATE (\S+) (\d+) (\d+)$", "\n".join(runs("rate").lines), re.MULTILINE)
    assert [(name, int(n)) for name, n, _ in found] == [
        ("PVALIDATE-4K", 2048), ("PVALIDATE-2M", 4), ("RMPADJUST-4K", 1024), ("RUN_VMPL", 200)]
    assert all(int(us) > 0 for *_, us in found)


def test_full_fidelity(runs):
    """The console's ports raise #VC, and the program asks the host through its GHCB."""
    run = runs("pvalidate", fidelity="full")
    run.well_formed()
    run.passed(*NAMES["pvalidate"])


@pytest.mark.parametrize("test, kind, vmpl", (
    ("ends.unvalidated", "unvalidated", 0),
    ("ends.shared-as-private", "shared-as-private", 0),
    ("ends.pvalidate-shared", "not-assigned", 0),
    ("ends.rmpadjust-shared", "not-assigned", 0),
    ("doorbell.not-shared", "doorbell-not-shared", 0),
    ("run.revoked", "vmpl-rights", 2),
    ("run.assigned-anew", "vmpl-rights", 2),
    ("run.vmsa-write", "vmsa-write", 2),
))
def test_violation(runs, test, kind, vmpl):
    run = runs(test)
    run.well_formed()
    run.cut_off()
    run.violation(kind, gpa=run.page, vmpl=vmpl)


ELF = vmpl0.IGVM.with_suffix(".elf")


@pytest.mark.parametrize("test, function", (("ends.unvalidated", r"unvalidated\+0x[0-9a-f]+"), ("run.vmsa-write", None)))
def test_symbols(test, function):
    """The function of an access by VMPL 0; an address of VMPL 2 means nothing in that file."""
    result = run_command(
        places.SNPSIM, "run", "--igvm", vmpl0.IGVM, "--symbols", ELF, "--smp", "1", "--timeout", TIMEOUT,
        "--", "-fw_cfg", f"name=opt/snpsim/minisvsm,string=test={test} cpus=1")
    assert result.returncode == 2, result.stdout
    line, = re.findall(r"^snpsim: violation: .* at rip 0x[0-9a-f]+(.*)$", result.stdout, re.MULTILINE)
    assert re.fullmatch(rf" \({function}\)" if function else "", line), result.stdout


def test_terminate(runs):
    run = runs("ends.terminate")
    run.well_formed()
    run.cut_off()
    run.ended(3, "terminate")
    event = run.events.one("terminate")
    assert (event["set"], event["code"]) == (1, 7)


def test_rebuild(runs):
    """A host that builds the VM anew begins with the same list; another CPU was at VMPL 2."""
    run = runs("ends.reset", host="rebuild")
    run.well_formed()
    run.ended(0, "poweroff")
    assert run.verdicts == {"ends.reset": None}
    assert [event["image"] for event in run.events.of("boot")] == ["vmpl0", "vmpl0"]


@pytest.mark.parametrize("group, smp", (("launch", 3), ("run", 1), ("irq", 1), ("smp", 2), ("doorbell", 3)))
def test_igvm_file(runs, group, smp):
    """`--igvm`: the same program from its file, with the parameters for this machine."""
    run = runs(group, smp=smp, igvm=svsm.unrestricted() if group in ("irq", "smp") else vmpl0.IGVM)
    run.well_formed()
    run.passed(*NAMES[group])
    assert run.events.one("boot")["image"] == "vmpl0"


def test_interrupts_of_a_restricted_vmsa(runs):
    """What has to be injected says so, and does not wait for it."""
    run = runs("irq", smp=1, igvm=vmpl0.IGVM)
    run.ended(0, "poweroff")
    assert set(run.verdicts.values()) == {"the VMSA has restricted injection: see pack-igvm --unrestricted"}


def refused(*arguments):
    """The one line by which a run is refused."""
    result = run_command(places.SNPSIM, "run", *arguments)
    lines = result.stdout.splitlines()
    assert result.returncode == 1 and len(lines) == 1, lines
    return lines[0]


DAMAGED = {
    "missing": (None, "No such file or directory"),
    "empty": (b"", "no IGVM file"),
    "truncated": (igvm_file.good()[:-7], "truncated"),
    "checksum": (igvm_file.good(checksum=1), "checksum"),
    "no-snp": (igvm_file.good(platforms=(igvm_file.platform(4, igvm_file.TDX, 0),)), "it has no platform SEV-SNP"),
    "no-memory": (igvm_file.good(igvm_file.page(0xA0000)), "the guest has no memory there"),
    "several": (
        igvm_file.good(igvm_file.page(0xA0000), igvm_file.page(0xB0000)), '(and 1 more: see "snpsim igvm")'),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_igvm_file_refused(tmp_path, name):
    content, said = DAMAGED[name]
    path = tmp_path / "some.igvm"
    if content is not None:
        path.write_bytes(content)
    line = refused("--igvm", path)
    assert line.startswith(f"snpsim: --igvm {path}: ") and said in line


@pytest.mark.parametrize("memory, said", (("128M", "has no memory there"), ("512M", "")))
def test_igvm_file_and_memory(tmp_path, memory, said):
    """What does not fit is found before anything starts: required memory goes up to 144 MiB."""
    if said:
        assert said in refused("--igvm", vmpl0.IGVM, "--memory", memory)
    else:
        assert minisvsm("launch.memory-map", igvm=vmpl0.IGVM).verdicts == {"launch.memory-map": None}


@pytest.mark.parametrize("options, said", (
    (("--kernel", "/dev/null"), "--kernel: not with --igvm"),
    (("--firmware", "/dev/null"), "--firmware: not with --igvm: it is a part of that file, as with QEMU"),
    (("--append", "quiet"), "--append: not with --igvm"),
    (("--efivars",), "--efivars: not with --igvm"),
    (("--launch-list", "/dev/null"), "--launch-list: not with --igvm"),
    (("--svsm", "ocp"), "--svsm chooses a built-in SVSM: not with --igvm"),
    (("--fidelity", "full-once"), "--fidelity full-once: not with --igvm"),
    (("--host", "kvm-pv"), "--host: with --igvm only honest, rebuild, no-convert"),
    (("--host", "no-convert"), "--host: no-convert needs firmware in the file of --igvm"),
), ids=("kernel", "firmware", "append", "efivars", "launch-list", "svsm", "fidelity", "host", "no-firmware"))
def test_options_that_do_not_fit_igvm(options, said):
    assert refused("--igvm", vmpl0.IGVM, *options) == f"snpsim: {said}"


@pytest.mark.parametrize("content, said", (
    (None, "No such file or directory"),
    (lambda elf: b"#!/bin/sh", "not a 64-bit ELF file"),
    (lambda elf: elf[:200], "a damaged ELF file"),
    (lambda elf: elf[:40] + bytes(24), "the ELF file has no symbols"),
), ids=("missing", "script", "truncated", "stripped"))
def test_symbols_that_are_none(tmp_path, content, said):
    path = tmp_path / "some.elf"
    if content:
        path.write_bytes(content(ELF.read_bytes()))
    assert refused("--igvm", vmpl0.IGVM, "--symbols", path) == f"snpsim: --symbols {path}: {said}"


def test_symbols_need_igvm():
    assert refused("--symbols", ELF) == "snpsim: --symbols: only with --igvm"


@pytest.mark.parametrize("options, said", (
    (("--kernel", "/dev/null"), "--kernel: not with --launch-list"),
    (("--svsm", "ocp"), "--svsm chooses a built-in SVSM"),
    ((), "/dev/null: it is empty"),
    (("--host", "kvm-pv"), "--host: with --launch-list only honest, rebuild, no-convert"),
))
def test_options_that_do_not_fit(options, said):
    result = run_command(places.SNPSIM, "run", "--launch-list", places.SNPSIM if options else "/dev/null", *options)
    assert result.returncode == 1 and said in result.stdout
