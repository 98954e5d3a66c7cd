# SPDX-License-Identifier: GPL-2.0
"""`snpsim run --gdb` with two CPUs of different fates, and what the host wants of one that gdb holds."""

import re
import struct

import pytest

import gdb_registers
from gdb_run import ELF, INTERRUPT_SOON, address_of, passed
from lib import places
from lib.sources import run as run_command

UNVALIDATED = 0x8a00000
LOOP = b"\xeb\xfe"
RIP = [name for name, _ in gdb_registers.REGISTERS].index("rip")


def write(client, address, code):
    assert client.ask(b"M%x,%x:%s" % (address, len(code), code.hex().encode())) == b"OK"


def jump(client, thread, address):
    assert client.ask(b"Hg%d" % thread) == b"OK"
    assert client.ask(b"P%x=%s" % (RIP, struct.pack("<Q", address).hex().encode())) == b"OK"


def at_run_vmpl(run):
    """A client; CPU 1 is about to run VMPL 2, and no breakpoint is left."""
    client, where = run.client(), address_of("run_vmpl")
    assert client.ask(b"?").startswith(b"T05")
    assert client.ask(b"Z0,%x,1" % where) == b"OK"
    assert client.ask(b"vCont;c").startswith(b"T05thread:2;")
    assert client.ask(b"z0,%x,1" % where) == b"OK"
    return client


def two_fates(client, count):
    """CPU 1 counts down to a breakpoint, CPU 0 has an access to unvalidated memory before it. Returns the breakpoint."""
    at = address_of("payload_registers")
    write(client, at, b"\xb9" + struct.pack("<I", count) + b"\xe2\xfe\x90" + LOOP)
    write(client, at + 16, b"\x48\x8b\x04\x25" + struct.pack("<I", UNVALIDATED) + LOOP)
    jump(client, 2, at)
    jump(client, 1, at + 16)
    assert client.ask(b"Z0,%x,1" % (at + 7)) == b"OK"
    return at + 7


@pytest.mark.parametrize("count", (1, 10, 100, 1000, 10000))
def test_violation_while_another_stops(debugged, count):
    """Whichever comes first, gdb is told both, and the run ends as it does without gdb."""
    run = debugged("smp.wakes")
    client = at_run_vmpl(run)
    at = two_fates(client, count)
    reply = client.ask(b"vCont;c")
    if reply.startswith(b"T05thread:2;"):
        assert client.ask(b"z0,%x,1" % at) == b"OK"
        reply = client.ask(b"vCont;c")
    assert reply.startswith(b"O") and b"violation: unvalidated by vCPU 0" in bytes.fromhex(reply[1:].decode()), reply
    assert client.reply().startswith(b"T0bthread:1;")
    assert client.ask(b"vCont;c") == b"W02"
    assert run.end()[0] == 2


def test_init_to_another_cpu(debugged):
    """VMPL 2 of CPU 1 sends it to CPU 0; gdb gets the CPU that has sent it, and answers."""
    run = debugged("smp.wakes")
    client = at_run_vmpl(run)
    # X2APIC mode by APIC_BASE (1bh), then ICR (830h) = INIT, physical destination 0
    write(client, address_of("payload_stores"), bytes.fromhex("b91b0000000f320d000c00000f30"
                                                              "b930080000b80045000031d20f30") + LOOP)
    text = client.ask(b"vCont;c")
    assert text.startswith(b"O") and b"host reset (init)" in bytes.fromhex(text[1:].decode()), text
    assert client.reply().startswith(b"T06thread:2;")
    assert len(client.ask(b"g")) > 500
    assert client.ask(b"vCont;c") == b"W03"
    assert run.end()[0] == 3
    assert any(event["event"] == "host-reset" and event["how"] == "init" for event in run.events)


DESTROYS = ("break smp.c:destroy", "continue", "break guest_create if $rdx == 2", "continue", "delete")


def test_host_takes_vmpl2_from_a_held_cpu(debugged):
    """AP destruction waits until CPU 1 has left VMPL 2, where gdb holds it."""
    run = debugged("smp.destroy")
    said = run.gdb(*DESTROYS, "set scheduler-locking on", "finish", "p payload_count", "shell sleep 1", "p payload_count",
                   "set scheduler-locking off", "continue")
    assert re.search(r"^Value returned is \$1 = true$", said, re.MULTILINE) and "exited normally" in said, said
    assert re.search(r"^\$2 = (\d+)\n\$3 = \1$", said, re.MULTILINE), said
    passed(run)


def test_step_over_a_breakpoint_at_ap_destruction(debugged):
    """gdb steps over it with the other CPU held."""
    run = debugged("smp.destroy")
    code = run_command("objdump", "-d", ELF).stdout
    exits = re.findall(r"^ *([0-9a-f]+):.*\bvmgexit", code, re.MULTILINE)
    said = run.gdb(*DESTROYS, *(f"break *0x{at}" for at in exits), "continue", "backtrace", "stepi", "p $_thread", "delete", "continue")
    assert re.search(r"^#\d .*\bguest_create\b", said, re.MULTILINE) and "$1 = 1" in said and "exited normally" in said, said
    passed(run)


def test_vmsa_of_a_held_cpu(debugged):
    """VMPL 0 reads a VMSA in use: the host has the CPU leave VMPL 2, and run it again after that."""
    run = debugged("smp.in-use-running")
    lines = (places.TOP / "tools/snpsim/minisvsm/tests/smp.c").read_text().splitlines()
    access = next(n for n, line in enumerate(lines, 1) if "__atomic_fetch_and(&v->efer" in line)
    said = run.gdb(f"break smp.c:{access}", "continue", "delete", "set scheduler-locking on", "next", "p $_thread",
                   "set scheduler-locking off", "continue")
    assert re.search(rf"^{access + 1}\t", said, re.MULTILINE) and "$1 = 1" in said and "exited normally" in said, said
    passed(run)


def test_ctrl_c_while_the_only_cpu_that_runs_waits_for_another(debugged):
    """CPU 0 is held by gdb, and answers nevertheless."""
    run = debugged("smp.wakes")
    client = at_run_vmpl(run)
    write(client, address_of("payload_registers"), LOOP)
    jump(client, 2, address_of("payload_registers"))
    client.send_packet(b"vCont;c:2")
    client.send(b"\x03")
    assert client.reply().startswith(b"T02")
    client.close()


def test_reset_hold(debugged):
    """CPU 0 has the host hold it, by the GHCB MSR protocol: Ctrl-C stops it there."""
    run = debugged("smp.wakes")
    said = run.gdb(
        "break report_run", "continue", "delete",
        "set var *(unsigned char(*)[20])$pc = {0xb9,0x30,1,1,0xc0,0xb8,6,0,0,0,0x31,0xd2,0x0f,0x30,0xf3,0x0f,1,0xd9,0xeb,0xfe}",
        INTERRUPT_SOON, "continue", "info threads", INTERRUPT_SOON, "continue", "kill")
    assert said.count("received signal SIGINT") == 2, said
    assert re.search(r"^\* 1 +Thread 1 \(CPU 0: waits to be started\)", said, re.MULTILINE), said
    assert run.end()[0] == 0
