# SPDX-License-Identifier: GPL-2.0
"""Scenarios on a real SNP host: QEMU and KVM, with an SVSM from an IGVM file.

Nothing but the console tells what happened, and the record of the last reset: what is
judged here is a part of what the scenarios in the simulator judge by its events.
"""

import os
import re
import subprocess
import time

import pexpect

from .console import Console
from .guest import Guest

# A host takes its time for the memory of an SNP guest, and firmware runs in each boot
BOOT = 300
MEMORY = "2G"
SMP = 4
# COCONUT-SVSM's launch script refuses older ones; the branch with the planes has patches on top
QEMU_MAJOR = 11
# Where no CPUID can be read: that of the EPYCs of the third to the fifth generation
C_BIT = 51
# How long it may take to say what it is; sudo may ask for a password
ANSWER = 60
# How long QEMU may take to go when it was told to, or has let go of the console
PARTING = 30
APPEND = "console=ttyS0 panic=-1 crashkernel=512M"

# What nobody but the simulator sees
NOT_JUDGED = (
    "that no other vCPU could run guest code when the call was made",
    "that the SVSM invalidated the memory and the calling areas of the boot before",
    "that no device of the boot before wrote to memory after the reset (DMA)",
    "that timers, local APICs and what KVM writes to were off at the call",
    "that the host had no part in the reset, beyond that QEMU did not end",
    "whether vCPUs were deleted, destroyed or parked, except as the driver says itself",
)


# What its INSTALL.md has, and this not, or the other way round
DIFFERS = (
    "the kernel and the initial ram disk are given directly, and OVMF of the IGVM file starts them: no disk",
    "no network, no second serial port, -nodefaults and -display none",
    f"{SMP} vCPUs and {MEMORY}, instead of 8 and 8G",
)


def c_bit(path="/dev/cpu/0/cpuid"):
    """The C-bit by CPUID 0x8000001f, where SNP is there and the file can be read (modprobe cpuid; root), or None."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        data = os.pread(file, 16, 0x8000001F)
    except OSError:
        return None
    finally:
        os.close(file)
    eax, ebx = (int.from_bytes(data[i:i + 4], "little") for i in (0, 4))
    return ebx & 0x3F if len(data) == 16 and eax & 1 << 4 else None


def command_line(settings):
    """QEMU's command line, as COCONUT-SVSM's documentation has it, with the kernel given directly."""
    machine = "q35,confidential-guest-support=sev0,memory-backend=ram1,igvm-cfg=igvm0"
    if settings.planes:
        machine += ",kernel-irqchip=split,device-plane=2"
    return [
        *settings.qemu, "-enable-kvm", "-cpu", settings.cpu, "-machine", machine,
        "-object", f"memory-backend-memfd,id=ram1,size={MEMORY},share=true,prealloc=false,reserve=false",
        "-object", f"sev-snp-guest,id=sev0,cbitpos={settings.cbitpos},reduced-phys-bits=1",
        "-object", f"igvm-cfg,id=igvm0,file={settings.igvm}",
        "-smp", str(SMP), "-no-reboot", "-nodefaults", "-display", "none", "-vga", "none", "-serial", "stdio",
        "-kernel", str(settings.kernel), "-initrd", str(settings.initrd), "-append", APPEND,
    ]


def says(qemu, option):
    """What QEMU prints for an option like -h."""
    return subprocess.run([*qemu, option], capture_output=True, text=True, check=False, timeout=ANSWER).stdout


def has_planes(qemu):
    """Has this QEMU planes, as COCONUT's branch has?  Its own launch script asks the same way."""
    return "device-plane=" in says(qemu, "-h")


def debug_swap(path="/sys/module/kvm_amd/parameters/debug_swap"):
    """Without DebugSwap KVM intercepts DR7, and crash kernels of Linux 7.3 do not come up."""
    try:
        with open(path, encoding="ascii") as file:
            return {"Y": "on", "N": "off"}.get(file.read(2).strip(), "unknown")
    except (OSError, UnicodeDecodeError):
        return "unknown"


