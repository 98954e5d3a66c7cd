# SPDX-License-Identifier: GPL-2.0
"""The protocol of `snpsim run --gdb` by itself: packets, what they mean, and the page of memory. No guest runs."""

import os
import re
import socket
import stat
import struct
import sys
import threading
import time
import xml.etree.ElementTree as xml

import pytest

from lib import places
from lib.sources import run as run_command

sys.path.insert(0, str(places.SNPSIM.parent))
import gdb_box  # noqa: E402
import gdb_registers  # noqa: E402
import gdb_server  # noqa: E402
import gdb_stub  # noqa: E402
from gdb_packets import DAMAGED, INTERRUPT, LARGEST, RESEND, Reader, packed  # noqa: E402

HV = places.TOP / "tools/snpsim/hv"


@pytest.mark.parametrize("payload, packet", (
    (b"", b"$#00"), (b"g", b"$g#67"), (b"OK", b"$OK#9a"), (b"a#b", b"$a}\x03b#43"), (b"}$*", b"$}]}\x04}\n#e2"),
    (b"\xff\0", b"$\xff\0#ff"),
))
def test_packet(payload, packet):
    assert packed(payload) == packet
    assert Reader().feed(packet) == [payload]


def test_packets_in_pieces():
    reader, found = Reader(), []
    for byte in b"+$qC#b4\x03-$m1,2#fc":
        found += reader.feed(bytes((byte,)))
    assert found == [b"qC", INTERRUPT, RESEND, b"m1,2"]


@pytest.mark.parametrize("sent, found", (
    (b"garbage $g#68", [DAMAGED]), (b"$g#6x", [DAMAGED]), (b"$}#7d", [DAMAGED]), (b"$m0$g#67", [DAMAGED, b"g"]),
    (b"$g#", []), (b"#67", []), (b"$a\x03#64", [b"a\x03"]), (b"$g#-1$g#67", [DAMAGED, b"g"]), (b"$g# 7$g#67", [DAMAGED, b"g"]),
))
def test_damaged(sent, found):
    assert Reader().feed(sent) == found


@pytest.mark.parametrize("length, fits", ((LARGEST, True), (LARGEST + 1, False), (LARGEST * 50, False)))
def test_overlong(length, fits):
    """It takes no memory, and the next packet counts."""
    reader, payload = Reader(), b"x" * length
    assert reader.feed(packed(payload)[:-3]) == []
    assert len(reader.data) <= LARGEST + 4
    assert reader.feed(packed(payload)[-3:] + b"$g#67") == [payload if fits else DAMAGED, b"g"]


class Target:
    """Memory at 1000h; each register has its own value."""
    cpus = 3

    def __init__(self):
        self.memory, self.breaks, self.written = bytearray(range(256)) * 16, set(), {}

    def registers(self, cpu):
        words = [(cpu + 1) << 56 | n << 8 | 0x11 for n in range(gdb_registers.COUNT)]
        words[gdb_registers.STATE] = cpu
        return words

    def set_register(self, cpu, word, value):
        self.written[cpu, word] = value
        return True

    def read(self, _, address, length):
        return bytes(self.memory[address - 0x1000:][:length]) if address >= 0x1000 else b""

    def write(self, cpu, address, data):
        count = len(self.read(cpu, address, len(data)))
        self.memory[address - 0x1000:][:count] = data[:count]
        self.last_write = cpu, address, data
        return count

    def set_break(self, address, in_register):
        self.breaks.add((address, in_register))
        return address != 0x666

    def clear_break(self, address, in_register):
        self.breaks.discard((address, in_register))


@pytest.fixture
def stub():
    return gdb_stub.Stub(Target())


def whole_description(stub):
    text = b""
    while True:
        part = stub.answer(b"qXfer:features:read:target.xml:%x,80" % len(text))
        text += part[1:]
        if part[:1] == b"l":
            return text


