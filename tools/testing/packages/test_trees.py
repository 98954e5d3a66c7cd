# SPDX-License-Identifier: GPL-2.0
"""The packages on Debian 12 and 13: install, upgrade, remove, purge.

There is no network in the trees: nothing but what is installed is needed.
"""

import re

import pytest

from lib.sources import run
from lib.trees import NEW, OLD, RUN_IS_READ_ONLY, crash, modules, ordinary, run_parts, status

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


def test_signed(installed):
    """By the key that the guide has an administrator enrol for Secure Boot."""
    assert installed.check(f"modinfo -k {installed.kernel} -F signer svsm_reset") == "DKMS module signing key\n"
    key = installed.check("openssl x509 -inform DER -in /var/lib/dkms/mok.pub -noout -serial").strip().split("=")[1]
    assert installed.check(f"modinfo -k {installed.kernel} -F sig_key svsm_reset").strip().replace(":", "") == key


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


def changed(package, directory, path, text):
    """A package with `text` at the end of one of its files; the new package."""
    assert run("dpkg-deb", "-R", package, directory).returncode == 0
    file = next(directory.glob(path))
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    made = directory.with_suffix(".deb")
    assert run("dpkg-deb", "-b", directory, made).returncode == 0
    return made


SOURCE = "usr/src/svsm-reset-*/drivers/virt/coco/svsm-reset/main.c"


@pytest.mark.parametrize("first, second", [("svsm-reset", "svsm-reset-dkms"), ("svsm-reset-dkms", "svsm-reset")])
def test_upgrade(tree, debs, tmp_path, first, second):
    """In either order; dpkg drops what triggers a package that it has yet to configure."""
    packages = debs(NEW)
    packages = {**packages, "svsm-reset-dkms": changed(
        packages["svsm-reset-dkms"], tmp_path / "next", SOURCE, 'MODULE_INFO(of_test, "next");\n')}
    said = tree.check(f"dpkg -i {tree.put(packages[first], packages[second])}")
    assert tree.check("dkms status").count("svsm-reset") == 1 and NEW in tree.check("dkms status")
    assert len(modules(tree)) == 1 and tree.check("svsm-reset --version") == f"svsm-reset {NEW}\n"
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))
    assert said.count(f"Generating {ordinary(tree)}") == 1, said
    assert not tree.run(f"ls /usr/src/svsm-reset-{OLD}").returncode == 0
    # and what is in the images is the new one
    for image in (ordinary(tree), crash(tree)):
        assert tree.in_image(image, "modinfo -F of_test $(find $PWD -name 'svsm_reset.ko*')") == "next\n", image


def test_upgrade_the_tool(tree, debs, tmp_path):
    """Alone: both images have its new rule."""
    package = changed(debs(NEW)["svsm-reset"], tmp_path / "tool", "**/80-svsm-reset.rules", "# next\n")
    said = tree.check(f"dpkg -i {tree.put(package)}")
    for image in (ordinary(tree), crash(tree)):
        assert tree.in_image(image, "tail -n 1 $(find $PWD -name 80-svsm-reset.rules)") == "# next\n", image
    assert said.count(f"Generating {ordinary(tree)}") == 1, said


@pytest.mark.parametrize("gone", ["the file", "what finds it"])
def test_upgrade_the_tool_without_a_module(tree, debs, gone):
    """Of a kernel that has none the images are not made again: they may have what there was."""
    digests = f"sha256sum {ordinary(tree)} {crash(tree)}"
    before = tree.check(digests)
    files = " ".join(modules(tree)) if gone == "the file" else f"/lib/modules/{tree.kernel}/modules.dep*"
    tree.check(f"rm {files} && dpkg -i {tree.put(debs(NEW)['svsm-reset'])}")
    assert tree.check(digests) == before


def test_upgrade_the_tool_where_nothing_can_be_noted(tree, debs, tmp_path):
    package = changed(debs(NEW)["svsm-reset"], tmp_path / "tool", "**/80-svsm-reset.rules", "# next\n")
    tree.check(f"dpkg -i {tree.put(package)}", mounts=RUN_IS_READ_ONLY)
    for image in (ordinary(tree), crash(tree)):
        assert tree.in_image(image, "tail -n 1 $(find $PWD -name 80-svsm-reset.rules)") == "# next\n", image


