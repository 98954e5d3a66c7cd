# SPDX-License-Identifier: GPL-2.0
"""--gdb: waits for gdb at a port of this machine or at a Unix socket, and hands on what it wants."""

import collections
import errno
import os
import select
import socket
import stat
import threading

import gdb_stub
from gdb_box import Box, Gone, Memory, Silent
from gdb_packets import DAMAGED, INTERRUPT, RESEND, Reader, packed

SIGNALS = {**dict.fromkeys(('start', 'break', 'trap', 'step'), gdb_stub.SIGTRAP), 'asked': gdb_stub.SIGINT}
CHUNK = 4096
MOST_PACKETS = 64       # that wait for a stop
SEND_PATIENCE = 10      # seconds until a gdb that does not read counts as gone


class Unusable(Exception):
    """Why gdb cannot connect there."""


def bind_own(listener, path):
    """Nobody else may connect: whoever can has the program's memory."""
    mask = os.umask(0o077)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)


def is_stale(path):
    """Is that the socket of a run that was killed?"""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            return probe.connect_ex(path) == errno.ECONNREFUSED
    except OSError:
        return False


def identity(path):
    found = os.lstat(path)
    return found.st_dev, found.st_ino


def foreign(data):
    """Does that come from something that is no gdb? A browser can be made to send a packet, but not to begin with it."""
    return data.lstrip(b'+-\x03')[:1] not in (b'', b'$')


def listen(where):
    """A port's number, or the path of a socket that is made."""
    try:
        if where.isdecimal():
            if not 0 < int(where) < 65536:
                raise Unusable('a port is from 1 to 65535')
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(('127.0.0.1', int(where)))
        else:
            listener = socket.socket(socket.AF_UNIX)
            bind_own(listener, where)
        listener.listen(1)
    except OSError as e:
        if e.errno == errno.EADDRINUSE and not where.isdecimal() and is_stale(where):
            raise Unusable(f'{e.strerror}, by a run that is gone: remove it') from None
        # A path that is too long has no error of the system's
        raise Unusable(e.strerror or str(e)) from None
    return listener


