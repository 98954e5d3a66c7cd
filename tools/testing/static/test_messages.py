# SPDX-License-Identifier: GPL-2.0
"""Each warning and error of the driver is in the guide's list, and nothing else is."""

import re

import pytest

from lib import messages
from lib.sources import text

GUIDE = "Documentation/admin-guide/svsm-reset-messages.rst"
LEVELS = ("emerg", "alert", "crit", "err", "warn")


def listed(guide):
    """The literals that head an entry: in the first column, with an indented text below."""
    return [
        entry for line in re.findall(r"^(``.*)\n\t", guide, re.MULTILINE) for entry in re.findall(r"``(.+?)``", line)
    ]


def unlisted(formats, lines):
    return [form for form in formats if not any(messages.pattern(form).fullmatch(line) for line in lines)]


def unknown(lines, formats):
    """What the driver does not say."""
    return [line for line in lines if not any(messages.pattern(form).fullmatch(line) for form in formats)]


def test_every_message_is_listed():
    formats = messages.of_the_driver(*LEVELS)
    assert len(formats) > 40
    assert unlisted(formats, listed(text(GUIDE))) == []


def test_what_is_missing_is_listed():
    """Lines of a lower level that tell what there is not, on an SNP machine with an SVSM."""
    missing = [form for form in messages.of_the_driver("info", "notice") if re.match(r"no |.*\bcannot\b", form)]
    assert len(missing) >= 3
    assert unlisted(missing, listed(text(GUIDE))) == []


def test_every_entry_is_a_message():
    # not one of a format that is nothing but conversions
    every = [form for form in messages.of_the_driver(*LEVELS, "notice", "info") if "%s: %" not in form]
    assert unknown(listed(text(GUIDE)), every) == []


@pytest.mark.parametrize("source, expected", [
    ('pr_err("no %u of\\n", a);', [("err", "no %u of")]),
    ('\tsvr_warn("%s: a "\n\t\t "b (%pe)\\n", x, y);', [("warn", "%s: a b (%pe)")]),
    ('svr_emit("%s" pr_fmt("a %u\\n"),', [("warn", "a %u")]),
    ('#define svr_err(fmt, ...) x(fmt)', []),
    ('pr_info("a " MACRO "b\\n");', [("info", "a b")]),
])
def test_formats(source, expected):
    assert list(messages.formats(source)) == expected


def test_can_fail():
    assert listed("``a``, ``b 1``\n\tDo ``c``.\n\n``d`` is not\none\n") == ["a", "b 1"]
    assert unlisted(["gone %u"], ["gone 5"]) == []
    assert unlisted(["gone %u"], ["going 5"]) == ["gone %u"]
    assert unlisted(["gone %u"], ["gone"]) == ["gone %u"]
    assert unlisted(["gone"], ["gone 5"]) == ["gone"]
    assert unknown(["gone 5"], ["gone %u"]) == []
    assert unknown(["gone 5"], ["went %u"]) == ["gone 5"]
