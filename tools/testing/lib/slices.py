# SPDX-License-Identifier: GPL-2.0
"""What is run when: everything, the quick part, or that and a slice of the rest.

A test marked `sliced` is not in the quick part.  In CI each commit runs another
slice of those, so that they all get their turn in a while.
"""

import subprocess

import pytest

from . import places

# On two cores a slice takes some five minutes.
SLICES = 33
SCOPES = ("all", "quick", "ci")


def later(*values):
    """Of the values of a parametrized test: those that are not in the quick part."""
    return pytest.param(*values, marks=pytest.mark.sliced)


def commit():
    """The commit's hash, None where there is none."""
    result = subprocess.run(
        ["git", "-C", str(places.TOP), "rev-parse", "HEAD"], capture_output=True, text=True, check=False,
    )
    return result.stdout.strip() if result.returncode == 0 else None


def of_commit(head):
    """The number of the slice that this commit runs."""
    return int(head, 16) % SLICES if head else 0


def in_slice(names, number):
    """Those of the names that are in a slice; of any order, all slices make up the whole."""
    return set(sorted(names)[number::SLICES])


def selected(sliced, scope, head):
    """The names of the sliced tests that run."""
    if scope == "all":
        return set(sliced)
    if scope == "quick":
        return set()
    return in_slice(sliced, of_commit(head))
