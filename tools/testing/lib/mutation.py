# SPDX-License-Identifier: GPL-2.0
"""A guest whose driver is broken in one place: what notices that is a test that can fail."""

import shutil

from . import places
from .sources import run


def initrd(directory, name, text, instead, headers=places.HEADERS, base=places.INITRD):
    """An initial ram disk with the driver, that text of its file changed; for the usual kernel, or another."""
    tree = directory / "tree"
    for part in ("drivers", "include", "kunit", "tools/build"):
        shutil.copytree(places.TOP / part, tree / part)
    shutil.copy(places.TOP / "Kbuild", tree)
    source = tree / "drivers/virt/coco/svsm-reset" / name
    before = source.read_text()
    assert before.count(text) == 1, f"{name} has changed: write this mutation anew"
    source.write_text(before.replace(text, instead))
    built, image = directory / "module", directory / "initrd.img"
    for command in (
        (tree / "tools/build/module", "--kdir", headers, "--out", built),
        (places.TOP / "tools/guest/mkinitrd", "--base", base, "--out", image,
         "--module", f"{built}/svsm_reset.ko:{places.MODULE}"),
    ):
        result = run(*command)
        assert result.returncode == 0, result.stdout
    return image
