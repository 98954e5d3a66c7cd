# SPDX-License-Identifier: GPL-2.0
"""The packages on Debian 12 and 13: install, upgrade, remove, purge, and other kernels.

There is no network in the trees: nothing but what is installed is needed.
"""

import re

import pytest

from lib.sources import run
from lib.trees import NEW, OLD, VERSIONS

# A machine on which svsm_reset is loaded and must stay so; who tries to unload it is logged
LOADED = r"""
mount -t tmpfs tmpfs "$root/sys/module"
mkdir "$root/sys/module/svsm_reset"
kmod=$root$(chroot "$root" readlink -f /usr/sbin/rmmod)
cp "$kmod" "$root/run/kmod"
cat >"$root/run/logged" <<"END"
#!/bin/bash
case "${0##*/} $*" in rmmod* | *" -r"* | *--remove*) echo "$0 $*" >>/unloaded ;; esac
exec -a "$0" /run/kmod "$@"
END
chmod 755 "$root/run/logged"
mount --bind "$root/run/logged" "$kmod"
"""

# A guest with an SVSM; what udev is asked to do is logged
GUEST = r"""
mount -t tmpfs tmpfs "$root/sys/devices/platform"
mkdir "$root/sys/devices/platform/sev-guest" "$root/run/udev"
udevadm=$root$(chroot "$root" readlink -f /usr/bin/udevadm)
cp "$udevadm" "$root/run/udevadm.real"
cat >"$root/run/udevadm" <<"END"
#!/bin/sh
case $1 in trigger | control) echo "$*" >>/asked ;; *) exec /run/udevadm.real "$@" ;; esac
END
chmod 755 "$root/run/udevadm"
mount --bind "$root/run/udevadm" "$udevadm"
"""


# kdump-tools asks what this machine has loaded; the kernel below may have no modules at all
NO_MODULES = re.compile(r"^((libkmod|lsmod): ERROR:? .*/proc/modules.*|(Error|lsmod: ERROR): could not get list of modules.*)\n", re.MULTILINE)


def ordinary(tree, kernel=None):
    return f"/boot/initrd.img-{kernel or tree.kernel}"


def crash(tree, kernel=None):
    return f"/var/lib/kdump/initrd.img-{kernel or tree.kernel}"


def stays(image, kernel):
    """What is said of an image that could not be made, and what to do about it."""
    return (f"svsm-reset: warning: {image} could not be made again and stays as it was; "
            f"to try again: /usr/lib/svsm-reset/images {kernel}\n")


def status(tree):
    """{package: dpkg's status} of ours."""
    said = tree.run("dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'svsm-reset*'").stdout
    # dpkg has also heard of those that others recommend
    return dict(re.findall(r"^(svsm\S*) (?!un)(\S+)", said, re.MULTILINE))


def modules(tree, kernel=None):
    return tree.check(f"find /lib/modules/{kernel or '*'} -name 'svsm_reset.ko*'").split()


def test_install(installed):
    """The module is where DKMS puts it, modprobe finds it, and both images have it."""
    assert status(installed) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}
    assert [path.split("/svsm")[0] for path in modules(installed)] == [f"/lib/modules/{installed.kernel}/updates/dkms"]
    said = installed.check(f"modprobe -n -v -S {installed.kernel} svsm_reset")
    assert re.search(r"insmod /lib/modules/\S+/updates/dkms/svsm_reset\.ko", said)
    vermagic = installed.check(f"modinfo -k {installed.kernel} -F vermagic svsm_reset")
    assert vermagic.startswith(f"{installed.kernel} SMP ")
    assert installed.has_module(ordinary(installed))
    assert installed.has_module(crash(installed))
    # Once each, at the end
    assert installed.said.count(f"Generating {ordinary(installed)}") == 1, installed.said
    said = NO_MODULES.sub("", installed.said)
    assert not re.search("svsm-reset.*(warning|no module)|No such|[eE]rror", said), said
    # The compiler and modpost have nothing to say, either
    log = installed.check("cat /var/lib/dkms/svsm-reset/*/*/*/log/make.log")
    assert "svsm_reset.ko" in log and not re.search("warning|error", log, re.IGNORECASE), log


