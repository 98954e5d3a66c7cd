# SPDX-License-Identifier: GPL-2.0
"""Where things are.  Nothing here is built; tools/build/all does that."""

import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("SVSM_RESET_BUILD", TOP / "build"))
CHECK = BUILD / "check"

SNPSIM = TOP / "tools/snpsim/snpsim"
KERNEL = BUILD / "kernel/vmlinuz"
HEADERS = BUILD / "kernel/headers"
LINUX_SOURCE = BUILD / "linux-source"
GUEST = BUILD / "guest"
INITRD = GUEST / "initrd.img"
DEBUG_KERNEL = BUILD / "debug-kernel/bzImage"
DEBUG_INITRD = BUILD / "debug-kernel/initrd.img"
DEBUG_KUNIT = BUILD / "debug-kernel/kunit.img"
DEBUG_LOG = CHECK / "debug-kernel-build.log"
INITRD_KEXEC = GUEST / "initrd-kexec.img"
INITRD_KDUMP = GUEST / "initrd-kdump.img"

MODULE = "/lib/modules/svsm_reset.ko"
ATTRIBUTES = "/sys/bus/platform/devices/svsm-reset"


def qemu():
    """The QEMU that the simulator would take."""
    private = BUILD / "qemu/qemu-system-x86_64"
    return str(private) if private.exists() else "qemu-system-x86_64"
