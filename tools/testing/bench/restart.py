# SPDX-License-Identifier: GPL-2.0
"""From `reboot -f` to the next kernel's first line: through the SVSM, by kexec, and by ending QEMU and starting it again.

The three are measured in turn, so that each ratio is of a pair from the same minute. Steps end with an event of the
simulator's log or with a line on the console; what the driver does is told by two of its tracepoints, in the guest's time.
Other work on the machine makes each of them longer, by more than they differ: the processor's time that the
simulator takes, QEMU and all, does not depend on that, and has a ratio of its own.
kexec works under an SVSM from Linux 7.1 on, where the module is loaded: Debian's newest kernel is taken if it was built.
"""

import os
import pathlib
import re
import resource
import shutil
import statistics
import threading
import time

from lib import begin, kernels, places
from lib.guest import Guest

# With it the first line comes when the kernel starts, not when it has a driver for the console
APPEND = "earlyprintk=ttyS0,115200 tp_printk"
KEXEC_LOAD = "kexec -l -s /boot/vmlinuz --initrd=/boot/capture.img --reuse-cmdline"
LOAD = 240
FIRST_LINE = "Linux version "
# The first words of the decompressor, on a command line with nokaslr
DECOMPRESSOR = "KASLR disabled: "
STAMP = r"\[ *(\d+\.\d+)\] .*\b{}: "
SVSM, KEXEC, VMM = "through the SVSM", "kexec -e", "QEMU ended and started"
DOWN, QUIESCE, DEVICES, INVALIDATE, END, LAUNCH, BEFORE, KERNEL = (
    "the kernel goes down", "quiesce", "record and devices", "the SVSM invalidates memory", "QEMU ends",
    "the next kernel is loaded", "the old kernel's end", "decompressor, to the first line")
STEPS = DOWN, QUIESCE, DEVICES, INVALIDATE, END, BEFORE, LAUNCH, KERNEL


class Clock(threading.Thread):
    """When an event of this run took place, in the time of this machine: it is read as soon as it is written."""

    PERIOD = 0.001

    def __init__(self, guest):
        super().__init__(daemon=True)
        self._path = guest.directory / "events.jsonl"
        self._over = threading.Event()
        self._offset = float("inf")
        self.start()

    def run(self):
        with open(self._path, encoding="utf-8") as log:
            while not self._over.wait(self.PERIOD):
                now, lines = time.monotonic(), log.read()
                for t in re.findall(r'"t":(\d+)', lines):
                    self._offset = min(self._offset, now - int(t) / 1e9)

    def stop(self):
        self._over.set()
        self.join()

    def of(self, event):
        return event["t"] / 1e9 + self._offset


