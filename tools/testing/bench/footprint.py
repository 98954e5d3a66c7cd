# SPDX-License-Identifier: GPL-2.0
"""What the module takes: code and data of each room, of its largest objects, and what the kernel adds to each module.

What is allocated is told by section: code, constants, data, and what is zero at first (bss). The kernel's own tables
(unwinding, BTF, versions of symbols, places of calls) are apart: another kernel, or other options, has others.
"""

import pathlib
import re
import subprocess

from lib import places

GUEST = places.BUILD / "guest"
MODULE = GUEST / "module"
ROOT = "drivers/virt/coco/svsm-reset"
CODE, CONSTANTS, DATA, BSS, KERNEL = KINDS = "code", "constants", "data", "bss", "the kernel's"
# The first that fits; what comes last is all else that stays in memory
SECTIONS = (
    (r"\.(init|exit|noinstr|static_call)?\.?text", CODE), (r"\.rodata", CONSTANTS), (r"\.bss", BSS),
    (r"\.data\.\.percpu", "per CPU"), (r"\.(ref\.|init\.)?data", DATA), (r"\.(debug|comment|note|rela|llvm|discard)|Total|\.modinfo", None),
    (r"[._]", KERNEL),
)
LARGEST = 8
GOAL = 64 << 10


def kind_of(section):
    return next((kind for pattern, kind in SECTIONS if re.match(pattern, section)), None)


def sizes(path):
    """{kind: bytes} of an object, as size of binutils has its sections."""
    output = subprocess.run(["size", "-A", str(path)], check=True, capture_output=True, text=True).stdout
    found = dict.fromkeys((*KINDS, "per CPU"), 0)
    for section, size in re.findall(r"^(\S+)\s+(\d+)\s+\d+$", output, re.MULTILINE):
        kind = kind_of(section)
        if kind:
            found[kind] += int(size)
    return found


def add(one, other):
    return {kind: one[kind] + other[kind] for kind in one}


def cells(size):
    """Of a row: each kind, and what the goal is about, text and data."""
    return [*(size[kind] for kind in KINDS), size[CODE] + size[CONSTANTS] + size[DATA]]


def measure(directory, runs):
    """(title, rows, data) of the figure; `runs` does not matter, it is the same each time."""
    del directory, runs
    # Only what was linked: older objects may lie beside it
    linked, = MODULE.rglob("svsm_reset.mod")
    objects = {path.split(f"{ROOT}/", 1)[1]: sizes(path) for path in linked.read_text(encoding="utf-8").split()}
    rooms = {}
    for path, size in objects.items():
        room = pathlib.Path(path).parent.name or "main"
        rooms[room] = add(rooms[room], size) if room in rooms else size
    whole = sizes(MODULE / "svsm_reset.ko")
    rows = [["", *KINDS, "text and data"]]
    rows += [[room, *cells(size)] for room, size in sorted(rooms.items(), key=lambda item: -cells(item[1])[-1])]
    rows.append(["the module", *cells(whole)])
    largest = sorted(objects.items(), key=lambda item: -cells(item[1])[-1])[:LARGEST]
    rows += [["of these: " + path.removesuffix(".o") + ".c", *cells(size)] for path, size in largest]
    over = cells(whole)[-1] - GOAL
    title = (f"Bytes of the module, by room; {whole['per CPU']} for each CPU; text and data are "
             f"{abs(over)} bytes {'above' if over > 0 else 'below'} {GOAL >> 10} KiB")
    samples = {f"{room}, text and data": [cells(size)[-1]] for room, size in {**rooms, "the module": whole}.items()}
    return title, rows, {"objects": objects, "rooms": rooms, "module": whole, "samples": samples}
