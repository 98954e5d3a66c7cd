# SPDX-License-Identifier: GPL-2.0
"""Firmware for tests: Debian's, and small images that are made here."""

import struct
import uuid

import pytest

from . import places
from .sources import run

SEC_MEM, SECRETS, CPUID, SVSM_CAA, KERNEL_HASHES = 1, 2, 3, 4, 0x10
FOOTER = "96b582de-1fb2-45f7-baea-a366c55a082d"
METADATA = "dc886566-984a-4798-a75e-5585a7bf67cc"
HASH_TABLE = "7255371f-3a3b-4b04-927b-1da6efa8d454"
SIZE = 64 << 10
METADATA_AT = 0x400  # bytes before the end

# The regions that OVMF has, but for two: one that is large, and the hashes.
SECTIONS = (
    (0x800000, 0x3000, SEC_MEM),
    (0x804000, 0x1000, SECRETS),
    (0x805000, 0x1000, CPUID),
    (0x806000, 0x1000, SVSM_CAA),
    (0x807000, 0x1000, KERNEL_HASHES),
)
# In real mode: the machine's reset by port cf9h, which only a host could serve
RESET = bytes.fromhex("baf90cb006eef4")


def debian(release, name):
    """An image of a Debian release's package, downloaded where it is not there; the test is skipped without."""
    directory = places.BUILD / "ovmf" / release
    result = run(places.TOP / "tools/build/ovmf", release, timeout=600)
    if (directory / "missing").exists():
        pytest.skip(f"no OVMF of {release}: {(directory / 'missing').read_text(encoding='utf-8').strip()}")
    assert result.returncode == 0, result.stdout
    return directory / name


def entry(guid, data):
    """One of the table at the end."""
    return data + struct.pack("<H", len(data) + 18) + uuid.UUID(guid).bytes_le


def metadata(sections, signature=b"ASEV", version=1, count=None, length=None):
    count = len(sections) if count is None else count
    length = 16 + 12 * len(sections) if length is None else length
    return struct.pack("<4sIII", signature, length, version, count) + b"".join(
        struct.pack("<III", *section) for section in sections)


def image(sections=SECTIONS, data=None, offset=METADATA_AT, hashes=(0x807c00, 0x400), entries=None, table_size=None):
    """An image that has nothing but what a launch needs, and RESET for code."""
    if entries is None:
        entries = entry(METADATA, struct.pack("<I", offset)) + entry(HASH_TABLE, struct.pack("<II", *hashes))
    table_size = len(entries) + 18 if table_size is None else table_size
    table = entries + struct.pack("<H", table_size) + uuid.UUID(FOOTER).bytes_le
    content = bytearray(SIZE)
    content[SIZE - 0x20 - len(table):SIZE - 0x20] = table
    data = metadata(sections) if data is None else data
    content[SIZE - METADATA_AT:SIZE - METADATA_AT + len(data)] = data
    content[SIZE - 0x10:SIZE - 0x10 + len(RESET)] = RESET
    return bytes(content)
