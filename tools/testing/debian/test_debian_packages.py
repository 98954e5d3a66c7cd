# SPDX-License-Identifier: GPL-2.0
"""Our packages on the running Debian machine: a newer version comes and both go while the module is in use, and come
again; and a kernel of another series comes."""

import subprocess

import pytest

from lib import debian, places
from lib.sources import run
from lib.trees import NEW, TREES

pytestmark = pytest.mark.long

# The module is compiled, and initial ram disks are made, by simulated CPUs
INSTALL = 2 * 3600
# What the machine is sent: a second disk
LABEL = "packages"
# Only what this machine has: the image has the modules of all machines
QUICK = "printf 'MODULES=dep\\nCOMPRESSLEVEL=1\\n' >/etc/initramfs-tools/conf.d/quick"
# The build ids of the module that is loaded and of that which modprobe would load
LOADED = "/sys/module/svsm_reset/notes/.note.gnu.build-id"
INSTALLED = ("xz -dc $(modinfo -n svsm_reset) >/tmp/svsm_reset.ko && "
             "objcopy -O binary --only-section=.note.gnu.build-id /tmp/svsm_reset.ko /tmp/installed")


def disk_of(directory, disk, size):
    """A disk with the files of a directory, for start()."""
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-d", directory, disk, size], check=True)
    return {"qemu": ("-drive", f"file={disk},format=raw,if=none,id=packages,readonly=on", "-device", "virtio-blk-pci,drive=packages")}


@pytest.fixture
def packages(image, tmp_path):
    """The next version of ours."""
    out = tmp_path / "deb"
    result = run(places.TOP / "tools/packaging/deb", "--out", out, "--version", NEW, timeout=600)
    assert result.returncode == 0, result.stdout
    for path in [*out.iterdir()]:
        if not path.name.startswith(("svsm-reset_", "svsm-reset-dkms_")) or path.suffix != ".deb":
            path.unlink()
    return disk_of(out, tmp_path / "packages.img", "8M")


@pytest.fixture
def kernel(image, tmp_path):
    """The kernel of the newest series in backports, and what it wants: (release, disk)."""
    for command in (("deps", "packages"), ("trees", "trixie")):
        result = run(places.TOP / "tools/build" / command[0], *command[1:], timeout=3600)
        assert result.returncode == 0, result.stdout
    directory = TREES / "trixie/later"
    release = (directory / "kernel").read_text(encoding="utf-8").strip()
    return release, disk_of(directory, tmp_path / "kernel.img", "80M")


def as_installed(guest):
    """Is the module that is loaded the one that is installed?"""
    guest.check(INSTALLED)
    return guest.run(f"cmp {LOADED} /tmp/installed")[0] == 0


def ready(guest):
    """The kernel's log, by what matters here: the module is loaded (once), the disk is mounted."""
    return guest.check("dmesg | grep -oE 'svsm-reset: ready|EXT4-fs .vda2.: mounted'").split("\n")


def files(guest):
    """All that is called like ours, except what a kernel shows of itself."""
    return guest.check("find / -xdev -name '*svsm?reset*' ! -path '/var/log/*' | sort")


def test_packages_in_use(start, packages):
    """Upgrade, reset, purge, reset, installation: what is loaded stays at work until the reset, which brings what is installed."""
    guest = start(**packages)
    guest.check(QUICK)
    guest.check(f"mount -o ro LABEL={LABEL} /mnt")
    assert as_installed(guest) and "svsm-reset" in files(guest)
    before = guest.check(f"od -An -tx1 {LOADED}")

    guest.check("dpkg -i /mnt/*.deb", INSTALL)
    assert guest.check("svsm-reset --version") == f"svsm-reset {NEW}"
    assert NEW in guest.check("dkms status svsm-reset")
    assert guest.check(f"od -An -tx1 {LOADED}") == before and not as_installed(guest)
    assert ready(guest) == ["svsm-reset: ready", "EXT4-fs (vda2): mounted"], "nobody has loaded it again"
    guest.send("systemctl reboot")
    debian.came_back(guest, "reboot")
    assert as_installed(guest)
    # Loaded before the disk is there: that of the system partition, from which it boots, is made again, too
    assert ready(guest) == ["svsm-reset: ready", "EXT4-fs (vda2): mounted"]

    said = guest.check("dpkg -P svsm-reset-dkms svsm-reset", INSTALL)
    assert "svsm_reset stays loaded, and at work, until the next boot" in said, said
    assert guest.attribute("reset_count") == "1"
    assert files(guest) == ""
    guest.send("systemctl reboot")
    guest.expect(r"svsm-reset: reboot on CPU \d: quiesced 1 of 1 CPUs", debian.BOOT_TIMEOUT)
    debian.login(guest)
    assert guest.run("test -e /sys/module/svsm_reset")[0] == 1
    assert guest.run("modinfo svsm_reset")[0] == 1
    assert ready(guest) == ["EXT4-fs (vda2): mounted"]

    guest.check(f"mount -o ro LABEL={LABEL} /mnt")
    guest.check("dpkg -i /mnt/*.deb", INSTALL)
    guest.check("udevadm settle")
    assert ready(guest)[-1] == "svsm-reset: ready" and as_installed(guest), "udev has loaded it, without a reset"
    assert guest.attribute("reset_count") == "2", "the reset after the purge was the last that it has seen"
    guest.send("systemctl reboot")
    debian.came_back(guest, "reboot")
    assert ready(guest) == ["svsm-reset: ready", "EXT4-fs (vda2): mounted"]
    debian.power_off(guest, 3)


def test_kernel_of_another_series(start, kernel):
    """It is installed while the older one runs, which then has no further part in it: the module is there at the next boot."""
    release, disk = kernel
    guest = start(**disk)
    guest.check(QUICK)
    guest.check(f"mount -o ro LABEL={LABEL} /mnt")
    assert guest.check("uname -r") != release
    # The kernel's package wants this one before it is unpacked
    guest.check("dpkg -i /mnt/linux-base_*.deb && dpkg -i /mnt/*.deb", INSTALL)
    for number in (1, 2):
        # The second is made by the new kernel
        guest.send("systemctl reboot")
        debian.came_back(guest, "reboot")
        assert guest.check("uname -r") == release
        assert ready(guest) == ["svsm-reset: ready", "EXT4-fs (vda2): mounted"]
        assert guest.attribute("reset_count") == str(number)
    debian.power_off(guest, 2)
