# SPDX-License-Identifier: GPL-2.0
"""A disk with ext4, which a guest writes to while it is reset.

The next kernel replays the journal when it mounts the file system, and panics if it finds a fault in it.  What
was on the disk for certain before the reset is there after it; at the end e2fsck has nothing to say.
"""

import os
import shutil

from .sources import run

SIZE = 32 << 20
PLACE = "/mnt/files"
KEPT = f"{PLACE}/kept"
LENGTH = 64 << 10
CHANGING = "/tmp/changing"
# Many small files, so that it is the journal that is written to
CHANGE = f"n=0; while :; do n=$(((n + 1) % 50)); echo $n >{PLACE}/new && mv {PLACE}/new {PLACE}/$n; done"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"  # of mkfs.ext4 and e2fsck, for who is not root


class FileSystem:
    """`disk` is what the guest calls it, once it has been given `qemu`."""

    def __init__(self, image, disk):
        self._image, self._disk, self._times = image, disk, 0
        with open(image, "wb") as file:
            file.truncate(SIZE)
        self._run("mkfs.ext4", "-q", "-F", image)
        self.qemu = ("-drive", f"if=none,id=files,format=raw,file={image}", "-device", "virtio-blk-pci,drive=files")

    @staticmethod
    def _run(program, *arguments):
        path = shutil.which(program, path=PATH)
        assert path, f"{program} is missing: apt-get install e2fsprogs"
        result = run(path, *arguments)
        assert result.returncode == 0, f"{program}: exit status {result.returncode}: {result.stdout}"

    def begin(self, guest):
        """Mount it, see that it has what was kept before the reset, and keep something else; from now on it is busy."""
        guest.check(f"mkdir -p {PLACE} && mount -t ext4 -o errors=panic {self._disk} {PLACE}")
        if self._times:
            # Nobody had unmounted it
            guest.check(f"dmesg | grep -q '{self._disk[len('/dev/'):]}): recovery complete'")
            self._compare(guest)
        self._times += 1
        guest.check(f"yes 'file {self._times}' | head -c {LENGTH} >{KEPT} && sync")
        guest.check(f"({CHANGE}) >/dev/null 2>&1 & echo $! >{CHANGING}")

    def _compare(self, guest):
        output = guest.check(f"yes 'file {self._times}' | head -c {LENGTH} | cmp - {KEPT} && echo the same file")
        assert "the same file" in output, f"{KEPT}: it is not what was written and synced before the reset: {output}"

    @staticmethod
    def progress(guest):
        """What changes as long as the guest can write to it."""
        return guest.check(f"stat -c %y {PLACE}")

    def end(self, guest):
        """Unmount it."""
        # What the shell has begun may still run
        guest.check(f"kill $(cat {CHANGING}); until umount {PLACE}; do sleep 1; done")

    def check(self):
        """When the guest has ended."""
        self._run("e2fsck", "-f", "-n", self._image)
