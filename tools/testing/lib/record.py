# SPDX-License-Identifier: GPL-2.0
"""The record that the driver has left in the secrets page of a machine that was then lost.

The simulator tells it with the host's reset.  It is read here as record-codec.c of the
driver has it, in its medium size.
"""

import zlib
from typing import NamedTuple

STAGES = {3: "refused", 4: "crashed", 5: "returned", 6: "noanswer"}  # no others have a machine lost
# 0, 1, 6: by the kernel, by the deadman, by sysrq-b; 7: and the dump was interrupted
REASONS = ("emergency-restart", "emergency-restart", "reboot", "emergency-restart", "panic", "kdump", "emergency-restart", "kdump")
# Version 4: where the PCI devices are that did not stop, a byte for how many and the first one's number
DEVICES = {"refused": 20, "noanswer": 24}
# Where the CPUs that were not quiesced are, three bytes
LOST = {"refused": 17, "noanswer": 21, "returned": 25}


class Record(NamedTuple):
    stage: str
    cause: str
    cpu: int
    lost: list
    result: int  # what the call came back with, or a negative errno; 0 without a call


def usage(guest):
    """The 32 bytes as they are."""
    words = guest.events.one("host-reset")["guest_usage"]
    return b"".join(int(word, 16).to_bytes(8, "little") for word in words)


def devices_left_by(guest):
    """(how many PCI devices had not stopped, the first of them as lspci names it)"""
    raw = usage(guest)
    if raw[2] < 4:
        return 0, ""
    at = DEVICES[STAGES[raw[3] >> 4 & 7]]
    devfn, bus = raw[at + 1], raw[at + 2]
    return raw[at], f"{bus:02x}:{devfn >> 3:02x}.{devfn & 7}"


def left_by(guest):
    """What the next boot would have found."""
    raw = usage(guest)
    assert raw[:2] == b"SR" and zlib.crc32(raw[:28]) == int.from_bytes(raw[28:], "little"), raw.hex()
    stage = STAGES[raw[3] >> 4 & 7]
    bits = 0
    if stage in LOST:
        bits = int.from_bytes(raw[LOST[stage]:LOST[stage] + 3], "little")
    result = 0
    if stage == "returned":
        result = int.from_bytes(raw[17:25], "little")
    elif stage == "noanswer":
        result = int.from_bytes(raw[17:21], "little", signed=True)
    return Record(stage, REASONS[raw[3] & 7], raw[4], [cpu for cpu in range(24) if bits >> cpu & 1], result)