class Server(threading.Thread):
    """One gdb at a time. `reason` tells why the run ends. `killed` is set if gdb ended it, `failed` to why nobody
    serves gdb any longer."""

    def __init__(self, where, cpus, reason):
        super().__init__(daemon=True)
        self.where, self.reason = where, reason
        self.listener = listen(where)
        self.identity = None if where.isdecimal() else identity(where)
        self.memory = Memory()
        self.box = Box(cpus, self.memory)
        self.wake, self.wake_end = socket.socketpair()
        self.news, self.killed, self.failed = collections.deque(), False, None
        self.connection, self.stub, self.reader = None, None, None
        # It has sent a packet; it has said that it leaves; breakpoints of the one before are there still
        self.known, self.left, self.forgets = False, False, False
        self.stop, self.begun, self.waits, self.last = None, False, False, b''
        self.packets = collections.deque()

    @property
    def qemu_options(self):
        return ['-chardev', f'socket,id=snpsim-gdb,fd={self.memory.qemu_end.fileno()}',
                '-qtest', 'chardev:snpsim-gdb', '-qtest-log', 'none']

    @property
    def target(self):
        """As gdb names it."""
        return f'localhost:{self.where}' if self.where.isdecimal() else self.where

    def end(self, status):
        """The run has ended, with this status."""
        self.tell(status)
        if self.is_alive():
            self.join(5)
        self.listener.close()

    def remove(self):
        """The Unix socket, if it is still this one's."""
        try:
            if self.identity and identity(self.where) == self.identity:
                os.unlink(self.where)
        except OSError:
            pass        # somebody else has removed it

    def tell(self, what):
        """The hypervisor's event debug-stop, or the status with which the run has ended; from another thread."""
        self.news.append(what)
        self.wake.send(b'x')

    def run(self):
        try:
            while self.once():
                pass
        except Gone:
            self.wait_for_end()
        except Silent:
            self.fail('the simulator does not answer')
        except Exception as e:      # the run would stand for ever
            self.fail(f'{type(e).__name__}: {e}')
        if self.connection:
            self.connection.close()

    def fail(self, why):
        self.failed = why
        self.wait_for_end()

    def wait_for_end(self):
        """QEMU is gone; gdb is told the status as soon as it is known."""
        while not any(isinstance(what, int) for what in self.news):
            self.wake_end.recv(CHUNK)
        self.say_end(next(what for what in self.news if isinstance(what, int)))

    def say_end(self, status):
        if self.connection and self.waits:
            self.send(b'W%02x' % status)

    def once(self):
        """Wait for one thing and do it. Returns False at the end."""
        ready, _, _ = select.select([self.wake_end, *self.others()], [], [])
        if self.wake_end in ready:
            self.wake_end.recv(CHUNK)
            while self.news:
                what = self.news.popleft()
                if isinstance(what, int):
                    self.say_end(what)
                    return False
                self.stopped(what)
        if self.listener in ready:
            self.accept()
        elif self.connection in ready:
            self.receive()
        while self.packets and not self.left and (self.stop or self.packets[0] is INTERRUPT):
            self.do(self.packets.popleft())
        return True

    def others(self):
        """Nobody comes before the breakpoints of the one before are out."""
        return [self.connection] if self.connection else [] if self.forgets else [self.listener]

    def accept(self):
        try:
            self.connection, _ = self.listener.accept()
        except OSError:
            return      # it is gone already
        self.connection.settimeout(SEND_PATIENCE)
        self.stub, self.reader = gdb_stub.Stub(self.box), Reader()
        self.packets.clear()
        self.waits, self.left, self.known = False, False, False
        if self.stop:
            self.note_stop()

    def ask(self):
        """Ask for a stop. Before the first one there is nobody to ask, and it comes by itself."""
        if self.begun:
            self.box.stop()

    def receive(self):
        try:
            data = self.connection.recv(CHUNK)
        except OSError:
            data = b''
        if not data or (not self.known and not self.reader.inside and foreign(data)):
            self.lost()
            return
        for found in self.reader.feed(data):
            if found is INTERRUPT:
                self.interrupt()
            elif found is RESEND:
                self.send_bytes(self.last)
            elif found is DAMAGED:
                self.acknowledge(b'-')
            else:
                self.acknowledge(b'+')
                self.take(found)

    def interrupt(self):
        """It may come right behind the packet that lets the vCPUs go."""
        if not self.known or self.left:
            return
        if not self.stop:
            self.ask()
        elif self.packets:
            self.packets.append(INTERRUPT)

    def take(self, packet):
        """It waits for the stop, which the first one asks for."""
        if not self.known and not self.stop:
            self.ask()
        self.known = True
        if len(self.packets) < MOST_PACKETS:
            self.packets.append(packet)

    def acknowledge(self, mark):
        if self.stub and not self.stub.no_ack:
            self.send_bytes(mark)

    def send(self, payload):
        self.last = packed(payload)
        self.send_bytes(self.last)

    def send_bytes(self, data):
        try:
            if self.connection:
                self.connection.sendall(data)
        except OSError:
            self.hang_up()

    def hang_up(self):
        """The next recv() finds that gdb is gone."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def stopped(self, event):
        self.stop, self.begun, self.box.server = event, True, event['cpu']
        if self.forgets or not self.known or self.left:
            # Without gdb only the start waits for one
            if event['why'] != 'start':
                self.detach()
            elif self.stub:
                self.note_stop()
            return
        reply = self.note_stop()
        if self.waits:
            self.waits = False
            if event['why'] == 'end':
                self.send(b'O' + f'snpsim: {self.reason()[0]}\n'.encode().hex().encode())
            self.send(reply)

    def note_stop(self):
        why = self.stop['why']
        signal = SIGNALS[why] if why in SIGNALS else self.reason()[1]
        return self.stub.stopped(self.stop['cpu'], signal, why == 'break')

    def go(self, modes):
        self.stop = None
        self.box.go(modes)

    def detach(self):
        self.box.forget_breaks()
        self.forgets = False
        self.go([gdb_stub.RUN] * self.box.cpus)

    def lost(self):
        """gdb has gone away, and has said so or not."""
        self.connection.close()
        self.connection, self.stub, self.waits = None, None, False
        self.packets.clear()
        # What has said nothing, as something that looks for open ports, has no breakpoints
        if self.left or not self.known:
            return
        self.known, self.forgets = False, self.begun
        if self.stop:
            self.detach()
        else:
            self.ask()

    def do(self, packet):
        if packet is INTERRUPT:
            if not self.stop:
                self.ask()
            return
        try:
            self.send(self.stub.answer(packet))
        except gdb_stub.Go as go:
            self.waits = True
            self.go(go.modes)
        except gdb_stub.Leave as leave:
            self.leave(leave)

    def leave(self, leave):
        if leave.reply:
            self.send(leave.reply)
        self.left = True
        # Where the run ends anyway, it does so with a status of its own
        if leave.kills and self.stop['why'] != 'end':
            self.killed = True
        else:
            self.detach()
