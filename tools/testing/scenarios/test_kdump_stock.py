# SPDX-License-Identifier: GPL-2.0
"""What becomes of kdump and kexec under an SVSM without the module.

The kernel that is started next calls the SVSM through the calling area that the
secrets page names, while the SVSM listens to the one that the old kernel has moved
to.  The exact end is asserted, so that a kernel that has been mended does not go
unnoticed.
"""

import re

import pytest

from lib import places

MEMORY = "1G"
CRASHKERNEL = "crashkernel=320M"
MARKED = 300  # pages that have to be in the core
CPUS = {"bsp": 0, "ap": 1}
# Silent, or with a reason: set 1 is Linux' own, code 2 is GHCB_TERM_PVALIDATE.
ENDS = {
    "strict": ("host-reset", {"how": "triple-fault"}),
    "full": ("terminate", {"set": 1, "code": 2}),
}


def loaded(guest, timeout=120):
    """A guest with a capture kernel in place."""
    guest.trouble_is_fine = True
    guest.boot(timeout=180)
    guest.check("load-capture nokaslr", timeout=timeout)
    assert guest.check("cat /sys/kernel/kexec_crash_loaded") == "1"


def crash(guest, cpu):
    guest.send(f"taskset {1 << cpu:#x} sh -c 'echo c > /proc/sysrq-trigger'")
    guest.expect("Kernel panic - not syncing: sysrq triggered crash|sysrq: Trigger a crash")


def dies(guest, status, kind, cpu, /, **match):
    """The run ends by this event, before any other kernel has said a word."""
    assert guest.end() == status, guest.tail()
    event = guest.events.one(kind)
    assert {"cpu": cpu, **match}.items() <= event.items(), guest.tail()
    guest.events.ended(status, kind)
    guest.events.no("execute", "invalidate")
    guest.events.boots(1)
    assert guest.console.count("Linux version ") == 1


@pytest.mark.sliced
@pytest.mark.parametrize("fidelity", ENDS)
@pytest.mark.parametrize("where", CPUS)
def test_crash(simulate, where, fidelity):
    """The capture kernel of a stock guest does not come up, on whichever CPU it starts."""
    guest = simulate(
        smp=2, initrd=places.INITRD_KDUMP, memory=MEMORY, append=CRASHKERNEL, fidelity=fidelity
    )
    loaded(guest)
    crash(guest, CPUS[where])
    kind, match = ENDS[fidelity]
    dies(guest, 3, kind, CPUS[where], **match)


@pytest.mark.sliced
def test_crash_without_ftrace(simulate):
    """kernel.ftrace_enabled=0 takes the module's kprobes away: the stock end, and the tool says so before."""
    guest = simulate(smp=2, initrd=places.INITRD_KDUMP, memory=MEMORY, append=CRASHKERNEL)
    loaded(guest)
    guest.load()
    said = guest.json("svsm-reset explain --json")
    assert said["at"]["panic"]["outcome"] == "crash-kernel", said
    guest.check("echo 0 > /proc/sys/kernel/ftrace_enabled")
    said = guest.json("svsm-reset explain --json")
    assert said["at"]["panic"]["outcome"] == "crash-kernel-dies", said
    crash(guest, CPUS["bsp"])
    kind, match = ENDS["strict"]
    dies(guest, 3, kind, CPUS["bsp"], **match)


@pytest.mark.sliced
@pytest.mark.parametrize("fidelity", ENDS)
def test_kexec(simulate, fidelity):
    """Nor does a kernel that kexec -e starts: 6.12 copies it over pages that it has left shared."""
    guest = simulate(smp=2, initrd=places.INITRD_KEXEC, memory=MEMORY, fidelity=fidelity)
    guest.trouble_is_fine = True
    guest.boot(timeout=180)
    guest.check("kexec -l -s /boot/vmlinuz --reuse-cmdline", timeout=120)
    assert guest.check("cat /sys/kernel/kexec_loaded") == "1"
    guest.send("kexec -e")
    guest.expect("Starting new kernel")
    dies(guest, 2, "violation", 0, kind="shared-as-private", access="read")


@pytest.mark.sliced
def test_without_an_svsm(simulate):
    """The reference: on a plain machine the same images make a core, and a good one."""
    guest = simulate(
        plain=True, smp=2, initrd=places.INITRD_KDUMP, memory=MEMORY, append=CRASHKERNEL
    )
    loaded(guest)
    guest.send(f"vmcore plant {MARKED} &")
    guest.expect(f"vmcore: planted {MARKED} pages")
    crash(guest, CPUS["ap"])
    assert guest.capture(timeout=180) == 1
    said = guest.check("vmcore check", timeout=180)
    match = re.search(r"^vmcore: pages (\d+) failed 0 zero (\d+) marked (\d+)$", said, re.MULTILINE)
    assert match, said
    pages, zero, marked = map(int, match.groups())
    assert pages > (512 << 20) // 4096 and zero < pages and marked == MARKED
    assert "sysrq: Trigger a crash" in guest.check("vmcore-dmesg /proc/vmcore", timeout=120)
    guest.check("makedumpfile -d 31 -c --message-level 5 /proc/vmcore /mnt/data/core", timeout=180)
    guest.check("makedumpfile --dump-dmesg /mnt/data/core /tmp/dmesg", timeout=120)
    assert "sysrq: Trigger a crash" in guest.check("cat /tmp/dmesg")
    guest.send("poweroff -f")
    assert guest.end() == 0, guest.tail()


def test_checker_can_fail(simulate):
    """Where there is no core, the checker says so and fails."""
    guest = simulate(plain=True, smp=1, initrd=places.INITRD_KDUMP, memory=MEMORY)
    guest.boot(timeout=180)
    status, said = guest.run("vmcore check")
    assert status == 1 and "No such file" in said
    guest.send("poweroff -f")
    assert guest.end() == 0, guest.tail()
