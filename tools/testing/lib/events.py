# SPDX-License-Identifier: GPL-2.0
"""The simulator's event log, and what tests assert about it.

Every assertion raises AssertionError with the whole log, one event a line: a
failed scenario can be understood from the report alone.
"""

import json

NOT_RUNNABLE = ("halted", "reset-hold", "destroyed", "deleted")
# Host and ISA bridge: they start no access by themselves, the driver leaves them as they are, and
# firmware that boots a disk may have set their bus master bit
CHIPSET = (0x0600, 0x0601)
BAD_ENDS = ("violation", "host-reset", "host-stop", "terminate")


class Events(list):
    """The events of one run, in order; each a dict."""

    @classmethod
    def read(cls, path, partial=False):
        """Parse the log; partial: the run still goes on, the last line may be torn."""
        events = cls()
        lines = path.read_text(encoding="utf-8").split("\n")
        torn = lines.pop()
        if torn and not partial:
            raise AssertionError(f"{path}: the last line has no end: {torn!r}")
        for number, line in enumerate(lines, 1):
            try:
                event = json.loads(line)
            except ValueError as error:
                raise AssertionError(f"{path}:{number}: not JSON: {line!r}: {error}") from None
            if not isinstance(event, dict) or "event" not in event:
                raise AssertionError(f"{path}:{number}: no event: {line!r}")
            events.append(event)
        return events

    def __str__(self):
        return "\n".join(json.dumps(event) for event in self)

    def fail(self, why):
        raise AssertionError(f"{why}\nevents:\n{self}")

    def of(self, kind, /, **match):
        """The events of that kind whose members have the given values."""
        return Events(
            event
            for event in self
            if event["event"] == kind and all(event.get(k) == v for k, v in match.items())
        )

    def one(self, kind, /, **match):
        """The only event of that kind."""
        found = self.of(kind, **match)
        if len(found) != 1:
            self.fail(f"{len(found)} events {kind} {match or ''}, not 1")
        return found[0]

    def no(self, *kinds):
        """No event of any of these kinds."""
        for kind in kinds:
            if self.of(kind):
                self.fail(f"there is an event {kind}")

    @property
    def executes(self):
        """The EXECUTE calls that the SVSM accepted."""
        return self.of("execute", result="0x0")

    @property
    def refusals(self):
        """The EXECUTE calls that the SVSM did not accept."""
        return Events(event for event in self.of("execute") if event["result"] != "0x0")

    def accepted_messages(self):
        """The numbers of the messages that the PSP took, {VMPCK: [number, ...]}; none comes twice."""
        numbers = {}
        for event in self.of("psp-request", result="0x0"):
            numbers.setdefault(event["vmpck"], []).append(event["seqno"])
        for key, used in numbers.items():
            if sorted(set(used)) != used:
                self.fail(f"the numbers of VMPCK{key} do not go up: {used}")
        return numbers

    def refused_messages(self):
        """The messages that the PSP did not take."""
        return Events(event for event in self.of("psp-request") if event["result"] != "0x0")

    def boots(self, count):
        """Exactly so many boots, numbered from 1, each on the BSP."""
        numbers = [event["boot"] for event in self.of("boot")]
        if numbers != list(range(1, count + 1)):
            self.fail(f"boots {numbers}, not 1 to {count}")
        for event in self.of("boot"):
            if not event["bsp"]:
                self.fail("a boot did not start on the BSP")

    def ended(self, status, reason=None):
        """The run's end, as the log has it."""
        if not self or self[-1]["event"] != "end":
            self.fail("the log does not end with the event end")
        end = self[-1]
        if end["status"] != status or reason not in (None, end["reason"]):
            self.fail(f"ended with {end['status']} {end['reason']}, not {status} {reason or ''}")

    def orderly_resets(self, count, cpus, refusals=0, by_firmware=(), acpi=True):
        """So many resets through the SVSM, every one as it should be.

        The BSP calls, with no flags; every AP is accounted for and none can run
        guest code; the BSP's local APIC has nothing left to deliver; pages were
        invalidated; the next boot follows; and no more EXECUTE calls were refused
        than expected.  Devices, timers and KVM's areas are as on first boot, except for
        what firmware has done to them (by_firmware), and no device reached for memory that is not
        its driver's.  A kernel that has given up ACPI does not tell where I/O APICs and the HPET
        are: pins are still unmasked at each reset then, and the HPET may interrupt.
        """
        if len(self.executes) != count:
            self.fail(f"{len(self.executes)} accepted EXECUTE calls, not {count}")
        if len(self.refusals) != refusals:
            self.fail(f"{len(self.refusals)} EXECUTE calls were refused, not {refusals}")
        for execute in self.executes:
            self._orderly_reset(execute, cpus, acpi)
        allowed = [*by_firmware] if acpi else [*by_firmware, "hpet 1"]
        for number in range(count):
            found = [what for what in self.left(number, apics=False) if what not in allowed]
            if found:
                self.fail(f"EXECUTE {number + 1} left {found} alive")
        self.no(*BAD_ENDS)
        self.no("dma")
        self.boots(count + 1)

    def reset_by_an_ap(self):
        """One reset, which an AP called for while no other vCPU could run."""
        if len(self.executes) != 1:
            self.fail(f"{len(self.executes)} accepted EXECUTE calls, not 1")
        execute, = self.executes
        if execute["bsp"] or any(ap["runnable"] for ap in execute["aps"]):
            self.fail("EXECUTE came from the BSP, or another vCPU could run")

    def _orderly_reset(self, execute, cpus, acpi):
        if not execute["bsp"] or execute["apic_id"] != 0:
            self.fail("EXECUTE did not come from the BSP")
        if execute["flags"] != "0x0":
            self.fail("EXECUTE with reserved flags")
        if len(execute["aps"]) != cpus - 1:
            self.fail(f"EXECUTE accounts for {len(execute['aps'])} APs, not {cpus - 1}")
        for ap in execute["aps"]:
            if ap["runnable"] or ap["state"] not in NOT_RUNNABLE:
                self.fail(f"EXECUTE while the AP {ap['cpu']} could run")
        irq = execute["irq"]
        if irq["lvt_unmasked"] or irq["irr"] or irq["isr"] or bool(irq["ioapic_unmasked"]) == acpi:
            self.fail(f"EXECUTE with interrupts that the next boot would get: {irq}")

        after = self[self.index(execute) + 1 :]
        kinds = [event["event"] for event in after]
        if "invalidate" not in kinds or "boot" not in kinds:
            self.fail("EXECUTE is not followed by invalidate and boot")
        invalidate = after[kinds.index("invalidate")]
        boot = after[kinds.index("boot")]
        if invalidate["pages"] <= 0:
            self.fail("EXECUTE invalidated no page")
        if kinds.index("invalidate") > kinds.index("boot") or boot["boot"] != execute["boot"] + 1:
            self.fail("the events after EXECUTE are out of order")

    def left(self, number=-1, apics=True):
        """What the accepted EXECUTE of that number left alive on the platform, a line each.

        A local APIC is left unless it is in the mode that a reset of the machine gives; but
        the mode is not the guest's alone, an SVSM may use it by MSRs: apics=False leaves it out.
        """
        execute = self.executes[number]
        modes = enumerate(execute["apics"])
        timers = execute["timers"]
        return [
            *(" ".join([device["bdf"], *(what for what in ("bus_master", "msi", "msix") if device[what])])
              for device in execute["devices"] if int(device["class"], 16) >> 8 not in CHIPSET),
            *(f"apic {cpu} {mode}" for cpu, mode in modes if apics and mode != "xapic"),
            *(f"pv {area['cpu']} {area['kind']} {area['gpa']}" for area in execute["pv"]),
            *([f"hpet {timers['hpet']}"] if timers["hpet"] else []),
            *(f"rtc {what}" for what in timers["rtc"]),
        ]

    def no_reset_tried(self):
        """Nobody called EXECUTE, and there was one boot only."""
        self.no("execute", "invalidate")
        self.boots(1)
