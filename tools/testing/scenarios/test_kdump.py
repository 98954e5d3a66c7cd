# SPDX-License-Identifier: GPL-2.0
"""A crash, a dump and a reset under an SVSM: the whole chain, in one run.

The capture kernel comes up, it runs on the BSP whichever CPU crashed, the whole core
can be read, and its `reboot -f` goes through the SVSM: the next boot has all its CPUs
and knows why.
"""

import re
import shlex

import pytest

from lib import places
from lib.crash import DO, TROUBLE
from lib.record import left_by
from lib.slices import later

MEMORY = "1G"
CORE = "/mnt/data/core"  # a file system of its own: the root has the programs as well
MARKED = 300  # pages that have to be in the core
CPUS = {"bsp": 0, "ap": 1}
CRASHES = "sysrq triggered crash"


@pytest.fixture
def kdump(simulate):
    """kdump(...) -> Guest in its first boot, module and capture kernel loaded."""

    def start(append="", cpus=None, **arguments):
        guest = simulate(
            **{
                "smp": 2, "initrd": places.INITRD_KDUMP, "memory": MEMORY, "timeout": 900,
                "append": f"crashkernel=320M {append}", **arguments,
            }
        )
        guest.trouble_is_fine = True
        assert guest.boot(1, timeout=300) == (cpus or guest.smp)
        guest.load()
        load_capture(guest)
        return guest

    return start


def load_capture(guest):
    guest.check("load-capture nokaslr", timeout=240)
    assert guest.check("cat /sys/kernel/kexec_crash_loaded") == "1"


def crash(guest, cpu, boot=1):
    """sysrq-c on this CPU; the capture kernel's shell is there, no reset so far."""
    resets = len(guest.events.executes)
    guest.send(f"taskset {1 << cpu:#x} sh -c 'echo c > /proc/sysrq-trigger'")
    assert guest.capture(boot, timeout=300) == 1
    assert len(guest.events.executes) == resets
    guest.load()


def crash_with_stuck(guest, cpu, stuck, parameters=""):
    """sysrq-c on one CPU while another is stuck in an NMI; the module has these parameters then."""
    guest.check("insmod /lib/modules/trouble.ko; echo 1 > /proc/sys/kernel/sysrq")
    guest.send(f"echo 'spin@nmi {stuck} + sysrq-c {cpu}' > /sys/module/trouble/parameters/do")
    assert guest.capture(1, timeout=300) == 1
    guest.load(parameters)


def dump(guest, cause=CRASHES):
    """The core is read as its users do, and its log has the cause; the log from there on."""
    guest.check(f"makedumpfile -d 31 -l --message-level 5 /proc/vmcore {CORE}", timeout=300)
    guest.check(f"makedumpfile --dump-dmesg {CORE} /tmp/dmesg", timeout=240)
    return guest.check(f"grep -F -A 200 -m 1 {shlex.quote(cause)} /tmp/dmesg", timeout=60)


def refused(guest, apic_id):
    """reboot -f in the capture kernel: a CPU of the dead one may be running, so there is no call."""
    guest.send("reboot -f")
    guest.expect(f"CPUs of the crashed kernel, running: APIC id {apic_id}")
    guest.expect("refusing the SVSM reset")
    guest.end()
    assert not guest.events.executes


def reset(guest, boot, cause=CRASHES):
    """reboot -f in the capture kernel: through the SVSM, to a healthy boot `boot`."""
    guest.send("reboot -f")
    assert guest.boot(boot, timeout=300) == guest.smp
    guest.load()
    assert [guest.attribute(f"last_reset_{name}") for name in ("reason", "dump")] == ["kdump", "ended"]
    assert guest.attribute("last_reset_message") == cause
    crashed, made = (guest.attribute(f"last_reset_{name}") for name in ("crash_time", "time"))
    assert crashed.startswith("20") and crashed < made
    assert f", crashed at {crashed}, reset at {made}, completed; " in guest.dmesg()
    last = guest.json("svsm-reset status --json")["last_reset"]
    assert (last["crash_time"], last["time"]) == (crashed, made) and last["dump_seconds"] > 0


@pytest.mark.parametrize("where", [later("bsp"), "ap"])
def test_crash(kdump, where):
    """From the BSP and from an AP: the jump is made by the BSP, and so is the call."""
    guest = kdump()
    crash(guest, CPUS[where])
    handed_over = "handing the jump into the crash kernel over to the BSP" in dump(guest)
    assert handed_over == (where == "ap")
    reset(guest, 2)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
