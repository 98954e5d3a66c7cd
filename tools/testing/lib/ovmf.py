# SPDX-License-Identifier: GPL-2.0
"""Firmware for tests: Debian's, and small images that are made here."""

import struct
import unittest
import uuid

from . import places
from .sources import run

SEC_MEM, SECRETS, CPUID, SVSM_CAA, KERNEL_HASHES = 1, 2, 3, 4, 0x10
FOOTER = "96b582de-1fb2-45f7-baea-a366c55a082d"
METADATA = "dc886566-984a-4798-a75e-5585a7bf67cc"
IGVM = "784fa70e-3176-4677-8a20-04b68699e374"
IGVM_AT = 0x800  # bytes before the end
IGVM_AREA, IGVM_MEMORY_MAP = 0x100, 0x101
HASH_TABLE = "7255371f-3a3b-4b04-927b-1da6efa8d454"
SIZE = 64 << 10
METADATA_AT = 0x400  # bytes before the end

# The regions that OVMF has, except two: a large one, and the hashes.
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
        # pytest takes it as its own; without pytest the demonstration runs
        raise unittest.SkipTest(f"no OVMF of {release}: {(directory / 'missing').read_text(encoding='utf-8').strip()}")
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


# What an EFI application does instead of an operating system: EXECUTE, and in the last boot a reset
# by the host. It counts in a byte of CMOS that nobody else uses, and leaves the timer neither running nor
# with an interrupt pending, as the driver does: OVMF cannot take one at its start. (2026.08 does not know vector
# 20h yet, and both unmask the timer for a moment, with vector 5, which QEMU delivers.)
APPLICATION = """
    b8 20 03 e0 fe          mov $LVT_TIMER, %eax
    c7 00 00 00 01 00       movl $MASKED, (%rax)
    b8 80 03 e0 fe          mov $TIMER_COUNT, %eax
    c7 00 00 00 00 00       movl $0, (%rax)
    fb 90 90 fa             sti; nop; nop; cli
    b0 60 e6 70 e4 71       mov $0x60, %al; out %al, $0x70; in $0x71, %al
    fe c0 88 c3             inc %al; mov %al, %bl
    b0 60 e6 70             mov $0x60, %al; out %al, $0x70
    88 d8 e6 71             mov %bl, %al; out %al, $0x71
    80 fb BOOTS             cmp $BOOTS, %bl
    73 27                   jae reset
    b8 00 f0 80 00          mov $CALLING_AREA, %eax
    c6 00 01                movb $1, (%rax)
    b9 30 01 01 c0          mov $MSR_GHCB, %ecx
    b8 16 00 00 00          mov $RUN_VMPL, %eax
    31 d2 0f 30             xor %edx, %edx; wrmsr
    48 b8 00 00 00 00 05 00 00 00   mov $EXECUTE, %rax
    31 c9 f3 0f 01 d9       xor %ecx, %ecx; rep vmmcall
    f4                      hlt
    ba f9 0c 00 00          reset: mov $0xcf9, %edx
    b0 06 ee f4             mov $6, %al; out %al, (%dx); hlt
"""


def code(source):
    """The bytes in front of the mnemonics."""
    return bytes.fromhex(" ".join(line.strip().split("  ")[0] for line in source.splitlines()))


def application(boots):
    """A bzImage that is an EFI application as well, as Linux is, and no kernel at all; boots: how many it makes."""
    raw = bytearray(0x1000)
    raw[0:2], raw[0x3C:0x40] = b"MZ", struct.pack("<I", 0x40)
    directories, headers, size = 6, 0x400, 0x400
    raw[0x40:0x58] = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 0x70 + directories * 8, 0x22)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 0, 0, size, 0, 0, headers, headers, 0, 0x200, 0x200,
        0, 0, 0, 0, 0, 0, 0, headers + size, headers, 0, 10, 0, 0, 0, 0, 0, 0, directories)
    raw[0x58:0x58 + len(optional)] = optional
    at = 0x58 + 0x70 + directories * 8
    raw[at:at + 40] = struct.pack("<8sIIIIIIHHI", b".text", size, headers, size, headers, 0, 0, 0, 0, 0xE0000020)
    raw[0x1F1], raw[0x1FE:0x200] = 1, b"\x55\xAA"
    raw[0x202:0x208] = b"HdrS" + struct.pack("<H", 0x20F)
    raw[0x211] = 1
    raw[0x22C:0x230], raw[0x236:0x23C] = struct.pack("<I", 0x7FFFFFFF), struct.pack("<HI", 1, 0x7FF)
    raw[0x260:0x264] = struct.pack("<I", 0x1000)
    program = code(APPLICATION.replace("BOOTS", f"{boots:02x}"))
    raw[headers:headers + len(program)] = program
    raw[0x7F0:0x7FC] = b"snpsim-guest"
    return bytes(raw)


def image_with_map(parts=((0x801000, 0x1000, IGVM_AREA), (0, 0xC0, IGVM_MEMORY_MAP))):
    """An image with IGVM metadata."""
    entries = entry(METADATA, struct.pack("<I", METADATA_AT)) + entry(IGVM, struct.pack("<I", IGVM_AT))
    content = bytearray(image(entries=entries))
    data = metadata(parts, signature=b"IGVM")
    content[SIZE - IGVM_AT:SIZE - IGVM_AT + len(data)] = data
    return bytes(content)