def processor_time(pid):
    """Seconds that a process has had, and its children that have ended."""
    times = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()[11:15]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def of_ended():
    """Seconds that all runs have had that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Run:
    """A guest that has booted, and its clock."""

    def __init__(self, directory, kernel):
        self.guest = Guest(directory, memory="1G", smp=2, patience=3, cores="all", **kernel.arguments(APPEND, kdump=True))
        self.guest.trouble_is_fine = True
        self.before = 0  # the processor's time when it began
        self.clock = Clock(self.guest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clock.stop()
        self.guest.stop()

    def processor_time(self):
        """Seconds that the simulator and its QEMU have had so far."""
        return sum(map(processor_time, self.guest.processes()))

    def type(self, command):
        """Begin: the moment."""
        self.before = self.processor_time()
        now = time.monotonic()
        self.guest.send(command)
        return now

    def at(self, event, **match):
        return self.clock.of(self.guest.events.one(event, **match))

    def line(self, text):
        """When it comes on the console."""
        self.guest.expect(text, 180)
        return time.monotonic()


def through_svsm(directory, kernel):
    """Seconds of each step, and of the processor."""
    with Run(directory, kernel) as run:
        guest = run.guest
        guest.boot(1)
        guest.load()
        tracing = guest.tracefs()
        for event in ("quiesce_done", "call"):
            guest.check(f"echo 1 > {tracing}/events/svsm_reset/{event}/enable")
        typed = run.type(begin.REBOOT)
        first, took = run.line(FIRST_LINE), run.processor_time() - run.before
        guest.boot(2)
        done, call = (float(re.search(STAMP.format(name), guest.console)[1]) for name in ("quiesce_done", "call"))
        quiesce = int(re.search(r"took_us=(\d+)", guest.console)[1]) / 1e6
        execute, invalidated, boot = run.at("execute"), run.at("invalidate"), run.at("boot", boot=2)
    return {
        DOWN: execute - typed - quiesce - (call - done), QUIESCE: quiesce, DEVICES: call - done,
        INVALIDATE: invalidated - execute, LAUNCH: boot - invalidated, KERNEL: first - boot,
    }, took


def by_kexec(directory, kernel):
    """Seconds of each step, and of the processor; the driver hands the next kernel the calling area."""
    with Run(directory, kernel) as run:
        guest = run.guest
        guest.boot(1)
        guest.load()
        guest.check(KEXEC_LOAD, LOAD)
        typed = run.type("kexec -e")
        starting, words, first = (run.line(text) for text in ("Starting new kernel", DECOMPRESSOR, FIRST_LINE))
        took = run.processor_time() - run.before
        guest.boot(1)
    return {DOWN: starting - typed, BEFORE: words - starting, KERNEL: first - words}, took


def by_vmm(directory, kernel):
    """Seconds of each step, and of the processor, with nobody who has to be told that the guest is gone."""
    with Run(directory / "first", kernel) as run:
        run.guest.boot(1)
        others = of_ended()
        typed = run.type(begin.REBOOT)
        assert run.guest.end() == 3, run.guest.tail()
        ended, gone = time.monotonic(), run.at("host-reset")
        took = of_ended() - others - run.before
    with Run(directory / "second", kernel) as run:
        first, took = run.line(FIRST_LINE), took + run.processor_time()
        run.guest.boot(1)
        boot = run.at("boot")
    return {DOWN: gone - typed, END: ended - gone, LAUNCH: boot - ended, KERNEL: first - boot}, took


def kernel_to_take():
    """The newest that was built with which kexec works, or the usual one."""
    built = [path.parent.name for path in (places.BUILD / "kernels").glob("*/release")]
    for name in kernels.newest(built):
        if kernels.Kernel(name).initrd_kdump.exists():
            return kernels.Kernel(name)
    return kernels.Kernel(kernels.MAIN)


def ratio(values, others):
    """A cell: the median of the pairs' ratios, with the least and the greatest."""
    ratios = [a / b for a, b in zip(values, others)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def in_all(run, without=()):
    return sum(seconds for step, seconds in run.items() if step not in without)


def table(found, took):
    """Rows: the median of each step, what they come to, and that beside a restart by the VMM."""
    rows = [["milliseconds", *found]]
    for step in STEPS:
        medians = [statistics.median(run[step] for run in runs) if step in runs[0] else None for runs in found.values()]
        rows.append([step, *("" if value is None else f"{1000 * value:.0f}" for value in medians)])
    sums_of = {name: {way: [in_all(run, without) for run in runs] for way, runs in found.items()}
               for name, without in (("in all", ()), ("without the last step", (KERNEL,)))}
    for name, sums in {**sums_of, "the processor's time": took}.items():
        rows.append([name, *(f"{1000 * statistics.median(values):.0f}" for values in sums.values())])
        rows.append(["... to that of a new QEMU", *(ratio(values, sums[VMM]) for values in sums.values())])
    return rows


def measure(directory, runs):
    """(title, rows, data) of the figure."""
    shutil.rmtree(directory, ignore_errors=True)
    kernel = kernel_to_take()
    ways = {SVSM: through_svsm, KEXEC: by_kexec, VMM: by_vmm}
    why = ""
    if kernel.name == kernels.MAIN:
        del ways[KEXEC]
        why = "; no kexec, which this kernel cannot: make guest-kernel-next"
    found, took = {way: [] for way in ways}, {way: [] for way in ways}
    for run in range(runs):
        for number, (way, once) in enumerate(ways.items()):
            steps, processor = once(pathlib.Path(directory) / f"{number}-{run}", kernel)
            found[way].append(steps)
            took[way].append(processor)
            print(f"bench: restart: run {run + 1} of {runs}: {way}: {in_all(steps):.2f} s, the processor's {processor:.2f} s", flush=True)
    title = f"From reboot -f to the next kernel's first line, Linux {kernel.release}, 2 CPUs, 1 GiB, fidelity strict{why}"
    samples = {f"{way}, s": [in_all(run) for run in these] for way, these in found.items()}
    samples |= {f"{way}, s of the processor": values for way, values in took.items()}
    data = {"kernel": kernel.release, "steps": STEPS, "seconds": found, "processor": took, "samples": samples}
    return title, table(found, took), data
