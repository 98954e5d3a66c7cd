# SPDX-License-Identifier: GPL-2.0
"""The initial ram disks: of initramfs-tools, kdump-tools and dracut, also where they cannot be made."""

import re

import pytest

from lib.trees import OLD_KERNEL, RUN_IS_READ_ONLY, crash, ordinary, pretend, status, uname


def stays(image, kernel):
    """What is said of an image that could not be made, and what to do about it."""
    return (f"svsm-reset: warning: {image} could not be made again and stays as it was; "
            f"to try again: /usr/lib/svsm-reset/images {kernel}\n")


def small_boot(tree, spare):
    """/boot as a file system of its own, with so many KiB left."""
    return rf"""
mkdir "$root/tmp/boot"
mount -t tmpfs -o size=100m tmpfs "$root/tmp/boot"
cp "$root/boot/"*{tree.kernel}* "$root/tmp/boot/"
used=$(df --output=used -k "$root/tmp/boot" | tail -n 1)
mount -o remount,size=$((used + {spare}))k "$root/tmp/boot"
mount --bind "$root/tmp/boot" "$root/boot"
"""


HOOKS = "/etc/initramfs/post-update.d"
READ_ONLY = 'mount --bind "$root/boot" "$root/boot"\nmount -o remount,bind,ro "$root/boot"\n'
# What is asked in the same run: the file system is gone after it
LOOK = "; echo; ls /boot; lsinitramfs /boot/initrd.img-* | grep -c svsm_reset.ko"


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_boot_cannot_be_written(bare, debs, how):
    """The packages are there, the old image is as it was, and a line says so."""
    packages = debs()
    mounts = small_boot(bare, 500) if how == "full" else READ_ONLY
    names = bare.put(packages["svsm-reset"], packages["svsm-reset-dkms"])
    digest = f"sha256sum {ordinary(bare)}"
    result = bare.run(f"{digest}; dpkg -i {names}; echo status $?; {digest}; "
                      f"echo noted $(ls /run/svsm-reset/images){LOOK}", mounts=mounts)
    said = result.stdout
    digests = re.findall(r"^([0-9a-f]{64})", said, re.MULTILINE)
    assert "status 0" in said and len(digests) == 2 and digests[0] == digests[1], said[-3000:]
    assert said.endswith("\n0\n") and not re.search(r"initrd\.img-\S+\.(new|dpkg)", said.split("status 0")[1]), said[-2000:]
    assert status(bare) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}
    assert stays(ordinary(bare), bare.kernel) in said
    if how == "read-only":
        assert "ro mounted" in said or "Read-only file system" in said
    # It is not forgotten
    assert f"noted {bare.kernel}\n" in said
    # The crash kernel's is elsewhere
    assert bare.has_module(crash(bare))
    # and the next time it works
    bare.check(f"/usr/lib/svsm-reset/images {bare.kernel}")
    assert bare.has_module(ordinary(bare))


def test_kdump_cannot_be_written(bare, debs):
    """kdump-tools removes the image that it makes again: the old one is put back."""
    packages = debs()
    small = r"""
mkdir "$root/tmp/kdump"
mount -t tmpfs -o size=100m tmpfs "$root/tmp/kdump"
cp "$root/var/lib/kdump/"initrd* "$root/tmp/kdump/"
used=$(df --output=used -k "$root/tmp/kdump" | tail -n 1)
mount -o remount,size=$((used + 1000))k "$root/tmp/kdump"
mount --bind "$root/tmp/kdump" "$root/var/lib/kdump"
"""
    names = bare.put(packages["svsm-reset"], packages["svsm-reset-dkms"])
    # An image that does not get smaller by being removed
    hold = f"exec 9<{crash(bare)}"
    said = bare.check(f"{hold}; sha256sum {crash(bare)}; dpkg -i {names}; sha256sum {crash(bare)}; ls /var/lib/kdump", mounts=small)
    digests = re.findall(r"^([0-9a-f]{64})", said, re.MULTILINE)
    assert len(digests) == 2 and digests[0] == digests[1], said[-3000:]
    assert stays(crash(bare), bare.kernel) in said
    assert not [name for name in said.splitlines() if name.endswith(".svsm-reset")], said[-3000:]
    assert status(bare) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}
    assert bare.has_module(ordinary(bare))


def test_kdump_is_read_only(tree):
    """Where there cannot be a second name for the old image it is not touched."""
    mounts = 'mount --bind "$root/var/lib/kdump" "$root/var/lib/kdump"\nmount -o remount,bind,ro "$root/var/lib/kdump"\n'
    result = tree.run(f"/usr/lib/svsm-reset/images {tree.kernel}", mounts=mounts)
    assert result.returncode == 1
    assert stays(crash(tree), tree.kernel) in result.stdout
    assert tree.has_module(crash(tree))


