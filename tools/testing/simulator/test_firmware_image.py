# SPDX-License-Identifier: GPL-2.0
"""--firmware: what an image has to be, and what becomes of its SEV metadata."""

import struct

import pytest

import event_schema
from lib import ovmf, places
from lib.events import Events
from lib.ovmf import CPUID, KERNEL_HASHES, SEC_MEM, SECRETS, SECTIONS, SVSM_CAA
from lib.sources import run as run_command

IMAGE = places.BUILD / "snpsim/selftest.bz"
FOUR_GIB = 1 << 32


def snpsim(tmp_path, content, *arguments):
    firmware = tmp_path / "firmware.fd"
    if content is not None:
        firmware.write_bytes(content)
    events = tmp_path / "events"
    result = run_command(
        places.SNPSIM, "run", "--firmware", firmware, "--events", events, "--timeout", "30", *arguments, timeout=60)
    return result.returncode, result.stdout.strip().splitlines(), events


def one_line(tmp_path, content, *words):
    status, lines, _ = snpsim(tmp_path, content, "--kernel", IMAGE)
    assert status == 1 and len(lines) == 1, lines
    assert "Traceback" not in lines[0] and str(tmp_path / "firmware.fd") in lines[0]
    for word in words:
        assert word in lines[0]


def test_image_that_is_not_there(tmp_path):
    one_line(tmp_path, None, "No such file")


@pytest.mark.parametrize("content, said", (
    (b"", "0 bytes"),
    (bytes(4096), "4096 bytes"),
    (bytes(ovmf.SIZE + 1), "whole pages"),
    (bytes((16 << 20) + 4096), "16M"),
    (bytes(ovmf.SIZE), "no UEFI firmware"),
    (bytes(40) + b"_FVH" + bytes(ovmf.SIZE - 44), "no OVMF"),
), ids=("empty", "small", "odd", "large", "zeros", "no-table"))
def test_what_is_no_firmware(tmp_path, content, said):
    one_line(tmp_path, content, said)


@pytest.mark.parametrize("program, name", (
    (b"PE\0\0" + struct.pack("<H", 0xAA64), "AArch64"),
    (b"PE\0\0" + struct.pack("<H", 0x5064), "RISC-V"),
    (b"VZ" + struct.pack("<H", 0x6264), "LoongArch"),
))
def test_firmware_of_another_architecture(tmp_path, program, name):
    content = bytes(40) + b"_FVH" + bytes(100) + program
    one_line(tmp_path, content + bytes(ovmf.SIZE - len(content)), f"firmware for {name}")


def without(kind):
    return [section for section in SECTIONS if section[2] != kind]


def with_other(kind, *section):
    return without(kind) + [section]


TABLES = {
    "table-too-small": dict(table_size=17),
    "table-too-large": dict(table_size=0xFFFF),
    "entry-too-small": dict(entries=bytes(16) + struct.pack("<H", 4) + bytes(16)),
    "entry-too-large": dict(entries=struct.pack("<H", 200) + bytes(16)),
    "half-an-entry": dict(entries=bytes(7) + ovmf.entry(ovmf.HASH_TABLE, bytes(8))),
}
METADATA = {
    "offset-of-8-bytes": (dict(entries=ovmf.entry(ovmf.METADATA, bytes(8))), "4 bytes"),
    "offset-too-large": (dict(offset=ovmf.SIZE + 16), "outside"),
    "offset-at-the-end": (dict(offset=8), "outside"),
    "no-signature": (dict(data=ovmf.metadata(SECTIONS, signature=b"ASEX")), "signature"),
    "version": (dict(data=ovmf.metadata(SECTIONS, version=2)), "version 2"),
    "no-section": (dict(data=ovmf.metadata(())), "0 sections"),
    "too-many": (dict(data=ovmf.metadata(SECTIONS, count=17)), "17 sections"),
    "length": (dict(data=ovmf.metadata(SECTIONS, length=1000)), "in 1000 bytes"),
}
BAD_SECTIONS = {
    "no-svsm": (without(SVSM_CAA), "does not support an SVSM"),
    "no-secrets": (without(SECRETS), "no SECRETS section"),
    "no-cpuid": (without(CPUID), "no CPUID section"),
    "two-cpuids": ([*SECTIONS, (0x900000, 0x1000, CPUID)], "not one CPUID section"),
    "large-secrets": (with_other(SECRETS, 0x900000, 0x2000, SECRETS), "not one SECRETS section"),
    "unknown": ([*SECTIONS, (0x900000, 0x1000, 0x77)], "type 0x77"),
    "not-a-page": (with_other(SEC_MEM, 0x800004, 0x1000, SEC_MEM), "whole pages"),
    "half-a-page": (with_other(SEC_MEM, 0x800000, 0x800, SEC_MEM), "whole pages"),
    "empty": (with_other(SEC_MEM, 0x800000, 0, SEC_MEM), "whole pages"),
    "overlap": ([*SECTIONS, (0x7FF000, 0x2000, SEC_MEM)], "within another one"),
    "vga": ([*SECTIONS, (0x9F000, 0x2000, SEC_MEM)], "no memory"),
    "wraps": ([*SECTIONS, (0xFFFFF000, 0x2000, SEC_MEM)], "no memory"),
    "in-the-image": ([*SECTIONS, (FOUR_GIB - 0x4000, 0x1000, SEC_MEM)], "no memory"),
    "hypervisor": ([*SECTIONS, (0x70000000, 0x1000, SEC_MEM)], "wants memory up to 0x70001000"),
    "above-memory": ([*SECTIONS, (0x20000000, 0x1000, SEC_MEM)], "has it up to 0x20000000"),
}
HASHES = {
    "outside": (0x806FF8, 0x400), "behind": (0x807C00, 0x800), "small": (0x807C00, 167), "wraps": (0xFFFFFFF8, 0x400),
    "crooked": (0x807C01, 0x300),
}


