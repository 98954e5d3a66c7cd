# SPDX-License-Identifier: GPL-2.0
"""The Debian machine of tools/build/debian-image: started by firmware, with systemd in it.

Nobody but the firmware and the disk has a part in a boot: the simulator is given no kernel.
"""

import json
import re
import shutil
import subprocess
import time

from . import places
from .sources import run

IMAGE = places.BUILD / "debian/disk.img"
# Bounds for a hang: alone on the machine a boot takes a minute or two
BOOT_TIMEOUT = 1200
RUN_TIMEOUT = 6 * 3600
GETTY = r"debian login: root \(automatic login\)"
# Files with random contents, and one with their checksums; nobody but systemd syncs them
WRITE = ("mkdir -p /srv/data && cd /srv/data && for i in $(seq 20); do head -c 1M /dev/urandom >$i; done && "
         "sha256sum [0-9]* >/srv/sums && cd /")
VERIFY = "cd /srv/data && sha256sum --quiet -c /srv/sums && cd /"
# Somebody who writes without an end, until systemd ends him
LOAD = ("systemd-run --unit=load sh -c 'while :; do head -c 1M /dev/urandom >/srv/load.new && "
        "mv /srv/load.new /srv/load; done'")
# What systemd says of an orderly way down
ORDERLY = r"Reached target (reboot\.target|kexec\.target|System Reboot|Reboot via kexec)"


def copy(directory):
    """A disk of one's own."""
    directory.mkdir(parents=True, exist_ok=True)
    disk = directory / "disk.img"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", IMAGE, disk], check=True)
    return disk


def firmware():
    """The firmware's image; of "make debian-image", so it is there."""
    image = places.BUILD / "ovmf/trixie/ovmf/OVMF.fd"
    assert image.exists(), f"there is no {image}: make firmware, with the network"
    return image


def arguments(disk, **more):
    """Those of simulate() for a machine with that disk."""
    qemu = ("-drive", f"file={disk},format=raw,if=none,id=disk,cache=unsafe", "-device", "virtio-blk-pci,drive=disk")
    return {"firmware": firmware(), "kernel": None, "qemu": (*qemu, *more.pop("qemu", ())), "smp": 2,
            "memory": "1G", "timeout": RUN_TIMEOUT, **more}


def shell(guest):
    """Another one, whose lines are never too long, nor coloured, and whose prompt is what the console waits for."""
    guest.send("stty cols 4000; exec env PS1='guest''# ' TERM=dumb bash --norc")
    guest.prompt()


def login(guest, timeout=BOOT_TIMEOUT, accepted=("running",)):
    """Wait for the login on the console, and for all units."""
    guest.expect(GETTY, timeout)
    guest.expect(r"root@debian:~# ", timeout)
    shell(guest)
    guest.check("dmesg -n 4")
    state = guest.run("systemctl is-system-running --wait", timeout)[1].strip()
    assert state in accepted, f"{state}: {guest.run('systemctl --failed --no-legend')[1]}"


def came_back(guest, reason):
    """Wait for the login after a reset; the reason is right, and no CPU is lost."""
    login(guest)
    assert guest.attribute("last_reset_reason") == reason
    assert guest.check("nproc") == str(guest.smp)


def journal(guest, options, timeout=600):
    """Messages of the journal; none is no error."""
    return guest.check(f"journalctl --no-pager -q -o cat {options} || :", timeout)


def fsck_at_boot(guest):
    """What the initial ram disk's check of the root file system said, and ext4 after it."""
    return guest.check("cat /run/initramfs/fsck.log") + journal(guest, "-b -k --grep=EXT4-fs")


def write_data(guest):
    """A new data set, while somebody else writes."""
    guest.check("systemctl is-active --quiet load || " + LOAD)
    guest.check(WRITE, 600)


def reset_anyhow(guest, way, reason="reboot"):
    """Have the system reset under load, by `way`, a command or a function, and see that a new data set is whole."""
    write_data(guest)
    count = int(guest.attribute("reset_count"))
    begin = time.monotonic()
    if callable(way):
        way()
    else:
        guest.send(way)
    came_back(guest, reason)
    took = time.monotonic() - begin
    guest.took.append(f"reset {count + 1}: {took:.0f} s; " + guest.check("systemd-analyze | head -n 1"))
    assert guest.attribute("reset_count") == str(count + 1)
    guest.check(VERIFY, 600)


def reset(guest, way):
    """The same by an orderly way down: it leaves a clean file system and a journal that ends with its end.

    The journal before the reset is what comes back.
    """
    reset_anyhow(guest, way)
    log, check = journal(guest, "-b -1 -n 300"), fsck_at_boot(guest)
    assert re.search(ORDERLY, log) and log.rstrip().endswith("Journal stopped"), log
    assert "root: clean" in check and not re.search("recover|orphan", check), check
    return log


def power_off(guest, resets):
    """systemd's; so many resets, each as it should be, are behind it, and a file system without a fault."""
    guest.send("systemctl poweroff")
    assert guest.end(BOOT_TIMEOUT) == 0, guest.tail()
    guest.events.ended(0, "poweroff")
    guest.events.orderly_resets(resets, cpus=guest.smp)
    status, said = fsck(guest.disk)
    assert status == 0, said


def root_of(disk):
    """Its root file system, as e2fsprogs name it."""
    table = json.loads(subprocess.run(["sfdisk", "--json", disk], check=True, capture_output=True).stdout)["partitiontable"]
    root, = (part for part in table["partitions"] if part.get("name") == "root")
    return f"{disk}?offset={root['start'] * table.get('sectorsize', 512)}"


def fsck(disk):
    """What a check of its root file system says that may mend nothing: (exit status, text)."""
    result = subprocess.run(["e2fsck", "-f", "-n", root_of(disk)], capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def copy_out(disk, file, to):
    """One file of a machine that is off."""
    subprocess.run(["debugfs", "-R", f"dump {file} {to}", root_of(disk)], check=True, capture_output=True)
    assert to.stat().st_size, file


def crash(dump, commands):
    """What crash, of Debian 13, says of a dump of this machine."""
    result = run(places.TOP / "tools/build/debian-crash", timeout=1800)
    assert result.returncode == 0, result.stdout
    root = IMAGE.parent / "crash/root"
    here = root / "dump"
    shutil.copy(dump, here)
    try:
        typed = "".join(f"{command}\n" for command in ("set scroll off", *commands, "quit"))
        said = subprocess.run(["chroot", root, "crash", "-s", "/vmlinux", "/dump"], input=typed,
                              capture_output=True, text=True, check=False, timeout=600)
        return said.stdout + said.stderr
    finally:
        here.unlink()


def remove(disk):
    shutil.rmtree(disk.parent)