def test_silent_elsewhere(installed):
    """This is no SNP guest: the tool says so, nothing is loaded or enabled, udev has nothing to object."""
    assert "this is no SEV-SNP guest" in installed.run("svsm-reset status").stdout
    rules = installed.run("udevadm verify /usr/lib/udev/rules.d/80-svsm-reset.rules /lib/udev/rules.d/80-svsm-reset.rules")
    if "Unknown command" not in rules.stdout:
        assert rules.returncode == 0, rules.stdout
    assert installed.check("find /etc/systemd /usr/lib/systemd /etc/modules-load.d -name '*svsm*'") == ""


def test_conffiles(installed):
    """None: what an administrator changes is in places of the administrator's own."""
    assert installed.check("dpkg-query -W -f '${Conffiles}' svsm-reset svsm-reset-dkms").strip() == ""


@pytest.mark.parametrize("first, second", [("svsm-reset", "svsm-reset-dkms"), ("svsm-reset-dkms", "svsm-reset")])
def test_upgrade(tree, debs, first, second):
    """In either order; dpkg drops what triggers a package that it has yet to configure."""
    packages = debs(NEW)
    said = tree.check(f"dpkg -i {tree.put(packages[first], packages[second])}")
    assert tree.check("dkms status").count("svsm-reset") == 1 and NEW in tree.check("dkms status")
    assert len(modules(tree)) == 1 and tree.check("svsm-reset --version") == f"svsm-reset {NEW}\n"
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))
    assert said.count(f"Generating {ordinary(tree)}") == 1, said
    assert not tree.run(f"ls /usr/src/svsm-reset-{OLD}").returncode == 0


@pytest.fixture
def broken(debs, tmp_path):
    """The module's next version, which no kernel can build."""
    directory = tmp_path / "broken"
    assert run("dpkg-deb", "-R", debs(NEW)["svsm-reset-dkms"], directory).returncode == 0
    source = directory / f"usr/src/svsm-reset-{NEW}/drivers/virt/coco/svsm-reset/main.c"
    source.write_text("#error of the test\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    assert run("dpkg-deb", "-b", directory, tmp_path / "broken.deb").returncode == 0
    return tmp_path / "broken.deb"


def test_upgrade_that_does_not_build(tree, debs, broken):
    """dpkg says so, and both images stay as they were, with the old module; a good version mends it all."""
    packages = debs(NEW)
    digests = f"sha256sum {ordinary(tree)} {crash(tree)}"
    before = tree.check(digests)
    result = tree.run(f"dpkg -i {tree.put(packages['svsm-reset'], broken)}")
    assert result.returncode != 0 and status(tree) == {"svsm-reset": "ii", "svsm-reset-dkms": "iF"}, result.stdout
    assert tree.check(digests) == before and modules(tree) == [], result.stdout
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))
    # DKMS fails for a kernel that comes now, too
    assert run_parts(tree, tree.kernel, "header_postinst.d").returncode != 0
    tree.check(f"dpkg -i {tree.put(packages['svsm-reset-dkms'])}")
    assert status(tree) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"} and len(modules(tree)) == 1
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))
    assert tree.check(digests) != before


def test_way_out(tree, broken):
    """Without the package a kernel can be configured."""
    assert tree.run(f"dpkg -i {tree.put(broken)}").returncode != 0
    assert run_parts(tree, tree.kernel, "header_postinst.d").returncode != 0
    tree.check("dpkg -r svsm-reset-dkms")
    assert run_parts(tree, tree.kernel, "header_postinst.d").returncode == 0
    assert not tree.has_module(ordinary(tree)) and not tree.has_module(crash(tree))


def test_by_hand(tree):
    """DKMS without dpkg, as at boot: the images are made again at once."""
    tree.check(f"dkms remove svsm-reset/{OLD} -k {tree.kernel}; update-initramfs -u -k {tree.kernel}")
    assert modules(tree) == [] and not tree.has_module(ordinary(tree))
    tree.check(f"dkms install svsm-reset/{OLD} -k {tree.kernel}")
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))


def test_unloading_is_logged(tree):
    """That the two tests below can fail."""
    tree.run("rmmod svsm_reset; modprobe -r svsm_reset; modprobe -n svsm_reset", mounts=LOADED)
    logged = [line.split("/")[-1] for line in tree.check("cat /unloaded").splitlines()]
    assert logged == ["rmmod svsm_reset", "modprobe -r svsm_reset"]


