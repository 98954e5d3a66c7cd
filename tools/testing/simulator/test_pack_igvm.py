# SPDX-License-Identifier: GPL-2.0
"""The packer: a program for VMPL 0 as an IGVM file, with all that a loader has to get right."""

import struct

import pytest

from lib import igvm_file, places
from lib.igvm_file import LARGE_PAGE, PAGE
from lib.sources import run

igvm = igvm_file.module("igvm")
igvm_launch = igvm_file.module("igvm_launch")
pack_igvm = igvm_file.module("pack-igvm")
PACKER = places.SNPSIM.parent / "pack-igvm"
KERNEL, KERNEL_SIZE, BOOT = 0x08000000, 16 << 20, 0x10000
BOOT_PART = b"\x90" * 2 + b"\xf4" * 5000
FIRMWARE = bytes(PAGE) + b"\xea" * PAGE


def segment(address, contents, length=None, kind=1, offset=0x1000):
    """(program header, contents); length: more than the contents for a .bss."""
    length = len(contents) if length is None else length
    return struct.pack("<IIQQQQQQ", kind, 7, offset, 0, address, len(contents), length, PAGE), offset, contents


def elf(*segments, size=56, table=64):
    image = bytearray(0x3000)
    image[:64] = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, KERNEL, table, 0, 0, 64, size, len(segments), 0, 0, 0)
    for n, (entry, offset, contents) in enumerate(segments):
        image[64 + n * 56:64 + (n + 1) * 56] = entry
        image[offset:offset + len(contents)] = contents
    return bytes(image)


SEGMENTS = (
    segment(KERNEL + 0x10, b"text" * 10), segment(KERNEL + 0x1FF0, b"data" * 8, 0x2000, offset=0x2000),
    segment(0, b"note", kind=4, offset=0x2800),
)


def pack(boot=BOOT_PART, kernel=None, firmware=b"", version=1):
    kernel = b"" if kernel is None else pack_igvm.load_elf(kernel)
    return pack_igvm.Image(boot, kernel, firmware).file(version)


def command(tmp_path, boot, kernel, firmware, *more):
    """(status, lines, the file's contents)"""
    words, out = [], tmp_path / "packed.igvm"
    for name, content in (("boot", boot), ("kernel", kernel), ("firmware", firmware)):
        (tmp_path / name).write_bytes(content)
        words += [f"--{name}", tmp_path / name]
    result = run(PACKER, *words, *more, "--output", out, timeout=60)
    return result.returncode, result.stdout.splitlines(), out.read_bytes() if out.exists() else None


def launch(content):
    made = igvm_launch.Launch(igvm.File(content), igvm_launch.Machine(512 << 20, 4, 0x70000000))
    assert made.problems == []
    return made


def memory(made):
    """{address: contents} of all pages that have any, and the kind of each."""
    contents, kinds = {}, {}
    for r in made.ranges:
        data = b"".join(r.data)
        for at in range(0, r.size, PAGE):
            if r.name != "required":
                contents[r.gpa + at] = bytes(data[at:at + PAGE]) or bytes(PAGE)
                kinds[r.gpa + at] = r.name
    return contents, kinds


@pytest.mark.parametrize("version", (1, 2))
def test_header_set(version):
    """The headers that COCONUT-SVSM's file has, and no others."""
    file = igvm.File(pack(kernel=elf(*SEGMENTS), firmware=FIRMWARE, version=version))
    assert file.version == version and file.ignored == []
    assert {one.name for one in file.headers} == {
        "supported-platform", "guest-policy", "parameter-area", "page-data", "parameter-insert", "vp-context",
        "required-memory", "vp-count", "environment-info", "madt", "memory-map", "device-tree"}
    assert [(p.platform, p.mask, p.vtl) for p in file.platforms] == [(igvm.SNP, 1, 2), (igvm.TDX, 4, 2)]
    assert {one.flags for one in file.of("page-data")} == {0, igvm.LARGE, igvm.UNMEASURED}
    assert {one.type for one in file.of("page-data", mask=1)} == {igvm.NORMAL, igvm.SECRETS, igvm.CPUID}
    foreign = [one for one in file.of("page-data") if not one.applies_to(1)]
    assert foreign and foreign[0].gpa in [one.gpa for one in file.of("page-data", mask=1)]
    assert (file.of("vp-count")[0].offset, file.of("environment-info")[0].offset) == (0, 4)


