# SPDX-License-Identifier: GPL-2.0
"""The driver in a kernel that looks for mistakes.

A 6.12 with lockdep, KASAN, UBSAN and the checks of sleeping, preemption, RCU
and lists (tools/build/small-kernel); whatever they report fails the test, see
KERNEL_SPLAT in lib/complaints.py.
"""

import re

import pytest

from lib import places
from lib.complaints import KERNEL_SPLAT
from lib.slices import later

MISTAKES = {
    "lock-recursion": "WARNING: possible recursive locking detected",
    "lock-circle": "WARNING: possible circular locking dependency detected",
    "lock-in-interrupt": "WARNING: inconsistent lock state",
    "rcu-unprotected": "WARNING: suspicious RCU usage",
    "atomic-sleep": "BUG: sleeping function called from invalid context",
    "preemptible-cpu": r"BUG: using smp_processor_id\(\) in preemptible",
    "wide-shift": "UBSAN: shift-out-of-bounds",
    "list-corruption": "list_add double add",
    "heap-overrun": "BUG: KASAN: slab-out-of-bounds",
    "use-after-free": "BUG: KASAN: slab-use-after-free",
    "stack-overrun": "BUG: KASAN: stack-out-of-bounds",
}
# Lockdep reports one mistake and turns itself off: each of the first three has a guest of its own.
ONE_GUEST = [[kind] for kind in list(MISTAKES)[:3]] + [list(MISTAKES)[3:]]


@pytest.fixture
def debug(simulate, debug_build):
    """Start guests with the debug kernel: debug(smp=2, ...) -> Guest"""

    def start(append="", **arguments):
        return simulate(
            kernel=places.DEBUG_KERNEL, initrd=places.DEBUG_INITRD, memory="1G", patience=4,
            append=append, **{"smp": 3, **arguments},
        )

    return start


def vigilant(guest):
    """Lockdep has not turned itself off, so that its silence means something."""
    assert guest.check("grep debug_locks: /proc/lockdep_stats").split()[-1] == "1"


def boot_and_load(guest, number=1, reason="none", parameters=""):
    assert guest.boot(number) == guest.smp
    guest.load(parameters)
    assert guest.attribute("last_reset_reason") == reason


def finish(guest, reason):
    """The boot after the reset, and the end."""
    boot_and_load(guest, 2, reason)
    vigilant(guest)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=guest.smp)


@pytest.mark.parametrize("kinds", ONE_GUEST, ids=lambda kinds: kinds[0])
def test_mistakes_are_noticed(debug, kinds):
    """What tools/guest/mistakes does wrong is reported, and the report is trouble."""
    guest = debug(plain=True, smp=1, append="kasan_multi_shot")
    guest.splats_are_fine = True
    guest.boot()
    vigilant(guest)
    assert guest.trouble() == []
    for kind in kinds:
        guest.send(f"insmod /lib/modules/mistakes.ko kind={kind}")
        guest.expect(MISTAKES[kind])
        guest.run("rmmod mistakes")
        assert [line for line in guest.trouble(KERNEL_SPLAT) if re.search(MISTAKES[kind], line)]


def test_load_offline_unload(debug):
    """Every attribute read and written, CPUs come and go, and so does the module."""
    guest = debug()
    boot_and_load(guest)
    names = guest.check(f"cd {places.ATTRIBUTES}; find . -maxdepth 1 -type f; cd /").replace("./", "").split()
    assert "ap_policy" in names
    for cpu in (1, 2):  # each once: the kernel leaks one of its two GHCBs when a CPU goes offline
        for name in names:
            guest.run(f"cat {places.ATTRIBUTES}/{name}")
            for value in ("", "garbage", "1", "refuse", "force"):
                guest.run(f"echo {value} > {places.ATTRIBUTES}/{name}")
        guest.check(f"echo 0 > /sys/devices/system/cpu/cpu{cpu}/online")
        guest.check("rmmod svsm_reset")
        assert guest.run(f"insmod {places.MODULE} ap_policy=garbage")[0] != 0
        guest.load()
        guest.check(f"echo 1 > /sys/devices/system/cpu/cpu{cpu}/online")
    vigilant(guest)
    guest.powered_off()
    guest.events.no_reset_tried()


@pytest.mark.sliced
def test_reboot(debug):
    guest = debug()
    boot_and_load(guest)
    vigilant(guest)
    guest.send("taskset 4 reboot -f")
    finish(guest, "reboot")


