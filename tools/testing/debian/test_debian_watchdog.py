# SPDX-License-Identifier: GPL-2.0
"""systemd's watchdog settings, with a watchdog of the host's on the root bus."""

import pytest

from lib import debian

WATCHDOG = "-device", "i6300esb", "-action", "watchdog=reset"
# Of that watchdog, in seconds of the guest: long enough for a boot or a way down beside others
RUNTIME, REBOOT = 180, 60
SET = ("busctl set-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "
       "{}WatchdogUSec t {}000000")
SHUTDOWN = "/usr/lib/systemd/system-shutdown"
STATE = "/sys/class/watchdog/watchdog0/state"


def with_watchdog(start, **settings):
    """A machine whose systemd has these, for this boot only: (guest, state of the watchdog)."""
    guest = start(qemu=WATCHDOG)
    guest.check(f"udevadm settle; ls {STATE}")
    for name, seconds in settings.items():
        guest.check(SET.format(name, seconds))
    return guest


def test_runtime_watchdog(start):
    """systemd feeds it until the end, the kernel stops it at the restart, and the next boot is left alone."""
    guest = with_watchdog(start, Runtime=RUNTIME)
    assert guest.check(f"cat {STATE}") == "active"
    said = guest.check("svsm-reset check --deep || :")
    assert "watchdog" in said and "watchdog0" in said, said
    guest.send("systemctl reboot")
    debian.came_back(guest, "reboot")
    assert guest.check(f"cat {STATE}") == "inactive"
    guest.check(f"sleep {RUNTIME + 10}", 2 * RUNTIME)
    debian.power_off(guest, 1)


@pytest.mark.parametrize("hang", ["stays", "ends"])
def test_reboot_watchdog(start, hang):
    """It watches the way down behind systemd: a hang there ends the machine by the host, a delay does not."""
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
    guest.check(f"sleep {REBOOT + 10}", 4 * REBOOT)
    debian.power_off(guest, 1)


def test_panic_with_an_armed_watchdog(start):
    """Nobody stops it then: it ends the next boot, unless systemd arms it again in time, as its setting has it."""
    guest = with_watchdog(start)
    guest.trouble_is_fine = True
    guest.check("systemctl stop kdump-tools && mkdir -p /etc/systemd/system.conf.d && "
                f"printf '[Manager]\\nRuntimeWatchdogSec={RUNTIME}\\n' >/etc/systemd/system.conf.d/watchdog.conf && "
                "systemctl daemon-reexec && sync")
    assert guest.check(f"cat {STATE}") == "active"
    guest.send("echo c >/proc/sysrq-trigger")
    debian.came_back(guest, "panic")
    assert guest.check(f"cat {STATE}") == "active"
    guest.check(f"sleep {RUNTIME + 10}", 2 * RUNTIME)
    debian.power_off(guest, 1)
