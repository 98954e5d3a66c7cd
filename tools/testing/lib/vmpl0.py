# SPDX-License-Identifier: GPL-2.0
"""The launch of minisvsm, the program at VMPL 0: what a loader makes of an IGVM file.

The list is what tools/snpsim/hv/lib/launch_list.h describes; it is made without the command's reader of IGVM
files, and has things in other places than tools/snpsim/pack-igvm. The launch info says where.
"""

import struct

from . import places
from .guest import Guest

PAGE = 4096
FOUR_GIB = 1 << 32
HV_BASE = 0x70000000
VGA_HOLE, ONE_MIB = 0xA0000, 0x100000
REQUIRED, PAGES, UNMEASURED, PARAMETERS, SHARED, CPUID, SECRETS, VMSA = range(8)

REQUIRED_BASE, REQUIRED_SIZE = 0x8000000, 0x1000000
PARAMETER_PAGES = 0x8F00000                 # general page, memory map, MADT, device tree
UNMEASURED_PAGE, ZERO_PAGE, CPUID_PAGE, SECRETS_PAGE = (PARAMETER_PAGES + n * PAGE for n in range(4, 8))
LARGE_PAGE, LARGE_SIZE = 0x8600000, 2 << 20
VMSA_GPA = 0xFFFFFFFFF000
FIRMWARE_PAGE = 0xFFFFF000                  # below 4 GiB, where the boot ROM is
# SEV features: SNP, restricted injection, DebugSwap
FEATURES, FEATURES_UNRESTRICTED = 0x29, 0x21
ENTRY, LAUNCH_INFO, STACK = 0x10002, 0x18000, 0x14000
# As tests/launch.c of the program has them, in an order that nobody else has
LEAVES = (
    (0x8000001F, 0), (0, 0), (1, 0), (2, 0), *((4, n) for n in range(4)), (5, 0), (6, 0), (7, 0), (7, 1), (0xB, 0),
    (0xB, 1), *((0xD, n) for n in range(3)), *((0x80000000 + n, 0) for n in range(9)), (0x8000000A, 0), (0x80000019, 0),
    (0x8000001A, 0), *((0x8000001D, n) for n in range(4)), (0x8000001E, 0),
)


def segments(image):
    """(address, contents, size in memory) of an ELF file's loadable parts."""
    offset, size, count = *struct.unpack_from("<Q", image, 32), *struct.unpack_from("<HH", image, 54)
    for n in range(count):
        kind, _, at, address, _, in_file, in_memory = struct.unpack_from("<IIQQQQQ", image, offset + n * size)
        if kind == 1:
            yield address, image[at:at + in_file], in_memory


def vmsa(**changed):
    """The page in which the boot CPU starts: 32-bit protected mode, paging off."""
    fields = {
        0xD0: 0x1800, 0x148: 0x60, 0x150: 0, 0x158: 0x31, 0x170: 2, 0x178: ENTRY, 0x1D8: LAUNCH_INFO, 0x1F8: 1,
        0x268: 0x0007040600070406, 0x3B0: FEATURES, 0x3E8: 1,
    }
    fields.update({int(key[1:], 16): value for key, value in changed.items()})
    page = bytearray(PAGE)
    for n, (selector, attributes) in enumerate(((16, 0xC93), (8, 0xC9B), *((16, 0xC93),) * 4)):
        struct.pack_into("<HHIQ", page, n * 16, selector, attributes, 0xFFFFFFFF, 0)
    struct.pack_into("<HHIQ", page, 0x70, 0, 0x82, 0xFFFF, 0)
    struct.pack_into("<HHIQ", page, 0x90, 0, 0x8B, 0xFFFF, 0)
    for offset, value in fields.items():
        struct.pack_into("<Q", page, offset, value)
    return bytes(page)


def cpuid_page():
    page = bytearray(PAGE)
    struct.pack_into("<I", page, 0, len(LEAVES))
    for n, leaf in enumerate(LEAVES):
        struct.pack_into("<II", page, 16 + n * 48, *leaf)
    return bytes(page)


