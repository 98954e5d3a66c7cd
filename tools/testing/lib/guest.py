# SPDX-License-Identifier: GPL-2.0
"""A guest under the simulator, driven over its serial console."""

import os
import re
import shlex
import time

import pexpect

from . import places
from .events import Events

# What the kernel's checks report (lockdep, KASAN, UBSAN, ...), most of them on a debug kernel
# only, and the driver's own warnings: a failure also where a scenario crashes the guest.
SPLATS = (
    r"KASAN:",
    r"UBSAN:",
    r"BUG: (sleeping function|scheduling|assuming)",
    r"BUG: using \w+\(\) in preemptible",
    r"BUG: (spin|rw)lock ",
    r"BUG: Invalid wait context",
    r"BUG: MAX_\w+ too low",
    r"list_(add|del) (corruption|double add)",
    r"possible circular locking",
    r"possible recursive locking",
    r"possible irq lock inversion",
    r"-safe -> \w+-unsafe lock order",
    r"inconsistent lock state",
    r"suspicious RCU usage",
    r"bad (unlock balance|contention)",
    r"held lock freed",
    r"(lock held when returning|still has locks held)",
    r"DEBUG_LOCKS_WARN_ON",
    r"INFO: trying to register non-static key",
    # Of a function or a module of ours: the path in front of them is the checkout's
    r"WARNING: .*(\bsvr_\w*\+0x|\[svsm_reset\])",
)
# Any of these on the console is a failure where a scenario does not crash the guest itself.
TROUBLES = (
    r"BUG:",
    r"WARNING: (?!See )",
    r"Oops",
    r"Call Trace",
    r"INFO: task .* blocked",
    r"rcu: INFO",
    r"soft lockup",
    r"Unable to handle",
)
KERNEL_SPLAT = re.compile("|".join(SPLATS))
KERNEL_TROUBLE = re.compile("|".join(SPLATS + TROUBLES))
# The kernel's stop takes CPUs out of the online mask one by one, while those that it has yet to
# reach go on balancing tasks: set_task_cpu() warns when one was about to move to a CPU that has
# left.  Nothing of the driver's is in it; the second half of a splat may be cut by the reset.
STOPPING = re.compile(
    r"(reboot: Restarting system(?:(?!Linux version)[\s\S])*?)"
    r"^.*-+\[ cut here \]-+\n.*WARNING: .* at kernel/sched/core\.c:\d+ set_task_cpu\+"
    r"(?:(?!svsm_reset\]|Linux version)[\s\S])*?(?:---\[ end trace \w+ \]---|(?=^.*Linux version))",
    re.MULTILINE,
)
# Bounds for a hang, not for speed: a boot takes 10 s here, a minute on a busy machine
BOOT_TIMEOUT = 180
PROMPT_TIMEOUT = 20
COMMAND_TIMEOUT = 120
RUN_TIMEOUT = 600
HEARTBEAT = 3

# Less to wait for in each boot, nothing that a reset depends on.
QUICK = "nokaslr initcall_blacklist=crypto_kdf108_init,jent_mod_init cryptomgr.notests"


def complaints(console, pattern):
    """Lines of a console that match, but for what the kernel's own stop of CPUs brings about."""
    return [line for line in STOPPING.sub(r"\1", console).splitlines() if pattern.search(line)]


