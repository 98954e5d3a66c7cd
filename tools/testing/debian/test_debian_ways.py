# SPDX-License-Identifier: GPL-2.0
"""Other ways down than systemd's own, and ways that end somewhere else than in a reset."""

import re

from lib import debian

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def of_this_boot(guest):
    """What a reset changes and nothing else does."""
    return guest.check(f"cat {BOOT_ID}"), guest.attribute("reset_count"), guest.attribute("last_reset_reason")


def test_force(machine):
    """No unit is stopped, but file systems are unmounted: systemd-shutdown restarts."""
    debian.reset_anyhow(machine, "systemctl reboot --force")
    assert "root: clean" in debian.fsck_at_boot(machine)


def test_force_twice(machine):
    """systemctl itself writes back what waits and restarts: the file system is as a crash leaves it, and recovers."""
    debian.reset_anyhow(machine, "systemctl reboot --force --force")
    assert "recover" in debian.fsck_at_boot(machine)
    log = debian.journal(machine, "-b -1 -n 100")
    assert "Linux version" in debian.journal(machine, "-b -1 -k -n all") and not log.rstrip().endswith("Journal stopped"), log


def test_soft_reboot(machine):
    """User space starts again, the kernel does not: no reset, and the driver is as it was."""
    before = of_this_boot(machine)
    executes = len(machine.events.executes)
    begin = machine.check("systemctl show -p UserspaceTimestampMonotonic --value")
    machine.send("systemctl soft-reboot")
    debian.login(machine)
    assert machine.check("systemctl show -p SoftRebootsCount --value") == "1"
    assert machine.check("systemctl show -p UserspaceTimestampMonotonic --value") != begin
    assert of_this_boot(machine) == before
    assert len(machine.events.executes) == executes
    # What an administrator asks next: would a crash be dumped, would a reset work
    assert "ready to kdump" in machine.check("kdump-config show")
    debian.reset(machine, "systemctl reboot")


def test_rescue(machine):
    """The driver is there in the rescue shell, and reboot in it is a reset in order."""

    def rescue():
        machine.send("systemctl rescue")
        machine.expect("Press Enter for (system )?maintenance", debian.BOOT_TIMEOUT)
        machine.send("")
        machine.expect("# ")
        debian.shell(machine)
        assert machine.check("systemctl is-active rescue.target") == "active"
        machine.check("svsm-reset explain")
        machine.send("reboot")

    debian.reset(machine, rescue)


def test_hung_services(machine):
    """One that does not hear systemd, and one whose processes systemd lets be: killed, then reset."""
    for name, more in (("deaf", "-p TimeoutStopSec=5"), ("let-be", "-p KillMode=none")):
        machine.check(f"systemd-run --unit={name} {more} sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1; done'")
    log = debian.reset(machine, "systemctl reboot")
    assert "deaf.service: State 'stop-sigterm' timed out. Killing." in log, log
    assert re.search(r"let-be.service: Unit process \d+ \(\w+\) remains running after unit stopped", log), log
