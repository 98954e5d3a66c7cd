# SPDX-License-Identifier: GPL-2.0
"""The trees' own kernels and initial ram disks in the simulator: udev loads the module there, and only there."""

import shutil

import pytest

BOOT = 240
# With panic= on the command line, as all guests here have it, initramfs-tools restarts then
SHELL = "Spawning shell within the initramfs"


@pytest.fixture
def images(installed, tmp_path):
    """(kernel, ordinary initial ram disk, that of the crash kernel) as files of this machine."""
    for path in (f"boot/vmlinuz-{installed.kernel}", f"boot/initrd.img-{installed.kernel}",
                 f"var/lib/kdump/initrd.img-{installed.kernel}"):
        layers = [installed.upper, *reversed(installed.layers), installed.base]
        found = next(layer / path for layer in layers if (layer / path).exists())
        shutil.copy(found, tmp_path / path.replace("/", "-"))
    return [tmp_path / name for name in (
        f"boot-vmlinuz-{installed.kernel}", f"boot-initrd.img-{installed.kernel}",
        f"var-lib-kdump-initrd.img-{installed.kernel}")]


def start(simulate, images, which=1, **arguments):
    return simulate(kernel=images[0], initrd=images[which], smp=2, memory="1G", timeout=900,
                    append="break=premount", **arguments)


def test_loaded_and_reset(simulate, images):
    """Loaded by the time that the first script runs, and the reboot goes through the SVSM."""
    guest = start(simulate, images)
    guest.expect("svsm-reset: ready: protocol 5 version 1", BOOT)
    guest.expect(SHELL, BOOT)
    guest.expect(r"svsm-reset: reboot on CPU \d: quiesced 1 of 1 CPUs", BOOT)
    guest.expect("svsm-reset: ready: protocol 5 version 1", BOOT)
    guest.expect(r"svsm-reset: last reset: reboot on CPU \d at \S+, completed; 1 reset so far")
    guest.events.no("violation", "host-reset", "terminate")


def test_loaded_by_the_crash_kernels_image(simulate, images):
    guest = start(simulate, images, 2)
    guest.expect("svsm-reset: ready: protocol 5 version 1", BOOT)
    guest.expect(SHELL, BOOT)


def test_svsm_without_the_service(simulate, images):
    """One line in the log, and the boot goes on."""
    guest = start(simulate, images, svsm="noreboot")
    guest.expect(SHELL, BOOT)
    lines = {line.split("] ")[-1] for line in guest.console.splitlines() if "svsm-reset" in line}
    assert len(lines) == 1 and "the SVSM has no protocol 5 version 1" in lines.pop()
    assert "modprobe" not in guest.console


def test_silent_elsewhere(simulate, images):
    """No SNP guest: not a word."""
    guest = start(simulate, images, plain=True)
    guest.expect(SHELL, BOOT)
    assert "svsm" not in guest.console and "modprobe" not in guest.console


def test_dracut(simulate, tree, images, tmp_path):
    tree.check(f"dracut --force --compress 'zstd -1' --no-hostonly /var/dracut.img {tree.kernel}")
    guest = simulate(kernel=images[0], initrd=tree.upper / "var/dracut.img", smp=2, memory="1G", timeout=900, append="rd.break=pre-mount")
    guest.expect("svsm-reset: ready: protocol 5 version 1", BOOT)
