# SPDX-License-Identifier: GPL-2.0
"""The same module on Debian's newest kernel: another kernel, another last moment.

From 7.1 on, x86 runs restart handlers after it has stopped the other CPUs: the
driver finds them halted, and itself on whichever CPU the kernel restarts from.
"""

import re
import time

import pytest

from lib import kernels
from lib.crash import DO
from lib.kernels import next_boot, reset_once

pytestmark = pytest.mark.only(choose=kernels.newest)

BOOT_TIMEOUT = 180
RUN_TIMEOUT = 600
KDUMP = {"memory": "1G", "append": "crashkernel=256M", "smp": 2, "timeout": 1200}


def test_reboot_on_bsp(start):
    guest = start()
    guest.send("taskset 2 reboot -f")  # the kernel goes to CPU 0 first
    reset_once(guest, "reboot")
    assert "handing the call over" not in guest.console
    # The kernel's own stop was enough.
    assert "by NMI" not in guest.console


@pytest.mark.parametrize("cpu", [1, 3])
def test_reboot_on_ap(start, cpu):
    """The BSP has been halted by the kernel, and is woken to make the call."""
    guest = start()
    guest.check(f"echo {cpu} > /sys/kernel/reboot/cpu")
    guest.send("reboot -f")
    guest.expect(f"handing the call over from CPU {cpu} to the BSP")
    reset_once(guest, "reboot")


def test_reboot_forced_by_parameter(start):
    """With reboot=force the handlers run, too, but all CPUs as well."""
    guest = start(append="reboot=force")
    guest.send("reboot -f")
    guest.expect("quiesced 3 of 3 CPUs")
    reset_once(guest, "reboot")


def print_on(guest, cpu):
    """Have the console's thread, pr/ttyS0, run on this CPU alone; has it one?  On 7.1 its driver prints as its caller."""
    said = guest.check(
        "for t in /proc/[0-9]*; do read -r name < $t/comm; case $name in"
        f" pr/*) taskset -p {1 << cpu:x} ${{t#/proc/}};; esac; done")
    has_thread = re.search(r"^ttyS0 .*\(.*N.*\)", guest.check("cat /proc/consoles"), re.MULTILINE)
    assert (f"new affinity mask: {1 << cpu:x}" in said) if has_thread else said == ""
    return bool(has_thread)


def test_reboot_while_an_ap_spins(start):
    """The kernel stops it by NMI, before the handlers run."""
    guest = start()
    print_on(guest, 0)
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=irq")
    guest.send("taskset 1 reboot -f")  # not on the CPU that is to get stuck
    reset_once(guest, "reboot")


def test_reboot_refused_while_an_ap_is_stuck(start):
    """The restart waits for the console's thread to end, so that one must not be on the CPU."""
    guest = start()
    print_on(guest, 0)
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=nmi")
    guest.send("taskset 1 reboot -f")
    guest.expect("CPU 2 did not park", timeout=120)
    guest.expect("refusing the SVSM reset")
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")


def test_reboot_hangs_for_the_console(start):
    """With that thread on a CPU that spins, the kernel waits for it for ever: the deadman does not."""
    guest = start(load=False)
    guest.load("deadman=15")
    if not print_on(guest, 2):
        pytest.skip("the console has no thread to wait for")
    guest.check("insmod /lib/modules/stuck.ko cpu=2 mode=irq")
    guest.send("taskset 1 reboot -f")
    reset_once(guest, "emergency-restart")
    assert "reboot: Restarting system" not in guest.console  # it was forced because it hung


def test_offline_ap(start):
    guest = start()
    guest.check("echo 0 > /sys/devices/system/cpu/cpu2/online")
    guest.send("reboot -f")
    reset_once(guest, "reboot")


def test_module_reloaded(start):
    guest = start()
    for _ in range(3):
        guest.reload()
    guest.send("reboot -f")
    reset_once(guest, "reboot")


def test_unloaded_module_does_nothing(start):
    """No hook stays behind: the kernel restarts in its own way, and the guest is lost."""
    guest = start()
    guest.check("rmmod svsm_reset")
    guest.send("reboot -f")
    guest.lost()
    guest.events.no("execute", "invalidate")


@pytest.mark.parametrize("cpu", [0, 2], ids=["bsp", "ap"])
@pytest.mark.parametrize("key, reason", [("b", "emergency-restart"), ("c", "panic")], ids=["sysrq-b", "panic"])
def test_crash(start, key, reason, cpu):
    """sysrq-b and a panic, on the BSP and on an AP, which hands the call over."""
    guest = start()
    guest.trouble_is_fine = True  # a panic shows its call trace
    guest.check("echo 1 > /proc/sys/kernel/sysrq")
    guest.send(f"taskset {1 << cpu:x} sh -c 'echo {key} > /proc/sysrq-trigger'")
    reset_once(guest, reason)


