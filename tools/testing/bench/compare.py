# SPDX-License-Identifier: GPL-2.0
"""A figure beside one that was kept earlier: what has changed, and what varies too much to say.

The earlier file may come from anywhere, so nothing in it is believed before it was looked at, and none of its
text is printed as it is. Runs of two machines are not compared, nor those of two figures or commands.
"""

import json
import math
import statistics

# The runs of one figure may lie so far apart, as a part of their median: beyond that nothing is called better
BOUND = 0.10
LARGEST = 4 << 20  # bytes
MACHINE = {"cpu": str, "cpus": int, "kernel": str}


class Unusable(Exception):
    """One line that says why the two are not compared."""


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15 and math.isfinite(value)


def is_kept(kept):
    """Has it what main() of run writes, and samples of numbers?"""
    return (
        isinstance(kept, dict)
        and all(isinstance(kept.get(name), str) for name in ("figure", "command"))
        and isinstance(kept.get("machine"), dict)
        and all(type(kept["machine"].get(name)) is kind for name, kind in MACHINE.items())  # a bool is an int
        and isinstance(kept.get("samples"), dict) and kept["samples"]
        and all(isinstance(values, list) and values and all(map(number, values)) for values in kept["samples"].values())
    )


def read(path):
    """What a run has kept."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None
    if len(data) > LARGEST:
        raise Unusable(f"{path}: larger than {LARGEST >> 20} MiB, bench has not kept this")
    try:
        kept = json.loads(data)
    except (ValueError, RecursionError):
        raise Unusable(f"{path}: not JSON") from None
    if not is_kept(kept):
        raise Unusable(f"{path}: not a figure that bench has kept")
    return kept


def of_one_kind(before, now):
    """Refuse what is not to be compared; both have a figure, a command and a machine."""
    for name, value in now["machine"].items():
        if before["machine"].get(name) != value:
            raise Unusable(f"the machine differs: {name} was {before['machine'].get(name)!a}, is {value!a}")
    for name in ("figure", "command"):
        if before[name] != now[name]:
            raise Unusable(f"the {name} differs: was {before[name]!a}, is {now[name]!a}")


def varies(values):
    """How far they lie apart, as a part of their median."""
    middle = statistics.median(values)
    width = max(values) - min(values)
    return width / abs(middle) if middle else math.inf if width else 0.0


def judge(before, now):
    """What to say of two lists of values of which the smaller is the better one."""
    widest = max(varies(before), varies(now))
    if widest > BOUND:
        return f"varies by {widest:.0%}: {min(now):g} to {max(now):g}, was {min(before):g} to {max(before):g}"
    if max(min(before), min(now)) <= min(max(before), max(now)):
        return "the same"
    return "better" if max(now) < min(before) else "worse"


def difference(before, now):
    if not before:
        return "" if not now else "new"
    return f"{(now - before) / abs(before):+.1%}"


def table(before, now):
    """Rows: the median then, the median now, and what that means."""
    rows = [["", "was", "is", "difference", ""]]
    for name, values in now["samples"].items():
        if name not in before["samples"]:
            rows.append([name, "", f"{statistics.median(values):g}", "", "was not measured"])
            continue
        medians = [statistics.median(these) for these in (before["samples"][name], values)]
        rows.append([name, *(f"{median:g}" for median in medians), difference(*medians), judge(before["samples"][name], values)])
    gone = len(set(before["samples"]) - set(now["samples"]))
    if gone:
        rows.append([f"{gone} more", "", "", "", "not measured now"])
    return rows
