# SPDX-License-Identifier: GPL-2.0
"""Debian's kdump-tools, unchanged, and Debian's crash on what they leave."""

import re

from lib import begin, debian

# What the kernel does when an administrator crashes it on CPU 1, innermost first
TRACE = "__crash_kexec", "vpanic", "sysrq_handle_crash", "__handle_sysrq", "write_sysrq_trigger", "vfs_write", "ksys_write"
# The BSP meanwhile: it was idle, an NMI has stopped it, and the jump was handed over to it
BSP = "svr_jump_from_bsp", "svr_park", "crash_nmi_callback", "exc_nmi", "default_idle", "start_kernel"


def trace(said, head):
    """The functions of the backtrace under that head line of crash's, innermost first."""
    _, found, rest = said.partition(head)
    assert found, said
    return re.findall(r"^ ?#\d+ \[\w+\] (\w+)(?:\.\w+)* at ", rest.split("PID: ")[0], re.MULTILINE)


def in_order(names, functions, said):
    places = [functions.index(name) if name in functions else None for name in names]
    assert None not in places and places == sorted(places), said


def test_kdump(start, disk, tmp_path):
    """A panic on an AP: the dump is there, crash reads it, and the crash kernel restarts through the SVSM."""
    guest = start()
    guest.trouble_is_fine = True
    assert "ready to kdump" in guest.check("kdump-config show")
    assert int(guest.check("cat /sys/kernel/kexec_crash_size")) > 0
    guest.send(begin.on(1, begin.PANIC))
    debian.came_back(guest, "kdump")
    assert guest.attribute("last_reset_message") == "sysrq triggered crash"
    assert guest.attribute("last_reset_cpu") == "1"
    assert guest.attribute("last_reset_dump") == "ended"
    dump = guest.check("echo /var/crash/2*/dump.2*")
    # The next crash would be dumped as well
    assert "ready to kdump" in guest.check("kdump-config show")
    debian.power_off(guest, 1)
    # kdump-tools' makedumpfile has written it flattened (-F), and crash reads it as it is
    debian.copy_out(disk, dump, tmp_path / "dump")
    said = debian.crash(tmp_path / "dump", ("foreach active bt", "log"))
    in_order(TRACE, trace(said, 'CPU: 1    COMMAND: "sh"'), said)
    in_order(BSP, trace(said, 'CPU: 0    COMMAND: "swapper/0"'), said)
    assert "Kernel panic - not syncing: sysrq triggered crash" in said, said
