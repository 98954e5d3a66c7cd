# SPDX-License-Identifier: GPL-2.0
"""First boots that need not be made again.

A guest of a kind that is wanted for the second time, or that many tests want, is booted to its
first prompt, and its state is saved there (snpsim run --save); it and all later ones of that
kind go on from that state.  The kind is everything that a boot depends on.  FRESH=1 in the environment has each
guest boot by itself.
"""

import contextlib
import fcntl
import hashlib
import inspect
import json
import os
import shutil

from . import igvm_file, launch, minisvsm, places
from .guest import BOOT_TIMEOUT, Guest

DIRECTORY = places.BUILD / "states"
MOST = 24  # states that are kept
ROOM = 8 << 30  # bytes that stay free on the disk

saved = igvm_file.module("saved")

# What a guest is that does not say so: the same kind as one that does
DEFAULTS = {
    **{name: parameter.default for name, parameter in inspect.signature(Guest).parameters.items()
       if parameter.default is not parameter.empty},
    "fidelity": "strict", "apic": "x2apic",  # snpsim's own
}
# What Guest() takes and a boot does not depend on
ASIDE = ("timeout", "patience")
# A guest that is none of the built ones, or has devices with files of their own, boots by itself
ALONE = ("plain", "firmware", "launch_list", "igvm", "qemu")


def is_usual(arguments):
    """A guest that differs from the default in the number of CPUs alone."""
    return all(name in ("smp", *ASIDE) or value == DEFAULTS[name] for name, value in arguments.items())


def stamp(path):
    status = os.stat(path)
    return [str(path), status.st_mtime_ns, status.st_size]


def kind(arguments):
    """A name for what a boot of that guest depends on; None if it has to boot by itself."""
    if os.environ.get("FRESH") or any(arguments.get(name) for name in ALONE):
        return None
    if arguments.get("svsm") in minisvsm.NAMES:
        return None  # a program at VMPL 0, which --save refuses
    initrd = arguments.get("initrd", places.INITRD)
    if not str(initrd).startswith(f"{places.BUILD}/guest"):
        return None
    more = {name: value for name, value in {**DEFAULTS, **arguments}.items() if name not in (*ASIDE, "kernel", "initrd", "svsm", "host")}
    description = {
        **more,
        "append": launch.command_line(arguments.get("append", ""), arguments.get("kaslr", False)),
        "files": [stamp(path) for path in (
            arguments.get("kernel", places.KERNEL), initrd, places.BUILD / "snpsim/hv.elf", places.qemu(),
            places.SNPSIM, places.SNPSIM.parent / "saved.py")],
        "svsm": saved.early(arguments.get("svsm", "draft"), saved.LATE_SVSM),
        "host": saved.early(arguments.get("host") or "", saved.LATE_HOST),
    }
    return hashlib.sha256(json.dumps(description, sort_keys=True, default=str).encode()).hexdigest()[:16]


class State:
    """What is kept of one kind: the state, and what was on the console until then."""

    def __init__(self, name):
        self.file, self.log = DIRECTORY / f"{name}.state", DIRECTORY / f"{name}.console"
        self._lock, self._guest = DIRECTORY / f"{name}.seen", DIRECTORY / name

    @property
    def console(self):
        return self.log.read_bytes().decode(errors="replace")

    def wanted(self, arguments, name):
        """Is it there for the guest called `name`, or made now?

        Not for the first guest of its kind, if that is none that many tests have; nor while somebody else makes it.
        """
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        first = not self._lock.exists()
        # It has a line for each guest of the kind
        with open(self._lock, "a", encoding="utf-8") as lock:
            lock.write(f"{name}\n")
            if self.file.exists():
                os.utime(self.file)
                return True
            if (first and not is_usual(arguments)) or shutil.disk_usage(DIRECTORY).free < ROOM:
                return False
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if not self.file.exists():
                self._make(arguments)
        return True

    def _make(self, arguments):
        make_room()
        unfinished = self.file.with_suffix(".unfinished")
        early = {**arguments, "svsm": saved.early(arguments.get("svsm", "draft"), saved.LATE_SVSM),
                 "host": saved.early(arguments.get("host") or "", saved.LATE_HOST) or None}
        guest = Guest(self._guest, save=unfinished, **early)
        try:
            guest.boot(1, BOOT_TIMEOUT * 2)
            guest.send("save")
            assert guest.end() == 0, guest.tail()
        finally:
            guest.stop()
        shutil.copy(guest.directory / "console.log", self.log)
        unfinished.rename(self.file)
        shutil.rmtree(guest.directory)


def make_room():
    """Remove those that have not been used for longest."""
    states = sorted(DIRECTORY.glob("*.state"), key=lambda path: path.stat().st_mtime)
    for old in states[:max(0, len(states) - MOST + 1)]:
        with contextlib.suppress(FileNotFoundError):
            old.unlink()


def of(arguments, name):
    """The State for the guest `name` with these arguments, or None."""
    of_kind = kind(arguments)
    if not of_kind:
        return None
    state = State(of_kind)
    return state if state.wanted(arguments, name) else None