class Machine(Guest):
    """A guest on such a host."""

    def __init__(self, directory, settings):
        directory.mkdir(parents=True, exist_ok=True)
        self.smp = SMP
        self._events_path = directory / "none"
        Console.__init__(self, directory, command_line(settings), settings.patience)

    def boot(self, number=None, timeout=BOOT):
        """Wait for the shell; its number of CPUs.  Nobody counts the boots here."""
        cpus = int(self.expect(r"guest: boot \d+ cpus (\d+) kernel ", timeout)[1])
        self.prompt()
        return cpus

    def capture(self, number=None, timeout=BOOT):
        cpus = int(self.expect(r"guest: capture \d+ cpus (\d+) kernel ", timeout)[1])
        self.prompt()
        return cpus

    def loaded(self, reason, resets):
        """Load the module; it has to be ready, and to know of the last reset."""
        self.load()
        assert "svsm-reset: ready: protocol" in self.dmesg(), "the module is loaded and not ready"
        assert self.attribute("last_reset_reason") == reason
        if resets:
            assert self.attribute("record_trust") in ("guest", "host"), "there is no record"

    def gone(self):
        """Wait for the end of the process; does it live no more?"""
        last = time.monotonic() + PARTING
        while self._child.isalive():
            if time.monotonic() >= last:
                return False
            time.sleep(0.2)
        return True

    def end(self, timeout):
        """Wait for the end of the run: the exit status.  The console ends before QEMU does."""
        try:
            self._child.expect(pexpect.EOF, timeout=timeout * self._patience)
        except pexpect.TIMEOUT:
            raise AssertionError("the run did not end") from None
        assert self.gone(), "QEMU has let go of the console and did not end"
        self.status = self._child.exitstatus
        return self.status

    def end_well(self):
        """QEMU ends by itself, and has nothing to complain about."""
        status = self.end(120)
        assert status == 0, f"QEMU ended with status {status}" if status is not None else "QEMU was killed"

    def stop(self):
        """End the run by force: "", or what is left of it.

        The child may be sudo, which takes no signal from an ordinary user: it ends when
        it notices that the terminal has gone.
        """
        try:
            self._child.close(force=True)
        except (pexpect.ExceptionPexpect, OSError):
            if not self.gone():
                return f"process {self._child.pid} still runs: end it as root (kill {self._child.pid})"
        finally:
            self._log.close()
        return ""

    def again(self, reason):
        """The next boot, in the same VM: all CPUs are there and the reason is known; then the end."""
        assert self.boot() == SMP, "a CPU is missing after the reset"
        self.loaded(reason, 1)
        self.off()

    def off(self):
        """Power off: QEMU ends."""
        self.send("poweroff -f")
        self.end_well()


def begin(machine):
    assert machine.boot() == SMP, "a CPU is missing"
    machine.loaded("none", 0)


def reboot_on_the_bsp(machine):
    begin(machine)
    machine.send("taskset 1 reboot -f")
    machine.again("reboot")


def reboot_on_an_ap(machine):
    begin(machine)
    machine.check("echo 2 > /sys/kernel/reboot/cpu")
    machine.send("reboot -f")
    machine.expect("handing the call over from CPU 2 to the BSP")
    machine.again("reboot")


def panic_on_an_ap(machine):
    begin(machine)
    machine.check("echo 1 > /proc/sys/kernel/sysrq")
    machine.send("taskset 4 sh -c 'echo c > /proc/sysrq-trigger'")
    machine.again("panic")


def emergency_restart(machine):
    begin(machine)
    machine.check("echo 1 > /proc/sys/kernel/sysrq")
    machine.send("taskset 1 sh -c 'echo b > /proc/sysrq-trigger'")
    machine.again("emergency-restart")


def two_resets(machine):
    begin(machine)
    machine.send("reboot -f")
    machine.boot()
    machine.loaded("reboot", 1)
    machine.send("reboot -f")
    machine.again("reboot")


def crash_dump(machine):
    begin(machine)
    machine.check("load-capture nokaslr", timeout=240)
    machine.send("taskset 1 sh -c 'echo c > /proc/sysrq-trigger'")
    assert machine.capture() == 1
    machine.load()
    said = machine.check("vmcore check", timeout=600)
    assert re.search(r"^vmcore: pages \d+ failed 0 ", said, re.MULTILINE), said
    machine.send("reboot -f")
    machine.again("kdump")


def unloaded(machine):
    """What a reboot comes to without it: the VM ends."""
    begin(machine)
    machine.check("rmmod svsm_reset")
    machine.send("reboot -f")
    machine.end_well()


SCENARIOS = (
    reboot_on_the_bsp, reboot_on_an_ap, panic_on_an_ap, emergency_restart, two_resets, crash_dump, unloaded,
)


def reason_of(error):
    """The first line of what went wrong."""
    lines = str(error).strip().splitlines()
    what = lines[0] if lines else "not as it should be"
    return what if isinstance(error, AssertionError) else f"{type(error).__name__}: {what}"


def run(scenario, settings, directory):
    """(what went wrong, how long it took, what the guest said of itself)

    Whatever happens, it is this scenario's failure: the others have to be run.
    """
    machine, begun, why, left = None, time.monotonic(), "", ""
    try:
        machine = Machine(directory, settings)
        scenario(machine)
    except Exception as error:
        why = reason_of(error)
    finally:
        if machine:
            left = machine.stop()
    why = "; ".join(text for text in (why, left) if text)
    # The log is also what dmesg prints
    console = machine.console if machine else ""
    said = dict.fromkeys(line.strip() for line in console.splitlines() if "svsm-reset: " in line)
    return why, time.monotonic() - begun, list(said)
