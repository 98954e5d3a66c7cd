# SPDX-License-Identifier: GPL-2.0
"""The page that follows a reset through the functions: each is there, and is called by the one above it."""

import functools
import re

import pytest

from lib import places
from lib.sources import files, text

PAGE = "Documentation/virt/coco/svsm-reset-walk.rst"
OURS = ("drivers/", "tools/snpsim/hv/")
# Where the kernel's functions of the page are
KERNEL = (
    "kernel/reboot.c", "kernel/printk/printk.c", "include/linux/kmsg_dump.h", "drivers/base/core.c",
    "arch/x86/kernel/reboot.c", "arch/x86/kernel/smp.c", "arch/x86/kernel/process.c",
)
CALL = re.compile(r"^\t( *)(~> )?(\w+)\(\)$")


@functools.cache
def sources():
    ours = [text(name) for name in files(".c", ".h") if name.startswith(OURS)]
    return ours + [(places.LINUX_SOURCE / name).read_text(encoding="utf-8") for name in KERNEL]


@functools.cache
def bodies(name):
    """What is between the braces of each function of that name; static ones may share it."""
    definition = re.compile(rf"^(?![\s/*#])[^;{{}}=]*?\b{name}\b[^;{{}}=]*\)\s*\n\{{\n(.*?)^\}}", re.MULTILINE | re.DOTALL)
    return [match for source in sources() if name in source for match in definition.findall(source)]


def calls(page):
    """(caller or None, called by a pointer?, callee) of each line of the trees."""
    above = []
    for line in page.splitlines():
        match = CALL.match(line)
        if not match:
            if line.strip():
                above = []
            continue
        depth = len(match[1])
        above = [(indent, name) for indent, name in above if indent < depth]
        yield above[-1][1] if above else None, bool(match[2]), match[3]
        above.append((depth, match[3]))


def complaints(page):
    found = [f"no function {name}()" for name in sorted(set(re.findall(r"\b(\w+)\(\)", page))) if not bodies(name)]
    for caller, by_pointer, callee in calls(page):
        if not caller:
            continue
        direct = any(re.search(rf"\b{callee}\(", body) for body in bodies(caller))
        if direct == by_pointer:
            found.append(f"{caller}() {'calls' if direct else 'does not call'} {callee}()")
    return found


def test_walk():
    page = text(PAGE)
    assert len(list(calls(page))) > 50
    assert complaints(page) == []


@pytest.mark.parametrize("old, new, complaint", [
    ("svr_claim()", "svr_clam()", "no function svr_clam()"),
    ("\t              svr_state_begin()\n", "\t              svr_state_advance()\n", "svr_claim() does not call svr_state_advance()"),
    ("\t    ~> svr_prepare()", "\t    svr_prepare()", "do_kernel_restart_prepare() does not call svr_prepare()"),
    ("\t      svr_quiesce_weakest()", "\t      ~> svr_quiesce_weakest()", "svr_weakest() calls svr_quiesce_weakest()"),
])
def test_walk_can_fail(old, new, complaint):
    page = text(PAGE)
    assert old in page
    assert complaint in complaints(page.replace(old, new))
