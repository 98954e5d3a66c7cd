# SPDX-License-Identifier: GPL-2.0
"""A guest under the simulator: its boots, the driver in it, and how its run ends."""

import json
import re
import time

from . import launch, minisvsm, places
from .complaints import KERNEL_TROUBLE, complaints
from .console import COMMAND_TIMEOUT, RUN_TIMEOUT, Console
from .events import Events

TRACEFS = "/sys/kernel/tracing"
# A line of the kernel's among the output of a command
SAID = re.compile(r"\[ *\d+\.\d{6}\] [^\n]*\n?")
# A bound for a hang, not for speed: a boot takes 10 s here, a minute on a busy machine
BOOT_TIMEOUT = 180


def without_messages(output):
    """A command's output without what the kernel has printed in between."""
    return SAID.sub("", output)


def attribute_of(output):
    """What cat has printed of a line, without the kernel's lines among and behind it."""
    return without_messages(output).strip("\n").split("\n")[-1]


class Guest(Console):
    """One run of the simulator, or of QEMU without it (plain).

    Its files are kept in `directory`: command, console.log, events.jsonl, snpsim.log.
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
        launch_list=None,
        igvm=None,
        patience=1,
        kaslr=False,
        save=None,
        restore=None,
        cores=None,
        state=None,
    ):
        append = launch.command_line(append, kaslr)
        if plain:
            command = launch.plain(kernel, initrd, append, smp=smp, memory=memory, firmware=firmware, qemu=qemu)
        else:
            command = launch.simulator(
                directory, kernel, initrd, append, smp=smp, svsm=svsm, timeout=timeout * patience, host=host,
                fidelity=fidelity, memory=memory, efivars=efivars, apic=apic, qemu=qemu, firmware=firmware,
                launch_list=launch_list, igvm=igvm, save=save, cores=cores,
                restore=state.file if state else restore)
        directory.mkdir(parents=True, exist_ok=True)
        self.smp = smp
        self.svsm = svsm
        self.trouble_is_fine = False  # the test crashes the guest
        self.splats_are_fine = False  # the test provokes the kernel's checks
        self._events_path = directory / "events.jsonl"
        self._events_path.write_text("")
        # A guest that goes on from a state has booted already
        self._goes_on = state is not None
        super().__init__(directory, command, patience, before=state.console if state else "")

    @property
    def events(self):
        """The event log so far, or the whole of it after the end."""
        partial = self.status is None
        if self.svsm not in minisvsm.NAMES:
            return Events.read(self._events_path, partial)
        events = minisvsm.OwnEvents.read(self._events_path, partial)
        events.console = self.console
        return events

    def _shell_of(self, kind, number, timeout):
        """Wait for the shell of a kernel that says what it is; its number of CPUs."""
        match = self.expect(rf"guest: {kind} (\d+) cpus (\d+) kernel ", timeout)
        if int(match[1]) != number:
            raise AssertionError(f"this is {kind} {match[1]}, not {number}\n{self.tail()}")
        self.prompt()
        return int(match[2])

    def boot(self, number=1, timeout=BOOT_TIMEOUT):
        """Wait for the shell of boot `number`; its number of CPUs."""
        if self._goes_on:
            assert number == 1
            self._goes_on = False
            self.prompt()
            self.check(f"date -s @{int(time.time())}")
            return int(re.search(r"guest: boot 1 cpus (\d+)", self.console)[1])
        return self._shell_of("boot", number, timeout)

    def capture(self, number=1, timeout=BOOT_TIMEOUT):
        """Wait for the shell of the capture kernel of boot `number`; its number of CPUs."""
        return self._shell_of("capture", number, timeout)

    def load(self, parameters="", timeout=COMMAND_TIMEOUT):
        """Load the module; it has to work."""
        self.check(f"insmod {places.MODULE} {parameters}", timeout)

    def reload(self):
        """Unload the module, which leaves nothing behind, and load it again."""
        self.check("rmmod svsm_reset")
        assert self.run(f"test -e {places.ATTRIBUTES}")[0] != 0
        self.load()
        assert self.attribute("last_reset_reason") == "none"

    def attribute(self, name):
        """Read one of the driver's sysfs attributes; the kernel may print in the middle of it."""
        return attribute_of(self.check(f"cat {places.ATTRIBUTES}/{name}"))

    def json(self, command, status=0):
        """What a command prints as JSON; the kernel may print in the middle of it, too. status: None for any."""
        found, output = self.run(command)
        assert status in (None, found), f"{command}: exit status {found}: {output}"
        output = without_messages(output)
        return json.loads(output[output.index("{"):])

    def tracefs(self):
        """Where the kernel's tracing is, mounted."""
        self.check(f"mountpoint -q {TRACEFS} || mount -t tracefs tracefs {TRACEFS}")
        return TRACEFS

    def dmesg(self):
        """What the driver and the rest of the kernel said."""
        return self.check("dmesg")

    def powered_off(self):
        """Power the guest off and see that this is how the run ended."""
        self.send("poweroff -f")
        assert self.end() == 0, self.tail()
        self.events.ended(0, "poweroff")

    def came_back(self, reason, cpus, timeout=BOOT_TIMEOUT):
        """See that the one reset of the run is over: boot 2 has its CPUs and the reason. Powers off."""
        assert self.boot(2, timeout) == cpus
        self.load()
        assert self.attribute("last_reset_reason") == reason
        self.powered_off()
        self.events.orderly_resets(1, cpus=cpus)

    def lost(self, how=None):
        """See that the run ended because the guest restarted by way of the host."""
        assert self.end() == 3, self.tail()
        event = self.events.one("host-reset")
        assert how in (None, event["how"]), self.tail()
        self.events.ended(3)

    def trouble(self, pattern=KERNEL_TROUBLE):
        """Lines of the console in which the kernel complains."""
        return complaints(self.console, pattern)

    def tail(self, lines=40):
        """The end of the console and of the event log, for a report."""
        try:
            events = "\n".join(self._events_path.read_text().splitlines()[-12:])
        except OSError as error:
            events = str(error)
        return f"{super().tail(lines)}\n--- events:\n{events}"