class Guest:
    """One run of the simulator, or of QEMU without it (plain).

    Its files are kept in `directory`: command, console.log, events.jsonl, snpsim.log.
    `patience` lengthens every time-out, for a guest that is slow.  Each boot at a random
    place takes some seconds more (every page of it is accepted by itself), and so do the
    kernel's self-tests of its cryptography: only with `kaslr`.
    """

    def __init__(
        self,
        directory,
        *,
        smp=4,
        svsm="draft",
        host=None,
        append="",
        fidelity=None,
        memory=None,
        kernel=places.KERNEL,
        initrd=places.INITRD,
        timeout=RUN_TIMEOUT,
        efivars=False,
        apic=None,
        qemu=(),
        plain=False,
        firmware=None,
        patience=1,
        kaslr=False,
    ):
        directory.mkdir(parents=True, exist_ok=True)
        self._events_path = directory / "events.jsonl"
        self._events_path.write_text("")
        if not kaslr:
            append = f"{QUICK} {append}"
        append = f"console=ttyS0 panic=-1 {append}".strip()
        command = [places.SNPSIM, "run", "--smp", smp]
        if kernel:
            command += ["--kernel", kernel, "--initrd", initrd, "--append", append]
        command += ["--svsm", svsm, "--events", self._events_path]
        command += ["--log", directory / "snpsim.log", "--timeout", timeout * patience]
        if host:
            command += ["--host", host]
        if fidelity:
            command += ["--fidelity", fidelity]
        if memory:
            command += ["--memory", memory]
        if efivars:
            command += ["--efivars"]
        if firmware:
            command += ["--firmware", firmware]
        if apic:
            command += ["--apic", apic]
        if qemu:
            command += ["--", *qemu]
        if plain:
            command = [places.qemu(), "-accel", "tcg,thread=multi", "-machine", "q35"]
            command += ["-m", memory or "512M"]
            command += ["-cpu", "EPYC-Milan,phys-bits=48", "-smp", smp, "-nodefaults", "-no-reboot"]
            command += ["-display", "none", "-serial", "stdio"]
            command += ["-kernel", kernel, "-initrd", initrd, "-append", append]
        self._begin(directory, command, smp, patience)

    def _begin(self, directory, command, smp, patience):
        """Start the command, whatever it is, with the guest's console on its terminal."""
        self.directory = directory
        self.smp = smp
        self.status = None
        self.trouble_is_fine = False  # the test crashes the guest
        self.splats_are_fine = False  # the test provokes the kernel's checks
        self._patience = patience
        self.on_wait = None  # called now and then while waiting, with the seconds
        self._sequence = 0
        command = [str(word) for word in command]
        (directory / "command").write_text(shlex.join(command) + "\n")
        self._log = open(directory / "console.log", "w", encoding="utf-8", newline="")
        self._child = pexpect.spawn(
            command[0],
            command[1:],
            encoding="utf-8",
            codec_errors="replace",
            echo=False,
            env={**os.environ, "SNPSIM_BUILD": str(places.BUILD)},
            timeout=COMMAND_TIMEOUT,
            dimensions=(100, 4000),
        )
        self._child.logfile_read = self._log
        self._child.delaybeforesend = None

    @property
    def console(self):
        """What the guest has printed so far."""
        if not self._log.closed:
            self._log.flush()
        return (self.directory / "console.log").read_bytes().decode(errors="replace").replace("\r", "")

    @property
    def events(self):
        """The event log so far, or the whole of it after the end."""
        return Events.read(self._events_path, partial=self.status is None)

    def expect(self, pattern, timeout=COMMAND_TIMEOUT, peek=False):
        """Wait for a text; the match.  peek: the text is there for the next one, too."""
        begin = time.monotonic()
        timeout *= self._patience
        if peek:
            pattern = f"(?={pattern})"
        while True:
            waited = time.monotonic() - begin
            try:
                self._child.expect(pattern, timeout=max(0, min(HEARTBEAT, timeout - waited)))
                return self._child.match
            except pexpect.TIMEOUT:
                if time.monotonic() - begin >= timeout:
                    raise AssertionError(f"no {pattern!r} within {timeout} s\n{self.tail()}") from None
                if self.on_wait:
                    self.on_wait(time.monotonic() - begin)
            except pexpect.EOF:
                raise AssertionError(f"the run ended without {pattern!r}\n{self.tail()}") from None

    def boot(self, number=1, timeout=BOOT_TIMEOUT):
        """Wait for the shell of boot `number`."""
        match = self.expect(r"guest: boot (\d+) cpus (\d+) kernel ", timeout)
        if int(match[1]) != number:
            raise AssertionError(f"this is boot {match[1]}, not {number}\n{self.tail()}")
        self.prompt()
        return int(match[2])

    def capture(self, number=1, timeout=BOOT_TIMEOUT):
        """Wait for the shell of the capture kernel of boot `number`; its number of CPUs."""
        match = self.expect(r"guest: capture (\d+) cpus (\d+) kernel ", timeout)
        if int(match[1]) != number:
            raise AssertionError(f"this is the capture of boot {match[1]}, not {number}\n{self.tail()}")
        self.prompt()
        return int(match[2])

    def prompt(self):
        """Wait for the shell."""
        try:
            self.expect("guest# ", PROMPT_TIMEOUT)
        except AssertionError:
            # A kernel message may have torn it apart
            self.send("")
            self.expect("guest# ")

    def send(self, command):
        """Type a command and do not wait for it to end."""
        self._child.sendline(command)

    def run(self, command, timeout=COMMAND_TIMEOUT):
        """Run a shell command: (exit status, output)."""
        # The mark comes twice: a kernel message may tear one of them apart.
        self._sequence += 1
        mark = f"@@{self._sequence}"
        self.send(f'{{ {command}; }} 2>&1; s=$?; echo "{mark}:$s@@"; echo "{mark}:$s@@"')
        match = self.expect(mark + r":(\d+)@@", timeout)
        output = self._child.before
        # Drop the echo of the command itself; typed ahead of the prompt, it is there twice.
        output = output.replace("\r", "")
        output = output.rsplit('@@"\n', 1)[-1]
        return int(match[1]), output.strip("\n")

    def check(self, command, timeout=COMMAND_TIMEOUT):
        """Run a shell command that has to succeed: its output."""
        status, output = self.run(command, timeout)
        assert status == 0, f"{command}: exit status {status}: {output}"
        return output

    def load(self, parameters="", timeout=COMMAND_TIMEOUT):
        """Load the module; it has to work."""
        self.check(f"insmod {places.MODULE} {parameters}", timeout)

    def attribute(self, name):
        """Read one of the driver's sysfs attributes."""
        return self.check(f"cat {places.ATTRIBUTES}/{name}").split("\n")[-1]

    def dmesg(self):
        """What the driver and the rest of the kernel said."""
        return self.check("dmesg")

    def qemu_process(self):
        """The process id of the simulator's QEMU."""
        pid = self._child.pid
        children = open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split()
        found = [c for c in children if "qemu" in open(f"/proc/{c}/cmdline", encoding="utf-8").read()]
        assert len(found) == 1, f"QEMU processes: {found}"
        return int(found[0])

    def serial_break(self):
        """A BREAK on the serial line: the next key is for sysrq."""
        self._child.send("\x01b")

    def nmi(self):
        """An NMI as from the front panel: the host's monitor sends it."""
        self._child.send("\x01c")
        self._child.sendline("nmi")
        self._child.send("\x01c")

    def keys(self, text):
        """Type without a newline."""
        self._child.send(text)

    def end(self, timeout=RUN_TIMEOUT):
        """Wait for the end of the run: the simulator's exit status."""
        deadline = time.monotonic() + timeout * self._patience
        while True:
            try:
                self._child.expect(pexpect.EOF, timeout=max(1, deadline - time.monotonic()))
                break
            except pexpect.TIMEOUT:
                raise AssertionError(f"the run did not end\n{self.tail()}") from None
        self._child.close()
        self._log.flush()
        self.status = self._child.exitstatus
        if self.status is None:
            raise AssertionError(f"the simulator was killed by signal {self._child.signalstatus}")
        return self.status

    def powered_off(self):
        """Power the guest off and see that this is how the run ended."""
        self.send("poweroff -f")
        assert self.end() == 0, self.tail()
        self.events.ended(0, "poweroff")

    def lost(self, how=None):
        """See that the run ended because the guest restarted by way of the host."""
        assert self.end() == 3, self.tail()
        event = self.events.one("host-reset")
        assert how in (None, event["how"]), self.tail()
        self.events.ended(3)

    def stop(self):
        """End the run by force, if it has not ended."""
        if self._child.isalive():
            self._child.close(force=True)
        self._log.close()

    def trouble(self, pattern=KERNEL_TROUBLE):
        """Lines of the console in which the kernel complains."""
        return complaints(self.console, pattern)

    def tail(self, lines=40):
        """The end of the console and of the event log, for a report."""
        try:
            events = "\n".join(self._events_path.read_text().splitlines()[-12:])
        except OSError as error:
            events = str(error)
        console = "\n".join(self.console.splitlines()[-lines:])
        return f"--- console ({self.directory}):\n{console}\n--- events:\n{events}"
