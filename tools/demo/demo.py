# SPDX-License-Identifier: GPL-2.0
"""The demonstrations: a stock kernel as an SNP guest, reset through its SVSM.

reset: first loses a VM to `reboot`. Then loads the module and shows `reboot` and a panic
on a CPU that may not make the call, from both sides: what the guest says, and what the
simulator's event log has.
kdump: a crash, its dump by a crash kernel, and the reset after it.
"""

import os
import pathlib
import re
import sys
import textwrap
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "testing"))

from lib import places  # noqa: E402
from lib.guest import Guest  # noqa: E402

CPUS = 4
PANICS = 2  # the CPU that panics
BOOT = 300  # seconds that a boot may take on a busy machine
# The boot messages that show what kind of guest this is
TELLING = re.compile(r"Memory Encryption Features active|SNP running at VMPL|smp: Brought up")
BOLD, PLAIN = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")


class Report:
    """Prints lines with the time since the start of `make demo`."""

    def __init__(self):
        self.start = float(os.environ.get("SVSM_RESET_T0", time.time()))

    def elapsed(self):
        seconds = int(time.time() - self.start)
        return f"{seconds // 60:3}:{seconds % 60:02}"

    def step(self, text):
        print(f"[{self.elapsed()}] {BOLD}{text}{PLAIN}", flush=True)

    def detail(self, text):
        for line in text.splitlines():
            print(f"         {line}", flush=True)

    def explain(self, text):
        """What a presenter would say."""
        print(flush=True)
        for line in textwrap.wrap(" ".join(text.split()), 90):
            print(f"    {line}", flush=True)
        print(flush=True)


def untimed(line):
    """A kernel message without its time stamp."""
    return re.sub(r"^\[ *\d+\.\d+\] ", "", line)