def test_description(stub):
    """Each register once, and the packet g has them in this order."""
    root = xml.fromstring(whole_description(stub))
    described = [(reg.get("name"), int(reg.get("bitsize"))) for reg in root.iter("reg")]
    assert len(set(described)) == len(described)
    assert [name for name, _ in described[:26]] == [
        *"rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip eflags cs ss ds es fs gs st0 st1".split()]
    assert {"fs_base", "gs_base", "cr0", "cr2", "cr3", "cr4", "efer"} < {name for name, _ in described}
    assert len(stub.answer(b"g")) == sum(bits // 4 for _, bits in described)


ENCODING = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()


def test_registers_of_each_thread(stub):
    numbers = {name: n for n, (name, _) in enumerate(gdb_registers.REGISTERS)}
    for thread in (1, 3):
        assert stub.answer(b"Hg%x" % thread) == b"OK"
        for n, name in enumerate(ENCODING):
            value = int.from_bytes(bytes.fromhex(stub.answer(b"p%x" % numbers[name]).decode()), "little")
            assert value == thread << 56 | n << 8 | 0x11
    assert stub.answer(b"p%x" % numbers["eflags"]) == b"11110000"
    assert stub.answer(b"p%x" % numbers["st0"]) == b"x" * 20
    assert stub.answer(b"P%x=1122334455667788" % numbers["rbx"]) == b"OK"
    assert stub.target.written == {(2, 3): 0x8877665544332211}


def test_words_are_the_hypervisors():
    """gdb_registers and gdb_box have the layout of hv/debug/box.h."""
    text = (HV / "debug/box.h").read_text()
    members = re.findall(r"u64 ([^;]*);", re.search(r"struct box_registers \{(.*?)\n\};", text, re.DOTALL)[1])
    words = sum(int(size or 1) for names in members for size in re.findall(r"\w+(?:\[(\d+)\])?(?:,|$)", names))
    assert words == gdb_registers.COUNT
    assert int(re.search(r"HV_DEBUG_BOX\s+(\w+)", (HV / "lib/layout.h").read_text())[1], 0) == gdb_box.BOX
    commands = re.findall(r"\bBOX_(\w+)(?: = 1)?,", re.search(r"enum box_command \{(.*?)\};", text, re.DOTALL)[1])
    assert [getattr(gdb_box, name) for name in commands] == list(range(1, 9))
    assert int(re.search(r"BOX_DATA\s+(\d+)", text)[1]) == gdb_box.DATA_SIZE
    states = re.search(r"enum box_state \{ (.*?) \}", text)[1].split(", ")
    assert len(states) == len(gdb_stub.STATES)


def test_offsets_are_the_hypervisors():
    """Each member that the command uses is where struct box has it."""
    text = re.sub(r"/\*.*?\*/", "", (HV / "debug/box.h").read_text(), flags=re.DOTALL)
    sizes = {"u8": 1, "u32": 4, "u64": 8}
    counts = {"MAX_CPUS": 32, "BOX_DATA": gdb_box.DATA_SIZE}
    offsets, at = {}, 0
    for kind, names in re.findall(r"(u\d+) ([^;]*);", re.search(r"struct box \{(.*?)\n\};", text, re.DOTALL)[1]):
        for name, count in re.findall(r"(\w+)(?:\[(\w+)\])?", names):
            at += -at % sizes[kind]
            offsets[name] = at
            at += sizes[kind] * (int(counts.get(count, count)) if count else 1)
    assert (HV / "lib/layout.h").read_text().count(f"MAX_CPUS\t\t{counts['MAX_CPUS']}\n") == 1
    wanted = {"request": gdb_box.REQUEST, "asked": gdb_box.ASKED, "command": gdb_box.COMMAND_AT, "sent": gdb_box.SENT,
              "sending": gdb_box.SENDING, "kicked": gdb_box.KICKED, "data": gdb_box.DATA}
    assert {name: offsets[name] for name in wanted} == wanted
    fields = ("request", "answered", "asked", "server", "command", "cpu", "address", "length", "result")
    assert [offsets[name] for name in fields] == [0, 4, 8, 12, 16, 20, 24, 32, 40]
    assert gdb_box.FIELDS.size == offsets["sent"]


HEAP = """
#include "lib/layout.h"
#include "lib/lib.h"

void *mmap(void *at, u64 length, int protection, int flags, int fd, long offset);
void _Exit(int status);

void hv_panic(const char *why, ...) { _Exit(0); }

int main(void)
{
	/* Readable and writable; private, fixed, anonymous */
	mmap(__hv_end, HV_CONFIG - (u64)__hv_end, 3, 0x32, -1, 0);
	while ((u64)alloc_pages(1) < HV_DEBUG_BOX)
		;
	return 1;
}
"""


def test_heap_ends_below_the_page(tmp_path):
    """The hypervisor's own allocator, until there is no more."""
    (tmp_path / "heap.c").write_text(HEAP)
    attributes = re.findall(r"'(-D__[^']*)'", (HV.parent / "Makefile").read_text())
    built = run_command("gcc", "-w", "-fno-pie", "-no-pie", "-fno-builtin", *attributes, "-Dstatic_assert=_Static_assert",
                        f"-I{HV}", "-Wl,--defsym=__hv_end=0x77ff0000",
                        "-o", tmp_path / "heap", tmp_path / "heap.c", HV / "lib/alloc.c")
    assert built.returncode == 0, built.stdout
    assert run_command(tmp_path / "heap").returncode == 0


@pytest.mark.parametrize("packet, answer", (
    (b"m1000,4", b"00010203"), (b"m1ffe,4", b"feff"), (b"m2000,1", b"E01"), (b"m0,1", b"E01"), (b"m1000,0", b""),
    (b"M1000,2:a1a2", b"OK"), (b"M1fff,2:a1a2", b"E01"), (b"M1000,2:a1", b"E01"), (b"M1000,1:a", b"E01"),
    (b"?", b"S05"), (b"qC", b"QC1"), (b"qfThreadInfo", b"m1,2,3"), (b"qsThreadInfo", b"l"), (b"T3", b"OK"), (b"T4", b"E01"),
    (b"qAttached", b"1"), (b"vCont?", b"vCont;c;C;s;S"), (b"qThreadExtraInfo,2", b"CPU 1: VMPL 2 runs".hex().encode()),
    (b"Z0,1234,1", b"OK"), (b"Z1,1234,1", b"OK"), (b"Z0,666,1", b"E01"), (b"Z2,1234,4", b""), (b"z0,1234,1", b"OK"),
    (b"Z0,1234,1;X1,00", b"OK"), (b"Hc-1", b"OK"), (b"Hg0", b"OK"), (b"Hg4", b"E01"), (b"H", b"E01"), (b"", b""), (b"!", b""),
    (b"P10=00", b"E01"), (b"Pz=00", b"E01"), (b"p999", b"E01"), (b"\xff", b"E01"), (b"vMustReplyEmpty", b""),
))
def test_answer(stub, packet, answer):
    assert stub.answer(packet) == answer


def test_memory_is_written(stub):
    stub.answer(b"Hg2")
    stub.answer(b"M1010,3:aabbcc")
    assert stub.target.last_write == (1, 0x1010, b"\xaa\xbb\xcc")


def test_no_read_is_longer_than_a_packet(stub):
    assert len(stub.answer(b"m1000,ffffffffffffffff")) <= LARGEST


def test_breakpoints(stub):
    for packet in (b"Z0,1234,1", b"Z1,5678,1", b"Z0,9,1", b"z0,9,1"):
        stub.answer(packet)
    assert stub.target.breaks == {(0x1234, False), (0x5678, True)}


RUN, STEP, HOLD = gdb_stub.RUN, gdb_stub.STEP, gdb_stub.HOLD


@pytest.mark.parametrize("packet, modes", (
    (b"c", [RUN, RUN, RUN]), (b"s", [STEP, RUN, RUN]), (b"vCont;c", [RUN, RUN, RUN]), (b"vCont;s:2;c", [RUN, STEP, RUN]),
    (b"vCont;s:2", [HOLD, STEP, HOLD]), (b"vCont;C05:3;c:-1", [RUN, RUN, RUN]), (b"vCont;c;s:2", [RUN, RUN, RUN]),
))
def test_goes_on(stub, packet, modes):
    with pytest.raises(gdb_stub.Go) as go:
        stub.answer(packet)
    assert go.value.modes == modes


@pytest.mark.parametrize("packet, kills, reply", ((b"D", False, b"OK"), (b"k", True, None), (b"vKill;1", True, b"OK")))
def test_leaves(stub, packet, kills, reply):
    with pytest.raises(gdb_stub.Leave) as leave:
        stub.answer(packet)
    assert (leave.value.kills, leave.value.reply) == (kills, reply)


def test_stop_reply(stub):
    assert stub.stopped(2, gdb_stub.SIGTRAP, True) == b"T05thread:3;"
    assert b"hwbreak" not in stub.answer(b"qSupported:multiprocess+;swbreak+;hwbreak+")
    assert stub.stopped(2, gdb_stub.SIGTRAP, True) == b"T05thread:3;swbreak:;"
    assert stub.stopped(1, gdb_stub.SIGSEGV, False) == b"T0bthread:2;" == stub.answer(b"?")
    assert stub.answer(b"Hg1") == b"OK" and stub.answer(b"qC") == b"QC2"


def test_random_packets(stub):
    """Whatever comes, there is an answer."""
    state = 1
    for _ in range(20000):
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        start = (b"g", b"p", b"P", b"m", b"M", b"Z0,", b"z1,", b"H", b"T", b"q", b"qXfer:features:read:", b"v", b"vCont;", b"Q", b"")
        packet = start[(state >> 60) % len(start)] + struct.pack("<Q", state)[:state >> 40 & 7]
        try:
            assert isinstance(stub.answer(packet), bytes)
        except (gdb_stub.Go, gdb_stub.Leave):
            pass


class Qemu(threading.Thread):
    """Answers as QEMU does, and as the hypervisor that has stopped does: each command by its number."""

    def __init__(self, end):
        super().__init__(daemon=True)
        self.end, self.memory, self.nmis, self.told, self.silent = end, bytearray(4096), [], [], False

    def run(self):
        for line in self.end.makefile("r"):
            words = line.split()
            self.told.append(words[0])
            if words[0] == "writel":
                self.nmis.append((int(words[1], 0) >> 12 & 0xff, int(words[2], 0)))
                self.end.sendall(b"OK\n")
                continue
            at = int(words[1], 0) - gdb_box.BOX
            if words[0] == "read":
                self.end.sendall(b"OK 0x%b\n" % self.memory[at:at + int(words[2], 0)].hex().encode())
                continue
            data = bytes.fromhex(words[3][2:])
            self.memory[at:at + len(data)] = data
            if at == gdb_box.SENT and not self.silent:      # the hypervisor waits for that
                command, = struct.unpack_from("<I", self.memory, gdb_box.COMMAND_AT)
                struct.pack_into("<Q", self.memory, 40, command * 100)
                self.memory[4:8] = self.memory[0:4]
            self.end.sendall(b"OK\n")


@pytest.fixture
def box():
    memory = gdb_box.Memory()
    box = gdb_box.Box(2, memory)
    box.qemu = Qemu(memory.qemu_end)
    box.qemu.start()
    yield box
    memory.socket.shutdown(socket.SHUT_RDWR)


def test_command(box):
    """The vCPU that serves is told by an NMI of which the hypervisor knows beforehand."""
    box.server = 1
    assert box.command(gdb_box.READ, 1, 0x1234, 16) == gdb_box.READ * 100
    assert struct.unpack_from("<2I2Q", box.qemu.memory, gdb_box.COMMAND_AT) == (gdb_box.READ, 1, 0x1234, 16)
    assert box.qemu.nmis == [(1, 0x400)] and box.qemu.memory[gdb_box.KICKED + 1] == 1
    box.stop()
    assert box.qemu.nmis == [(1, 0x400), (0, 0x400)] and box.qemu.memory[gdb_box.ASKED] == 1
    assert box.qemu.memory[gdb_box.SENDING] == 0


def test_silent_hypervisor(box, monkeypatch):
    """Not the same as a QEMU that has ended."""
    monkeypatch.setattr(gdb_box, "PATIENCE", 0.1)
    box.qemu.silent = True
    with pytest.raises(gdb_box.Silent):
        box.command(gdb_box.READ)


def test_dead_qemu(box):
    box.memory.qemu_end.shutdown(socket.SHUT_RDWR)
    with pytest.raises(gdb_box.Gone):
        box.command(gdb_box.READ)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server whose target is one without a hypervisor."""
    monkeypatch.chdir(tmp_path)     # a Unix socket's path is short
    server = gdb_server.Server("s", 3, lambda: ("it has broken a rule", gdb_stub.SIGSEGV))
    target = Target()
    target.gone, target.stops, target.forgotten = [], 0, 0
    target.go = target.gone.append
    target.stop = lambda: setattr(target, "stops", target.stops + 1)
    target.forget_breaks = lambda: setattr(target, "forgotten", target.forgotten + 1)
    server.box = target
    server.start()
    yield server
    server.end(0)


def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect("s")
    client.settimeout(20)
    return client


def wait_until(what):
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def received(client, last):
    """What comes up to a packet that begins like this"""
    data = b""
    while last not in data or not re.search(rb"#..$", data):
        part = client.recv(4096)
        assert part, data
        data += part
    return data


def test_early_gdb_waits_for_the_first_stop(server):
    client = connect()
    client.sendall(b"$?#3f")
    time.sleep(0.2)
    assert server.box.stops == 0
    server.tell({"cpu": 0, "why": "start"})
    assert received(client, b"T05") == b"+$T05thread:1;#d7"
    assert server.box.gone == []


def test_goes_and_stops(server):
    server.tell({"cpu": 0, "why": "start"})
    client = connect()
    client.sendall(b"$vCont;s:1#23")
    wait_until(lambda: server.box.gone == [[STEP, HOLD, HOLD]])
    server.tell({"cpu": 1, "why": "break"})
    assert b"$T05thread:2;#" in received(client, b"T05")
    client.sendall(b"+$c#63")
    wait_until(lambda: len(server.box.gone) == 2)
    client.sendall(b"\x03")
    wait_until(lambda: server.box.stops == 1)
    server.tell({"cpu": 0, "why": "asked"})
    assert b"$T02thread:1;#" in received(client, b"T02")


def running(server):
    """A client that has let every vCPU run from the start."""
    server.tell({"cpu": 0, "why": "start"})
    client = connect()
    client.sendall(b"$c#63")
    wait_until(lambda: server.box.gone)
    return client


def test_end_of_the_run(server):
    """The reason on gdb's console, the signal, and then the status."""
    client = running(server)
    server.tell({"cpu": 2, "why": "end"})
    said = received(client, b"T0b")
    assert b"$O" + b"snpsim: it has broken a rule\n".hex().encode() + b"#" in said and b"$T0bthread:3;#" in said
    client.sendall(b"$c#63")
    wait_until(lambda: len(server.box.gone) == 2)
    server.end(2)
    assert b"$W02#b9" in received(client, b"W")


def test_lost_while_it_stands(server):
    server.tell({"cpu": 0, "why": "start"})
    client = connect()
    client.sendall(b"$?#3f")
    assert b"T05" in received(client, b"T05")
    client.close()
    wait_until(lambda: server.box.gone == [[RUN] * 3])
    assert server.box.forgotten == 1 and server.box.stops == 0


def test_lost_while_it_runs(server):
    """It is stopped once more, for the breakpoints."""
    client = running(server)
    client.close()
    wait_until(lambda: server.box.stops == 1)
    server.tell({"cpu": 0, "why": "asked"})
    wait_until(lambda: len(server.box.gone) == 2)
    assert server.box.forgotten == 1


def test_lost_while_the_next_waits(server):
    """What it stops at is not the breakpoint of the one before."""
    server.tell({"cpu": 0, "why": "start"})
    first, second = connect(), connect()
    first.sendall(packed(b"Z0,1234,1") + packed(b"c"))
    second.sendall(b"$?#3f")
    wait_until(lambda: server.box.gone)
    first.close()
    wait_until(lambda: server.box.stops == 1)
    server.tell({"cpu": 0, "why": "asked"})
    wait_until(lambda: server.box.stops == 2)
    assert server.box.forgotten == 1 and len(server.box.gone) == 2
    server.tell({"cpu": 0, "why": "asked"})
    assert b"$T02thread:1;#" in received(second, b"T02")
    assert server.box.forgotten == 1 and len(server.box.gone) == 2


def closed_by_server(client):
    try:
        return client.recv(4096) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", (b"", b"POST / HTTP/1.1\r\n\r\n$k#6b", b"+\x03GET /$c#63", b"+"),
                         ids=("nothing", "browser", "hidden", "mark"))
