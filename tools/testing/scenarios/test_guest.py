# SPDX-License-Identifier: GPL-2.0
"""The guest that `make guest` builds, as somebody at its shell meets it."""

from lib import places


def test_as_a_system_is(simulate):
    """modprobe and modinfo find the modules, an ordinary user is there, debugfs is mounted."""
    guest = simulate(smp=1)
    guest.boot(1)

    # modules: with what they need, by their aliases, and out again
    assert "svsm_reset" not in guest.check("lsmod")
    guest.check("modprobe svsm_reset && test -d /sys/module/svsm_reset")
    assert "description:" in guest.check("modinfo svsm_reset")
    assert guest.check("modinfo -F license svsm_reset").split("\n")[-1] == "GPL"
    guest.check("modprobe virtio_net && test -d /sys/module/net_failover && modprobe -r virtio_net")
    guest.check("modprobe pci:v00008086d000025ABsv0sd0bc08sc80i00 && test -d /sys/module/i6300esb")
    status, said = guest.run("modprobe no-such-module")
    assert status and "not found" in said
    guest.check(f"test -e {places.MODULE}")

    assert guest.check("su user -c 'id -un; id -u; cd; pwd'").split("\n")[-3:] == ["user", "1000", "/user"]
    assert guest.run("su user -c 'cat /sys/kernel/debug/sleep_time'")[0] != 0
    assert guest.check("id -un").split("\n")[-1] == "root"
    guest.check("su user -c 'echo x > /tmp/x && echo x > ~/x'")

    assert "debugfs /sys/kernel/debug debugfs" in guest.check("cat /proc/mounts")
    guest.check("ls /sys/kernel/debug | grep -q .")
    guest.powered_off()