@pytest.mark.sliced
def test_reboot_fires_on_ap(debug):
    """The call is handed over to the BSP."""
    guest = debug()
    boot_and_load(guest)
    guest.check("echo 2 > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect("handing the call over from CPU 2 to the BSP")
    finish(guest, "reboot")


@pytest.mark.sliced
def test_reboot_by_nmi(debug):
    """The kernel stops no CPU, one AP spins in an interrupt handler, one is offline."""
    guest = debug(append="reboot=force", smp=4)
    boot_and_load(guest)
    guest.check("echo 0 > /sys/devices/system/cpu/cpu3/online")
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=irq")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    guest.expect(r"by NMI: 2\s")
    finish(guest, "reboot")


@pytest.mark.sliced
def test_record_in_an_efi_variable(debug):
    """EFI services with all other CPUs stopped: at a reboot, and in a panic."""
    guest = debug(smp=2, svsm="draft,secrets=pristine", efivars=True)
    guest.trouble_is_fine = True  # a panic shows its call trace
    stores = "record=secrets,cmos,efi"
    boot_and_load(guest, parameters=stores)
    guest.send("reboot -f")
    boot_and_load(guest, 2, "reboot", stores)
    assert guest.attribute("record_store") == "efi"
    vigilant(guest)
    guest.send("taskset 2 sh -c 'echo c > /proc/sysrq-trigger'")
    boot_and_load(guest, 3, "panic", stores)
    assert guest.attribute("record_store") == "efi"
    guest.powered_off()
    guest.events.orderly_resets(2, cpus=2)


@pytest.mark.sliced
def test_reboot_refused(debug):
    """A CPU that does not stop: the kernel's own restart goes on."""
    guest = debug()
    boot_and_load(guest)
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=nmi")
    guest.send("taskset 1 reboot -f")
    guest.expect("refusing the SVSM reset")
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")


def crashing(debug, **arguments):
    """A guest that is about to be crashed: what a crash prints is no failure, a splat still is."""
    guest = debug(**arguments)
    guest.trouble_is_fine = True
    boot_and_load(guest)
    vigilant(guest)
    return guest


@pytest.mark.parametrize("cpu", [later(0), 2])
def test_panic(debug, cpu):
    guest = crashing(debug)
    guest.send(f"taskset {1 << cpu:x} sh -c 'echo c > /proc/sysrq-trigger'")
    finish(guest, "panic")


@pytest.mark.sliced
@pytest.mark.parametrize("who", ["bsp", "all"])
def test_panic_in_nmi(debug, who):
    """An unknown NMI, on the BSP or on all CPUs at once.

    reboot=force, because the kernel's own stop registers an NMI handler where an
    interrupt was not enough in a second: inside an NMI lockdep has a report for that.
    """
    guest = crashing(debug, append=f"unknown_nmi_panic extnmi={who} reboot=force")
    guest.nmi()
    finish(guest, "panic")


@pytest.mark.sliced
@pytest.mark.parametrize("cpu", [0, 2])
def test_sysrq_b(debug, cpu):
    guest = crashing(debug)
    guest.send(f"taskset {1 << cpu:x} sh -c 'echo b > /proc/sysrq-trigger'")
    finish(guest, "emergency-restart")


@pytest.mark.sliced
def test_sysrq_b_over_serial(debug):
    """In the serial port's interrupt, where the kernel's own sysrq_handle_reboot() enables interrupts."""
    guest = crashing(debug)
    guest.splats_are_fine = True
    guest.serial_break()
    guest.keys("b")
    finish(guest, "emergency-restart")
    splats = guest.trouble(KERNEL_SPLAT)
    assert len(splats) == 1 and splats[0].endswith("DEBUG_LOCKS_WARN_ON(lockdep_hardirq_context())"), splats
    assert guest.console.count("sysrq_handle_reboot+") == 1


def trace(guest):
    """The driver's trace events on, and somebody who waits for them."""
    tracing = guest.tracefs()
    guest.check(f"echo 1 > {tracing}/events/svsm_reset/enable")
    guest.check(f"echo 0 > {tracing}/buffer_percent")
    guest.check(f"cat {tracing}/trace_pipe > /dev/null & sleep 1")
    vigilant(guest)


@pytest.mark.sliced
def test_traced_reboot(debug):
    """Lockdep looks whether RCU is watching wherever something is traced; here also printed."""
    guest = debug(append="tp_printk")
    boot_and_load(guest)
    trace(guest)
    guest.check("echo 2 > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect("quiesce_done: cpus=2 lost=0")
    guest.expect("call: cause=reboot cpu=0 bsp=1 route=hand-over")
    finish(guest, "reboot")


@pytest.mark.sliced
def test_traced_panic_in_nmi(debug):
    """The kernel stops no CPU: if its own stop takes more than a second, lockdep complains of it."""
    guest = crashing(debug, append="unknown_nmi_panic reboot=force")
    trace(guest)
    guest.nmi()
    finish(guest, "panic")