def test_upgrade_in_use(tree, debs):
    """The module that is loaded stays so until the next boot; the new one is there for that."""
    packages = debs(NEW)
    tree.check(f"dpkg -i {tree.put(packages['svsm-reset'], packages['svsm-reset-dkms'])}", mounts=LOADED + GUEST)
    assert tree.run("test -e /unloaded").returncode == 1, "nobody unloads it"
    assert tree.run("test -e /asked").returncode == 1, "and nobody loads what an administrator may have unloaded"
    assert NEW in tree.check("dkms status") and tree.has_module(ordinary(tree))


def test_remove_in_use(tree):
    said = tree.check("dpkg -r svsm-reset-dkms", mounts=LOADED)
    assert 'svsm_reset stays loaded, and at work, until the next boot or "rmmod svsm_reset"' in said
    assert tree.run("test -e /unloaded").returncode == 1, "nobody unloads it"


def test_remove_the_module(tree):
    tree.check("dpkg -r svsm-reset-dkms")
    assert modules(tree) == [] and tree.check("dkms status") == ""
    assert not tree.has_module(ordinary(tree)) and not tree.has_module(crash(tree))
    assert tree.check("svsm-reset --version") == f"svsm-reset {OLD}\n"


def test_remove_the_tool(tree):
    """Without its hooks the module is in no image; it is there for who loads it by hand."""
    tree.check("dpkg -r svsm-reset")
    assert len(modules(tree)) == 1
    assert not tree.has_module(ordinary(tree)) and not tree.has_module(crash(tree))


def test_remove_the_tool_is_given_up(tree):
    """dpkg goes back: so do the images."""
    said = tree.check(
        "export DPKG_MAINTSCRIPT_PACKAGE=svsm-reset; cd /var/lib/dpkg/info && ./svsm-reset.prerm remove && "
        f"echo with: $(lsinitramfs {ordinary(tree)} | grep -c svsm_reset.ko) && "
        "./svsm-reset.postinst abort-remove && dpkg --triggers-only --pending")
    assert "with: 0\n" in said, said
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))


# What is not a package's own: dpkg's and others' records, and what is made anew at any such time
OTHERS = re.compile(
    r"^(var/lib/dpkg/|var/log/dpkg\.log$|var/packages/|var/cache/debconf/|(usr/)?lib/modules/[^/]*/modules\."
    r"|var/lib/kdump/initramfs-tools/|(boot|var/lib/kdump)/(size_)?initrd\.img-[^/]*-amd64$)")


def left(tree):
    """What the layer has that the machine had not, except records of others."""
    files = [path for path in tree.upper.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(name for name in (str(path.relative_to(tree.upper)) for path in files) if not OTHERS.search(name))


@pytest.mark.parametrize("how", ["-r", "-P"])
def test_remove_all(bare, debs, how):
    """From a machine without them to one with them, and back."""
    packages = debs()
    bare.check(f"dpkg -i {bare.put(packages['svsm-reset'], packages['svsm-reset-dkms'])}")
    assert any("svsm_reset.ko" in name for name in left(bare))
    # The first leaves a note for the second
    bare.check(f"dpkg {how} svsm-reset-dkms svsm-reset && test ! -e /run/svsm-reset")
    assert left(bare) == []
    assert status(bare) == {}
    assert not bare.has_module(ordinary(bare)) and not bare.has_module(crash(bare))


def test_remove_the_module_alone(bare, debs):
    """Without the tool there is nobody else to remove what was noted."""
    names = bare.put(debs()["svsm-reset-dkms"])
    bare.check(f"dpkg -i {names} && test -e /run/svsm-reset && dpkg -r svsm-reset-dkms && test ! -e /run/svsm-reset")


def test_install_in_the_other_order(bare, debs):
    """The hooks come after the module."""
    packages = debs()
    bare.check(f"dpkg -i {bare.put(packages['svsm-reset-dkms'])}")
    assert len(modules(bare)) == 1 and not bare.has_module(ordinary(bare))
    bare.check(f"dpkg -i {bare.put(packages['svsm-reset'])}", mounts=GUEST)
    assert bare.has_module(ordinary(bare)) and bare.has_module(crash(bare))
    # and the rule loads it
    assert "trigger --action=add /sys/devices/platform/sev-guest" in bare.check("cat /asked").splitlines()


def update(tree, name, how):
    """Install another kernel, and see that the module has followed."""
    kernel, others, image, headers = tree.other_kernel(name)
    if others:
        tree.check(f"dpkg -i {tree.put(*others)}")
    parts = [tree.put(*image), tree.put(*headers)]
    said = "".join(tree.check(f"dpkg -i {part}") for part in ([" ".join(parts)] if how == "together" else parts))
    assert len(modules(tree, kernel)) == 1, said
    assert tree.has_module(ordinary(tree, kernel)), said
    assert tree.has_module(crash(tree, kernel)), said
    # Those of the kernel that there was are not touched: it is what to fall back to
    assert said.count(f"Generating {ordinary(tree)}") == 0 and said.count(f"Generating {crash(tree)}") == 0, said
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))
    return kernel