def load_and_crash(guest, cpu):
    guest.trouble_is_fine = True
    guest.check("load-capture nokaslr", timeout=240)
    guest.send(f"taskset {1 << cpu:x} sh -c 'echo c > /proc/sysrq-trigger'")


def crash_and_dump(start, cpu, **arguments):
    """Crash on this CPU, read the whole core in the capture kernel, and reset."""
    guest = start(**KDUMP, **arguments)
    load_and_crash(guest, cpu)
    assert guest.capture(1, timeout=300) == 1
    guest.load()
    said = guest.check("vmcore check", timeout=400)
    assert re.search(r"^vmcore: pages \d+ failed 0 ", said, re.MULTILINE), said
    guest.check("vmcore-dmesg /proc/vmcore | grep -F 'sysrq triggered crash'", timeout=120)
    guest.send("reboot -f")
    assert guest.boot(2, BOOT_TIMEOUT) == 2
    guest.load()
    assert guest.attribute("last_reset_reason") == "kdump"
    guest.powered_off()
    guest.events.no("violation", "host-reset", "terminate")
    return guest


@pytest.mark.parametrize("fidelity", ["strict", "full"])
def test_kdump_on_the_bsp(start, fidelity):
    """This kernel makes its memory private and ends its APs by itself; the calling area is what it forgets."""
    guest = crash_and_dump(start, 0, fidelity=fidelity, host="debug-swap")
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.parametrize("module", [True, False], ids=["loaded", "not-loaded"])
def test_kdump_without_debug_swap(start, module):
    """What no module can mend: machine_kexec() writes DR7 when its GHCBs are gone, a #VC on such a host."""
    guest = start(load=module, **KDUMP, fidelity="full")
    load_and_crash(guest, 0)
    with pytest.raises(AssertionError, match="guest: capture"):
        guest.capture(1, timeout=60)
    assert guest.console.count("Linux version ") == 1
    # The AP is gone: all that comes before was done
    assert guest.events.of("vcpu-delete", boot=1)
    guest.stop()
    guest.events.no("execute", "violation", "terminate", "host-reset")


def test_kdump_on_an_ap(start):
    """It has given its GHCBs back by then, so the AP jumps by itself; the SVSM starts the BSP."""
    guest = crash_and_dump(start, 1, svsm="draft,ap-execute=bsp")
    execute, = guest.events.executes
    assert not execute["bsp"] and not any(ap["runnable"] for ap in execute["aps"])


def test_kexec(start, kernel):
    """kexec -e works, and the kernel that it starts resets through the SVSM."""
    guest = start(initrd=kernel.initrd_kdump, memory="1G", smp=2)
    guest.check("kexec -l -s /boot/vmlinuz --initrd=/boot/capture.img --reuse-cmdline", timeout=240)
    guest.send("kexec -e")
    assert guest.boot(1, BOOT_TIMEOUT) == 2
    guest.events.no("execute", "host-reset", "violation")
    guest.load()
    guest.send("reboot -f")
    reset_once(guest, "reboot")


# panic_force_cpu=: the panic is carried out by the CPU that is named, wherever it begins.
FORCED = "panic_force_cpu=0"
REDIRECTED = "panic: Redirecting from CPU {} to CPU 0 for crash kernel"


def troubled(start, append=FORCED, **arguments):
    guest = start(append=append, **arguments)
    guest.trouble_is_fine = True  # a panic shows its call trace
    guest.check("insmod /lib/modules/trouble.ko; echo 1 > /proc/sys/kernel/sysrq")
    return guest


def reset_of(guest, reason, *cpus):
    """As reset_once(), and the CPU that it began on."""
    next_boot(guest, reason)
    assert int(guest.attribute("last_reset_cpu")) in cpus
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=guest.smp)


def test_forced_panic(start):
    """It begins on CPU 2, which spins offline then: the driver stops it nevertheless, and names it."""
    guest = troubled(start)
    guest.send("taskset 4 sh -c 'echo c > /proc/sysrq-trigger'")
    guest.expect(REDIRECTED.format(2))
    reset_of(guest, "panic", 2)
    assert "handing the call over" not in guest.console


@pytest.mark.parametrize("cpus, began", [("1-2", (1, 2)), ("0,2", (0, 2))], ids=["two-aps", "bsp-and-ap"])
def test_two_forced_panics(start, cpus, began):
    """Of two at once one is carried out; no CPU is left behind."""
    guest = troubled(start)
    guest.send(f"echo panic@irqs-off {cpus} > {DO}")
    reset_of(guest, "panic", *began)


