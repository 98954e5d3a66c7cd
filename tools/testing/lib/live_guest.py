# SPDX-License-Identifier: GPL-2.0
"""Runs the cases of live fuzzing in one guest after the other, and judges them: lib/live.py, lib/writes.py."""

import json
import shutil

from . import faults, live, places, record, writes
from .guest import Guest
from .sources import run

BLOCK = 50              # cases of one command
FILE = "/cases/%d"
TIMEOUT = 30 * 60       # seconds for a block: each of its cases may wait for one
FILES = 40              # of cases that one guest has


class Cases:
    """A guest that runs cases; `guest` has booted with --host fuzz=0."""

    def __init__(self, guest, patience=1):
        self.guest, self._patience = guest, patience
        self._offset, self._events = 0, []
        # The console is for cases; the program passes the log on
        guest.check("dmesg -n 1")

    def _new_events(self):
        """The events since the last call, as far as they are whole."""
        with open(self.guest.directory / "events.jsonl", encoding="utf-8") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[:text.rfind("\n") + 1]
        self._offset += len(whole.encode())
        return [json.loads(line) for line in whole.splitlines()]

    def _output(self, command):
        status, output = self.guest.run(command, TIMEOUT * self._patience)
        assert status == 0 and output.rstrip().endswith("fz end"), f"{command}: {status}: {output[-2000:]}"
        return output

    def answers(self, kind, first, count):
        """[(case, its answers, what is wrong with it)] of so many seeds."""
        self._new_events()
        output = self._output(f"fuzz {kind} {first} {count}")
        answers = live.answers(self._new_events())
        found = []
        for case in live.cases(output):
            if case.number == 0:
                continue
            loaded = kind != "load" or case.result == 0
            given = answers[case.number]
            found.append((case, given, live.wrong(kind, case, given, loaded)))
        assert len(found) == count, f"{len(found)} cases, not {count}"
        return found

    def writes(self, drawn, file, model):
        """[(case, name, data, what is wrong with it)] of the cases that are in that file of the guest's."""
        cases = live.cases(self._output(f"fuzz write {file}"))
        assert len(cases) == len(drawn), f"{len(cases)} cases, not {len(drawn)}"
        found = []
        for case, (name, data) in zip(cases, drawn):
            wrong = model.wrong(name, data, case)
            wrong += [f"the log says: {text}" for text in live.unknown_lines(case.log)]
            found.append((case, name, data, wrong))
        return found


def _wrong_record(guest, given):
    """What is wrong with the record of a guest that restarted by way of the host after a call."""
    try:
        came_back, rax = live.came_back(given)
        found = record.left_by(guest)
    except (live.Exhausted, AssertionError, KeyError) as error:
        return [f"the record: {error or type(error).__name__}"]
    wrong = [] if found.stage == ("returned" if came_back else "noanswer") else [f"the record says {found.stage}"]
    if came_back and found.result != rax:
        wrong.append(f"the record says {found.result:#x}, and the call came back with {rax:#x}")
    return wrong


def wrong_call(guest, cause, seed):
    """What is wrong with a reset whose call gets answers drawn from that seed; the driver is loaded."""
    guest.check(f"fuzz seed {seed}")
    outcome = faults.judge(guest, cause)
    events = guest.events
    wrong = list(outcome.wrong)
    if events.of("host-reset"):
        wrong += _wrong_record(guest, live.answers(events)[seed])
    elif not events.executes:
        wrong.append("no reset, and no restart by the host")
    return wrong


def saved_before_a_call(path, directory, **arguments):
    """Makes the state of a guest whose driver has been loaded, which goes on to a reset."""
    guest = guest_for(directory, smp=faults.CPUS, save=path, **arguments)
    try:
        guest.boot(1)
        guest.load()
        guest.send("save")
        assert guest.end() == 0, guest.tail()
    finally:
        guest.stop()


def with_cases(directory, blocks, base=places.INITRD):
    """An initial ram disk that has these blocks of writes, each in a file."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    arguments = []
    for number, drawn in enumerate(blocks):
        path = directory / str(number)
        path.write_bytes(writes.packed(drawn))
        arguments += ["--file", f"{path}:{FILE % number}"]
    image = directory / "initrd.img"
    result = run(places.TOP / "tools/guest/mkinitrd", "--base", base, "--out", image, *arguments)
    assert result.returncode == 0, result.stdout
    return image


def guest_for(directory, **arguments):
    return Guest(directory, timeout=24 * 3600, **{"smp": live.CPUS, "host": live.HOST, **arguments})