def test_panic_notifiers_first(kdump):
    """crash_kexec_post_notifiers=1: the driver's notifiers run, and it fires nothing on the way."""
    guest = kdump(append="crash_kexec_post_notifiers")
    crash(guest, CPUS["ap"])
    assert "quiesced" not in guest.console
    dump(guest)
    reset(guest, 2)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
@pytest.mark.parametrize("host", (None, "vnmi"), ids=("nmi-complete", "vnmi"))
def test_three_cycles(kdump, host):
    """Crash on an AP, capture, reset, three times in one QEMU process, the third as the first.

    Each time the BSP, which an NMI has stopped, is woken for the jump: if that left its NMIs
    masked in the host, the next crash could not stop it.
    """
    guest = kdump(host=host)
    for boot in (1, 2, 3):
        if boot > 1:
            load_capture(guest)
        crash(guest, CPUS["ap"], boot)
        assert "handing the jump into the crash kernel over to the BSP" in dump(guest)
        reset(guest, boot + 1)
    guest.powered_off()
    guest.events.orderly_resets(3, cpus=2)


@pytest.mark.sliced
@pytest.mark.parametrize("where", CPUS)
def test_whole_core(kdump, where):
    """Every page of it, also those that were shared and the VMSAs: no violation, no error.

    The host answers a private access to a shared page as KVM does: the guest makes none.
    """
    guest = kdump(host="implicit")
    guest.send(f"vmcore plant {MARKED} &")
    guest.expect(f"vmcore: planted {MARKED} pages")
    crash(guest, CPUS[where])
    said = guest.check("vmcore check", timeout=400)
    match = re.search(r"^vmcore: pages (\d+) failed 0 zero (\d+) marked (\d+)$", said, re.MULTILINE)
    assert match, said
    pages, zero, marked = map(int, match.groups())
    assert pages > (512 << 20) // 4096 and zero < pages and marked == MARKED
    guest.check(f"vmcore-dmesg /proc/vmcore | grep -F '{CRASHES}'", timeout=120)
    guest.events.no("host-convert")
    reset(guest, 2)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
@pytest.mark.parametrize("where", CPUS)
def test_every_vc(kdump, where):
    """The whole chain where everything that can raise #VC does, on KVM's kind of host."""
    guest = kdump(fidelity="full", host="implicit", timeout=1500)
    crash(guest, CPUS[where])
    said = guest.check("vmcore check", timeout=600)
    assert re.search(r"^vmcore: pages \d+ failed 0 ", said, re.MULTILINE), said
    dump(guest)
    reset(guest, 2)
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
def test_bsp_lost(kdump):
    """The BSP is stuck in an NMI: the jump is made by the AP, and the core is good.

    It may still be running, so that the default is not to reset; the log says which APIC id.
    """
    guest = kdump()
    crash_with_stuck(guest, CPUS["ap"], CPUS["bsp"])
    assert "handing the jump" not in dump(guest)
    refused(guest, 0)


@pytest.mark.sliced
def test_bsp_not_run(kdump):
    """The BSP has parked, but the host does not run it to take the jump: it may run yet, at any time."""
    guest = kdump(host="no-wake")
    crash(guest, CPUS["ap"])
    assert "the BSP, CPU 0, did not make the jump, making it here" in dump(guest)
    refused(guest, 0)


# Of an AP that is stuck: what the module asks for in the capture kernel, what it then says, who acts
TORN_DOWN = {
    "host": ("ap_policy=host", "destroyed", ["vcpu-destroy"]),
    "svsm": ("delete_vcpu=1", "deleted", ["vcpu-destroy", "vcpu-delete"]),
}


@pytest.mark.sliced
@pytest.mark.parametrize("by", TORN_DOWN)
def test_ap_torn_down(kdump, by):
    """An AP of the dead kernel is stuck in an NMI: ended from the capture kernel, then the reset."""
    parameters, fate, events = TORN_DOWN[by]
    guest = kdump()
    crash_with_stuck(guest, CPUS["bsp"], CPUS["ap"], parameters)
    guest.events.no(*events)
    reset(guest, 2)
    assert f"CPUs of the crashed kernel, {fate}: APIC id 1" in guest.console
    guest.powered_off()
    for event in events:
        guest.events.one(event, apic_id=1)
    execute, = guest.events.executes
    assert [ap["state"] for ap in execute["aps"]] == [fate]
    guest.events.no("violation")