@pytest.mark.parametrize("how, image", [
    ("echo update_initramfs=no >/etc/initramfs-tools/update-initramfs.conf", ordinary), ("export INITRD=No", crash),
])
def test_nothing_was_made(tree, how, image):
    """Neither update-initramfs nor kdump-tools fails where it makes nothing: it is seen by the image."""
    digest = f"sha256sum {image(tree)}"
    said = tree.check(
        f"{how}; {digest}; /usr/lib/svsm-reset/images {tree.kernel}; echo status $?; {digest}; ls /var/lib/kdump; "
        "echo noted $(ls /run/svsm-reset/built)")
    digests = re.findall(r"^([0-9a-f]{64})", said, re.MULTILINE)
    assert "status 1\n" in said and digests[0] == digests[1] and said.count("stays as it was") == 1, said[-3000:]
    assert stays(image(tree), tree.kernel) in said and said.endswith(f"noted {tree.kernel}\n"), said[-3000:]
    assert not [name for name in said.splitlines() if name.endswith(".svsm-reset")], said[-3000:]


def test_noted(tree):
    """What could not be made is made the next time, and that alone; then nothing is noted."""
    pretend(tree, OLD_KERNEL)
    said = tree.check(
        "conf=/etc/initramfs-tools/update-initramfs.conf; cp $conf /tmp/conf; echo update_initramfs=no >$conf; "
        f"touch /boot/initrd.img-{OLD_KERNEL}; /usr/lib/svsm-reset/images {tree.kernel}; "
        "cp /tmp/conf $conf; echo again; /usr/lib/svsm-reset/images --noted; echo status $?; ls /run/svsm-reset")
    again = said.split("again\n")[-1]
    assert stays(ordinary(tree), tree.kernel) in said and again.endswith("status 0\n"), said[-3000:]
    assert re.findall("update-initramfs: Generating (.*)", again) == [ordinary(tree)], again


# The crash kernel of the kernel that runs is loaded
IN_USE = uname("-r", '$(ls "$root/lib/modules")') + r"""
mount -t tmpfs tmpfs "$root/sys/kernel"
echo 1 >"$root/sys/kernel/kexec_crash_loaded"
"""


def test_crash_kernel_in_use(tree):
    """It has the old image until kdump-tools loads it again: one line says so, where one is loaded."""
    line = f"svsm-reset: the crash kernel in use has the old {crash(tree)}: kdump-config reload\n"
    command = f"/usr/lib/svsm-reset/images {tree.kernel}"
    assert line in tree.check(command, mounts=IN_USE)
    assert line not in tree.check(command, mounts=IN_USE.replace("echo 1", "echo 0"))


def test_run_cannot_be_written(bare, debs):
    """Nothing can be noted: the packages are installed and removed all the same, and so are the images."""
    packages = debs()
    names = bare.put(packages["svsm-reset"], packages["svsm-reset-dkms"])
    said = bare.run(f"dpkg -i {names}", mounts=RUN_IS_READ_ONLY)
    assert said.returncode == 0 and status(bare) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}, said.stdout[-3000:]
    assert bare.has_module(ordinary(bare)) and bare.has_module(crash(bare))
    said = bare.run("dpkg -r svsm-reset-dkms", mounts=RUN_IS_READ_ONLY)
    assert said.returncode == 0 and status(bare) == {"svsm-reset": "ii"}, said.stdout[-3000:]
    assert not bare.has_module(ordinary(bare)) and not bare.has_module(crash(bare))


def test_settings(tree):
    """What an administrator writes to /etc/modprobe.d reaches all images by the command that the guide has."""
    tree.check("echo options svsm_reset deadman=300 >/etc/modprobe.d/svsm-reset.conf; /usr/lib/svsm-reset/images")
    for image in (ordinary(tree), crash(tree)):
        assert "etc/modprobe.d/svsm-reset.conf" in tree.image(image), image


def test_path_without_sbin(tree):
    """As after su: it is Debian's own that makes the images, though dracut is there."""
    said = tree.check(f"env PATH=/usr/bin:/bin /usr/lib/svsm-reset/images {tree.kernel}")
    assert f"update-initramfs: Generating {ordinary(tree)}\n" in said and "svsm-reset: " not in said, said
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))


def test_hook_after_the_image_fails(tree):
    """The image is new, and that is what is said of it."""
    said = tree.run(f"mkdir -p {HOOKS} && printf '#!/bin/sh\\nexit 1\\n' >{HOOKS}/test && chmod 755 {HOOKS}/test && "
                    f"/usr/lib/svsm-reset/images {tree.kernel}")
    assert said.returncode == 1
    assert (f"svsm-reset: warning: {ordinary(tree)} is new, but what comes after it has failed; "
            f"to try again: /usr/lib/svsm-reset/images {tree.kernel}\n") in said.stdout


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_crash_kernels_image_is_cut_off(tree, signal):
    """The old one is put aside while the new one is made: it comes back, at once or the next time."""
    cut_off = (f"printf '#!/bin/sh\\nkill -{signal} $(pidof -x images)\\nexit 1\\n' >/usr/local/sbin/mkinitramfs; "
               "chmod 755 /usr/local/sbin/mkinitramfs")
    digest, run = f"sha256sum {crash(tree)}", f"/usr/lib/svsm-reset/images {tree.kernel}"
    # The second time nobody makes a new one
    said = tree.run(f"{digest}; rm /boot/initrd*; {cut_off}; {run}; sleep 1; echo left; ls /var/lib/kdump; "
                    f"chmod -x /etc/kernel/postinst.d/kdump-tools; {run}; {digest}; ls /var/lib/kdump").stdout
    before, left, after = re.split(r"^[0-9a-f]{64} ", said, flags=re.MULTILINE)[0], *said.split("left\n")[-1].split(" " + crash(tree))
    digests = re.findall(r"^[0-9a-f]{64}", said, re.MULTILINE)
    assert before == "" and len(digests) == 2 and digests[0] == digests[1], said
    assert (".svsm-reset" in left) == (signal == "KILL") and ".svsm-reset" not in after, said


