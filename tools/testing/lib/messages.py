# SPDX-License-Identifier: GPL-2.0
"""What the driver says in the log: the formats in its sources."""

import re

from .sources import files, text

STRINGS = r"((?:\s*\"(?:[^\"\\]|\\.)*\")+)"
CALL = re.compile(r"\b(?:pr|svr|svr_log|svr_loud)_(emerg|alert|crit|err|warn|notice|info)\(" + STRINGS)
# A level that is chosen when it is said: it may be a warning
EITHER = re.compile(r"\bsvr_emit\(\"(%s)\" pr_fmt\(" + STRINGS)
CONVERSION = re.compile(r"%%|%[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:hh|h|ll|l|z)?(?:p[A-Za-z]*|[a-zA-Z])")
# Macros in a format, and what stands for them
MACROS = re.compile(r"\"\s*[A-Z]\w+\s*\"")


def formats(source):
    """(level, format) of each call in a C source, the newline left out."""
    source = MACROS.sub("", source)
    for match in (*CALL.finditer(source), *EITHER.finditer(source)):
        joined = "".join(re.findall(r"\"((?:[^\"\\]|\\.)*)\"", match[2]))
        yield match[1].replace("%s", "warn"), joined.removesuffix("\\n").replace('\\"', '"')


def of_the_driver(*levels):
    """The formats of all its sources at these levels."""
    return sorted({
        form for name in files(".c") if name.startswith("drivers/")
        for level, form in formats(text(name)) if level in levels
    })


def pattern(form):
    """A regular expression for the lines that the format makes."""
    parts = CONVERSION.split(form)
    return re.compile(r".*?".join(re.escape(part) for part in parts))
