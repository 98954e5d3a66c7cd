# SPDX-License-Identifier: GPL-2.0
"""The demonstration: a stock kernel as an SNP guest, reset through its SVSM.

Boots it under the simulator, loads the module, runs `reboot`, and shows both
sides: what the guest says, and what the simulator's event log has.
"""

import os
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "testing"))

from lib import places  # noqa: E402
from lib.guest import Guest  # noqa: E402

CPUS = 4
# Of the guest's boot messages, those that show what kind of guest it is.
TELLING = re.compile(r"Memory Encryption Features active|SNP running at VMPL|smp: Brought up")
BOLD, PLAIN = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")


class Report:
    """Lines with the time since `make demo` was started."""

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


def untimed(line):
    """A kernel message without its time stamp."""
    return re.sub(r"^\[ *\d+\.\d+\] ", "", line)


class Demo:
    """One run, step by step."""

    def __init__(self):
        self.report = Report()
        self.guest = Guest(places.BUILD / "demo", smp=CPUS, timeout=180)
        self.guest.on_wait = self.alive
        self.told = 0
        self.process = []

    def alive(self, seconds):
        """A sign of life while the guest is busy: its last message."""
        lines = [line for line in self.guest.console.splitlines() if line.strip()]
        last = untimed(lines[-1])[:90] if lines else "starting QEMU"
        self.report.step(f"  ... {seconds:.0f} s: {last}")

    def new_console(self):
        """The console since the last time."""
        console = self.guest.console
        new, self.told = console[self.told :], len(console)
        return new

    def boot(self, number):
        cpus = self.guest.boot(number)
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
        self.type(f"insmod {places.MODULE}")
        self.type(f"cd {places.ATTRIBUTES}; grep . {' '.join(self.attributes())}; cd /",
                  f"grep . {places.ATTRIBUTES}/*")
        return self.guest.attribute("last_reset_reason")

    def attributes(self):
        standard = ("driver_override", "modalias", "uevent")
        names = self.guest.check(f"cd {places.ATTRIBUTES}; find * -maxdepth 0 -type f; cd /").split()
        return [name for name in names if name not in standard]

    def reboot(self):
        self.report.step("guest# reboot")
        self.guest.send("reboot")
        self.guest.expect("guest: boot 2 ", peek=True)
        self.driver_said = []
        for line in self.new_console().splitlines():
            line = untimed(line)
            if line.startswith(("guest: ", "svsm-reset: ", "reboot: ")) and "boot 2" not in line:
                self.report.detail(line)
                if line.startswith("svsm-reset: "):
                    self.driver_said.append(line[len("svsm-reset: ") :])

    def run(self):
        release = (places.BUILD / "kernel/release").read_text().strip()
        self.report.step(f"boot 1: Debian's {release}, {CPUS} vCPUs, SNP guest at VMPL 2 under a simulated SVSM")
        self.boot(1)
        first = self.load()
        self.reboot()
        self.boot(2)
        second = self.load()
        self.report.step("guest# poweroff")
        self.guest.send("poweroff")
        status = self.guest.end()
        self.summary(first, second, status)

    def summary(self, first, second, status):
        events = self.guest.events
        say = self.report.detail
        self.report.step("summary: what the guest saw")
        say(f"last reset reason: {first} in the first boot, {second} in the second")
        for line in self.driver_said:
            say(f"driver: {line}")
        self.report.step("summary: what the simulator saw")
        for execute in events.of("execute"):
            who = "the BSP" if execute["bsp"] else "NOT the BSP"
            say(f"SVSM_REBOOT_EXECUTE by vCPU {execute['cpu']} ({who}), flags {execute['flags']},"
                f" result {execute['result']}, {len(execute['vmsas'])} VMSAs still registered")
            for ap in execute["aps"]:
                can = "COULD STILL RUN GUEST CODE" if ap["runnable"] else "cannot run guest code"
                say(f"  vCPU {ap['cpu']}: {ap['state']} for {ap['since_ns'] / 1e6:.1f} ms, {can}")
        for invalidate in events.of("invalidate"):
            say(f"{invalidate['pages']} pages that the guest had validated were invalidated")
        starts = [event["t"] for event in events.of("boot")]
        if len(starts) == 2 and events.executes:
            say(f"started again {(starts[1] - events.executes[0]['t']) / 1e6:.0f} ms after the call,"
                f" in the same QEMU process ({' and '.join(map(str, self.process))})")
        for event in events.of("switches"):
            say(f"boot {event['boot']}: {event['vmrun']} world switches")
        bad = events.of("violation") + events.of("host-reset") + events.of("terminate")
        say(f"violations, host resets, terminations: {len(bad)}; ended by {events[-1]['reason']}")

        events.orderly_resets(1, cpus=CPUS)
        events.ended(0, "poweroff")
        assert status == 0 and (first, second) == ("none", "reboot"), "the reasons are wrong"
        assert self.process[0] == self.process[1], "QEMU was started again"
        self.report.step("done: the guest was reset through its SVSM and came back")
        say(f"console, events and the simulator's log: {self.guest.directory}")
        say("next: make check; or your own: tools/snpsim/snpsim run --help")


def main():
    demo = None
    try:
        demo = Demo()
        demo.run()
    except AssertionError as error:
        print(f"svsm-reset: the demonstration failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if demo:
            demo.guest.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