@pytest.mark.parametrize("how", ["together", "headers later"])
def test_kernel_update(tree, how):
    """A new kernel: its headers depend on it, so its images are there before the module can be built."""
    update(tree, "next", how)


@pytest.mark.parametrize("how", ["together", "headers later"])
def test_kernel_update_to_another_series(tree, how):
    """From 6.12 to 7.x of backports, whose packages have the kernel and its modules apart."""
    if VERSIONS[tree.release] < "13":
        pytest.skip("the backports of Debian 12 have no later series")
    kernel = update(tree, "later", how)
    assert not kernel.startswith("6.")
    vermagic = tree.check(f"modinfo -k {kernel} -F vermagic svsm_reset")
    assert vermagic.startswith(f"{kernel} SMP ")


def test_kernel_removed(tree):
    """Nothing of ours keeps its directory, and the packages can go after it.

    What depmod made is only removed when the kernel is purged, on any Debian.
    """
    tree.check(f"dpkg -P --force-depends linux-image-{tree.kernel} linux-headers-{tree.kernel}")
    tree.check("dpkg -r svsm-reset-dkms svsm-reset")
    assert tree.run(f"ls /lib/modules/{tree.kernel}").returncode != 0


def test_no_headers(bare, debs):
    """DKMS says what is missing, and so do we; the package is there and waits for them."""
    packages = debs()
    bare.check(f"dpkg -r --force-depends linux-headers-{bare.kernel}")
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset'], packages['svsm-reset-dkms'])}")
    assert "headers" in said.split("svsm-reset-dkms: no module")[0]
    assert (
        f"svsm-reset-dkms: no module for kernel {bare.kernel}: its headers are missing: "
        f"apt install linux-headers-{bare.kernel} (kernels to come: linux-headers-cloud-amd64 or the like)\n"
    ) in said
    assert status(bare) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}
    assert f"svsm-reset: no module for kernel {bare.kernel}: its initial ram disk goes without\n" in said
    assert not bare.has_module(ordinary(bare))


OLD_KERNEL = "6.1.0-99-cloud-amd64"


def pretend(tree, kernel):
    """Another kernel, with the headers of the one that is there."""
    tree.check(f"mkdir -p /lib/modules/{kernel}/kernel && cd /lib/modules/{kernel} && "
               f"cp -P ../{tree.kernel}/build . && touch modules.builtin modules.order /boot/config-{kernel} && depmod {kernel}")


def run_parts(tree, kernel, hooks):
    """What the scripts of a kernel's packages do; its headers are there at the latest by then."""
    return tree.run(f"run-parts --report --exit-on-error --arg={kernel} /etc/kernel/{hooks}")


# uname says that the processor is another one
ARM = r"""
printf '#!/bin/sh\ncase $1 in -m) echo aarch64 ;; *) exec uname.real "$@" ;; esac\n' >"$root/tmp/uname"
chmod 755 "$root/tmp/uname"
cp "$root/usr/bin/uname" "$root/usr/local/bin/uname.real"
mount --bind "$root/tmp/uname" "$root/usr/bin/uname"
"""
PLAIN_KERNEL = "6.12.99-plain"


