# SPDX-License-Identifier: GPL-2.0
"""Figures of two runs side by side: what is refused, and what is called better. No guest is started."""

import copy
import itertools
import json
import os
import sys

import pytest

from lib import places
from lib.sources import run

BENCH = places.TOP / "tools/testing/bench"
sys.path.insert(0, str(BENCH))

import compare  # noqa: E402

KEPT = {
    "figure": "footprint", "command": "make bench FIGURES=footprint RUNS=5",
    "machine": {"cpu": "a processor", "cpus": 2, "kernel": "6.12.1"}, "samples": {"boot, ms": [10.0, 10.2, 10.1]},
}


def changed(**members):
    return {**copy.deepcopy(KEPT), **members}


def in_file(tmp_path, content):
    path = tmp_path / "earlier.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def why(tmp_path, content):
    with pytest.raises(compare.Unusable) as caught:
        compare.read(in_file(tmp_path, content))
    return str(caught.value)


def test_what_was_kept_is_read(tmp_path):
    assert compare.read(in_file(tmp_path, KEPT)) == KEPT


@pytest.mark.parametrize("content", [
    b"", b"\xff\xfe", b"{", b"[" * 100000, b"null", b"[]", b"{}", changed(figure=5), changed(command=None), changed(machine=[]),
    changed(machine={"cpu": "a processor", "cpus": 2}), changed(machine={"cpu": "a", "cpus": True, "kernel": "b"}),
    changed(samples={}), changed(samples=[]), changed(samples={"a": []}), changed(samples={"a": 5}), changed(samples={"a": ["5"]}),
    changed(samples={"a": [True]}), changed(samples={"a": [float("nan")]}), changed(samples={"a": [float("inf")]}),
    changed(samples={"a": [10 ** 400]}), changed(samples={"a": [None]}),
], ids=itertools.count())
def test_what_bench_has_not_kept(tmp_path, content):
    assert why(tmp_path, content).endswith(("not JSON", "not a figure that bench has kept"))


def test_a_file_that_is_too_large(tmp_path):
    assert "larger than 4 MiB" in why(tmp_path, b" " * (compare.LARGEST + 1))


def test_no_such_file(tmp_path):
    with pytest.raises(compare.Unusable, match="No such file"):
        compare.read(tmp_path / "nothing")
    with pytest.raises(compare.Unusable, match="directory"):
        compare.read(tmp_path)


@pytest.mark.parametrize("members, said", [
    ({"machine": {**KEPT["machine"], "cpus": 4}}, "the machine differs: cpus was 4, is 2"),
    ({"machine": {**KEPT["machine"], "cpu": "\x1b[2J"}}, r"the machine differs: cpu was '\x1b[2J', is 'a processor'"),
    ({"machine": {**KEPT["machine"], "kernel": "6.12.2"}}, "the machine differs: kernel"),
    ({"figure": "idle"}, "the figure differs"),
    ({"command": "make bench FIGURES=footprint RUNS=4"}, "the command differs"),
])
def test_runs_that_are_not_compared(members, said):
    compare.of_one_kind(KEPT, KEPT)
    with pytest.raises(compare.Unusable) as caught:
        compare.of_one_kind(changed(**members), KEPT)
    assert said in str(caught.value) and "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


@pytest.mark.parametrize("before, now, said", [
    ([10, 10.2], [9, 9.1], "better"), ([10, 10.2], [11, 11.1], "worse"), ([10, 10.2], [10.2, 10.4], "the same"),
    ([10, 10], [10, 10], "the same"), ([0, 0], [0, 0], "the same"), ([0, 0], [1, 1], "worse"),
    ([10, 11.5], [5, 5.1], "varies by 14%: 5 to 5.1, was 10 to 11.5"),
    ([10, 10.1], [1, 2], "varies by 67%: 1 to 2, was 10 to 10.1"), ([0, 1], [0, 0], "varies by 200%"), ([-1, 0, 1], [1, 1], "varies by inf%"),
])
def test_what_is_called_better(before, now, said):
    """Not what varies by more than the bound, however far apart the two are."""
    assert compare.judge(before, now).startswith(said)
    assert ("better" in said or "worse" in said) == (compare.judge(before, now) in ("better", "worse"))


def test_table():
    before, now = changed(samples={"a": [10], "gone": [1]}), changed(samples={"a": [9], "new": [1]})
    assert compare.table(before, now)[1:] == [
        ["a", "10", "9", "-10.0%", "better"], ["new", "", "1", "", "was not measured"], ["1 more", "", "", "", "not measured now"],
    ]


def bench(tmp_path, *words):
    """The command; it takes the module's size from a build directory of its own."""
    return run(BENCH / "run", *words, env={**os.environ, "SVSM_RESET_BUILD": str(tmp_path / "build")})


def test_the_command_refuses_before_it_measures(tmp_path):
    """One line, and no figure: there is nothing here to measure."""
    result = bench(tmp_path, "--against", in_file(tmp_path, KEPT), "footprint")
    assert result.returncode == 1 and result.stdout.startswith("bench: the machine differs: ")
    assert len(result.stdout.splitlines()) == 1
    result = bench(tmp_path, "--against", in_file(tmp_path, b"{"), "footprint")
    assert result.returncode == 1 and result.stdout.strip().endswith("earlier.json: not JSON")


@pytest.mark.parametrize("figures", [(), ("footprint", "memory")])
def test_one_figure_at_a_time(tmp_path, figures):
    result = bench(tmp_path, "--against", in_file(tmp_path, KEPT), *figures)
    assert result.returncode == 2 and "--against takes one figure" in result.stdout


def built_module(directory):
    """What bench looks for, as far as the figure footprint needs it."""
    module = directory / "build/guest/module"
    folder = module / "src/drivers/virt/coco/svsm-reset"
    folder.mkdir(parents=True)
    source = folder / "main.c"
    source.write_text("int answer(void) { return 42; }\nint zero[100];\n")
    for name in (folder / "main.o", module / "svsm_reset.ko"):
        assert run("gcc", "-c", "-o", name, source).returncode == 0
    (module / "svsm_reset.mod").write_text(f"{folder}/main.o\n")


def test_the_same_beside_itself(tmp_path):
    built_module(tmp_path)
    first = bench(tmp_path, "footprint")
    assert first.returncode == 0, first.stdout
    kept = tmp_path / "first.json"
    kept.write_bytes((tmp_path / "build/bench/footprint.json").read_bytes())
    second = bench(tmp_path, "--against", kept, "footprint")
    assert second.returncode == 0, second.stdout
    compared = second.stdout.split("of an earlier run")[1]
    assert "the module, text and data" in compared and "the same" in compared and "+0.0%" in compared
    older = json.loads(kept.read_text())
    older["samples"] = {name: [2 * value for value in values] for name, values in older["samples"].items()}
    assert "better" in bench(tmp_path, "--against", in_file(tmp_path, older), "footprint").stdout
