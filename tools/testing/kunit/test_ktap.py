# SPDX-License-Identifier: GPL-2.0
"""The KTAP parser: it has to see what went wrong."""

from lib import ktap

CONSOLE = """\
[    1.000000] KTAP version 1
[    1.000100][    T1] 1..1
[    1.000200]     KTAP version 1
[    1.000300]     # Subtest: suite_a
[    1.000400]     # module: a_kunit
[    1.000500]     1..4
[    1.000600]     ok 1 good
[    1.000700]     # bad: EXPECTATION FAILED at a.c:3
[    1.000800]     not ok 2 bad
[    1.000900]     ok 3 left_out # SKIP no such device
[    1.001000]         KTAP version 1
[    1.001100]         # Subtest: table
[    1.001200]         ok 1 row one
[    1.001300]         not ok 2 row two
[    1.001400]     # table: pass:1 fail:1 skip:0 total:2
[    1.001500]     not ok 4 table
[    1.001600] # suite_a: pass:1 fail:2 skip:1 total:4
[    1.001700] not ok 1 suite_a
"""


def test_results():
    cases, suites = ktap.parse(CONSOLE)
    assert {name: case.status for (_, name), case in cases.items()} == {
        "good": "passed", "bad": "failed", "left_out": "skipped", "table": "failed",
    }
    assert suites == {"suite_a": "failed"}


def test_the_reason_is_kept():
    cases, _ = ktap.parse(CONSOLE)
    assert any("EXPECTATION FAILED" in line for line in cases["suite_a", "bad"].detail)
    assert any("row two" in line for line in cases["suite_a", "table"].detail)


def test_nothing_is_made_up():
    assert ktap.parse("[    0.1] Linux version 6.12\n") == ({}, {})
