# SPDX-License-Identifier: GPL-2.0
"""Debian's kdump-tools, unchanged."""

import re

from lib import debian

# What the administrator types, and what the kernel does then, outermost last
CRASH = "taskset -c 1 sh -c 'echo c >/proc/sysrq-trigger'"
TRACE = "panic", "sysrq_handle_crash", "__handle_sysrq", "write_sysrq_trigger", "vfs_write"


def test_kdump(start):
    """A panic on an AP: the dump is there and can be read, the crash kernel restarts through the SVSM."""
    guest = start()
    guest.trouble_is_fine = True
    assert "ready to kdump" in guest.check("kdump-config show")
    assert int(guest.check("cat /sys/kernel/kexec_crash_size")) > 0
    guest.send(CRASH)
    debian.came_back(guest, "kdump")
    assert guest.attribute("last_reset_message") == "sysrq triggered crash"
    assert guest.attribute("last_reset_cpu") == "1"
    assert guest.attribute("last_reset_dump") == "ended"
    dump = guest.check("echo /var/crash/2*/dump.2*")
    assert int(guest.check(f"stat -c %s {dump}")) > 1 << 20
    # Out of the dump itself, not what kdump-tools has kept beside it: their makedumpfile has written it flattened (-F)
    guest.check(f"makedumpfile -R /var/tmp/core <{dump} && makedumpfile --dump-dmesg /var/tmp/core /var/tmp/log", 600)
    log = guest.check("grep -A 40 'sysrq: Trigger a crash' /var/tmp/log")
    assert "Kernel panic - not syncing: sysrq triggered crash" in log, log
    assert re.search(r"CPU: 1 .*Comm: sh ", log), log
    found = re.findall(r"(?:\] |^)\s*(?:\? )?(\w+)(?:\.\w+)*\+0x", log, re.MULTILINE)
    places = [found.index(name) if name in found else None for name in TRACE]
    assert None not in places and places == sorted(places), log
    # The next crash would be dumped as well
    assert "ready to kdump" in guest.check("kdump-config show")
    debian.power_off(guest, 1)
