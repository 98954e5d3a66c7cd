# SPDX-License-Identifier: GPL-2.0
"""The Debian machine of tools/build/debian-image: started by firmware, with systemd in it.

Nobody but the firmware and the disk has a part in a boot: the simulator is given no kernel.
"""

import shutil
import subprocess

from . import ovmf, places

IMAGE = places.BUILD / "debian/disk.img"
FIRMWARE = "trixie", "ovmf/OVMF.fd"
# Bounds for a hang: alone on the machine a boot takes a minute or two
BOOT_TIMEOUT = 1200
RUN_TIMEOUT = 6 * 3600
GETTY = r"debian login: root \(automatic login\)"


def copy(directory):
    """A disk of one's own."""
    directory.mkdir(parents=True, exist_ok=True)
    disk = directory / "disk.img"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", IMAGE, disk], check=True)
    return disk


def arguments(disk, **more):
    """Those of simulate() for a machine with that disk."""
    qemu = ("-drive", f"file={disk},format=raw,if=none,id=disk,cache=unsafe", "-device", "virtio-blk-pci,drive=disk")
    return {"firmware": ovmf.debian(*FIRMWARE), "kernel": None, "qemu": (*qemu, *more.pop("qemu", ())), "smp": 2,
            "memory": "1G", "timeout": RUN_TIMEOUT, **more}


def login(guest, timeout=BOOT_TIMEOUT):
    """Wait for the shell on the console; one whose lines are never too long, nor coloured."""
    guest.expect(GETTY, timeout)
    guest.expect(r"root@debian:~# ", timeout)
    guest.send("stty cols 4000; exec env PS1='guest''# ' TERM=dumb bash --norc")
    guest.prompt()
    guest.check("dmesg -n 4")
    state = guest.check("systemctl is-system-running --wait || systemctl --failed --no-legend", timeout)
    assert state == "running", state


def remove(disk):
    shutil.rmtree(disk.parent)
