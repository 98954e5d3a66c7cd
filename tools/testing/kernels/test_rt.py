# SPDX-License-Identifier: GPL-2.0
"""The same module on Debian's Linux 6.12 with PREEMPT_RT.

Spinlocks sleep there and consoles are printed by threads.  What the driver does in
a reset must not depend on either.
"""

import re

import pytest

from lib import crash, kernels, matrix
from lib.kernels import next_boot, reset_once

pytestmark = pytest.mark.only(choose=kernels.realtime)

BOOT_TIMEOUT = 240
RUN_TIMEOUT = 900
KDUMP = {"memory": "1G", "append": "crashkernel=320M", "smp": 2, "timeout": 1500}
# Rows of the crash matrix: each way to the driver, and each thing that another CPU may be doing
ROWS = (
    "panic-bsp-idle", "panic-irq-ap-idle", "panic-nmi-last-ap-idle", "sysrq-b-bsp-idle", "sysrq-b-last-ap-idle",
    "emergency-irq-ap-idle", "oops-bsp-idle", "panic-ap-irqs-off", "panic-ap-bsp-irqs-off", "emergency-ap-irqs-off",
    "reboot-ap-irqs-off", "panic-ap-nmi-stuck", "panic-and-sysrq-b-ap-idle",
)


@pytest.fixture(name="this")
def fixture_this(kernel):
    """What a guest with this kernel is started with."""
    return {"kernel": kernel.image, "initrd": kernel.initrd, "timeout": RUN_TIMEOUT}


def do(guest, text):
    """Have the trouble module do that; with what it brings about the shell may not come back."""
    guest.trouble_is_fine = True
    guest.check(f"insmod {crash.TROUBLE}; echo 1 > /proc/sys/kernel/sysrq")
    guest.check("taskset -p 1 $$ > /dev/null; echo 0 > /proc/irq/4/smp_affinity_list")
    guest.send(f"echo '{text}' > {crash.DO}")


@pytest.mark.parametrize("cpu", [0, 3], ids=["bsp", "ap"])
def test_reboot(start, cpu):
    guest = start()
    guest.check(f"echo {cpu} > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect("quiesced 3 of 3 CPUs")
    reset_once(guest, "reboot")
    assert ("handing the call over" in guest.console) == (cpu != 0)


def test_reboot_while_an_ap_spins(start):
    """reboot=force, and an interrupt does not stop one AP."""
    guest = start(append="reboot=force")
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=irq")
    guest.send("taskset 1 reboot -f")
    guest.expect(r"by NMI: 2\s")
    reset_once(guest, "reboot")


def test_module_reloaded(start):
    guest = start()
    for _ in range(3):
        guest.reload()
    guest.send("reboot -f")
    reset_once(guest, "reboot")


@pytest.mark.parametrize("row", [pytest.param(matrix.BY_ID[name], id=name) for name in ROWS])
def test_crash(simulate, this, row):
    """Nothing but what was asked for complains, no scheduling while atomic in particular."""
    crash.run(simulate, row, **this)


@pytest.mark.parametrize("what, reason", [
    ("panic@nmi 2", "panic"), ("spin@irqs-off 1 + panic 2", "panic"), ("sysrq-b 2", "emergency-restart"),
], ids=["nmi", "irqs-off", "sysrq-b"])
def test_record_in_cmos(start, what, reason):
    """Without taking its lock, which is a sleeping one, the record gets there."""
    guest = start("record=cmos")
    do(guest, what)
    reset_once(guest, reason, "record=cmos")
    assert "record could not be written" not in guest.console


@pytest.mark.parametrize("what", [
    "spin@rtc-locked 1 + panic 2", "spin@rtc-unlocking 1 + panic 2", "panic@rtc-unlocking 2",
    "spin@rtc-unlocking 1 + panic@nmi 2",
], ids=["held", "given-up", "given-up-here", "given-up-nmi"])
def test_lock_of_the_cmos(start, what):
    """Somebody is inside, or has the lock inside the lock: CMOS is left alone, and all else goes on."""
    guest = start()
    do(guest, what)
    guest.expect(r"cmos: the record could not be written \(-EBUSY\)", timeout=90)
    next_boot(guest, "panic")
    assert guest.attribute("record_store") == "secrets"
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=guest.smp)
    assert "no store has a record of this reset" not in guest.console


def test_efi(start):
    """With runtime services the variable is written, and not in an NMI, which is said."""
    stores = "record=secrets,cmos,efi"
    guest = start(stores, append="efi=runtime", svsm="draft,secrets=pristine", efivars=True)
    guest.send("reboot -f")
    next_boot(guest, "reboot", stores)
    assert guest.attribute("record_store") == "efi"
    do(guest, "panic@nmi 2")
    guest.expect(r"efi: the record could not be written \(-EBUSY\)", timeout=BOOT_TIMEOUT)
    next_boot(guest, "panic", stores, boot=3)
    assert guest.attribute("record_store") == "cmos"
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=guest.smp)


def load_capture(guest):
    guest.check("load-capture nokaslr", timeout=400)
    assert guest.check("cat /sys/kernel/kexec_crash_loaded") == "1"


@pytest.mark.parametrize("what, message", [
    ("sysrq-c 0", "sysrq triggered crash"), ("sysrq-c 1", "sysrq triggered crash"),
    ("panic@nmi 1", "trouble: as asked for, in an NMI"),
], ids=["bsp", "ap", "ap-nmi"])
def test_kdump(start, kernel, what, message):
    """Crash, read the whole core in the capture kernel, which runs on the BSP, and reset."""
    guest = start(**{**KDUMP, "initrd": kernel.initrd_kdump, "append": "crashkernel=320M efi=runtime"})
    load_capture(guest)
    do(guest, what)
    assert guest.capture(1, timeout=600) == 1
    guest.load()
    said = guest.check("vmcore check", timeout=600)
    assert re.search(r"^vmcore: pages \d+ failed 0 ", said, re.MULTILINE), said
    said = guest.check("vmcore-dmesg /proc/vmcore | tail -n 400", timeout=240)
    assert message in said
    assert ("handing the jump into the crash kernel over to the BSP" in said) == ("1" in what)
    guest.send("reboot -f")
    next_boot(guest, "kdump")
    found = guest.attribute("last_reset_message").removesuffix("...")
    assert found and message.startswith(found)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


def test_no_capture_kernel_without_efi_runtime(simulate, kernel, this):
    """What no module can mend: machine_kexec_prepare() reads EFI's system table, which is private, as shared."""
    guest = simulate(**{**this, **KDUMP, "initrd": kernel.initrd_kdump})
    guest.boot(1, BOOT_TIMEOUT)
    guest.send("load-capture nokaslr")
    assert guest.end() == 2, guest.tail()
    guest.events.one("violation", kind="private-as-shared", access="read")
