# SPDX-License-Identifier: GPL-2.0
"""What the tool says would happen: rules_test.c, and that it can fail."""

import shlex

import pytest

from lib import places
from lib.sources import run
from lib.tool import PRODUCTS, SANITIZE, SOURCE, WORDS

DRIVER = places.TOP / "drivers/virt/coco/svsm-reset/lib"
TEST = places.TOP / "tools/testing/tool/rules_test.c"


def run_rules(name, *include):
    """Compile the test, with other directories to look into first, and run it: its lines."""
    PRODUCTS.mkdir(parents=True, exist_ok=True)
    program = PRODUCTS / name
    flags = shlex.split(f"-std=gnu11 -Wall -Wextra -D_GNU_SOURCE {SANITIZE} {WORDS}")
    where = [f"-I{directory}" for directory in (*include, SOURCE, DRIVER)]
    result = run("gcc", *flags, *where, "-o", program, TEST, DRIVER / "words.c")
    assert result.returncode == 0, result.stdout
    return run(program)


def test_rules():
    result = run_rules("rules_test")
    assert result.returncode == 0, result.stdout
    lines = result.stdout.splitlines()
    assert len(lines) > 100
    assert [line for line in lines if not line.startswith("ok ")] == []


MUTATIONS = {
    "a disabled driver would reset": ("rules.c", "!set->enabled", "false"),
    "a spent driver is disabled": ("rules.c", "==\n\t\t SVR_DECLINE_DISABLED", "!=\n\t\t SVR_NR_DECLINES"),
    "panic=0 would reset": ("rules.c", "if (!set->panic) {", "if (set->panic == 1) {"),
    "a crash kernel does not come first": ("rules.c", "if (set->crash_loaded) {", "if (false) {"),
    "any bit of sysrq will do": ("rules.c", "set->sysrq & SR_SYSRQ_BOOT", "set->sysrq"),
    "deadman=0 forces": ("rules.c", "answer->way == SR_WAY_SVSM && !set->deadman", "false"),
    # The driver changes, the tool with it, and the table does not
    "the driver trusts the host": ("policy.c", "[SVR_AP_REFUSE]	= SVR_FATE_OFFLINE", "[SVR_AP_REFUSE]	= 0"),
    "the driver does not fire": ("policy.c", "[SVR_STATE_READY] = SVR_ACT_FIRE,", ""),
    "an orderly restart does not fire": ("policy.c", "[SVR_EVENT_SHUTDOWN] = { [SVR_STATE_ARMED] = SVR_ACT_FIRE,",
                                         "[SVR_EVENT_SHUTDOWN] = {"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_can_fail(tmp_path, name):
    source, old, new = MUTATIONS[name]
    text = ((DRIVER if source == "policy.c" else SOURCE) / source).read_text()
    assert old in text
    (tmp_path / source).write_text(text.replace(old, new))
    result = run_rules("rules_mutated", tmp_path)
    assert result.returncode != 0 and "not ok" in result.stdout
