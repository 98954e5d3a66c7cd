# SPDX-License-Identifier: GPL-2.0
"""The same module on every kernel that Debian has: compiled, and the ways that everybody needs."""

import re
import shutil

import pytest

from lib import kernels, places
from lib.kernels import complaints, reset_once
from lib.sources import run

BOOT_TIMEOUT = 300
RUN_TIMEOUT = 900


def builds(kernel, *arguments):
    """The complaints of a build with these arguments."""
    out = places.CHECK / "kernels" / kernel.name
    shutil.rmtree(out, ignore_errors=True)
    result = run(places.TOP / "tools/build/module", "--kdir", kernel.headers, "--out", out, *arguments)
    shutil.rmtree(out)
    assert result.returncode == 0, result.stdout
    return complaints(result.stdout)


@pytest.mark.column("build")
def test_builds_without_warnings(kernel):
    """Neither the compiler nor sparse has anything to say."""
    if kernel.sparse is None:
        pytest.skip(f"sparse: {kernels.SPARSE.with_name('missing').read_text(encoding='utf-8').strip()}")
    assert builds(kernel, "W=1", "C=2", f"CHECK={kernel.sparse}") == []


@pytest.mark.column("reboot")
def test_reboot_on_ap(start):
    guest = start()
    guest.check("echo 2 > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect("handing the call over from CPU 2 to the BSP")
    reset_once(guest, "reboot")


@pytest.mark.column("panic")
def test_panic_on_ap(start):
    guest = start()
    guest.trouble_is_fine = True  # a panic shows its call trace
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    guest.send("taskset 4 sh -c 'echo c > /proc/sysrq-trigger'")
    reset_once(guest, "panic")


@pytest.mark.column("kdump")
def test_kdump(start, kernel):
    """Read the whole core in the capture kernel, and reset."""
    # Without its runtime services a PREEMPT_RT kernel takes EFI's system table for shared memory
    append = "crashkernel=320M efi=runtime" if kernel.realtime else "crashkernel=320M"
    guest = start(initrd=kernel.initrd_kdump, memory="1G", smp=2, timeout=1500, append=append, host="debug-swap")
    guest.trouble_is_fine = True
    guest.check("load-capture nokaslr", timeout=400)
    guest.send("taskset 1 sh -c 'echo c > /proc/sysrq-trigger'")
    assert guest.capture(1, timeout=600) == 1
    guest.load()
    said = guest.check("vmcore check", timeout=600)
    assert re.search(r"^vmcore: pages \d+ failed 0 ", said, re.MULTILINE), said
    guest.send("reboot -f")
    reset_once(guest, "kdump")


@pytest.mark.column("unload")
def test_reloaded(start):
    guest = start()
    for _ in range(3):
        guest.reload()
    guest.send("reboot -f")
    reset_once(guest, "reboot")


@pytest.mark.column("unload")
def test_unloaded_module_does_nothing(start):
    """No hook stays behind: the kernel restarts in its own way, and the guest is lost."""
    guest = start()
    guest.check("rmmod svsm_reset")
    guest.send("reboot -f")
    guest.lost()
    guest.events.no("execute", "invalidate")