@pytest.mark.parametrize("words, status", [
    ("--help", 2), ("nonesuch", 2), ("--note /lib/modules/x", 2), ("--note ''", 2), ("--noted --noted", 2),
])
def test_wrong_words(tree, words, status):
    """One line, and what was noted stays so."""
    said = tree.run(f"/usr/lib/svsm-reset/images --note {tree.kernel} && /usr/lib/svsm-reset/images {words}; echo status $?; "
                    "ls /run/svsm-reset/images").stdout
    assert said.count("\n") == 3 and said.endswith(f"status {status}\n{tree.kernel}\n"), said


def test_modules_dep(tree):
    """MODULES=dep takes what the machine has in use: our module is there all the same."""
    tree.check(f"echo MODULES=dep >/etc/initramfs-tools/conf.d/dep && update-initramfs -u -k {tree.kernel}")
    assert tree.has_module(ordinary(tree))


DRACUT = {
    "any machine": "--no-hostonly",
    "this machine": "--hostonly --hostonly-mode sloppy",
    # What mkdumprd of kdump-utils (63f248c, March 2026) passes for a crash kernel, where it has to do with
    # modules. Left out: its own dracut module (kdumpbase), where the dump goes (--mount and the like), what
    # compresses it, --hostonly-nics '' and --aggressive-strip
    "crash kernel": "--hostonly --hostonly-cmdline --hostonly-i18n --hostonly-mode strict --no-hostonly-default-device "
                    "--omit 'rdma plymouth resume ifcfg earlykdump'",
}


@pytest.mark.parametrize("name", DRACUT)
def test_dracut(tree, name):
    tree.check(f"dracut --force --compress 'zstd -1' {DRACUT[name]} /var/dracut.img {tree.kernel}")
    assert tree.has_module("/var/dracut.img")


@pytest.mark.parametrize("how", ["", "full"])
def test_images_by_dracut(tree, how):
    """A machine that has dracut for its images: they are made, made without, and stay where /boot is full."""
    mounts = small_boot(tree, 100) if how else ""
    tree.check("mv /usr/sbin/update-initramfs /usr/sbin/gone; echo 'compress=\"zstd -1\"' >/etc/dracut.conf.d/quick.conf")
    look = f"sha256sum {ordinary(tree)}; stat -c %a {ordinary(tree)}"
    result = tree.run(f"{look}; rm -f {crash(tree)}; /usr/lib/svsm-reset/images {tree.kernel}; echo status $?; {look}; ls /boot; "
                      f"lsinitramfs {ordinary(tree)} | grep svsm", mounts=mounts)
    said = result.stdout
    digests = re.findall(r"^([0-9a-f]{64})", said, re.MULTILINE)
    assert f"svsm-reset: generating {ordinary(tree)}\n" in said and ".new" not in said.split("status ")[1], said[-2000:]
    assert "svsm_reset.ko" in said and "80-svsm-reset.rules" in said, said[-2000:]
    if how:
        assert "status 1\n" in said and digests[0] == digests[1], said[-2000:]
        assert stays(ordinary(tree), tree.kernel) in said
    else:
        assert "status 0\n" in said and digests[0] != digests[1], said[-2000:]
        tree.check(f"SVSM_RESET_IMAGES=without /usr/lib/svsm-reset/images {tree.kernel}", mounts=mounts)
        # dracut takes along what is under updates/, without what loads it
        left_there = [name.split("/")[-1] for name in tree.image(ordinary(tree)) if "svsm" in name]
        assert not [name for name in left_there if not name.startswith("svsm_reset.ko")], left_there


def test_dracut_without_the_package(bare, debs):
    """The module alone is not taken along, and in no case the rule: it is the hook that does it.

    For any machine dracut takes along what is under updates/, with nothing that loads it.
    """
    bare.check(f"dpkg -i {bare.put(debs()['svsm-reset-dkms'])}")
    bare.check(f"dracut --force --compress 'zstd -1' {DRACUT['crash kernel']} /var/dracut.img {bare.kernel}")
    assert not bare.has_module("/var/dracut.img")
    bare.check(f"dracut --force --compress 'zstd -1' {DRACUT['any machine']} /var/dracut.img {bare.kernel}")
    assert not any(name.endswith("svsm-reset.rules") for name in bare.image("/var/dracut.img"))
