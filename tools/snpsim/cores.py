# SPDX-License-Identifier: GPL-2.0
"""One core of this machine for all of a guest's vCPUs, because of a fault of QEMU's.

QEMU emulates each vCPU in a thread. FXRSTOR and XRSTOR of any vCPU clear a bit in the first
vCPU's hflags2 without a lock (cpu_clear_ignne(), QEMU 10.0.2 and its newest source in November
2026), and a #VMEXIT or VMRUN of the first vCPU at that moment can be undone in part: it stays
in the guest's page tables, or takes neither interrupts nor NMIs in the guest. The change is one
instruction, so that it cannot happen where the threads take turns on one core.
"""

import errno
import itertools
import os
import random
import socket

CHOICES = ('one', 'all')
# Of the sockets by which runs see each other's choice
NAME = 'snpsim-core'


class Core:
    """The core that the fewest others have chosen. It is ours as long as this process lives."""

    def __init__(self):
        allowed = list(os.sched_getaffinity(0))
        random.shuffle(allowed)     # others may choose where we do not see it: in a container, say
        # A name without a file, which the kernel forgets when this process ends
        self.claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for turn, self.number in ((turn, number) for turn in itertools.count() for number in allowed):
            try:
                self.claim.bind(f'\0{NAME}-{self.number}-{turn}')
                break
            except OSError as e:
                if e.errno != errno.EADDRINUSE:
                    break

    def confine(self):
        """Keep this process on the core, and what it starts. Runs between fork and exec."""
        os.sched_setaffinity(0, {self.number})
