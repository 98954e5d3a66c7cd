# SPDX-License-Identifier: GPL-2.0
"""One core of this machine for all of a guest's vCPUs, because of a fault of QEMU's.

QEMU emulates each vCPU in a thread. FXRSTOR, XRSTOR, FRSTOR and FLDENV of any vCPU clear a bit
in the first vCPU's hflags2 without a lock (cpu_clear_ignne(), QEMU 10.0.2). What the first vCPU
writes there at that moment can be lost. After a #VMEXIT it then goes on with the guest's nested
page tables, and after a VMRUN it takes neither interrupts nor NMIs. VMRUN with V_IRQ sets a bit
in interrupt_request without the lock, too, and an interrupt or NMI from elsewhere can be lost.

On x86 each of these changes is one instruction. It cannot be torn where the threads take turns
on one core.
"""

import os
import random
import re
import socket

CHOICES = ('one', 'all')
# Of the sockets by which runs see each other's choice
NAME = 'snpsim-core'


def taken():
    """The cores that the runs of this network namespace have chosen, each as often as it was."""
    try:
        with open('/proc/net/unix', encoding='utf-8', errors='replace') as sockets:
            return [int(number) for number in re.findall(rf' @{NAME}-(\d+)-\d', sockets.read())]
    except OSError:
        return []


class Core:
    """The core that the fewest others have chosen. It is ours as long as this object lives."""

    def __init__(self):
        cores, others = list(os.sched_getaffinity(0)), taken()
        # Runs of other containers are not seen: do not begin with the same core as they do
        random.shuffle(cores)
        self.number = min(cores, key=others.count)
        # A name without a file, which the kernel forgets when this process ends
        self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._claim.bind(f'\0{NAME}-{self.number}-{os.getpid()}-{id(self)}')

    def confine(self):
        """Keep this process on the core, and what it starts. Runs between fork and exec."""
        os.sched_setaffinity(0, {self.number})
