# SPDX-License-Identifier: GPL-2.0
"""The demonstrations, which check by themselves what they show; here: that they show it."""

import os
import re

import pytest

from lib import places
from lib.sources import run

pytestmark = pytest.mark.sliced

SHOWN = {
    "reset": (
        "no module", "snpsim: host reset (", "the VM is lost",
        "guest# modprobe svsm_reset", "guest# reboot", "guest# svsm-reset status", "an orderly restart on CPU",
        "guest# svsm-reset explain", "What would happen now", "A panic is harder", "handing the call over from CPU 2",
        "a panic on CPU 2", "violations, host resets, terminations: 0",
        "done: the guest was reset through its SVSM and came back",
    ),
    "kdump": (
        "guest# load-capture", "the crash kernel is up", "guest# makedumpfile", "/tmp/core", "sysrq: Trigger a crash",
        "handing the jump into the crash kernel over to the BSP", "guest# reboot -f", "guest# svsm-reset status",
        "violations, host resets, terminations: 0", "done: the crash was dumped",
    ),
}


@pytest.mark.parametrize("which", SHOWN)
def test_demonstration(which):
    """In this order; and no sign of life is there twice, or empty."""
    result = run(
        "/usr/bin/python3", places.TOP / "tools/demo/demo.py", which, timeout=900,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert result.returncode == 0, result.stdout
    rest = result.stdout
    for text in SHOWN[which]:
        assert text in rest, f"{text!r} is not there, or too early:\n{result.stdout}"
        rest = rest.split(text, 1)[1]
    beats = [line.split(" s: ", 1)[1] for line in result.stdout.splitlines() if re.search(r"  \.\.\. \d+ s: ", line)]
    assert all(one.strip() and one != other for one, other in zip(beats, [None, *beats]))
