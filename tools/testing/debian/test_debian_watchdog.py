# SPDX-License-Identifier: GPL-2.0
"""systemd's watchdog settings, with a watchdog of the host's on the root bus.

Its driver stops it as it finds it, so in the next boot there is none where a test asks what
the way down has left behind.
"""

import pytest

from lib import debian

WATCHDOG = "-device", "i6300esb", "-action", "watchdog=reset"
# Of that watchdog, in seconds of the guest: long enough for a boot or a way down beside others
RUNTIME, REBOOT = 180, 60
SET = ("busctl set-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "
       "{}WatchdogUSec t {}000000")
SHUTDOWN = "/usr/lib/systemd/system-shutdown"
STATE = "/sys/class/watchdog/watchdog0/state"
# By the kernel itself: the initial ram disk has the driver, too, and does not ask the disk's modprobe.d
NO_DRIVER = "sed -i '/^options/s/$/ module_blacklist=i6300esb/' /boot/efi/loader/entries/*.conf && sync"


def with_watchdog(start, driver_again=False, **settings):
    """A machine whose systemd has these for this boot only, and whose next boot has no driver for the watchdog."""
    guest = start(qemu=WATCHDOG)
    guest.check(f"udevadm settle; ls {STATE}")
    for name, seconds in settings.items():
        guest.check(SET.format(name, seconds))
    if not driver_again:
        guest.check(NO_DRIVER)
    return guest


def left_alone(guest, seconds):
    """Nothing has the host reset the machine for so long, and nobody has touched the watchdog in this boot."""
    assert guest.run(f"test -e {STATE}")[0] == 1 and "module_blacklist" in guest.check("cat /proc/cmdline")
    guest.check(f"sleep {seconds + 10}", 4 * seconds)
    debian.power_off(guest, 1)


def test_runtime_watchdog(start):
    """systemd feeds it until the end, and the kernel stops it at the restart."""
    guest = with_watchdog(start, Runtime=RUNTIME)
    assert guest.check(f"cat {STATE}") == "active"
    assert "watchdog0 (i6300ESB timer) is armed" in guest.run("svsm-reset check --deep")[1]
    assert "watchdogs, which only an orderly restart stops: watchdog0" in guest.check("svsm-reset explain")
    guest.send("systemctl reboot")
    debian.came_back(guest, "reboot")
    left_alone(guest, RUNTIME)


@pytest.mark.parametrize("hang", ["stays", "ends"])
def test_reboot_watchdog(start, hang):
    """It watches systemd-shutdown: a hang there ends the machine by the host, a delay does not, nor anything later."""
    guest = with_watchdog(start, Reboot=REBOOT)
    seconds = "infinity" if hang == "stays" else 10
    guest.check(f"mkdir -p {SHUTDOWN} && printf '#!/bin/sh\\nexec sleep {seconds}\\n' >{SHUTDOWN}/hang && "
                f"chmod +x {SHUTDOWN}/hang && sync")
    guest.send("systemctl reboot")
    if hang == "stays":
        guest.lost("watchdog")
        assert not guest.events.executes
        return
    debian.came_back(guest, "reboot")
    left_alone(guest, REBOOT)


@pytest.mark.parametrize("driver", ["again", "gone"])
def test_panic_with_an_armed_watchdog(start, driver):
    """Nobody stops it on the way: its driver does in the next boot, and without that it ends the next boot."""
    guest = with_watchdog(start, driver_again=driver == "again", Runtime=RUNTIME)
    guest.trouble_is_fine = True
    guest.check("systemctl stop kdump-tools")
    assert guest.check(f"cat {STATE}") == "active"
    guest.send("echo c >/proc/sysrq-trigger")
    debian.came_back(guest, "panic")
    if driver == "gone":
        guest.lost("watchdog")
        assert len(guest.events.executes) == 1
        return
    assert guest.check(f"cat {STATE}") == "inactive"
    guest.check(f"sleep {RUNTIME + 10}", 4 * RUNTIME)
    debian.power_off(guest, 1)
