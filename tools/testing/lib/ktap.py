# SPDX-License-Identifier: GPL-2.0
"""The results of KUnit, as the kernel prints them on its console (KTAP version 1)."""

import re
from dataclasses import dataclass, field

# "[    1.234567] " or "[    1.234567][    T1] " in front, with CONFIG_PRINTK_TIME and _CALLER
STAMP = re.compile(r"^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
RESULT = re.compile(r"^( *)(not )?ok (\d+) (?:- )?([^#\s]+)\s*(?:# ?(.*))?$")
SUBTEST = re.compile(r"^ *# Subtest: (\S+)")
PLAN = re.compile(r"^( *)1\.\.(\d+)")


@dataclass
class Case:
    """One line of results; the parameters of a parameterised case are folded into it."""

    suite: str
    name: str
    status: str  # passed, failed, skipped
    detail: list = field(default_factory=list)


def plain(console):
    """The lines of a console without time stamps."""
    return [STAMP.sub("", line.rstrip("\r\n ")) for line in console.splitlines()]


def parse(console):
    """All cases in a console log, as {(suite, case): Case}, and the suites' own results."""
    cases, suites = {}, {}
    suite, detail = None, []
    for line in plain(console):
        match = SUBTEST.match(line)
        if match and len(line) - len(line.lstrip()) <= 4:
            suite, detail = match[1], []
            continue
        match = RESULT.match(line)
        if not match:
            detail.append(line)
            continue
        depth, bad, name, comment = len(match[1]), match[2], match[4], match[5] or ""
        status = "failed" if bad else "skipped" if comment.startswith("SKIP") else "passed"
        if depth == 0:
            suites[name] = status
            suite = None
        elif depth == 4 and suite:
            cases[suite, name] = Case(suite, name, status, detail + [line])
            detail = []
        else:
            detail.append(line)
    return cases, suites