class Demo:
    """One guest, step by step."""

    def __init__(self, report, directory, **arguments):
        self.report = report
        self.guest = Guest(places.BUILD / "demo" / directory, **{"smp": CPUS, **arguments})
        self.guest.on_wait = self.alive
        self.printed, self.last_message = 0, None
        self.process = []
        self.driver_said = []

    def alive(self, seconds):
        """A sign of life while the guest is busy: its last message, if that is new."""
        lines = [line for line in self.guest.console.splitlines() if line.strip() and "guest# " not in line]
        last = untimed(lines[-1])[:90] if lines else "starting QEMU"
        if last != self.last_message:
            self.report.step(f"  ... {seconds:.0f} s: {last}")
            self.last_message = last

    def new_console(self):
        """What the console has got since the last call."""
        console = self.guest.console
        new, self.printed = console[self.printed :], len(console)
        return new

    def boot(self, number):
        cpus = self.guest.boot(number, timeout=BOOT)
        self.process.append(self.guest.qemu_process())
        for line in self.new_console().splitlines():
            if TELLING.search(line):
                self.report.detail(untimed(line))
        banner = re.findall(r"guest: (boot .*)", self.guest.console)[-1]
        self.report.step(f"guest is up: {banner}")
        if cpus != CPUS:
            raise AssertionError(f"the guest has {cpus} CPUs, not {CPUS}")

    def type(self, command, shown=None):
        """Run a command in the guest and show it with what it prints."""
        self.report.step(f"guest# {shown or command}")
        before = len(self.guest.console)
        output = self.guest.check(command)
        said = [
            untimed(line)
            for line in self.guest.console[before:].splitlines()
            if "svsm-reset: " in line
        ]
        self.report.detail("\n".join(dict.fromkeys(said)))
        self.report.detail("\n".join(l for l in output.splitlines() if not l.startswith("[")))
        self.new_console()
        return output

    def load(self):
        self.type("modprobe svsm_reset")
        return self.guest.attribute("last_reset_reason")

    def until(self, command, text, until, timeout=BOOT):
        """Type a command that ends this kernel, and show the messages until the next one runs."""
        self.report.step(f"guest# {text}")
        self.guest.send(command)
        self.guest.expect(until, timeout, peek=True)
        for line in self.new_console().splitlines():
            line = untimed(line)
            if line.startswith(("guest: ", "svsm-reset: ", "reboot: ", "Kernel panic")) and not re.search(until, line):
                self.report.detail(line)
                if line.startswith("svsm-reset: "):
                    self.driver_said.append(line[len("svsm-reset: ") :])

    def power_off(self):
        self.report.step("guest# poweroff")
        self.guest.send("poweroff")
        return self.guest.end()

    def simulator_saw(self):
        """Print the event log as sentences."""
        events = self.guest.events
        say = self.report.detail
        for execute, boot in zip(events.of("execute"), events.of("boot")[1:]):
            who = "the BSP" if execute["bsp"] else "NOT the BSP"
            say(f"SVSM_REBOOT_EXECUTE by vCPU {execute['cpu']} ({who}), flags {execute['flags']},"
                f" result {execute['result']}, {len(execute['vmsas'])} VMSAs still registered")
            for ap in execute["aps"]:
                can = "COULD STILL RUN GUEST CODE" if ap["runnable"] else "cannot run guest code"
                say(f"  vCPU {ap['cpu']}: {ap['state']} for {ap['since_ns'] / 1e6:.1f} ms, {can}")
            say(f"  started again {(boot['t'] - execute['t']) / 1e6:.0f} ms after the call")
        for invalidate in events.of("invalidate"):
            say(f"{invalidate['pages']} pages of 4 KiB that the guest had validated were invalidated")
        for event in events.of("switches"):
            say(f"boot {event['boot']}: {event['vmrun']} world switches")
        bad = events.of("violation") + events.of("host-reset") + events.of("terminate")
        say(f"violations, host resets, terminations: {len(bad)}; ended by {events[-1]['reason']};"
            f" one QEMU process: {' and '.join(map(str, sorted(set(self.process))))}")

    def came_back(self, resets):
        events = self.guest.events
        events.orderly_resets(resets, cpus=self.guest.smp)
        events.ended(0, "poweroff")
        assert len(set(self.process)) == 1, "QEMU was started again"


def release():
    return (places.BUILD / "kernel/release").read_text().strip()


def show_contrast(report):
    """The same kernel without the module."""
    report.explain("""First without the module, as with every kernel today. What happens if an SNP guest
        restarts? The host would have to restart it, but the host can neither read nor set this guest's
        registers and memory.""")
    report.step(f"Debian's {release()}, {CPUS} vCPUs, SNP guest at VMPL 2 under a simulated SVSM; no module")
    demo = Demo(report, "without", timeout=300)
    try:
        demo.boot(1)
        report.step("guest# reboot")
        demo.guest.send("reboot")
        demo.guest.lost()
        for line in demo.new_console().splitlines():
            if line.startswith(("snpsim: ", "guest: ")) or "reboot: " in line:
                report.detail(untimed(line))
    finally:
        demo.guest.stop()
    report.step("the VM is lost: the guest did not come back")


