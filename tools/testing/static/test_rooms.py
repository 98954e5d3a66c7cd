# SPDX-License-Identifier: GPL-2.0
"""The driver's folders: lib/ is pure, each has a header, and parameters have one place."""

import re

import pytest

from lib.sources import files, text

DRIVER = "drivers/virt/coco/svsm-reset/"
ROOMS = ("lib", "reset", "svsm", "record", "crash", "sysfs")
# Beside the header of the folder: what define_trace.h includes, and inline functions
OTHER_HEADERS = {"reset": {"trace.h", "wait.h"}}
# Numbers, texts and layouts: what tools/testing/fuzz/shim.h has, or can have, in user space
PURE = {
    "linux/" + name for name in (
        "align.h", "array_size.h", "bitmap.h", "bitops.h", "bits.h", "btf.h", "build_bug.h", "compiler.h", "crc32.h",
        "ctype.h", "elf.h", "err.h", "errno.h", "gfp.h", "kernel.h", "kstrtox.h", "limits.h", "minmax.h", "overflow.h",
        "pci_ids.h", "pci_regs.h", "sizes.h", "sprintf.h", "stddef.h", "string.h", "svsm-reboot.h", "types.h", "virtio_pci.h",
        "unaligned.h",
    )
}


def sources():
    """{path below the driver's folder: text}"""
    return {name.removeprefix(DRIVER): text(name) for name in files(".c", ".h") if name.startswith(DRIVER)}


def not_pure(tree):
    """(file, header) of what lib/ includes and ought not to."""
    return [
        (name, header) for name, source in tree.items() if name.startswith("lib/")
        for mark, header in re.findall(r"^\s*#\s*include\s+([<\"])([^>\"]+)", source, re.MULTILINE)
        if (header not in PURE if mark == "<" else f"lib/{header}" not in tree)
    ]


def test_lib_is_pure():
    tree = sources()
    assert len([name for name in tree if name.startswith("lib/")]) > 20
    assert not_pure(tree) == []


@pytest.mark.parametrize("line", [
    '#include "svsm-reset.h"', '#include "reset/wait.h"', '#include "../compat.h"', "#include <asm/msr.h>",
    "#include <linux/smp.h>", '# include  "lib/words.h"',
])
def test_what_is_not_pure_is_found(line):
    tree = {"lib/a.c": f'#include <linux/types.h>\n{line}\n#include "b.h"\n', "lib/b.h": "", "reset/c.c": line}
    assert [name for name, _ in not_pure(tree)] == ["lib/a.c"]


def wrong_headers(tree):
    """Headers that are not the one of their folder, and folders without one."""
    found = []
    for room in ROOMS[1:]:
        headers = {name.split("/")[1] for name in tree if name.startswith(room + "/") and name.endswith(".h")}
        found += sorted(f"{room}/{name}" for name in headers ^ ({f"{room}.h"} | OTHER_HEADERS.get(room, set())))
    return found


def test_each_room_has_one_header():
    tree = sources()
    assert {name.split("/")[0] for name in tree if "/" in name} == set(ROOMS)
    assert wrong_headers(tree) == []


def test_another_header_is_found():
    tree = dict.fromkeys([*sources(), "svsm/probe.h"], "")
    del tree["crash/crash.h"]
    assert wrong_headers(tree) == ["svsm/probe.h", "crash/crash.h"]


def with_parameters(tree):
    return [name for name, source in tree.items() if re.search(r"\bmodule_param|MODULE_PARM_DESC", source)]


def test_parameters_are_in_one_file():
    assert with_parameters(sources()) == ["settings.c"]
    assert with_parameters({"a.c": "module_param(x, int, 0);", "b.c": 'MODULE_PARM_DESC(x, "x");', "c.c": ""}) == ["a.c", "b.c"]


def unlisted(tree, makefile):
    """Sources that the Makefile does not name once."""
    objects = re.findall(r"\b([\w/-]+)\.o\b", re.sub(r"^(obj|CFLAGS|#).*", "", makefile, flags=re.MULTILINE))
    return [name for name in tree if name.endswith(".c") and objects.count(name[:-2]) != 1]


def test_makefile_lists_each_source_once():
    makefile = text(DRIVER + "Makefile")
    assert unlisted(sources(), makefile) == []
    assert unlisted({"lib/new.c": "", "main.c": ""}, makefile) == ["lib/new.c"]
    assert unlisted({"main.c": ""}, makefile + "svsm_reset-y += main.o\n") == ["main.c"]
