# SPDX-License-Identifier: GPL-2.0
"""A program at VMPL 0 in place of the built-in SVSM: tools/snpsim/minisvsm."""

import pytest

from lib import places, vmpl0
from lib.sources import run as run_command
from selftest_run import run_of

TIMEOUT = 60

GROUPS = {
    "launch": "registers sev-status general-page memory-map madt pages required firmware rest-is-shared secrets cpuid-page",
    "pvalidate": "changes keeps-contents input offset large unmapped without-cbit conversion invlpgb",
    "rmpadjust": "results large unmapped",
    "run": "registers from-memory lma by-page msrs refused creation-refused rights rights-stay",
    "irq": "registers self-ipi task-priority halt ends-run cr8 storm nmi",
    "smp": "starts ipi wakes in-use-running in-use-halted destroy ipi-ends-run invlpgb another-cpus",
}
NAMES = {group: [f"{group}.{what}" for what in names.split()] for group, names in GROUPS.items()}
ALL = [name for names in NAMES.values() for name in names]


def minisvsm(test, fidelity="strict", smp=2, host=None):
    directory = places.CHECK / "simulator" / f"vmpl0-{test}-{fidelity}-{smp}-{host}"
    guest = vmpl0.guest(directory, test, fidelity=fidelity, smp=smp, timeout=TIMEOUT, host=host)
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
    ("run.revoked", "vmpl-rights", 2),
    ("run.assigned-anew", "vmpl-rights", 2),
    ("run.vmsa-write", "vmsa-write", 2),
))
def test_violation(runs, test, kind, vmpl):
    run = runs(test)
    run.well_formed()
    run.cut_off()
    run.violation(kind, gpa=run.page, vmpl=vmpl)


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


@pytest.mark.parametrize("options, said", (
    (("--kernel", "/dev/null"), "--kernel: not with --launch-list"),
    (("--svsm", "ocp"), "--svsm chooses a built-in SVSM"),
    ((), "/dev/null: it is empty"),
    (("--host", "kvm-pv"), "--host: with --launch-list only honest and rebuild"),
))
def test_options_that_do_not_fit(options, said):
    result = run_command(places.SNPSIM, "run", "--launch-list", places.SNPSIM if options else "/dev/null", *options)
    assert result.returncode == 1 and said in result.stdout
