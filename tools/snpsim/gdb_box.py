# SPDX-License-Identifier: GPL-2.0
"""The vCPUs, as hv/debug/ shows them: by a page of memory (struct box of hv/debug/box.h), which
QEMU reads and writes for us by the protocol of its tests (-qtest)."""

import socket
import struct
import time

import gdb_registers

BOX = 0x77ffe000        # HV_DEBUG_BOX
FIELDS = struct.Struct('<6I3Q')     # request to result
COMMAND = struct.Struct('<2I2Q')    # command to length
REQUEST, ASKED, COMMAND_AT, SENT, SENDING, KICKED, DATA = 0, 8, 16, 48, 52, 64, 128
DATA_SIZE = 2048
(REGISTERS, SET_REGISTER, READ, WRITE, BREAK, UNBREAK, FORGET, GO) = range(1, 9)
APIC, NMI = 0xfee00000, 0x400
PATIENCE = 30           # seconds for an answer
LOOK = 0.0002


class Gone(Exception):
    """QEMU has ended."""


class Silent(Exception):
    """The hypervisor does not answer."""


class Memory:
    """QEMU's end is `qemu_end`."""

    def __init__(self):
        self.socket, self.qemu_end = socket.socketpair()
        self.file = self.socket.makefile('rb')

    def ask(self, line):
        try:
            self.socket.sendall(line.encode() + b'\n')
            reply = self.file.readline()
        except OSError:
            raise Gone from None
        if not reply.startswith(b'OK'):
            raise Gone
        return reply[2:].strip()

    def read(self, address, length):
        return bytes.fromhex(self.ask(f'read {address:#x} {length:#x}')[2:].decode())

    def write(self, address, data):
        self.ask(f'write {address:#x} {len(data):#x} 0x{data.hex()}')

    def send_nmi(self, cpu):
        """As a device does it, by a message-signalled interrupt."""
        self.ask(f'writel {APIC | cpu << 12:#x} {NMI:#x}')


class Box:
    """The target of gdb_stub."""

    def __init__(self, cpus, memory):
        self.cpus, self.memory, self.server, self.requests = cpus, memory, 0, 0

    def kick(self, cpu):
        self.memory.write(BOX + KICKED + cpu, b'\x01')
        self.memory.send_nmi(cpu)

    def stop(self):
        """CPU 0 stops all of them, or another does first; an event says when they have stopped."""
        self.memory.write(BOX + ASKED, struct.pack('<I', 1))
        self.memory.write(BOX + SENDING, struct.pack('<I', 1))
        self.kick(0)
        self.memory.write(BOX + SENDING, struct.pack('<I', 0))

    def fields(self):
        return FIELDS.unpack(self.memory.read(BOX, FIELDS.size))

    def command(self, command, cpu=0, address=0, length=0, data=b''):
        """Only while they have stopped. Returns the result."""
        if data:
            self.memory.write(BOX + DATA, data)
        self.memory.write(BOX + COMMAND_AT, COMMAND.pack(command, cpu, address, length))
        self.requests += 1
        self.memory.write(BOX + REQUEST, struct.pack('<I', self.requests))
        self.kick(self.server)
        self.memory.write(BOX + SENT, struct.pack('<I', self.requests))
        deadline = time.monotonic() + PATIENCE
        while True:
            fields = self.fields()
            if fields[1] == self.requests:
                return fields[-1]
            if time.monotonic() > deadline:
                raise Silent
            time.sleep(LOOK)

    def registers(self, cpu):
        self.command(REGISTERS, cpu)
        count = gdb_registers.COUNT
        return struct.unpack(f'<{count}Q', self.memory.read(BOX + DATA, count * 8))

    def set_register(self, cpu, word, value):
        return self.command(SET_REGISTER, cpu, word, data=value.to_bytes(8, 'little')) == 1

    def read(self, cpu, address, length):
        """As many bytes as there are."""
        data = b''
        while len(data) < length:
            wanted = min(length - len(data), DATA_SIZE)
            count = self.command(READ, cpu, (address + len(data)) % 2**64, wanted)
            data += self.memory.read(BOX + DATA, count) if count else b''
            if count < wanted:
                break
        return data

    def write(self, cpu, address, data):
        """Returns how many bytes there were."""
        done = 0
        while done < len(data):
            part = data[done:done + DATA_SIZE]
            count = self.command(WRITE, cpu, (address + done) % 2**64, len(part), part)
            done += count
            if count < len(part):
                break
        return done

    def set_break(self, address, in_register):
        return self.command(BREAK, 0, address, int(in_register)) == 1

    def clear_break(self, address, in_register):
        return self.command(UNBREAK, 0, address, int(in_register)) == 1

    def forget_breaks(self):
        self.command(FORGET)

    def go(self, modes):
        self.command(GO, data=bytes(modes))