def memory_map(memory):
    low = min(memory, HV_BASE)
    ranges = [(0, VGA_HOLE), (ONE_MIB, REQUIRED_BASE), (REQUIRED_BASE + REQUIRED_SIZE, low)]
    if memory > low:
        ranges.append((FOUR_GIB, FOUR_GIB + memory - low))
    return b"".join(struct.pack("<QQHHI", a // PAGE, (b - a) // PAGE, 0, 0, 0) for a, b in ranges) + bytes(24)


def madt(cpus):
    apics = b"".join(struct.pack("<BBBBI", 0, 8, n, n, 1) for n in range(cpus))
    table = bytearray(struct.pack("<4sIBB6s8sI4sIII", b"APIC", 44 + len(apics), 4, 0, b"SNPSIM", b"MINISVSM", 1,
                                  b"SNPS", 1, 0xFEE00000, 0) + apics)
    table[9] = -sum(table) & 0xFF
    return bytes(table)


def launch_info():
    return struct.pack(
        "<8s12Q8x", b"SNVMPL0\0", REQUIRED_BASE, REQUIRED_SIZE, *(PARAMETER_PAGES + n * PAGE for n in range(4)),
        CPUID_PAGE, SECRETS_PAGE, UNMEASURED_PAGE, ZERO_PAGE, LARGE_PAGE, FIRMWARE_PAGE)


def padded(data):
    return data + bytes(-len(data) % PAGE)


def ranges(image, memory, cpus, features):
    """(kind, gpa, pages, contents or nothing)"""
    yield REQUIRED, REQUIRED_BASE, REQUIRED_SIZE // PAGE, b""
    for address, data, size in segments(image):
        data = padded(data)
        yield PAGES, address, len(data) // PAGE, data
        if size > len(data):
            yield PAGES, address + len(data), (size - len(data) + PAGE - 1) // PAGE, b""
    yield PAGES, STACK, (LAUNCH_INFO - STACK) // PAGE, b""
    yield PAGES, LAUNCH_INFO, 1, padded(launch_info())
    yield PAGES, ZERO_PAGE, 1, b""
    yield UNMEASURED, UNMEASURED_PAGE, 1, padded(b"This page is not measured.")
    yield PAGES, FIRMWARE_PAGE, 1, padded(b"firmware")
    for n, data in enumerate((struct.pack("<II", cpus, 1), memory_map(memory), madt(cpus), b"")):
        yield PARAMETERS, PARAMETER_PAGES + n * PAGE, 1, padded(data)
    yield PAGES, LARGE_PAGE, LARGE_SIZE // PAGE, b""
    yield CPUID, CPUID_PAGE, 1, cpuid_page()
    yield SECRETS, SECRETS_PAGE, 1, b""
    yield VMSA, VMSA_GPA, 1, vmsa(_3B0=features)


def launch_list(image, memory, cpus, features):
    found = list(ranges(image, memory, cpus, features))
    at = 32 + 32 * len(found)
    data, table = [bytes(-at % PAGE)], []
    at += len(data[0])
    for kind, gpa, pages, contents in found:
        table.append(struct.pack("<QQIIQ", gpa, pages, kind, 0, at if contents else 0))
        data.append(contents)
        at += len(contents)
    return b"".join([struct.pack("<8sIIQQ", b"SNIGVM01", len(found), 0, 0x30000, at), *table, *data])


def features_of(test):
    """Without restricted injection the host delivers interrupts themselves."""
    return FEATURES_UNRESTRICTED if test.split(".")[0] in ("irq", "smp") else FEATURES


IGVM = places.BUILD / "snpsim/minisvsm.igvm"


def guest(directory, test, *, fidelity="strict", smp=2, memory=512, timeout=60, host=None, igvm=None):
    """A run of one test, of a group of them, or of a list of these; from a list of our own, or from an IGVM file."""
    directory.mkdir(parents=True, exist_ok=True)
    image = None
    if not igvm:
        image = directory / "launch-list"
        image.write_bytes(launch_list((places.BUILD / "snpsim/minisvsm.elf").read_bytes(), memory << 20, smp, features_of(test)))
    return Guest(
        directory, kernel=None, initrd=None, fidelity=fidelity, smp=smp, timeout=timeout, memory=f"{memory}M",
        host=host, launch_list=image, igvm=igvm,
        # A comma of the value is two for QEMU
        qemu=("-fw_cfg", f"name=opt/snpsim/minisvsm,string=test={test.replace(',', ',,')} cpus={smp}"),
    )