def show_reset(report):
    show_contrast(report)
    report.explain("Now the same kernel with the module. It asks the SVSM instead of the host.")
    report.step("boot 1")
    demo = Demo(report, "with", timeout=600)
    try:
        demo.boot(1)
        reasons = [demo.load()]
        demo.until("reboot", "reboot", "guest: boot 2 ")
        demo.boot(2)
        reasons.append(demo.load())
        report.explain("It came back, and it knows why:")
        demo.type("svsm-reset status")
        demo.type("svsm-reset explain")
        report.explain(f"""A panic is harder. It can strike on any CPU; here CPU {PANICS} panics. That CPU may not
            make the call: the SVSM must start the boot processor (BSP, CPU 0) again, or the next kernel would
            take itself for a crash kernel and leave out a CPU. And no CPU may go on running in memory that the
            SVSM takes away. So CPU {PANICS} stops all other CPUs by an NMI, and each writes a word that proves that
            it has stopped. Then CPU {PANICS} hands the call over: it wakes CPU 0, which makes the call, and stops
            itself.""")
        demo.until(f"taskset {1 << PANICS:#x} sh -c 'echo c > /proc/sysrq-trigger'",
                   f"echo c > /proc/sysrq-trigger       (a panic, on CPU {PANICS})", "guest: boot 3 ")
        demo.boot(3)
        reasons.append(demo.load())
        demo.type("svsm-reset status")
        status = demo.power_off()
        report.step("summary: what the guest saw")
        report.detail(f"last reset reason: {', '.join(reasons)} in boots 1, 2 and 3")
        for line in demo.driver_said:
            report.detail(f"driver: {line}")
        report.step("summary: what the simulator saw")
        demo.simulator_saw()
        demo.came_back(2)
        assert status == 0 and reasons == ["none", "reboot", "panic"], "the reasons are wrong"
        assert any("handing the call over" in line for line in demo.driver_said), "there was no hand-over"
    finally:
        demo.guest.stop()
    report.step("done: the guest was reset through its SVSM and came back")
    report.detail(f"consoles, events and the simulator's log: {places.BUILD / 'demo'}")
    report.detail("next: make demo-kdump; make check; or your own: tools/snpsim/snpsim run")


def show_kdump(report):
    report.explain("""A crash with a dump. The kernel that crashes starts another one, the crash kernel,
        which waits in memory that is reserved for it (crashkernel=). The crash kernel saves a dump and
        restarts. Under an SVSM both kernels need the module.""")
    report.step(f"boot 1: Debian's {release()}, {CPUS} vCPUs, 1 GiB, crashkernel=320M")
    demo = Demo(report, "kdump", timeout=900, initrd=places.INITRD_KDUMP, memory="1G", append="crashkernel=320M")
    guest = demo.guest
    try:
        demo.boot(1)
        demo.load()
        demo.type("load-capture nokaslr && cat /sys/kernel/kexec_crash_loaded")
        report.explain(f"""CPU {PANICS} panics. The crash kernel must start on the BSP, or it could not make
            the reset afterwards. So CPU {PANICS} hands the jump into it over to the BSP.""")
        demo.until(f"taskset {1 << PANICS:#x} sh -c 'echo c > /proc/sysrq-trigger'",
                   f"echo c > /proc/sysrq-trigger       (a panic, on CPU {PANICS})", "guest: capture 1 ")
        assert guest.capture(1, timeout=BOOT) == 1
        report.step("the crash kernel is up, with one CPU; no reset so far")
        demo.new_console()
        demo.load()
        demo.type("makedumpfile -d 31 -l --message-level 0 /proc/vmcore /tmp/core && ls -l /tmp/core")
        # Drop the time stamps: type() takes lines with one for the kernel's own
        demo.type("vmcore-dmesg /proc/vmcore | sed 's/^[^]]*] //' | grep -a -e 'sysrq: Trigger' -e 'svsm-reset: handing'",
                  "vmcore-dmesg /proc/vmcore | grep ...")
        demo.until("reboot -f", "reboot -f", "guest: boot 2 ")
        demo.boot(2)
        reason = demo.load()
        demo.type("svsm-reset status")
        assert demo.power_off() == 0 and reason == "kdump", f"the reason is {reason}"
        report.step("summary: what the simulator saw")
        demo.simulator_saw()
        demo.came_back(1)
    finally:
        guest.stop()
    report.step("done: the crash was dumped, and the guest was reset through its SVSM and came back")
    report.detail(f"console, events and the simulator's log: {guest.directory}")


SHOWS = {"reset": show_reset, "kdump": show_kdump}


def main(show):
    try:
        show(Report())
    except AssertionError as error:
        print(f"svsm-reset: the demonstration failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(SHOWS[sys.argv[1] if len(sys.argv) > 1 else "reset"]))
