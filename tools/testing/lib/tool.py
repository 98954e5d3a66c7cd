# SPDX-License-Identifier: GPL-2.0
"""Building the tool svsm-reset for tests of it."""

import fcntl

from . import places
from .sources import run

SOURCE = places.TOP / "tools/svsm-reset"
PRODUCTS = places.CHECK / "tool"
SANITIZE = "-O1 -g -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"
# What the tool's own sources are compiled with, for the C tests
WORDS = "'-D__printf(a,b)=__attribute__((__format__(printf,a,b)))'"


def build(directory, target, compiler, flags):
    """Build a target of the tool's Makefile in a directory of its own: make's result.

    Processes that run tests side by side use one directory: one builds, the others wait for it.
    """
    out = PRODUCTS / directory
    out.mkdir(parents=True, exist_ok=True)
    with (out / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run("make", "-C", SOURCE, f"O={out}", f"CC={compiler}", f"CFLAGS={flags}", out / target)
