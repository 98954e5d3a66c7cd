# SPDX-License-Identifier: GPL-2.0
"""Pictures of figures that were kept: what is drawn, and files that are none. No guest is started."""

import copy
import itertools
import json
import os
import re
import xml.etree.ElementTree as ElementTree

import pytest

from lib import places
from lib.sources import run

PLOTS = places.TOP / "tools/testing/bench/plots"
COMMON = {"command": "make bench", "machine": {"cpu": "a processor", "cpus": 2, "kernel": "6.12.1"}, "samples": {"a": [1]}}
QUIESCE = {**COMMON, "figure": "quiesce", "found": [
    {"aps": aps, "state": state, "quiesce": 1000 * aps, "native": 900, "offline": 40000 if state == "idle" else None}
    for aps in (1, 3) for state in ("idle", "interrupts off")
]}
MEMORY = {**COMMON, "figure": "memory", "found": {"256": [[100, 20.5, 300], [100, 21, 310]], "8192": [[90000, 900, 350]]}}
STEPS = [f"step {n}" for n in range(8)]
RESTART = {**COMMON, "figure": "restart", "steps": STEPS, "seconds": {
    "<SVSM> & co": [{"step 0": 0.1, "step 2": 0.2}], "again": [{"step 0": 0.5, "step 7": 1.1}, {"step 0": 0.7, "step 7": 1.3}],
}}


def plots(tmp_path, *figures):
    """The command with these figures kept: what it prints, and {name: picture}."""
    kept = tmp_path / "build/bench"
    kept.mkdir(parents=True, exist_ok=True)
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    for figure in figures:
        (kept / f"{figure['figure']}.json").write_text(json.dumps(figure))
    result = run(PLOTS, "--out", out, env={**os.environ, "SVSM_RESET_BUILD": str(tmp_path / "build")})
    return result, {path.stem.removeprefix("svsm-reset-"): path.read_text(encoding="utf-8") for path in out.iterdir()}


def words(picture):
    return [element.text for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("}text")]


def test_pictures(tmp_path):
    """Each is XML, has what was measured, and is the same again."""
    result, pictures = plots(tmp_path, QUIESCE, MEMORY, RESTART)
    assert result.returncode == 0 and sorted(pictures) == ["memory", "quiesce", "restart"]
    assert {"idle", "interrupts off", "taken offline one by one, idle", "1", "3"} <= set(words(pictures["quiesce"]))
    assert {"256", "8,192"} <= set(words(pictures["memory"]))
    # Medians, in milliseconds: 0.1 + 0.2 s, 0.6 + 1.2 s
    assert {"<SVSM> & co", "300", "1,800", "step 7"} <= set(words(pictures["restart"]))
    assert "step 1" not in words(pictures["restart"])
    assert plots(tmp_path)[1] == pictures


def test_each_part_of_a_bar_is_as_long_as_its_time(tmp_path):
    _, pictures = plots(tmp_path, RESTART)
    widths = [float(width) for width in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="30.0"', pictures["restart"])]
    widths = [width for width in widths if width]
    assert [round(width / widths[0], 1) for width in widths] == [1, 2, 6, 12]


def test_nothing_lies_outside(tmp_path):
    _, pictures = plots(tmp_path, QUIESCE, MEMORY, RESTART)
    for picture in pictures.values():
        width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', picture).groups())
        places_ = re.findall(r'(?:x|cx|x1|x2)="(-?[\d.]+)" (?:y|cy|y1|y2)="(-?[\d.]+)"', picture)
        assert len(places_) > 10 and all(0 <= float(x) <= width and 0 <= float(y) <= height for x, y in places_)


def test_what_was_not_measured(tmp_path):
    result, pictures = plots(tmp_path, MEMORY)
    assert result.returncode == 0 and list(pictures) == ["memory"]
    assert "quiesce: not measured, make bench FIGURES=quiesce" in result.stdout
    result, pictures = plots(tmp_path / "none")
    assert result.returncode == 1 and not pictures and "there is nothing to draw" in result.stdout


def changed(figure, **members):
    return {**copy.deepcopy(figure), **members}


@pytest.mark.parametrize("figure", [
    changed(QUIESCE, found=5), changed(QUIESCE, found=[{}]), changed(QUIESCE, found=[{**QUIESCE["found"][0], "quiesce": "x"}]),
    changed(QUIESCE, found=[{**QUIESCE["found"][0], "quiesce": 0}]), changed(QUIESCE, found=[{**QUIESCE["found"][0], "aps": -1}]),
    changed(QUIESCE, found=[]), changed(MEMORY, found={"x": [[1, 2, 3]]}), changed(MEMORY, found={"5": [[1]]}),
    changed(MEMORY, found={"5": [[1, float("nan"), 2]]}), changed(RESTART, seconds={}), changed(RESTART, seconds={"a": []}),
    changed(RESTART, seconds={"a": [{"step 9": 1}]}), changed(RESTART, seconds={"a": [{"step 0": "1"}]}), changed(RESTART, steps=5),
], ids=itertools.count())
def test_what_is_no_figure(tmp_path, figure):
    """One line, no picture."""
    result, pictures = plots(tmp_path, figure)
    assert result.returncode == 1 and not pictures
    assert result.stdout.splitlines()[-1].startswith(f"plots: {figure['figure']}: not what bench keeps")
    assert "Traceback" not in result.stdout
