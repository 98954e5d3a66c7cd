# SPDX-License-Identifier: GPL-2.0
"""What gdb's packets mean (gdb's manual, appendix E). A target has the vCPUs: threads 1, 2, ..."""

import re

import gdb_registers
from gdb_packets import LARGEST

RUN, STEP, HOLD = range(3)      # enum debug_mode of hv/debug/debug.h
SIGINT, SIGABRT, SIGTRAP, SIGSEGV = 2, 6, 5, 11
STATES = ('VMPL 0', 'VMPL 2 runs', 'halted', 'waits to be started')
LARGEST_READ = LARGEST // 2     # a byte is two digits
SUPPORTED = f'PacketSize={LARGEST:x};qXfer:features:read+;swbreak+;vContSupported+;QStartNoAckMode+'
UNKNOWN, OK = b'', b'OK'


class Wrong(Exception):
    """A packet that cannot be done; gdb shows the number."""


class Go(Exception):
    """The vCPUs go on, in these modes."""

    def __init__(self, modes):
        super().__init__()
        self.modes = modes


class Leave(Exception):
    """gdb leaves; `kills`: the run shall end, `reply`: what it waits for first."""

    def __init__(self, kills, reply=None):
        super().__init__()
        self.kills, self.reply = kills, reply


def number(text, digits=16):
    """A hexadecimal number, and nothing around it."""
    if not re.fullmatch(f'[0-9a-fA-F]{{1,{digits}}}', text):
        raise Wrong
    return int(text, 16)


def numbers(text):
    parts = text.split(',')
    if len(parts) != 2:
        raise Wrong
    return [number(part) for part in parts]


def from_hex(text):
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Wrong from None