def test_forced_panic_in_an_nmi(start):
    """The CPU that panics stays inside its NMI, where only a crash kernel's stop gets it out."""
    guest = troubled(start)
    guest.send(f"taskset 1 sh -c 'echo panic@nmi 2 > {DO}'")
    guest.expect("CPU 2 did not park", timeout=120)
    guest.expect("refusing the SVSM reset")
    guest.lost()
    guest.events.no("execute", "invalidate", "violation")


def test_forced_to_a_cpu_that_is_offline(start):
    """The kernel does not insist: the panic is carried out where it began."""
    guest = troubled(start, append="panic_force_cpu=3")
    guest.check("echo 0 > /sys/devices/system/cpu/cpu3/online")
    guest.send("taskset 4 sh -c 'echo c > /proc/sysrq-trigger'")
    guest.expect("panic: target CPU 3 is offline, continuing on CPU 2")
    reset_of(guest, "panic", 2)


@pytest.mark.parametrize("context", ["irqs-off", "nmi"])
def test_forced_to_a_cpu_that_is_stuck(start, kernel, context):
    """Nobody carries the panic out, and the kernel goes on without both CPUs: no dump, no reset.

    What can be done is an emergency restart: by hand, or by something that watches.  Nothing
    but what the shell does by itself here: a new process may wait for CPU 0.  On 7.1 a panic
    that comes after it is carried out where it began.
    """
    guest = troubled(start)
    guest.check("echo 1 > /proc/irq/4/smp_affinity_list; taskset -p 2 $$")
    print_on(guest, 1)
    guest.check(f"echo spin@{context} 0 > {DO}")
    guest.check(f"echo panic 2 > {DO}")
    time.sleep(10)
    assert "Kernel panic" not in guest.console
    guest.events.no("execute", "host-reset", "violation")
    if kernels.numbers(kernel.release)[:2] == [7, 1]:
        guest.send(f"echo panic 3 > {DO}")
        reason, began = "panic", 3
    else:
        guest.check(f"echo panic 3 > {DO}")  # swallowed
        time.sleep(10)
        assert "Kernel panic" not in guest.console
        guest.events.no("execute", "host-reset", "violation")
        guest.send("echo b > /proc/sysrq-trigger")
        reason, began = "emergency-restart", 1
    if context == "nmi":
        guest.expect("CPU 0 did not park", timeout=120)
        guest.lost()
        guest.events.no("execute", "invalidate", "violation")
    else:
        reset_of(guest, reason, began)


def registers_in_the_core(guest):
    """Of how many CPUs are there registers?  Each has an ELF note of its own."""
    return int(guest.check("head -c 65536 /proc/vmcore | tr '\\0' '\\n' | grep -c '^CORE$'"))


@pytest.mark.parametrize("begin", [
    "taskset 4 sh -c 'echo c > /proc/sysrq-trigger'",
    f"taskset 1 sh -c 'echo panic@nmi 2 > {DO}'",
], ids=["sysrq-c", "nmi"])
def test_forced_kdump(start, begin):
    """The capture kernel starts on the BSP, with the registers of the CPU that panicked; all CPUs next."""
    guest = troubled(start, **{**KDUMP, "smp": 4, "append": f"{KDUMP['append']} {FORCED}"})
    guest.check("load-capture nokaslr", timeout=240)
    guest.send(begin)
    assert guest.capture(1, timeout=300) == 1
    assert REDIRECTED.format(2) in guest.console
    guest.load()
    assert registers_in_the_core(guest) == 4
    guest.send("reboot -f")
    assert guest.boot(2, BOOT_TIMEOUT) == 4
    guest.load()
    assert guest.attribute("last_reset_reason") == "kdump"
    assert guest.attribute("last_reset_cpu") == "2"
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=4)


def test_oops_is_not_forced(start):
    """An oops goes to the crash kernel by another way, on the CPU on which it happens."""
    guest = troubled(start, **{**KDUMP, "append": f"{KDUMP['append']} {FORCED}", "svsm": "draft,ap-execute=bsp"})
    guest.check("load-capture nokaslr; echo 1 > /proc/sys/kernel/panic_on_oops", timeout=240)
    guest.send(f"echo oops 1 > {DO}")
    assert guest.capture(1, timeout=300) == 1
    assert "Redirect" not in guest.console
    guest.load()
    guest.send("reboot -f")
    assert guest.boot(2, BOOT_TIMEOUT) == 2
    guest.load()
    assert guest.attribute("last_reset_reason") == "kdump"
    assert guest.attribute("last_reset_cpu") == "1"
    guest.powered_off()
    execute, = guest.events.executes
    assert not execute["bsp"]