def test_what_is_no_gdb(server, sent):
    """Neither before nor after the start does it have any effect; one that says something else is dropped."""
    def visits():
        client = connect()
        client.sendall(sent)
        if b"HTTP" in sent or b"GET" in sent:
            assert closed_by_server(client)
        client.close()

    visits()
    server.tell({"cpu": 0, "why": "start"})
    visits()
    client = connect()
    client.sendall(b"$?#3f")
    assert received(client, b"T05") == b"+$T05thread:1;#d7"
    assert (server.box.gone, server.box.stops, server.killed) == ([], 0, False)
    client.sendall(b"$c#63")
    wait_until(lambda: server.box.gone)
    client.sendall(b"$D#44")
    server.tell({"cpu": 0, "why": "break"})
    assert b"OK" in received(client, b"OK")
    client.close()
    visits()
    assert server.box.stops == 0


def test_failure_ends_the_run(server):
    """The vCPUs would stand for ever."""
    def fails(_):
        raise gdb_box.Silent

    server.box.go = fails
    server.tell({"cpu": 0, "why": "start"})
    connect().sendall(b"$c#63")
    wait_until(lambda: server.failed == "the simulator does not answer")


def test_unexpected_failure_ends_the_run(server):
    server.reason = lambda: 1 / 0
    client = running(server)
    server.tell({"cpu": 0, "why": "end"})
    wait_until(lambda: server.failed == "ZeroDivisionError: division by zero")


