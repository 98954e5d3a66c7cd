# SPDX-License-Identifier: GPL-2.0
"""Bare Debian trees (tools/build/trees), each test with a layer of its own on top.

A command in a tree runs as on a machine: in process, mount and network namespaces of its
own, so without a network, with /proc, the host's /sys, and a small /dev.  Nothing is left
mounted when it ends.  All trees share what was compiled (ccache).  To programs that look for it the root file system is on a loop
device with an ext4 file system, which MODULES=dep of initramfs-tools insists on.
"""

import pathlib
import re
import shutil
import subprocess

from . import places
from .sources import run

TREES = places.BUILD / "trees"
PACKAGES = places.CHECK / "packages"
# What packages of the sources are, and a release after it
OLD = run(places.TOP / "tools/packaging/changelog", "--packages").stdout.strip()
NEW = "99.0.0"
# A kernel before the first that knows of an SVSM
OLD_KERNEL = "6.1.0-99-cloud-amd64"
RELEASES = ("bookworm", "trixie")
VERSIONS = {"bookworm": "12", "trixie": "13"}
# More mounts of Tree.run: nothing can be noted
RUN_IS_READ_ONLY = 'mount -o remount,ro "$root/run"\n'

# $1: lower directories, $2: upper, $3: work, $4: where, $5: loop device, $6: more mounts, $7: cache
SETUP = r"""
set -e
lower=$1 upper=$2 work=$3 root=$4 loop=$5 more=$6 cache=$7
shift 7
mount -t overlay "$loop" -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$root"
mount -t proc proc "$root/proc"
mount --bind /sys "$root/sys"
mount -o remount,bind,ro "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty "${loop#/dev/}"; do
	: >"$root/dev/$name"
	mount --bind "/dev/$name" "$root/dev/$name"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$cache" "$root/var/cache/ccache"
mount --bind "$cache" "$root/var/cache/ccache"
eval "$more"
exec chroot "$root" env -i PATH=/usr/lib/ccache:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	CCACHE_DIR=/var/cache/ccache CCACHE_BASEDIR=/var/lib/dkms LC_ALL=C HOME=/root DEBIAN_FRONTEND=noninteractive bash -c "$1"
"""


def uname(option, answer):
    """More mounts of Tree.run: uname says something else for this option; a shell's word."""
    return f"""
printf '#!/bin/sh\\ncase $1 in {option}) echo %s ;; *) exec uname.real "$@" ;; esac\\n' "{answer}" >"$root/tmp/uname"
chmod 755 "$root/tmp/uname"
cp "$root/usr/bin/uname" "$root/usr/local/bin/uname.real"
mount --bind "$root/tmp/uname" "$root/usr/bin/uname"
"""


class Loop:
    """A loop device with a small ext4 file system, for the tests of a run."""

    def __init__(self, directory):
        image = directory / "root.ext4"
        with open(image, "wb") as file:
            file.truncate(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        self.device = subprocess.run(
            ["losetup", "--find", "--show", image], check=True, capture_output=True, text=True,
        ).stdout.strip()

    def close(self):
        subprocess.run(["losetup", "--detach", self.device], check=True)


class Tree:
    """A tree of a release, and a layer in `directory` that takes what is written."""

    def __init__(self, release, loop, directory, below=()):
        self.release, self.loop, self.directory = release, loop, directory
        self.layers = [*below]
        self.base = TREES / release / "root"
        self.kernel = (TREES / release / "kernel").read_text(encoding="utf-8").strip()
        shutil.rmtree(directory, ignore_errors=True)
        for name in ("upper", "work", "root"):
            (directory / name).mkdir(parents=True)
        self.upper = directory / "upper"

    def on_top(self, directory):
        """Another tree, with what is in this one below it."""
        return Tree(self.release, self.loop, directory, [*self.layers, self.upper])

    def run(self, command, mounts="", timeout=600):
        """Run a shell command in the tree: the finished process, see sources.run."""
        lower = ":".join(map(str, [*reversed(self.layers), self.base]))
        return run(
            "unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", SETUP,
            "sh", lower, self.upper, self.directory / "work", self.directory / "root", self.loop.device, mounts,
            PACKAGES / f"ccache-{self.release}", command,
            timeout=timeout,
        )

    def check(self, command, **options):
        """Run it, and it has to succeed: its output."""
        result = self.run(command, **options)
        assert result.returncode == 0, f"{command}: {result.returncode}\n{result.stdout[-6000:]}"
        return result.stdout

    def put(self, *paths, into="var/packages"):
        """Copy files into the tree, as root's; their names there."""
        (self.upper / into).mkdir(parents=True, exist_ok=True)
        for path in paths:
            shutil.copy(path, self.upper / into)
        return " ".join(f"/{into}/{pathlib.Path(path).name}" for path in paths)

    def other_kernel(self, name):
        """The release of the kernel that is there to be installed as `name`, and its packages by what they are.

        First those that are not its own, but newer for it.
        """
        directory = TREES / self.release / name
        release = (directory / "kernel").read_text(encoding="utf-8").strip()
        packages = list(directory.glob("*.deb"))
        own = [path for path in packages if f"-{release.split('-')[0]}" in path.name.split("_")[0]]
        headers = [path for path in own if re.match("linux-(headers|kbuild)", path.name)]
        return release, [path for path in packages if path not in own], [path for path in own if path not in headers], headers

    def image(self, path):
        """The names in an initial ram disk."""
        return self.check(f"lsinitramfs {path}").splitlines()

    def has_module(self, path):
        """Are the module and the rule that loads it in an image? Both or none."""
        names = self.image(path)
        module = [name for name in names if "/svsm_reset.ko" in name]
        rule = [name for name in names if name.endswith("rules.d/80-svsm-reset.rules")]
        assert len(module) == len(rule) <= 1, (module, rule)
        return bool(module)

    def in_image(self, path, command):
        """What a shell command says in the directory of an initial ram disk's files."""
        return self.check(f"rm -rf /tmp/image && unmkinitramfs {path} /tmp/image && cd /tmp/image && {command}")


def ordinary(tree, kernel=None):
    return f"/boot/initrd.img-{kernel or tree.kernel}"


def crash(tree, kernel=None):
    return f"/var/lib/kdump/initrd.img-{kernel or tree.kernel}"


def status(tree):
    """{package: dpkg's status} of ours."""
    said = tree.run("dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'svsm-reset*'").stdout
    # dpkg has also heard of those that others recommend
    return dict(re.findall(r"^(svsm\S*) (?!un)(\S+)", said, re.MULTILINE))


def modules(tree, kernel=None):
    return tree.check(f"find /lib/modules/{kernel or '*'} -name 'svsm_reset.ko*'").split()


def pretend(tree, kernel):
    """Another kernel, with the headers of the one that is there."""
    tree.check(f"mkdir -p /lib/modules/{kernel}/kernel && cd /lib/modules/{kernel} && "
               f"cp -P ../{tree.kernel}/build . && touch modules.builtin modules.order /boot/config-{kernel} && depmod {kernel}")


def run_parts(tree, kernel, hooks):
    """What the scripts of a kernel's packages do; its headers are there at the latest by then."""
    return tree.run(f"run-parts --report --exit-on-error --arg={kernel} /etc/kernel/{hooks}")