@pytest.fixture
def broken(debs, tmp_path):
    """The module's next version, which no kernel can build."""
    return changed(debs(NEW)["svsm-reset-dkms"], tmp_path / "broken", SOURCE, "#error of the test\n")


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


def test_upgrade_that_does_not_build_later(tree, debs, broken):
    """The same where an image could not be made before, and its kernel is still noted."""
    said = tree.run(
        "conf=/etc/initramfs-tools/update-initramfs.conf; cp $conf /tmp/conf; echo update_initramfs=no >$conf; "
        f"/usr/lib/svsm-reset/images {tree.kernel}; cp /tmp/conf $conf; ls /run/svsm-reset/*/{tree.kernel} || exit 3; "
        f"dpkg -i {tree.put(debs(NEW)['svsm-reset'], broken)}").stdout
    assert status(tree) == {"svsm-reset": "ii", "svsm-reset-dkms": "iF"}, said
    assert modules(tree) == [] and tree.has_module(ordinary(tree)) and tree.has_module(crash(tree)), said


FAILS = "#!/bin/sh\nexit 1\n"


def with_script(package, directory, name, text):
    """A package with another maintainer script."""
    assert run("dpkg-deb", "-R", package, directory).returncode == 0
    script = directory / "DEBIAN" / name
    script.write_text(text, encoding="utf-8")
    script.chmod(0o755)
    made = directory.with_suffix(".deb")
    assert run("dpkg-deb", "-b", directory, made).returncode == 0
    return made


def test_upgrade_is_given_up(tree, debs, tmp_path):
    """The new version cannot be unpacked: the old one's module was gone by then, and comes back."""
    package = with_script(debs(NEW)["svsm-reset-dkms"], tmp_path / "next", "preinst", FAILS)
    result = tree.run(f"dpkg -i {tree.put(package)}")
    assert result.returncode != 0 and status(tree)["svsm-reset-dkms"] == "ii", result.stdout
    assert len(modules(tree)) == 1 and OLD in tree.check("dkms status"), result.stdout
    assert tree.has_module(ordinary(tree)) and tree.has_module(crash(tree))


def test_upgrade_of_the_tool_is_given_up(tree, debs, tmp_path):
    """What was pending for it is not forgotten: the images have the new module."""
    packages = debs(NEW)
    module = changed(packages["svsm-reset-dkms"], tmp_path / "module", SOURCE, 'MODULE_INFO(of_test, "next");\n')
    tool = with_script(packages["svsm-reset"], tmp_path / "tool", "preinst", FAILS)
    said = tree.check(f"dpkg --no-triggers -i {tree.put(module)}; ! dpkg -i {tree.put(tool)} && dpkg --configure -a")
    assert tree.in_image(ordinary(tree), "modinfo -F of_test $(find $PWD -name 'svsm_reset.ko*')") == "next\n", said


# update-initramfs, by which everything up to dpkg dies
CUT_OFF = r"""cat >/usr/local/sbin/update-initramfs <<"END"
#!/bin/bash
pid=$$ pids=
while [ "$(cat /proc/$pid/comm)" != dpkg ]; do
	read -r _ pid < <(grep PPid: /proc/$pid/status)
	pids+=" $pid"
done
kill -KILL $pids
END
chmod 755 /usr/local/sbin/update-initramfs
"""


@pytest.mark.parametrize("reboot", [False, True])
def test_removal_is_cut_off(tree, reboot):
    """While the images are made without the module: they are, when dpkg goes on, in the same boot or the next."""
    first = tree.run(f"{CUT_OFF}dpkg -r svsm-reset-dkms; ls /run/svsm-reset; rm /usr/local/sbin/update-initramfs"
                     + ("" if reboot else "; dpkg --configure -a"))
    assert "Killed" in first.stdout or first.returncode == 0, first.stdout
    if reboot:
        assert tree.has_module(ordinary(tree)) and status(tree) != {"svsm-reset": "ii"}
        tree.check("dpkg --configure -a")
    assert status(tree) == {"svsm-reset": "ii"}
    assert not tree.has_module(ordinary(tree)) and not tree.has_module(crash(tree)), first.stdout


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
    r"|var/lib/dkms/mok\.(key|pub)$|var/lib/kdump/initramfs-tools/|(boot|var/lib/kdump)/(size_)?initrd\.img-[^/]*-amd64$)")


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
