# SPDX-License-Identifier: GPL-2.0
"""QEMU's monitor: what the devices of a run have done, seen from outside the guest."""

import json
import socket


def arguments(path):
    """For QEMU: one more monitor, at this socket."""
    return ("-qmp", f"unix:{path},server=on,wait=off")


def ask(path, command, **arguments):
    """One command to it, and the answer."""
    with socket.socket(socket.AF_UNIX) as talk:
        talk.settimeout(120)
        talk.connect(str(path))
        with talk.makefile("rw", encoding="utf-8") as lines:
            lines.readline()
            answer = {}
            for execute in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                lines.write(json.dumps(execute) + "\n")
                lines.flush()
                answer = {}
                while not answer.keys() & {"return", "error"}:
                    answer = json.loads(lines.readline())
    assert "error" not in answer, answer
    return answer["return"]


def reads(path, drive):
    """How many requests to read from it have been answered."""
    return next(
        found["stats"]["rd_operations"] for found in ask(path, "query-blockstats") if found["device"] == drive
    )