def test_many_packets_while_it_runs(server):
    client = running(server)
    client.sendall(b"$qC#b4" * 1000)
    marks = b""
    while marks.count(b"+") < 1001:
        marks += client.recv(4096)
    assert len(server.packets) == gdb_server.MOST_PACKETS
    server.tell({"cpu": 0, "why": "asked"})
    assert b"$T02" in received(client, b"QC1")


def test_interrupt_right_behind_a_packet(server):
    server.tell({"cpu": 0, "why": "start"})
    client = connect()
    client.sendall(b"$c#63\x03")
    wait_until(lambda: server.box.stops == 1)
    assert server.box.gone == [[RUN] * 3]


def test_socket_is_the_users_own(server):
    assert stat.S_IMODE(os.lstat("s").st_mode) & 0o077 == 0
    os.unlink("s")
    with socket.socket(socket.AF_UNIX) as another:
        another.bind("s")
        server.remove()
        assert os.path.exists("s")


def test_stale_socket(tmp_path, monkeypatch):
    """That of a run that was killed."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind("s")
    with pytest.raises(gdb_server.Unusable, match="^Address already in use, by a run that is gone: remove it$"):
        gdb_server.listen("s")
    os.unlink("s")
    (tmp_path / "s").touch()
    with pytest.raises(gdb_server.Unusable, match="^Address already in use$"):
        gdb_server.listen("s")


def test_no_gdb_at_the_end(server):
    """After a detach nobody waits."""
    server.tell({"cpu": 0, "why": "start"})
    client = connect()
    client.sendall(b"$D#44")
    assert b"$OK#9a" in received(client, b"OK")
    client.close()
    server.tell({"cpu": 0, "why": "end"})
    wait_until(lambda: len(server.box.gone) == 2)
    assert server.box.stops == 0


def test_packets_are_acknowledged(server):
    server.tell({"cpu": 0, "why": "start"})
    client = connect()
    client.sendall(b"$qC#00")
    assert client.recv(1) == b"-"
    client.sendall(b"$qC#b4")
    assert received(client, b"QC") == b"+$QC1#c5"
    client.sendall(b"-")
    assert received(client, b"QC") == b"$QC1#c5"
    client.sendall(b"$QStartNoAckMode#b0")
    assert received(client, b"OK") == b"+$OK#9a"
    client.sendall(b"+$qC#b4")
    assert received(client, b"QC") == b"$QC1#c5"
