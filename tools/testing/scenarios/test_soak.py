# SPDX-License-Identifier: GPL-2.0
"""make soak: what it draws, what it keeps, and a few resets of it."""

import importlib.machinery
import importlib.util
import json
import shutil
import subprocess

import pytest

from lib import places

RUN = places.TOP / "tools/testing/soak/run"


def program():
    loader = importlib.machinery.SourceFileLoader("soak", str(RUN))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak", loader))
    loader.exec_module(module)
    return module


def soak(*arguments):
    return subprocess.run([RUN, *arguments], capture_output=True, text=True, check=False, timeout=1800)


def test_draws():
    """The same seed draws the same, each number by itself, and a hundred draw everything."""
    module = program()
    causes = list(module.CAUSES)
    drawn = [module.draw(7, n, causes) for n in range(100)]
    assert drawn == [module.draw(7, n, causes) for n in range(100)] != [module.draw(8, n, causes) for n in range(100)]
    assert {module.draw(7, n, ["panic"])[0] for n in range(100)} == {"panic"}
    assert {cause for cause, _, _ in drawn} == set(module.CAUSES)
    assert {others for _, _, others in drawn} == set(module.OTHERS)
    assert {cpu for _, cpu, _ in drawn} == set(range(module.CPUS))
    assert all(cpu < module.LEAST[others] for _, cpu, others in drawn)


@pytest.mark.parametrize("arguments", [("--resets", "0"), ("--name", "../x"), ("--resets", "many"), ("--causes", "flood"), ("--card", "rtl8139"),
                                       ("--kernel", "5.10")])
def test_refused(arguments):
    result = soak(*arguments)
    assert result.returncode == 2
    assert "error: " in result.stderr.splitlines()[-1]


def test_another_run():
    """What is kept there is of another guest, or no summary at all: it is not gone on with."""
    directory = places.BUILD / "soak/other"
    directory.mkdir(parents=True, exist_ok=True)
    name = "--name", "other", "--seed", "3"
    for contents in ('{"of": {}}', "[]", "{", '{"seed": 3, "done": 1}'):
        (directory / "summary.json").write_text(contents)
        result = soak(*name)
        assert result.returncode == 1
        assert result.stderr.startswith(f"soak: {directory}/summary.json") and result.stderr.count("\n") == 1
    shutil.rmtree(directory)


@pytest.mark.sliced
def test_goes_on():
    """Two resets, then one more: it goes on with the third; and nothing is left to do then."""
    name = "--name", "test", "--seed", "3"
    summary = places.BUILD / "soak/test/summary.json"
    summary.unlink(missing_ok=True)
    for resets in (2, 3):
        result = soak(*name, "--resets", str(resets))
        assert result.returncode == 0, result.stdout + result.stderr
        kept = json.loads(summary.read_text())
        assert (kept["done"], kept["guests"]) == (resets, resets - 1)
    assert sum(kept["causes"].values()) == sum(kept["others"].values()) == 3
    assert "done already" in soak(*name, "--resets", "3").stdout
