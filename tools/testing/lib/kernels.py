# SPDX-License-Identifier: GPL-2.0
"""Kernels that only "make check-kernels" tests, and the page about what came of that.

A kernel has a name: a series (7.3) for Debian's cloud kernel, or 6.12-rt and 6.12-generic.
lib/configurations.py writes the second part of the page.
"""

import re

from . import places

MAIN = "6.12"
PAGE = places.TOP / "Documentation/admin-guide/svsm-reset-kernels.rst"
# 7.3.4's watchdog of clock sources waits for another CPU with interrupts off, by a clock that is jiffies until the
# drivers are there, and which the waiting CPU itself may have to count. Where stop_machine() holds the other one, as
# at the end of SMP bring-up, it waits for ever.
NEEDS = {"7.3": "tsc=nowatchdog"}
# What a test can be about, in the order of the table
COLUMNS = ("build", "reboot", "panic", "kdump", "unload")
# Of "build" it is the compiler, gcc-12, that says yes
WORDS = ("yes", "no", "-")
LONGEST = len("gcc-12")
# What the compiler, sparse or objtool says of this code; and that sparse was left out (C=2 specified, but ...)
COMPLAINT = re.compile(r"(?i)\bwarning:|\berror:|objtool|\bC=\d specified, but")
# Since then the headers need a newer sparse than Debian 12 and 13 have
NEWER_SPARSE = [6, 19]
SPARSE = places.BUILD / "sparse/sparse"
# Not about this code: the headers name the compiler that built the kernel, and 6.12's asm/coco.h has
# a constant that nobody uses where no memory can be encrypted
NOT_OURS = re.compile(
    r"the compiler differs from|Skipping BTF generation|/asm/coco\.h:\S+ warning: .cc_mask. defined but not used")
HEAD = """\
.. SPDX-License-Identifier: GPL-2.0

=====================
Kernels: what was run
=====================

"make check-kernels" and "make check-configurations" write this page from the results of
their tests, and nobody else does.

Debian's kernels
================

Each kernel is one that Debian ships, unmodified, in the simulator:

build
	the compiler that compiled it for this kernel, with W=1, and Debian's newest sparse: without a warning
reboot
	begun on an AP: the guest is up again with all CPUs, and knows the reason
panic
	the same of a panic on an AP
kdump
	after a panic on the BSP the crash kernel reads all of the memory, and its reboot
	goes through the SVSM (the host has DebugSwap)
unload
	the module can be unloaded and loaded again, and when it is unloaded nothing of it is left

"-" is for what was not run, "no" for what failed; a release with "x" in it is one whose
packages could not be downloaded.

"""


class Kernel:
    """One of them, and its guest: built by tools/build/all."""

    def __init__(self, name):
        self.name = name
        self.directory = places.BUILD / ("kernel" if name == MAIN else f"kernels/{name}")
        self.guest = places.BUILD / ("guest" if name == MAIN else f"guests/{name}")
        self.image = self.directory / "vmlinuz"
        self.headers = self.directory / "headers"
        self.initrd = self.guest / "initrd.img"
        self.initrd_kdump = self.guest / "initrd-kdump.img"

    @property
    def missing(self):
        """Why it is not available, None if it is there."""
        path = self.directory / "missing"
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    @property
    def release(self):
        """6.18.15+deb13-cloud-amd64, or 6.18.x-cloud-amd64 of one that is not available."""
        if self.missing:
            series, *flavour = self.name.split("-")
            return "-".join([f"{series}.x", *(word for word in flavour or ["cloud"] if word != "generic"), "amd64"])
        return (self.directory / "release").read_text(encoding="utf-8").strip()

    @property
    def sparse(self):
        """The sparse that can read its headers, None if it is not available."""
        if SPARSE.exists():
            return SPARSE
        return None if numbers(self.release)[:2] >= NEWER_SPARSE else "sparse"

    @property
    def parameters(self):
        """What it has to be told to boot each time."""
        return NEEDS.get(self.name, "")

    def arguments(self, append="", kdump=False):
        """Those of Guest() for one with this kernel."""
        return {"kernel": self.image, "initrd": self.initrd_kdump if kdump else self.initrd,
                "append": f"{self.parameters} {append}".strip()}

    @property
    def realtime(self):
        return self.name.endswith("-rt")


def complaints(output):
    """Lines of a build's output in which a tool has something to say about this code."""
    return [line for line in output.splitlines() if COMPLAINT.search(line) and not NOT_OURS.search(line)]


def next_boot(guest, reason, parameters="", boot=2):
    """The next boot: same CPUs, the reason known."""
    assert guest.boot(boot, guest.boot_timeout) == guest.smp
    guest.load(parameters)
    assert guest.attribute("last_reset_reason") == reason


def reset_once(guest, reason, parameters=""):
    """The next boot, and that it was an orderly reset; then power off."""
    next_boot(guest, reason, parameters)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=guest.smp)


def newest(names):
    """The newest cloud kernel of those asked for, if it is as new as the tests need: 7.1."""
    series = sorted((name for name in names if re.fullmatch(r"\d+\.\d+", name)), key=numbers)
    return [name for name in series[-1:] if numbers(name) >= [7, 1]]


def realtime(names):
    return [name for name in names if name.endswith("-rt")]


def generic(names):
    return [name for name in names if name.endswith("-generic")]


def numbers(text):
    """Something to sort versions by."""
    return [int(number) for number in re.findall(r"\d+", text)]


def kind(release):
    """6.12.117+deb12-rt-amd64 -> ([6, 12], "rt")"""
    version, *flavour, _ = release.split("-")
    return numbers(version)[:2], "-".join(flavour)


def rows(text):
    """{release: [words]} of a page."""
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if re.match(r"\d+\.\d+\.[\dx]", line)}


def page(results, before):
    """The page: `results`, {release: {column: word}}, in place of the rows of their series in the page before.

    What this run has not filled of a release's row stays, and a release of which nothing was run takes
    the place of none.  So does what comes after the table.
    """
    of_before = [kind(release) for release in rows(before)]
    results = {release: words for release, words in results.items() if words or kind(release) not in of_before}
    kinds = [kind(release) for release in results]
    kept = {release: words for release, words in rows(before).items() if kind(release) not in kinds}
    filled = {release: dict(zip(COLUMNS, words)) for release, words in rows(before).items()}
    made = {release: [{**filled.get(release, {}), **words}.get(column, "-") for column in COLUMNS]
            for release, words in results.items()}
    table = sorted({**kept, **made}.items(), key=lambda row: kind(row[0]))
    width = max(len(release) for release, _ in table)
    line = "  ".join(["=" * width, *("=" * max(len(column), LONGEST) for column in COLUMNS)])
    lines = [line, "  ".join(["Kernel".ljust(width), *(column.ljust(LONGEST) for column in COLUMNS)]).rstrip(), line]
    lines += ["  ".join([release.ljust(width), *(
        word.ljust(max(len(column), LONGEST)) for word, column in zip(words, COLUMNS))]).rstrip() for release, words in table]
    return HEAD + "\n".join([*lines, line, ""]) + after(before)


def after(text):
    """What a page has after its table."""
    return re.split(r"^=+(?:  =+)+\n(?!Kernel|\d)", text, maxsplit=1, flags=re.MULTILINE)[1] if rows(text) else ""
