# SPDX-License-Identifier: GPL-2.0
"""The demonstration of a Debian 13 system on a disk: firmware, login, reboot, a crash with a dump."""

import re
import sys
import time

from demo import Demo, main, untimed  # it finds lib for us
from lib import begin, debian, places

CPUS = 2
WIDTH = 110
# What the system says on its way, besides the driver
SYSTEMD = re.compile(r"BdsDxe: (?:loading|starting) .*|\[  OK  \] (?:Reached target .*(?:reboot|umount|final)\.target.*|"
                     r"Finished .*kdump.*)|.*kdump-tools.*(?:[Ss]aving|[Ss]aved|running).*|.*Debian GNU/Linux .* ttyS0|"
                     r".*systemd-shutdown.*(?:unmounted|Rebooting).*|.*(?:Linux version|SNP running at VMPL).*")
COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()].")


class DebianDemo(Demo):
    """A Debian system, which says other things on its way."""

    def tell(self):
        for line in self.new_console().splitlines():
            line = COLOUR.sub("", line)
            if line.startswith("[") and "svsm-reset: " in line or SYSTEMD.match(line):
                self.report.detail(untimed(line)[:WIDTH])

    def alive(self, seconds):
        self.tell()

    def login(self, command=None, text=None):
        """Type a command that ends this boot, and wait for the login of the next one."""
        if command:
            self.report.step(f"guest# {text or command}")
            self.new_console()
            self.guest.send(command)
        begin = time.monotonic()
        debian.login(self.guest)
        self.tell()
        self.process.append(self.guest.qemu_process())
        self.report.step(f"logged in, after {time.monotonic() - begin:.0f} s")


def show_debian(report):
    report.explain("""The whole stack, and nothing in it but the driver is ours: OVMF as Debian has built it,
        systemd-boot, Debian's kernel, systemd and kdump-tools, on a disk that Debian's packages were installed on.
        The simulator starts the firmware and knows nothing of the rest.""")
    report.step(f"Debian 13 with {(places.BUILD / 'debian/kernel').read_text().strip()}, {CPUS} vCPUs, 1 GiB")
    disk = debian.copy(places.BUILD / "demo/disk")
    demo = DebianDemo(report, "debian", **debian.arguments(disk, smp=CPUS))
    guest = demo.guest
    try:
        demo.login()
        demo.type("svsm-reset status")
        reasons = [guest.attribute("last_reset_reason")]
        report.explain("""systemd stops the services and unmounts the file systems. Then the kernel's restart goes
            to the SVSM, which starts the firmware again.""")
        demo.login("systemctl reboot")
        demo.type("svsm-reset status")
        reasons.append(guest.attribute("last_reset_reason"))
        demo.type("journalctl --no-pager -q -o cat -b -1 -n 3")
        report.explain("""A crash, on the CPU that may not make the call. Debian's kdump-tools have loaded a crash
            kernel; it saves a dump under /var/crash and restarts.""")
        demo.type("kdump-config show | grep state")
        demo.login(begin.on(1, begin.PANIC), f"{begin.PANIC}    (on CPU 1)")
        demo.type("svsm-reset status")
        reasons.append(guest.attribute("last_reset_reason"))
        demo.type("ls -l /var/crash/2*/")
        report.step("guest# systemctl poweroff")
        guest.send("systemctl poweroff")
        assert guest.end(debian.BOOT_TIMEOUT) == 0 and reasons == ["none", "reboot", "kdump"], f"the reasons are {reasons}"
        report.step("summary: what the simulator saw")
        demo.simulator_saw()
        demo.came_back(2)
    finally:
        guest.stop()
        debian.remove(disk)
    report.step("done: firmware, systemd and kdump-tools came back each time, and the VM was the same")
    report.detail(f"console, events and the simulator's log: {guest.directory}")


if __name__ == "__main__":
    sys.exit(main(show_debian))
