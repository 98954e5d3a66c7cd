# SPDX-License-Identifier: GPL-2.0
"""The terminal that a guest's console is on, between the person and QEMU.

QEMU gets what is typed through a pipe, so that leaving by Ctrl-A X is this program's to
notice and to explain. All else, QEMU's own escapes among it, goes on as it is.
"""

import fcntl
import os
import select
import sys
import termios
import threading

ESCAPE, LEAVE = 0x01, b'xX'     # Ctrl-A, X


class Terminal(threading.Thread):
    """Raw from start() to restore(); `left` once somebody has typed Ctrl-A X."""

    def __init__(self):
        super().__init__(daemon=True)
        self.fd = sys.stdin.fileno()
        self.settings = termios.tcgetattr(self.fd)
        # QEMU makes its standard output not block, and knows nothing of this side's.
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
            pass    # the terminal or QEMU is gone: the run ends without this

    def without_leave(self, typed):
        """What goes on to QEMU: all before Ctrl-A X."""
        for place, key in enumerate(typed):
            if self.escaped and key in LEAVE:
                self.left = True
                return typed[:place]
            self.escaped = key == ESCAPE and not self.escaped
        return typed

    def restore(self):
        fcntl.fcntl(self.fd, fcntl.F_SETFL, self.flags)
        termios.tcsetattr(self.fd, termios.TCSADRAIN, self.settings)
