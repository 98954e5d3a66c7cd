# SPDX-License-Identifier: GPL-2.0
"""A guest that real firmware has started: the SVSM's reset goes through the firmware again.

Debian's OVMF, unmodified, at its reset vector; then the kernel, which it finds in QEMU's
fw_cfg or on a disk.
"""

import subprocess

import pytest

from lib import efivars, ovmf, places
from lib.slices import later

TRIXIE = "trixie", "ovmf/OVMF.fd"
CODE = "trixie", "OVMF/OVMF_CODE_4M.fd"
SID = "sid", "ovmf/OVMF.fd"
AMDSEV = "sid", "ovmf/OVMF.amdsev.fd"
RESET_VECTOR = 0xFFFFFFF0
# OVMF has them master the bus, which nobody takes back
BRIDGES = "00:00.0 bus_master", "00:1f.0 bus_master"
BOOT_TIMEOUT = 300
VENDOR = "5dc1a3e6-0f6b-4f0c-9d0e-6a2b7b1f4c11"  # not the global one, whose names OVMF knows


@pytest.fixture(name="start")
def fixture_start(simulate):
    """Start a guest with that firmware and load the module: start(TRIXIE, ...) -> Guest"""

    def start(which, **arguments):
        arguments = {"smp": 2, "timeout": 1200, **arguments}
        guest = simulate(firmware=ovmf.debian(*which), **arguments)
        assert guest.boot(1, BOOT_TIMEOUT) == guest.smp
        guest.load()
        return guest

    return start


def reset(guest, number=2):
    """Reset, by way of the firmware: the boot of that number."""
    guest.send("reboot -f")
    assert guest.boot(number, BOOT_TIMEOUT) == guest.smp
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"


def regions(guest, boot, kind=None):
    found = guest.events.one("regions", boot=boot)["regions"]
    return [region for region in found if kind in (None, region["type"])]


@pytest.mark.parametrize("which", [TRIXIE, later(CODE), later(SID), later(AMDSEV)],
                         ids=["trixie", "trixie-code", "sid", "sid-amdsev"])
def test_reset(start, which):
    """The firmware finds what it found at first; the kernel it has booted is reset again and again."""
    guest = start(which)
    assert guest.attribute("last_reset_reason") == "none"
    reset(guest)
    if which != TRIXIE:
        reset(guest, 3)
    guest.powered_off()
    boots = 2 if which == TRIXIE else 3
    guest.events.orderly_resets(boots - 1, cpus=2, by_firmware=BRIDGES)
    for boot in range(1, boots + 1):
        assert {region["type"] for region in regions(guest, boot)} >= {"image", "sec-mem", "secrets", "cpuid", "svsm-caa"}
        assert [region["type"] for region in regions(guest, boot) if region["kept"]] == ["secrets"] * (boot > 1)
    # The image was as it is in the file, SEC's memory was not: both are restored, and what newer ones read as a flash chip
    image, = regions(guest, 2, "image")
    shared = [event for event in guest.events.of("host-convert") if event["boot"] == 1 and int(event["gpa"], 16) >= int(image["gpa"], 16)]
    assert (image["changed"], image["lost"]) == (0, len(shared)) and bool(shared) == (which in (SID, AMDSEV))
    assert sum(region["changed"] for region in regions(guest, 2, "sec-mem"))


@pytest.mark.sliced
def test_many_cpus_as_systemd_does(start):
    guest = start(TRIXIE, smp=4)
    guest.send("reboot")
    guest.expect("guest: unmounted")
    assert guest.boot(2, BOOT_TIMEOUT) == 4
    guest.load()
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4, by_firmware=BRIDGES)


@pytest.mark.sliced
def test_full(start):
    """What raises #VC on hardware does so, from the reset vector's CPUID on, in 32-bit code."""
    guest = start(TRIXIE, fidelity="full", patience=3)
    reset(guest)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2, by_firmware=BRIDGES)