@pytest.mark.parametrize("name", TABLES)
def test_damaged_table(tmp_path, name):
    one_line(tmp_path, ovmf.image(**TABLES[name]), "damaged", "table of GUIDs")


@pytest.mark.parametrize("name", METADATA)
def test_damaged_metadata(tmp_path, name):
    arguments, said = METADATA[name]
    one_line(tmp_path, ovmf.image(**arguments), said)


def test_metadata_behind_the_end(tmp_path):
    """None of the sections that they announce is left in the image."""
    content = ovmf.image(offset=16)[:-16] + ovmf.metadata(SECTIONS)[:16]
    one_line(tmp_path, content, "damaged", "5 sections")


def test_no_metadata(tmp_path):
    one_line(tmp_path, ovmf.image(entries=ovmf.entry(ovmf.HASH_TABLE, bytes(8))), "no SEV metadata")


@pytest.mark.parametrize("name", BAD_SECTIONS)
def test_bad_sections(tmp_path, name):
    sections, said = BAD_SECTIONS[name]
    one_line(tmp_path, ovmf.image(sections), said)


@pytest.mark.parametrize("name", HASHES)
def test_bad_place_for_hashes(tmp_path, name):
    one_line(tmp_path, ovmf.image(hashes=HASHES[name]), "table of hashes")


@pytest.mark.parametrize("arguments, said", (
    (("--efivars", "--kernel", IMAGE), "--efivars"),
    (("--initrd", IMAGE, "--", "-device", "pvpanic-pci"), "--initrd"),
    (("--exec", "true", "--", "-device", "pvpanic-pci"), "--exec"),
    (("--share", "/tmp", "--", "-device", "pvpanic-pci"), "--share"),
), ids=("efivars", "initrd", "exec", "share"))
def test_contrary_options(tmp_path, arguments, said):
    status, lines, _ = snpsim(tmp_path, ovmf.image(), *arguments)
    assert status == (125 if "--exec" in arguments else 1) and len(lines) == 1 and said in lines[0], lines


@pytest.mark.parametrize("option, value", (("--svsm", "draft,image=keep"), ("--host", "no-convert")))
def test_options_that_want_firmware(tmp_path, option, value):
    result = run_command(places.SNPSIM, "run", "--kernel", IMAGE, option, value, timeout=60)
    lines = result.stdout.strip().splitlines()
    assert result.returncode == 1 and len(lines) == 1 and option in lines[0] and "--firmware" in lines[0], lines


@pytest.mark.parametrize("fidelity", ("fast", "strict", "full"))
def test_regions(tmp_path, fidelity):
    """An image of our own is entered at the reset vector, and finds what its metadata ask for."""
    status, lines, path = snpsim(tmp_path, ovmf.image(), "--kernel", IMAGE, "--fidelity", fidelity)
    events = Events.read(path)
    if fidelity == "full":
        # Port I/O is #VC there, which real mode has no handler for
        assert events.one("host-reset")["how"] == "triple-fault", lines
    else:
        assert events.one("host-reset")["how"] == "port-cf9", lines
    assert status == 3 and event_schema.problems(events) == []
    assert events.one("boot")["image"] == "firmware"
    found = events.one("regions")["regions"]
    names = {SEC_MEM: "sec-mem", SECRETS: "secrets", CPUID: "cpuid", SVSM_CAA: "svsm-caa", KERNEL_HASHES: "kernel-hashes"}
    expected = [("image", hex(FOUR_GIB - ovmf.SIZE), ovmf.SIZE >> 12)]
    expected += [(names[kind], hex(gpa), size >> 12) for gpa, size, kind in SECTIONS]
    assert [(region["type"], region["gpa"], region["pages"]) for region in found] == expected
    assert not any(region["kept"] or region["lost"] or region["changed"] for region in found)
