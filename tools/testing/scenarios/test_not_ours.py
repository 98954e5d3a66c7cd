# SPDX-License-Identifier: GPL-2.0
"""What is no restart is none of the driver's business; without it the VM is lost."""

import pytest

from lib import places


def test_poweroff(simulate):
    guest = simulate()
    guest.boot()
    guest.load()
    guest.powered_off()
    guest.events.no_reset_tried()


@pytest.mark.sliced
def test_poweroff_as_systemd_does(simulate):
    guest = simulate()
    guest.boot()
    guest.load()
    guest.send("poweroff")
    guest.expect("guest: unmounted")
    assert guest.end() == 0, guest.tail()
    guest.events.ended(0, "poweroff")
    guest.events.no_reset_tried()


@pytest.mark.sliced
def test_halt(simulate):
    """A halted guest stays: the simulator's time-out ends the run."""
    guest = simulate(timeout=40)
    guest.boot()
    guest.load()
    guest.send("halt -f")
    guest.expect("reboot: System halted")
    assert guest.end() == 4, guest.tail()
    guest.events.ended(4)
    guest.events.no_reset_tried()
    guest.events.no("host-reset", "terminate", "violation", "poweroff")


def test_kexec(simulate):
    """kexec -e with kdump=0 is not touched.  A stock 6.12 guest does not survive it; that is not ours."""
    guest = simulate(initrd=places.INITRD_KEXEC, memory="1G", timeout=120)
    guest.trouble_is_fine = True
    guest.boot()
    guest.load("kdump=0")
    guest.check("kexec -l /boot/vmlinuz --reuse-cmdline", timeout=120)
    assert guest.check("cat /sys/kernel/kexec_loaded") == "1"
    guest.send("kexec -e")
    guest.expect("Starting new kernel")
    guest.end()
    guest.events.no_reset_tried()
    # Not a word of the driver after the jump has begun.
    assert "svsm-reset" not in guest.console.split("Starting new kernel")[1]


def test_without_the_module(simulate):
    """The reason why there is a driver: any other restart loses the VM."""
    guest = simulate()
    guest.boot()
    guest.send("reboot -f")
    guest.lost()
    guest.events.no_reset_tried()


def test_module_unloaded(simulate):
    """An unloaded driver leaves nothing behind that would fire."""
    guest = simulate()
    guest.boot()
    guest.load()
    guest.check("rmmod svsm_reset")
    guest.send("reboot -f")
    guest.lost()
    guest.events.no_reset_tried()


def test_no_snp_guest(simulate):
    """On any other machine the module says so and does not load."""
    guest = simulate(plain=True)
    guest.expect("guest# ", 90)
    status, output = guest.run(f"insmod {places.MODULE}")
    assert status != 0 and "No such device" in output
    said = {line.split("] ")[1] for line in guest.check("dmesg | grep svsm-reset:").splitlines()}
    assert said == {"svsm-reset: not an SEV-SNP guest, nothing to do"}
    guest.send("poweroff -f")
    assert guest.end() == 0
