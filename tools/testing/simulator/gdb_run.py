# SPDX-License-Identifier: GPL-2.0
"""A run that waits for gdb, gdb in batch mode, and a gdb of our own that says what it likes."""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from lib import minisvsm, places, vmpl0
from lib.sources import run as run_command

sys.path.insert(0, str(places.SNPSIM.parent))
import gdb_packets  # noqa: E402

ELF = vmpl0.IGVM.with_suffix(".elf")
PASSED = "selftest: 1 passed, 0 failed"
TIMEOUT, PATIENCE = 120, 90
INTERRUPT_SOON = "shell (sleep 2; kill -INT $PPID) &"


def words(where, *options, qemu=()):
    return [str(word) for word in (
        places.SNPSIM, "run", "--igvm", minisvsm.unrestricted(), "--gdb", where, "--timeout", TIMEOUT, *options, "--", *qemu)]


def of_test(test, cpus):
    return "-fw_cfg", f"name=opt/snpsim/minisvsm,string=test={test} cpus={cpus}"


class Debugged:
    """minisvsm, stopped before its first instruction; `qemu` in place of a test."""

    def __init__(self, test=None, *, smp=2, fidelity="strict", where=None, qemu=()):
        # A Unix socket's path is short
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gdb-"))
        self.where = where or str(self.directory / "s")
        self.output = open(self.directory / "output", "wb")
        self.process = subprocess.Popen(
            words(self.where, "--smp", smp, "--fidelity", fidelity, "--symbols", ELF, "--events", self.directory / "events",
                  "--log", self.directory / "log", qemu=qemu or of_test(test, smp)),
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)
        self.wait_for("snpsim: gdb: target remote ")

    @property
    def text(self):
        return (self.directory / "output").read_text(errors="replace").replace("\r", "")

    @property
    def log(self):
        return (self.directory / "log").read_text()

    @property
    def events(self):
        return [json.loads(line) for line in (self.directory / "events").read_text().splitlines()]

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < deadline and self.process.poll() is None, self.text
            time.sleep(0.05)

    def gdb(self, *commands):
        """What gdb says to these commands."""
        target = self.where if "/" in self.where else f"localhost:{self.where}"
        script = ["set confirm off", "set remotetimeout 60", f"target remote {target}", *commands]
        result = run_command("gdb", "-nx", "-batch", ELF, *(word for line in script for word in ("-ex", line)),
                             timeout=TIMEOUT)
        return result.stdout

    def client(self):
        return Client(self.where)

    def end(self):
        """(status, what the command and the guest have printed)"""
        status = self.process.wait(TIMEOUT)
        return status, self.text

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.output.close()
        shutil.rmtree(self.directory)


def passed(run):
    """The test that minisvsm runs, and no other"""
    status, text = run.end()
    assert status == 0 and PASSED in text, text


class Client:
    """Says what it likes."""

    def __init__(self, where):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(where)
        self.reader, self.found = gdb_packets.Reader(), []

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The next one, whatever was damaged before it."""
        while not self.found:
            data = self.socket.recv(4096)
            assert data, "the connection was closed"
            self.found += [item for item in self.reader.feed(data) if isinstance(item, bytes)]
        try:
            self.socket.sendall(b"+")
        except OSError:
            pass        # that was the last one
        return self.found.pop(0)

    def send_packet(self, payload):
        self.send(gdb_packets.packed(payload))

    def ask(self, payload):
        self.send_packet(payload)
        return self.reply()

    def close(self):
        self.socket.close()


def address_of(name):
    """Of minisvsm's symbol; the first, if several files have one."""
    found = re.findall(rf"^0*([0-9a-f]+) . {re.escape(name)}$", run_command("nm", ELF).stdout, re.MULTILINE)
    assert found, name
    return int(found[0], 16)


def value(said, name):
    """Of `info registers` or print."""
    found = re.findall(rf"^{re.escape(name)}\s+(?:= )?(\S+)", said, re.MULTILINE)
    assert found, said
    return found[-1]
