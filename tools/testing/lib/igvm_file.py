# SPDX-License-Identifier: GPL-2.0
"""IGVM files for tests, written from the format's definition and without the simulator's module.

A header is bytes, or a function that is told where the data begin and returns bytes.
"""

import importlib.machinery
import importlib.util
import struct
import sys
import zlib

from . import places

PAGE, LARGE_PAGE = 4096, 2 << 20
SNP, TDX = 2, 3
VMSA_GPA = 0xFFFFFFFFF000
POLICY = 0x30000

# What igvm_defs has: name -> (type, size of the body)
SIZES = {
    "supported-platform": (0x001, 16), "guest-policy": (0x101, 16), "relocatable-region": (0x102, 48),
    "page-table-relocation": (0x103, 32), "corim-document": (0x104, 16), "corim-signature": (0x105, 16),
    "cca-policy": (0x106, 32), "parameter-area": (0x301, 16), "page-data": (0x302, 24),
    "parameter-insert": (0x303, 16), "vp-context": (0x304, 20), "required-memory": (0x305, 24),
    "vp-count": (0x307, 8), "srat": (0x308, 8), "madt": (0x309, 8), "mmio-ranges": (0x30A, 8),
    "snp-id-block": (0x30B, 696), "memory-map": (0x30C, 8), "error-range": (0x30D, 16),
    "command-line": (0x30E, 8), "slit": (0x30F, 8), "pptt": (0x310, 8), "vbs-measurement": (0x311, 864),
    "device-tree": (0x312, 8), "environment-info": (0x313, 8),
}


def module(name):
    """One of the command's, or the packer."""
    if str(places.SNPSIM.parent) not in sys.path:
        sys.path.append(str(places.SNPSIM.parent))
    if name != "pack-igvm":
        return importlib.import_module(name)
    loader = importlib.machinery.SourceFileLoader("pack_igvm", str(places.SNPSIM.parent / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    packer, before = importlib.util.module_from_spec(spec), sys.dont_write_bytecode
    try:
        loader.exec_module(packer)
    finally:
        sys.dont_write_bytecode = before
    return packer


def header(name, layout, *values, number=None, padding=None):
    body = struct.pack("<" + layout, *values)
    padding = bytes(-len(body) % 8) if padding is None else padding
    return struct.pack("<II", SIZES[name][0] if number is None else number, len(body)) + body + padding


def platform(mask=1, kind=SNP, vtl=2, version=1, boundary=0):
    return header("supported-platform", "IBBHQ", mask, vtl, kind, version, boundary)


def policy(value=POLICY, mask=1, reserved=0):
    return header("guest-policy", "QII", value, mask, reserved)


def required(gpa, size, mask=1):
    return header("required-memory", "QIIII", gpa, mask, size, 0, 0)


def area(index, size=PAGE, at=None):
    return lambda data: header("parameter-area", "QII", size, index, 0 if at is None else data + at)


def parameter(name, index, offset=0):
    return header(name, "II", index, offset)


def insert(gpa, index, mask=1):
    return header("parameter-insert", "QII", gpa, mask, index)


def page(gpa, at=None, mask=1, flags=0, kind=0, reserved=0):
    """at: where its contents are among the data; zeros without."""
    return lambda data: header("page-data", "QIIIHH", gpa, mask, 0 if at is None else data + at, flags, kind, reserved)


def context(at=0, gpa=VMSA_GPA, mask=1, cpu=0, padding=None):
    return lambda data: header("vp-context", "QIIHH", gpa, mask, data + at, cpu, 0, padding=padding)


def vmsa(features=0x29, efer=0x1800, vmpl=0):
    contents = bytearray(PAGE)
    struct.pack_into("<Q", contents, 0x3B0, features)
    struct.pack_into("<Q", contents, 0xD0, efer)
    contents[0xCA] = vmpl
    return bytes(contents)


def seal(headers, data=b"", version=1, start=None, length=None, total=None, checksum=None, magic=b"IGVM", arch=0,
         size=PAGE):
    """The fixed header in front; what is given is wrong in it."""
    where = 24 if version == 1 else 32
    start, length = where if start is None else start, len(headers) if length is None else length
    total = where + len(headers) + len(data) if total is None else total

    def fixed(crc):
        more = struct.pack("<II", arch, size) * (version != 1)
        return struct.pack("<4sIIIII", magic, version, start, length, total, crc) + more

    return fixed(zlib.crc32(headers, zlib.crc32(fixed(0))) if checksum is None else checksum) + headers + data


def build(*headers, data=None, version=1, **wrong):
    data = vmsa() + bytes(range(256)) * 16 if data is None else data
    size = sum(len(one if isinstance(one, bytes) else one(64)) for one in headers)
    start = size + (24 if version == 1 else 32)
    return seal(b"".join(one if isinstance(one, bytes) else one(start) for one in headers), data, version, **wrong)


# A small file that is good: a page with contents, one of zeros, parameters, and the boot CPU
PLATFORMS = (platform(), platform(4, TDX, 0))
BEFORE = (policy(), required(0x8000000, 0x10000))
PARAMETERS = (area(0), parameter("vp-count", 0), parameter("environment-info", 0, 4), insert(0x8000000, 0))
PAGES = (page(0x10000, PAGE), page(0x11000), page(0x10000, 0, mask=4), context())


def good(*more, platforms=PLATFORMS, before=BEFORE, parameters=PARAMETERS, pages=PAGES, **wrong):
    return build(*platforms, *before, *parameters, *pages, *more, **wrong)


def with_firmware(image, end=1 << 32, flags=0):
    """The same, and firmware's pages up to `end`."""
    first = vmsa() + bytes(PAGE)
    pages = [page(end - len(image) + at, len(first) + at, flags=flags) for at in range(0, len(image), PAGE)]
    return good(*pages, data=first + image)