@pytest.mark.sliced
def test_host_that_builds_the_vm_anew(start):
    """Without the driver the kernel asks the firmware for a reset, and that the host."""
    guest = start(TRIXIE, host="rebuild")
    guest.check("rmmod svsm_reset")
    guest.send("reboot -f")
    assert guest.boot(2, BOOT_TIMEOUT) == 2
    guest.powered_off()
    assert guest.events.one("host-reset")["rebuilt"]
    assert not any(region["kept"] or region["changed"] for region in regions(guest, 2))
    guest.events.no("execute", "violation")


@pytest.mark.sliced
def test_command(tmp_path):
    """--exec: what the firmware says on its serial ports is none of the command's output."""
    command = "modprobe svsm_reset; echo boot $BOOT; echo error >&2; [ $BOOT = 2 ] || reboot -f; exit 3"
    result = subprocess.run(
        [places.SNPSIM, "run", "--firmware", ovmf.debian(*TRIXIE), "--smp", "2", "--exec", command,
         "--console", tmp_path / "console", "--timeout", "600"],
        capture_output=True, text=True, timeout=700, check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (3, "boot 1\nboot 2\n", "error\nerror\n")


@pytest.mark.sliced
def test_memory_above_4g(start):
    """Which the firmware leaves to the kernel to accept."""
    guest = start(TRIXIE, memory="3G", smp=1)
    reset(guest)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=1, by_firmware=BRIDGES)


@pytest.mark.sliced
@pytest.mark.parametrize("image", ["pristine", "keep"])
def test_patched_firmware(start, image):
    """A kernel writes over the reset vector: an SVSM that keeps the image starts what is there then."""
    guest = start(TRIXIE, svsm=f"draft,image={image}")
    guest.check("insmod /lib/modules/rom.ko")
    for offset, byte in enumerate(ovmf.RESET):
        guest.check(f"echo {RESET_VECTOR + offset:x} {byte:x} > /sys/module/rom/parameters/write")
    if image == "pristine":
        reset(guest)
        guest.powered_off()
        guest.events.orderly_resets(1, cpus=2, by_firmware=BRIDGES)
    else:
        guest.send("reboot -f")
        guest.lost("port-cf9")
        assert guest.events.one("host-reset")["boot"] == 2
    region, = regions(guest, 2, "image")
    assert region["changed"] == 1 and region["kept"] == (image == "keep")


@pytest.mark.sliced
@pytest.mark.parametrize("ram", ["clear", "keep"])
def test_variable(start, ram):
    """The firmware keeps its variables in RAM: what is left there is there in the next boot."""
    name = f"Kept-{VENDOR}"
    guest = start(TRIXIE, svsm=f"draft,ram={ram}")
    efivars.mount(guest)
    efivars.write(guest, name, b"\7\0\0\0precious")
    reset(guest)
    efivars.mount(guest)
    assert (name in efivars.names(guest)) == (ram == "keep")
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2, by_firmware=BRIDGES)


@pytest.mark.sliced
def test_disk(start, tmp_path):
    """Without a kernel from the host the firmware boots what it finds, here by its shell; so it does again."""
    (tmp_path / "vmlinuz").write_bytes(places.KERNEL.read_bytes())
    (tmp_path / "initrd").write_bytes(places.INITRD.read_bytes())
    (tmp_path / "startup.nsh").write_text("fs0:\\vmlinuz initrd=\\initrd console=ttyS0 nokaslr\r\n")
    disk = ("-drive", f"file=fat:{tmp_path},format=raw,if=none,id=disk,readonly=on",
            "-device", "virtio-blk-pci,drive=disk")
    guest = start(TRIXIE, kernel=None, qemu=disk)
    guest.send("reboot -f")
    assert guest.boot(1, BOOT_TIMEOUT) == 2  # nobody tells this kernel which boot it is
    guest.load()
    assert guest.attribute("last_reset_reason") == "reboot"
    guest.powered_off()
    guest.events.boots(2)
    guest.events.no("violation", "host-reset", "terminate")
