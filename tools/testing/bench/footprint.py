# SPDX-License-Identifier: GPL-2.0
"""What the module takes: text and data of each room, and in all."""

import pathlib
import subprocess

from lib import places

GUEST = places.BUILD / "guest"
MODULE = GUEST / "module"
ROOT = "drivers/virt/coco/svsm-reset"


def sizes(paths):
    """{path: (text, data, bss)} as size of binutils has it."""
    output = subprocess.run(["size", *map(str, paths)], check=True, capture_output=True, text=True).stdout
    return {line.split()[5]: tuple(map(int, line.split()[:3])) for line in output.splitlines()[1:]}


def measure(directory, runs):
    """(title, rows, data) of the figure; `runs` does not matter, it is the same each time."""
    del directory, runs
    rooms = {}
    # Only what was linked: older objects may lie beside it
    linked, = MODULE.rglob("svsm_reset.mod")
    objects = linked.read_text().split()
    for path, size in sizes(objects).items():
        room = pathlib.Path(path.split(f"{ROOT}/", 1)[1]).parent.name or "main"
        rooms[room] = [a + b for a, b in zip(rooms.get(room, (0, 0, 0)), size)]
    whole = sizes([MODULE / "svsm_reset.ko"]).popitem()[1]
    heading = ["", "text", "data", "bss", "in all"]
    rows = [heading, *([room, *size, sum(size)] for room, size in sorted(rooms.items(), key=lambda item: -sum(item[1])))]
    rows.append(["the module", *whole, sum(whole)])
    return "Bytes of the module, by room (the linked module has some more and some less)", rows, {
        "rooms": {room: list(size) for room, size in rooms.items()}, "module": list(whole),
    }
