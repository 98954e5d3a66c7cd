# SPDX-License-Identifier: GPL-2.0
"""The KUnit tests, one item for each KUnit case.

They run on the debug kernel (tools/build/small-kernel); it boots in plain QEMU, loads every test module, and its KTAP output is what counts.  The
cases are read from the sources, so that one that silently does not run is a
failure.
"""

import re
import subprocess

import pytest

from lib import ktap, places
from lib.complaints import KERNEL_TROUBLE
from lib.sources import files, run, text

SUITE = re.compile(r"static struct kunit_suite \w+ = \{(.*?)\n\}", re.DOTALL)


def declared():
    """(suite, case) for every case in kunit/*.c"""
    found = []
    for name in files(".c"):
        if not name.startswith("kunit/"):
            continue
        source = text(name)
        tables = {
            array: re.findall(r"KUNIT_CASE\w*\(\s*(\w+)", body)
            for array, body in re.findall(
                r"struct kunit_case (\w+)\[\] = \{(.*?)\n\}", source, re.DOTALL
            )
        }
        for body in SUITE.findall(source):
            suite = re.search(r'\.name\s*=\s*"([^"]+)"', body)[1]
            cases = re.search(r"\.test_cases\s*=\s*(\w+)", body)[1]
            found += [(suite, case) for case in tables[cases]]
    return found


@pytest.fixture(scope="session")
def results(debug_build):
    """Boot the kernel and read what its tests say."""
    command = [
        places.qemu(), "-accel", "tcg", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", "512M",
        "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
        "-kernel", places.DEBUG_KERNEL, "-initrd", places.DEBUG_KUNIT,
        "-append", "console=ttyS0 panic=-1 kunit.enable=1 kunit.stats_enabled=2",
    ]
    try:
        result = run(*command, timeout=300)
        console, status = result.stdout, result.returncode
    except subprocess.TimeoutExpired as error:
        console, status = (error.stdout or b"").decode(errors="replace"), "none: it took too long"
    (places.CHECK / "kunit-console.log").write_text(console)
    assert "kunit-run: end" in console, f"the run did not end (QEMU's exit status: {status}):\n{console[-3000:]}"
    return console


@pytest.mark.parametrize("suite, case", declared())
def test_case(results, suite, case):
    cases, _ = ktap.parse(results)
    assert (suite, case) in cases, f"{suite}.{case} did not run"
    found = cases[suite, case]
    if found.status == "skipped":
        pytest.skip("\n".join(found.detail))
    assert found.status == "passed", "\n".join(found.detail)


def test_every_case_ran(results):
    cases, suites = ktap.parse(results)
    assert sorted(cases) == sorted(declared())
    assert set(suites) == {suite for suite, _ in declared()}


def test_all_modules_loaded(results):
    assert "kunit-run: FAILED" not in results
    assert "kunit-run: insmod" in results


def test_kernel_is_content(results):
    """No lockdep report, no warning, no oops beside the tests."""
    assert [line for line in ktap.plain(results) if KERNEL_TROUBLE.search(line)] == []
