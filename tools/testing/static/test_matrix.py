# SPDX-License-Identifier: GPL-2.0
"""The crash matrix is whole, and its table in Documentation/ is what it says."""

import pytest

from lib import crash, matrix, slices
from lib.sources import text

TABLE = "Documentation/virt/coco/svsm-reset-matrix.rst"


def test_table_is_the_generated_one():
    assert text(TABLE) == matrix.document(), "run tools/testing/matrix-table"


def uncovered(scenarios):
    """Cells that have neither a scenario nor a reason; and those that have both."""
    have = {(row.cause, row.cpu, row.state) for row in scenarios}
    return [cell for cell in matrix.cells() if (cell in have) == bool(matrix.why_not(*cell))]


def test_no_cell_is_missing():
    assert len(list(matrix.cells())) == len(matrix.CAUSES) * len(matrix.CPUS) * len(matrix.STATES)
    assert uncovered(matrix.GRID) == []


@pytest.mark.parametrize("row", [matrix.GRID[0], matrix.GRID[-1]], ids=lambda row: row.id)
def test_missing_cell_is_noticed(row):
    assert uncovered([other for other in matrix.GRID if other != row]) == [(row.cause, row.cpu, row.state)]


def test_reasons_refer_to_scenarios():
    """A cell that is left to another one: that one is there."""
    have = {(row.cause, row.cpu, row.state) for row in matrix.GRID}
    for cause, cpu, state in matrix.cells():
        why = matrix.why_not(cause, cpu, state)
        if not why or "see " not in why:
            continue
        seen = why.rsplit("see ", 1)[1]
        instead = (cause, seen, state) if seen in matrix.CPUS else (seen, cpu, state)
        # ... or is itself left to another CPU of the same cause
        assert instead in have or matrix.why_not(*instead), (cause, cpu, state)
        assert seen in matrix.CPUS or seen in matrix.CAUSES
    for way, representative in matrix.REPRESENTATIVE.items():
        assert matrix.CAUSES[representative].way == way
        for state in matrix.STATES:
            assert (representative, "ap", state) in have


def test_ids_are_unique():
    assert len(matrix.BY_ID) == len(matrix.SCENARIOS)


def test_smoke_is_part_of_it():
    assert set(matrix.SMOKE) <= set(matrix.BY_ID)
    rows = [matrix.BY_ID[name] for name in matrix.SMOKE]
    assert {matrix.CAUSES[row.cause].way for row in rows} == set(matrix.WAYS)
    assert {row.cpu for row in rows} == set(matrix.CPUS)


def test_every_row_can_fail():
    """A row says what has to come of it."""
    for row in matrix.SCENARIOS:
        cause = matrix.CAUSES[row.cause]
        assert row.end in crash.JUDGES, row.id
        assert row.reason or row.end in ("lives", "stays"), row.id
        assert (row.lost >= 0) == matrix.STATES[row.state].lost, row.id
        assert cause.way in matrix.WAYS
        if row.lost >= 0:
            assert row.lost != matrix.CPUS[row.cpu], row.id


def test_slices_make_up_the_whole():
    names = [f"test[{n}]" for n in range(100)]
    parts = [slices.in_slice(names, number) for number in range(slices.SLICES)]
    assert sum(len(part) for part in parts) == len(names)
    assert set().union(*parts) == set(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_slice_of_a_commit():
    names = [f"test[{n}]" for n in range(100)]
    heads = [f"{n:040x}" for n in range(slices.SLICES)]
    assert slices.selected(names, "all", heads[0]) == set(names)
    assert slices.selected(names, "quick", heads[0]) == set()
    ran = [frozenset(slices.selected(names, "ci", head)) for head in heads]
    assert len(set(ran)) == slices.SLICES and set().union(*ran) == set(names)
    assert slices.selected(reversed(names), "ci", heads[1]) == ran[1], "the order must not matter"
    assert slices.selected(names, "ci", None), "no commit: some slice all the same"
