# SPDX-License-Identifier: GPL-2.0
"""Runs of the self-test guest, each made once however many tests look at it."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from gdb_run import Debugged  # noqa: E402
from lib import places  # noqa: E402
from lib.guest import Guest  # noqa: E402
from selftest_run import run_of  # noqa: E402

IMAGE = places.BUILD / "snpsim/selftest.bz"
TIMEOUT = 120


@pytest.fixture(scope="session")
def selftest(tmp_path_factory):
    """selftest("pvalidate", svsm=..., host=..., fidelity=..., apic=..., smp=..., append=..., efivars=...,
    qemu=..., memory=..., cores=...) -> Run"""
    runs = {}
    initrd = tmp_path_factory.mktemp("selftest") / "initrd"
    initrd.write_bytes(b"not used by the self-test guest\n")

    def run(test, svsm="draft", fidelity="strict", smp=2, append="", timeout=TIMEOUT, host=None,
            efivars=False, apic=None, qemu=(), memory=None, cores=None):
        key = test, svsm, fidelity, smp, append, timeout, host, efivars, apic, qemu, memory, cores
        if key not in runs:
            parts = test, svsm, fidelity, smp, append, host, "efivars" * efivars, apic, *qemu, memory, cores
            name = "-".join(str(part) for part in parts if part)
            name = "".join(c if c.isalnum() or c in "-.=" else "_" for c in name)
            guest = Guest(
                # Tests in two files, in two processes, may want the same run
                places.CHECK / "simulator" / os.environ.get("PYTEST_XDIST_WORKER", "") / name, kernel=IMAGE, initrd=initrd, svsm=svsm, host=host,
                fidelity=fidelity, smp=smp, append=f"test={test} {append}".strip(),
                timeout=timeout, efivars=efivars, apic=apic, qemu=qemu,
                memory=memory, cores=cores,
            )
            runs[key] = run_of(guest, timeout + 30)
        return runs[key]

    return run


@pytest.fixture
def debugged():
    """debugged("group.test", ...) -> Debugged"""
    runs = []

    def start(*args, **options):
        runs.append(Debugged(*args, **options))
        return runs[-1]

    yield start
    for run in runs:
        run.close()