class Stub:
    def __init__(self, target):
        self.target, self.no_ack = target, False
        self.thread, self.stopper, self.stop_reply = 0, 0, b'S05'
        self.knows_swbreak = False
        self.commands = {
            '?': self.why, 'g': self.registers, 'p': self.register, 'P': self.set_register,
            'm': self.memory, 'M': self.set_memory, 'H': self.choose, 'T': self.is_alive,
            'Z': self.set_break, 'z': self.clear_break, 'D': self.detach, 'k': self.kill,
            'c': self.go_on, 's': self.step, 'q': self.query, 'Q': self.setting, 'v': self.verbose,
        }

    def stopped(self, cpu, signal, at_breakpoint):
        """The vCPU has stopped all. Returns the reply that gdb waits for."""
        self.thread = self.stopper = cpu
        why = 'swbreak:;' if at_breakpoint and self.knows_swbreak else ''
        self.stop_reply = f'T{signal:02x}thread:{cpu + 1:x};{why}'.encode()
        return self.stop_reply

    def answer(self, payload):
        """Returns the reply. Raises Go or Leave."""
        try:
            text = payload.decode('ascii')
            command = self.commands.get(text[:1])
            return command(text[1:]) if command else UNKNOWN
        except (Wrong, UnicodeDecodeError):
            return b'E01'

    def why(self, _):
        return self.stop_reply

    def cpu_of(self, text):
        """Of a thread's number; 0 is any."""
        thread = number(text, 4)
        if thread > self.target.cpus:
            raise Wrong
        return thread - 1 if thread else self.thread

    def choose(self, text):
        if text[:1] not in ('g', 'c'):
            raise Wrong
        if text[1:] != '-1' and text[0] == 'g':
            self.thread = self.cpu_of(text[1:])
        return OK

    def is_alive(self, text):
        self.cpu_of(text)
        return OK

    def words(self):
        return self.target.registers(self.thread)

    def registers(self, _):
        words = self.words()
        return ''.join(gdb_registers.as_hex(n, words) for n in range(len(gdb_registers.REGISTERS))).encode()

    def register(self, text):
        n = number(text)
        if n >= len(gdb_registers.REGISTERS):
            raise Wrong
        return gdb_registers.as_hex(n, self.words()).encode()

    def set_register(self, text):
        digits, _, value = text.partition('=')
        n = number(digits)
        if n >= len(gdb_registers.REGISTERS):
            raise Wrong
        name, size = gdb_registers.REGISTERS[n]
        data = from_hex(value)
        if name not in gdb_registers.WRITABLE or len(data) != size:
            raise Wrong
        if not self.target.set_register(self.thread, gdb_registers.WORDS[name], int.from_bytes(data, 'little')):
            raise Wrong
        return OK

    def memory(self, text):
        address, length = numbers(text)
        data = self.target.read(self.thread, address, min(length, LARGEST_READ))
        if length and not data:
            raise Wrong
        return data.hex().encode()

    def set_memory(self, text):
        where, _, digits = text.partition(':')
        address, length = numbers(where)
        data = from_hex(digits)
        if len(data) != length or self.target.write(self.thread, address, data) != length:
            raise Wrong
        return OK

    def breakpoint(self, text):
        """(address, in a debug register); None for what there is not."""
        kind, _, rest = text.partition(',')
        address, _ = numbers(rest.partition(';')[0])
        return (address, kind == '1') if kind in ('0', '1') else None

    def set_break(self, text):
        found = self.breakpoint(text)
        if found and not self.target.set_break(*found):
            raise Wrong
        return OK if found else UNKNOWN

    def clear_break(self, text):
        found = self.breakpoint(text)
        if found:
            self.target.clear_break(*found)
        return OK if found else UNKNOWN

    def detach(self, _):
        raise Leave(False, OK)

    def kill(self, _):
        raise Leave(True)

    def go_on(self, text):
        self.set_rip(text)
        raise Go([RUN] * self.target.cpus)

    def step(self, text):
        self.set_rip(text)
        modes = [RUN] * self.target.cpus
        modes[self.thread] = STEP
        raise Go(modes)

    def set_rip(self, text):
        if text:
            self.target.set_register(self.thread, gdb_registers.WORDS['rip'], number(text))

    def query(self, text):
        if text.startswith('Supported'):
            self.knows_swbreak = 'swbreak+' in text.partition(':')[2].split(';')
            return SUPPORTED.encode()
        if text.startswith('Xfer:features:read:'):
            return self.part_of_description(text.split(':')[3:])
        if text.startswith('ThreadExtraInfo,'):
            cpu = self.cpu_of(text.partition(',')[2])
            return f'CPU {cpu}: {STATES[self.target.registers(cpu)[gdb_registers.STATE]]}'.encode().hex().encode()
        return {
            'C': f'QC{self.stopper + 1:x}'.encode(),
            'fThreadInfo': ('m' + ','.join(f'{n + 1:x}' for n in range(self.target.cpus))).encode(),
            'sThreadInfo': b'l',
            'Attached': b'1',       # so that leaving gdb does not end the run
            'Symbol::': OK,
        }.get(text, UNKNOWN)

    def part_of_description(self, words):
        if len(words) != 2 or words[0] != 'target.xml':
            raise Wrong
        offset, length = numbers(words[1])
        part = gdb_registers.description()[offset:offset + min(length, LARGEST - 1)]
        whole = offset + len(part) >= len(gdb_registers.description())
        return (b'l' if whole else b'm') + part

    def setting(self, text):
        if text != 'StartNoAckMode':
            return UNKNOWN
        self.no_ack = True
        return OK

    def verbose(self, text):
        if text == 'Cont?':
            return b'vCont;c;C;s;S'
        if text.startswith('Cont;'):
            raise Go(self.modes(text.split(';')[1:]))
        if text.startswith('Kill;'):
            raise Leave(True, OK)
        return UNKNOWN

    def modes(self, actions):
        """The first action that names a vCPU is its own; one that none names stays where it is."""
        modes = [None] * self.target.cpus
        for action in actions:
            what, _, thread = action.partition(':')
            if not re.fullmatch('[cs]|[CS][0-9a-f]{2}', what):
                raise Wrong
            mode = STEP if what[0] in 'sS' else RUN
            which = range(self.target.cpus) if thread in ('', '-1') else [self.cpu_of(thread)]
            for cpu in which:
                modes[cpu] = mode if modes[cpu] is None else modes[cpu]
        if not any(mode is not None for mode in modes):
            raise Wrong
        return [HOLD if mode is None else mode for mode in modes]
