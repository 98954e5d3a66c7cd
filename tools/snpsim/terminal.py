# SPDX-License-Identifier: GPL-2.0
"""The terminal of a guest's console, between the user and QEMU.

QEMU gets the user's input through a pipe, so that this program sees Ctrl-A X and can say
that it ended the run. All other input goes on unchanged, QEMU's own escapes included.
"""

import fcntl
import os
import select
import sys
import termios
import threading

ESCAPE, LEAVE = 0x01, b'xX'     # Ctrl-A, X


class Terminal(threading.Thread):
    """Raw from start() to restore(). `left` is true once the user has typed Ctrl-A X."""

    def __init__(self):
        super().__init__(daemon=True)
        self.fd = sys.stdin.fileno()
        self.settings = termios.tcgetattr(self.fd)
        # QEMU makes its standard output non-blocking, and with it this side of the terminal.
        self.flags = fcntl.fcntl(self.fd, fcntl.F_GETFL)
        self.qemu_end, self.typed = os.pipe()
        self.left = self.escaped = False

    def start(self):
        iflag, oflag, cflag, lflag, *speeds, cc = self.settings
        iflag &= ~(termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP |
                   termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON)
        lflag &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN | termios.ISIG)
        cc = list(cc)
        cc[termios.VMIN], cc[termios.VTIME] = 1, 0
        termios.tcsetattr(self.fd, termios.TCSANOW, [
            iflag, oflag | termios.OPOST, cflag & ~(termios.CSIZE | termios.PARENB) | termios.CS8,
            lflag, *speeds, cc])
        super().start()

    def run(self):
        try:
            while not self.left:
                select.select([self.fd], [], [])
                try:
                    typed = os.read(self.fd, 1024)
                except BlockingIOError:
                    continue
                if not typed:
                    break
                os.write(self.typed, self.without_leave(typed))
        except OSError:
            pass    # the terminal or QEMU is gone, which ends the run anyway

    def without_leave(self, typed):
        """The part of the input that goes on to QEMU: all before Ctrl-A X."""
        for place, key in enumerate(typed):
            if self.escaped and key in LEAVE:
                self.left = True
                return typed[:place]
            self.escaped = key == ESCAPE and not self.escaped
        return typed

    def restore(self):
        fcntl.fcntl(self.fd, fcntl.F_SETFL, self.flags)
        termios.tcsetattr(self.fd, termios.TCSADRAIN, self.settings)