@pytest.mark.sliced
def test_fewer_cpus_than_the_machine(kdump):
    """nr_cpus=2 on four vCPUs: those that the dead kernel never started are no obstacle."""
    guest = kdump(smp=4, append="nr_cpus=2", cpus=2)
    crash(guest, CPUS["ap"])
    guest.send("reboot -f")
    guest.expect("CPUs of the crashed kernel, offline: APIC id 2 3")
    guest.came_back("kdump", cpus=2, timeout=300)


# What becomes of a capture kernel that has the module: what is typed, and what it then does
ENDS_BADLY = {
    "panics": "echo c > /proc/sysrq-trigger",
    "panics-reading": "vmcore check & sleep 1; echo c > /proc/sysrq-trigger",
    "sysrq-b": "echo b > /proc/sysrq-trigger",
    "panics-in-reboot": f"insmod {TROUBLE}; echo 'restart:panic 0' > {DO}; reboot -f",
}


def crash_by_panic(guest):
    """A panic on the AP whose message is not that of a crash in the capture kernel."""
    guest.check(f"insmod {TROUBLE}")
    guest.send(f"echo 'panic {CPUS['ap']}' > {DO}")
    assert guest.capture(1, timeout=300) == 1


@pytest.mark.parametrize("how", ["panics", *map(later, list(ENDS_BADLY)[1:])])
def test_capture_kernel_ends_badly(kdump, how):
    """The next boot tells of the first crash, and that the dump may be incomplete."""
    guest = kdump()
    crash_by_panic(guest)
    guest.load()
    guest.send(ENDS_BADLY[how])
    assert guest.boot(2, timeout=300) == 2
    guest.load()
    names = ("reason", "cause", "outcome", "message", "cpu")
    assert [guest.attribute(f"last_reset_{name}") for name in names] == ["kdump", "kdump", "completed", "trouble: as a...", "1"]
    assert guest.attribute("last_reset_dump") == "interrupted"
    assert "the crash kernel panicked or was restarted by force" in guest.console
    assert 'last reset: kdump (dump interrupted) "trouble: as a..." on CPU 1, crashed at 20' in guest.dmesg()
    assert guest.attribute("reset_counts/kdump") == "1" and guest.attribute("reset_counts/panic") == "0"
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
def test_capture_kernel_without_the_module_ends_badly(kdump):
    """It panics before the module is there: the host resets, and the record still tells of the crash."""
    guest = kdump()
    crash_by_panic(guest)
    guest.send(ENDS_BADLY["panics"])
    guest.lost()
    guest.events.no("execute")
    kept = left_by(guest)
    assert (kept.stage, kept.cause, kept.cpu) == ("crashed", "kdump", CPUS["ap"])


def test_kexec_refused(simulate):
    """kexec -e on 6.12: refused before anything is shut down; the machine lives, and restarts."""
    guest = simulate(smp=2, initrd=places.INITRD_KEXEC, memory=MEMORY)
    guest.boot(1, timeout=300)
    guest.load()
    guest.check("kexec -l -s /boot/vmlinuz --reuse-cmdline", timeout=240)
    for _ in range(2):
        status, said = guest.run("kexec -e", timeout=120)
        assert status != 0 and "not supported" in said.lower()
    assert guest.dmesg().count("kexec refused: ") == 2
    assert guest.check("nproc") == "2"
    guest.send("reboot -f")
    assert guest.boot(2, timeout=300) == 2
    guest.powered_off()
    guest.events.orderly_resets(1, cpus=2)


@pytest.mark.sliced
def test_unloaded(simulate):
    """Without the module nothing is left of it: kexec -e is what it was, fatal."""
    guest = simulate(smp=2, initrd=places.INITRD_KEXEC, memory=MEMORY)
    guest.trouble_is_fine = True
    guest.boot(1, timeout=300)
    guest.load()
    guest.check("rmmod svsm_reset")
    guest.check("kexec -l -s /boot/vmlinuz --reuse-cmdline", timeout=240)
    guest.send("kexec -e")
    guest.expect("Starting new kernel")
    assert guest.end() != 0, guest.tail()
    assert guest.console.count("Linux version ") == 1
    guest.events.no("execute", "poweroff")
