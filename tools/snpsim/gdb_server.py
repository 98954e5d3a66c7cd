# SPDX-License-Identifier: GPL-2.0
"""--gdb: waits for gdb at a port of this machine or at a Unix socket, and hands on what it wants."""

import collections
import os
import select
import socket
import stat
import threading

import gdb_stub
from gdb_box import Box, Gone, Memory
from gdb_packets import DAMAGED, INTERRUPT, RESEND, Reader, packed

SIGNALS = {'start': gdb_stub.SIGTRAP, 'break': gdb_stub.SIGTRAP, 'step': gdb_stub.SIGTRAP, 'asked': gdb_stub.SIGINT}
CHUNK = 4096


class Unusable(Exception):
    """Why gdb cannot connect there."""


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
            listener.bind(where)
        listener.listen(1)
    except OSError as e:
        # A path that is too long has no error of the system's
        raise Unusable(e.strerror or str(e)) from None
    return listener


class Server(threading.Thread):
    """One gdb at a time. `reason` tells why the run ends, and `killed` is set if gdb ended it."""

    def __init__(self, where, cpus, reason):
        super().__init__(daemon=True)
        self.where, self.reason = where, reason
        self.listener = listen(where)
        self.memory = Memory()
        self.box = Box(cpus, self.memory)
        self.wake, self.wake_end = socket.socketpair()
        self.news, self.killed = collections.deque(), False
        self.connection, self.stub, self.reader, self.left = None, None, None, False
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

    def take(self, event):
        """The hypervisor's event debug-stop, from another thread."""
        self.tell(event)

    def end(self, status):
        """The run has ended, with this status."""
        self.tell(status)
        if self.is_alive():
            self.join(5)
        self.listener.close()

    def remove(self):
        """Nobody can connect from now on."""
        if self.where.isdecimal():
            return
        try:
            if stat.S_ISSOCK(os.stat(self.where).st_mode):
                os.unlink(self.where)
        except OSError:
            pass        # somebody else has removed it

    def tell(self, what):
        self.news.append(what)
        self.wake.send(b'x')

    def run(self):
        try:
            while self.once():
                pass
        except Gone:
            self.wait_for_end()
        if self.connection:
            self.connection.close()

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
        ready, _, _ = select.select([self.wake_end, self.connection or self.listener], [], [])
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
        while self.stop and self.packets and not self.left:
            self.do(self.packets.popleft())
        return True

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.stub, self.reader = gdb_stub.Stub(self.box), Reader()
        self.packets.clear()
        self.waits, self.left = False, False
        if self.stop:
            self.note_stop()
        else:
            self.ask()

    def ask(self):
        """Ask for a stop. Before the first one there is nobody to ask, and it comes by itself."""
        if self.begun:
            self.box.stop()

    def receive(self):
        try:
            data = self.connection.recv(CHUNK)
        except OSError:
            data = b''
        if not data:
            self.lost()
            return
        for found in self.reader.feed(data):
            if found is INTERRUPT:
                if not self.stop and not self.left:
                    self.ask()
            elif found is RESEND:
                self.send_bytes(self.last)
            elif found is DAMAGED:
                self.acknowledge(b'-')
            else:
                self.acknowledge(b'+')
                self.packets.append(found)

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
            pass        # the next recv() finds that gdb is gone

    def stopped(self, event):
        self.stop, self.begun, self.box.server = event, True, event['cpu']
        if not self.connection or self.left:
            # Without gdb only the start waits for one
            if event['why'] != 'start':
                self.detach()
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
        self.go([gdb_stub.RUN] * self.box.cpus)

    def lost(self):
        """gdb has gone away, and has said so or not."""
        self.connection.close()
        self.connection, self.stub, self.waits = None, None, False
        self.packets.clear()
        if self.left:
            return
        if self.stop:
            self.detach()
        else:
            self.ask()

    def do(self, packet):
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
