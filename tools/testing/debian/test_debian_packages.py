# SPDX-License-Identifier: GPL-2.0
"""Our packages on the running Debian machine: a newer version comes and both go, while the module is in use."""

import subprocess

import pytest

from lib import debian, places
from lib.sources import run
from lib.trees import NEW

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


@pytest.fixture
def disk_of_packages(image, tmp_path):
    """A disk with the next version of our packages."""
    out, disk = tmp_path / "deb", tmp_path / "packages.img"
    result = run(places.TOP / "tools/packaging/deb", "--out", out, "--version", NEW, timeout=600)
    assert result.returncode == 0, result.stdout
    for path in [*out.iterdir()]:
        if not path.name.startswith(("svsm-reset_", "svsm-reset-dkms_")) or path.suffix != ".deb":
            path.unlink()
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-d", out, disk, "8M"], check=True)
    return disk


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


def test_packages_in_use(start, disk_of_packages):
    """Upgrade, reset, purge, reset: what is loaded stays at work until the reset, which brings what is installed."""
    guest = start(qemu=("-drive", f"file={disk_of_packages},format=raw,if=none,id=packages,readonly=on",
                        "-device", "virtio-blk-pci,drive=packages"))
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
    debian.power_off(guest, 2)