def test_memory():
    """What the program finds, from RSP on."""
    made = launch(pack(kernel=elf(*SEGMENTS), firmware=FIRMWARE))
    contents, kinds = memory(made)
    stack_end = made.vmsa["rsp"] + 112
    info = contents[stack_end - PAGE][-112:]
    magic, kernel, size, *where = struct.unpack("<8s12Q8x", info)
    general, memory_map, madt, tree, cpuid, secrets, unmeasured, zero, large, firmware = where
    assert magic == b"SNVMPL0\0" and (kernel, size) == (KERNEL, KERNEL_SIZE)
    assert {kinds[gpa] for gpa in (general, memory_map, madt, tree)} == {"parameter"}
    assert (kinds[cpuid], kinds[secrets], kinds[unmeasured]) == ("cpuid", "secrets", "unmeasured")
    assert contents[general][:8] == struct.pack("<II", 4, 1) and contents[madt][:4] == b"APIC"
    assert contents[unmeasured].startswith(b"This page is not measured.")
    assert contents[zero] == bytes(PAGE) and large % LARGE_PAGE == 0
    assert [(r.gpa, r.size) for r in made.ranges if r.large] == [(large, LARGE_PAGE)]
    assert b"another platform" not in b"".join(contents.values())
    count, first = struct.unpack_from("<I12xII", contents[cpuid])[:2]
    assert count == 34 and first == 0x8000001F

    image = b"".join(contents[KERNEL + at] for at in range(0, 4 * PAGE, PAGE))
    assert image.rstrip(b"\0") == bytes(0x10) + b"text" * 10 + bytes(0x1FE0 - 40) + b"data" * 8
    assert b"".join(contents[BOOT + at] for at in (0, PAGE)).rstrip(b"\0") == BOOT_PART
    assert firmware == (1 << 32) - len(FIRMWARE)
    assert contents[(1 << 32) - PAGE] == b"\xea" * PAGE and contents[(1 << 32) - 2 * PAGE] == bytes(PAGE)


def test_boot_cpu():
    """32-bit code behind the first two bytes, flat segments, no paging."""
    made = launch(pack())
    state, page = made.vmsa, b"".join(made.ranges[-1].data)
    assert made.ranges[-1].gpa == igvm_file.VMSA_GPA
    wanted = dict(efer=0x1800, cr0=0x31, cr4=0x60, rip=BOOT + 2, rax=1, rsi=0, rflags=2, xcr0=1, vmpl=0, sev_features=0x29)
    assert {name: state[name] for name in wanted} == wanted
    assert struct.unpack_from("<HHIQ", page, 0x10) == (8, 0xC9B, 0xFFFFFFFF, 0)
    for at in (0, 0x20, 0x30, 0x40, 0x50):
        assert struct.unpack_from("<HHIQ", page, at) == (0x10, 0xA93, 0xFFFFFFFF, 0)
    assert struct.unpack_from("<Q", page, 0x268) == (0x0007040600070406,) and state["rsp"] % 16 == 0


def test_highest_vtl_without_firmware():
    assert [p.vtl for p in igvm.File(pack()).platforms] == [0, 0]


SMALL = segment(KERNEL, b"x")
UNFIT = {
    "no-boot-part": (dict(boot=b""), "0 bytes"),
    "large-boot-part": (dict(boot=bytes(0x40001)), "262145 bytes"),
    "odd-firmware": (dict(firmware=b"x" * 100), "100 bytes"),
    "no-elf": (dict(kernel=b"MZ" + bytes(100)), "no 64-bit ELF"),
    "32-bit": (dict(kernel=b"\x7fELF\1" + bytes(100)), "no 64-bit ELF"),
    "headers-outside": (dict(kernel=elf(SMALL, table=0x3000)), "program headers"),
    "small-headers": (dict(kernel=elf(SMALL, size=8)), "program headers"),
    "headers-without-size": (dict(kernel=elf(SMALL, size=0)), "program headers"),
    "no-headers": (dict(kernel=elf()), "program headers"),
    "too-low": (dict(kernel=elf(segment(KERNEL - 1, b"x"))), "does not lie in"),
    "too-high": (dict(kernel=elf(segment(KERNEL, b"x", KERNEL_SIZE + 1))), "does not lie in"),
    "wraps": (dict(kernel=elf(segment(2 ** 64 - 1, b"x"))), "does not lie in"),
    "more-in-the-file": (dict(kernel=elf(segment(KERNEL, b"xxxx", 2))), "is damaged"),
    "behind-the-end": (dict(kernel=elf(segment(KERNEL, bytes(8), offset=0x2FFC))[:0x3000]), "is damaged"),
    "no-room": (dict(kernel=elf(segment(KERNEL, b"x", KERNEL_SIZE - PAGE))), "no room"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_unfit(name):
    arguments, said = UNFIT[name]
    with pytest.raises(pack_igvm.Unfit) as found:
        pack(**arguments)
    assert said in str(found.value) and "\n" not in str(found.value)


def test_command(tmp_path):
    kernel = elf(*SEGMENTS)
    assert command(tmp_path, BOOT_PART, kernel, FIRMWARE, "--format", 2) == (0, [], pack(BOOT_PART, kernel, FIRMWARE, 2))
    (tmp_path / "packed.igvm").unlink()
    status, lines, content = command(tmp_path, b"", kernel, FIRMWARE)
    assert status == 1 and lines == ["pack-igvm: the boot part has 0 bytes; 1 to 262144 can be"] and content is None
    (tmp_path / "boot").unlink()
    result = run(PACKER, "--boot", tmp_path / "boot", "--output", tmp_path / "out", timeout=60)
    assert result.returncode == 1 and result.stdout == f"pack-igvm: {tmp_path}/boot: No such file or directory\n"
