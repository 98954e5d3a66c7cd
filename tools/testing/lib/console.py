# SPDX-License-Identifier: GPL-2.0
"""A program behind a serial console: type, wait for a text, run a shell command."""

import os
import shlex
import signal
import time

import pexpect

from . import places

# Bounds for a hang, not for speed
PROMPT_TIMEOUT = 20
COMMAND_TIMEOUT = 120
RUN_TIMEOUT = 600
HEARTBEAT = 3
STATE_TIMEOUT = 5
STOP_TIMEOUT = 10


class Console:
    """The console of one run.

    `directory` keeps the files "command" and "console.log". `patience` lengthens every
    time-out, for a guest that is slow. `before` is what was on the console before this run.
    """

    def __init__(self, directory, command, patience=1, before=""):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.status = None
        self.on_wait = None  # called now and then while waiting, with the seconds
        self._patience = patience
        self._sequence = 0
        (directory / "command").write_text(shlex.join(command) + "\n")
        self._log = open(directory / "console.log", "w", encoding="utf-8", newline="")
        self._log.write(before)
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

    def expect(self, pattern, timeout=COMMAND_TIMEOUT, peek=False, hangs=True):
        """Wait for a text; the match.

        peek: the text is there for the next one, too.  hangs: without it the guest hangs, and its state is kept.
        """
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
                    report = f"no {pattern!r} within {timeout} s\n{self.tail()}"
                    if hangs:
                        self._keep_state()
                    raise AssertionError(report) from None
                if self.on_wait:
                    self.on_wait(time.monotonic() - begin)
            except pexpect.EOF:
                raise AssertionError(f"the run ended without {pattern!r}\n{self.tail()}") from None

    def prompt(self):
        """Wait for the shell."""
        try:
            self.expect("guest# ", PROMPT_TIMEOUT, hangs=False)
        except AssertionError:
            # A kernel message may have torn it apart
            self.send("")
            self.expect("guest# ")

    def send(self, command):
        """Type a command and do not wait for it to end."""
        self._child.sendline(command)

    def keys(self, text):
        """Type without a newline."""
        self._child.send(text)

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

    def serial_break(self):
        """A BREAK on the serial line: the next key is for sysrq."""
        self._child.send("\x01b")

    def nmi(self):
        """An NMI as from the front panel: the host's monitor sends it."""
        self._child.send("\x01c")
        self._child.sendline("nmi")
        self._child.send("\x01c")

    def _keep_state(self):
        """What QEMU's monitor says of the CPUs and what interrupts wait, in the file "state": of a guest that hangs."""
        self._child.send("\x01c")
        for line in ("info registers -a", *(f"info lapic {cpu}" for cpu in range(self.smp)), "info pic", "info irq"):
            self._child.sendline(line)
        # What comes until then, however it ends
        which = self._child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=STATE_TIMEOUT)
        (self.directory / "state").write_text(self._child.before.replace("\r", ""), encoding="utf-8")
        if which == 0:
            self._child.send("\x01c")
            # Where kernel.sysrq lets it, and a CPU takes the interrupt: the kernel's timers, on the console
            self.serial_break()
            self.keys("q")
            self._child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=STATE_TIMEOUT)

    def qemu_process(self):
        """The process id of the simulator's QEMU."""
        pid = self._child.pid
        children = open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split()
        found = [c for c in children if "qemu" in open(f"/proc/{c}/cmdline", encoding="utf-8").read()]
        assert len(found) == 1, f"QEMU processes: {found}"
        return int(found[0])

    def processes(self):
        """The process ids of the simulator's command and of its QEMU."""
        return self._child.pid, self.qemu_process()

    def end(self, timeout=RUN_TIMEOUT):
        """Wait for the end of the run: the simulator's exit status."""
        try:
            self._child.expect(pexpect.EOF, timeout=timeout * self._patience)
        except pexpect.TIMEOUT:
            raise AssertionError(f"the run did not end\n{self.tail()}") from None
        self._child.close()
        self._log.flush()
        self.status = self._child.exitstatus
        if self.status is None:
            raise AssertionError(f"the simulator was killed by signal {self._child.signalstatus}")
        return self.status

    def stop(self):
        """End the run by force, if it has not ended."""
        if self._child.isalive():
            # On a busy machine it takes its time to end, and pexpect gives it a few tenths of a second
            for how in (signal.SIGHUP, signal.SIGKILL):
                self._child.kill(how)
                end = time.monotonic() + STOP_TIMEOUT
                while self._child.isalive() and time.monotonic() < end:
                    time.sleep(0.05)
            self._child.close(force=True)
        self._log.close()

    def tail(self, lines=40):
        """The end of the console, for a report."""
        return f"--- console ({self.directory}):\n" + "\n".join(self.console.splitlines()[-lines:])