@pytest.mark.parametrize("kernel", [OLD_KERNEL, PLAIN_KERNEL])
def test_kernel_update_that_is_skipped(tree, kernel):
    """A kernel comes for which there is nothing to build, by its age or its configuration: it is configured."""
    if kernel == PLAIN_KERNEL:
        without_option(tree, kernel)
    else:
        pretend(tree, kernel)
    result = tree.run(f"/etc/kernel/postinst.d/dkms {kernel}")
    assert result.returncode == 0, result.stdout
    result = run_parts(tree, kernel, "header_postinst.d")
    assert result.returncode == 0, result.stdout
    assert modules(tree, kernel) == [] and len(modules(tree)) == 1


def test_kernel_update_elsewhere(tree):
    """The packages are on a machine that is no x86: its kernels are configured."""
    pretend(tree, PLAIN_KERNEL)
    result = tree.run(f"/etc/kernel/postinst.d/dkms {PLAIN_KERNEL}", mounts=ARM)
    assert result.returncode == 0, result.stdout
    assert modules(tree, PLAIN_KERNEL) == []


def test_old_kernel(bare, debs):
    """Before 6.11 there is nothing to build; that is no error."""
    packages = debs()
    pretend(bare, OLD_KERNEL)
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset'], packages['svsm-reset-dkms'])}")
    assert f"svsm-reset-dkms: no module for kernel {OLD_KERNEL}: it is older than 6.11\n" in said
    assert "BUILD_EXCLUSIVE" in said
    assert modules(bare, OLD_KERNEL) == [] and len(modules(bare)) == 1
    assert status(bare) == {"svsm-reset": "ii", "svsm-reset-dkms": "ii"}


def without_option(tree, kernel):
    """Another kernel, whose configuration lacks AMD_MEM_ENCRYPT."""
    pretend(tree, kernel)
    tree.check(f"cd /lib/modules/{kernel} && mv build other && mkdir build && ln -s /lib/modules/{kernel}/other/* build/ && "
               "rm build/include && mkdir -p build/include/config && "
               "grep -v AMD_MEM_ENCRYPT other/.config | tee build/include/config/auto.conf >build/.config")


def test_no_module_for_another_kernel(bare, debs):
    """Of a kernel that lacks an option that is said; for one that DKMS left out, what builds it."""
    packages = debs()
    without_option(bare, PLAIN_KERNEL)
    other = "6.12.98-other"
    pretend(bare, other)
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset-dkms'])}")
    assert f"svsm-reset-dkms: no module for kernel {PLAIN_KERNEL}: it is built without CONFIG_AMD_MEM_ENCRYPT\n" in said
    named = re.search(rf'no module for kernel {other}: "(dkms install \S+ -k {other})" ', said)
    if VERSIONS[bare.release] < "13" or named:
        bare.check(named[1])
    assert len(modules(bare, other)) == 1


def test_other_architecture(bare, debs):
    """DKMS skips it, and a line of ours says why."""
    packages = debs()
    said = bare.check(f"dpkg -i {bare.put(packages['svsm-reset-dkms'])}", mounts=ARM)
    assert "BUILD_EXCLUSIVE" in said
    assert f"svsm-reset-dkms: no module for kernel {bare.kernel}: svsm_reset is for x86-64, and this is aarch64\n" in said
    assert modules(bare) == [] and status(bare) == {"svsm-reset-dkms": "ii"}


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
        "echo noted $(ls /run/svsm-reset/images)")
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
IN_USE = r"""
printf '#!/bin/sh\ncase $1 in -r) echo %s ;; *) exec uname.real "$@" ;; esac\n' "$(ls "$root/lib/modules")" >"$root/tmp/uname"
chmod 755 "$root/tmp/uname"
cp "$root/usr/bin/uname" "$root/usr/local/bin/uname.real"
mount --bind "$root/tmp/uname" "$root/usr/bin/uname"
mount -t tmpfs tmpfs "$root/sys/kernel"
echo 1 >"$root/sys/kernel/kexec_crash_loaded"
"""


def test_crash_kernel_in_use(tree):
    """It has the old image until kdump-tools loads it again: one line says so, where one is loaded."""
    line = f"svsm-reset: the crash kernel in use has the old {crash(tree)}: kdump-config reload\n"
    command = f"/usr/lib/svsm-reset/images {tree.kernel}"
    assert line in tree.check(command, mounts=IN_USE)
    assert line not in tree.check(command, mounts=IN_USE.replace("echo 1", "echo 0"))


RUN_IS_READ_ONLY = 'mount -o remount,ro "$root/run"\n'


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
