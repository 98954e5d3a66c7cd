# SPDX-License-Identifier: GPL-2.0
"""What a launch makes of an IGVM file: ranges and their order, parameters, and what cannot be satisfied."""

import struct

import pytest

from lib import igvm_file, ovmf
from lib.igvm_file import (
    PAGE, VMSA_GPA, area, build, context, good, header, insert, page, parameter, platform, policy, required, vmsa,
)

igvm = igvm_file.module("igvm")
igvm_launch = igvm_file.module("igvm_launch")
LOW_TOP, FOUR_GIB, MIB = 0x70000000, 1 << 32, 1 << 20
ROOM = 112 * MIB


def machine(memory=512 * MIB, cpus=4):
    return igvm_launch.Machine(memory, cpus, LOW_TOP)


def launch(content, **other):
    return igvm_launch.Launch(igvm.File(content), machine(**other))


def ranges(content, **other):
    """(kind, address, pages, contents) of each, in the order of the launch."""
    made = launch(content, **other)
    assert made.problems == []
    return [(r.name, r.gpa, r.size // PAGE, b"".join(r.data)) for r in made.ranges]


def test_order():
    """Required memory first, the boot CPU last, whatever the order in the file."""
    mixed = (
        context(), page(0x20000, kind=1), page(0x21000, 0, kind=2), page(0x22000, PAGE, flags=2),
        page(0x23000, PAGE, flags=4), page(0x10000, PAGE), *igvm_file.PARAMETERS,
        header("error-range", "QII", 0x24000, 1, PAGE), required(0x8000000, 0x10000),
    )
    found = ranges(good(before=(policy(),), parameters=(), pages=mixed))
    assert [kind for kind, *_ in found] == [
        "required", "normal", "unmeasured", "parameter", "shared", "shared", "cpuid", "secrets", "vmsa"]
    assert found[0] == ("required", 0x8000000, 16, b"")
    assert found[-1][1:] == (VMSA_GPA, 1, vmsa())


def test_pages_that_follow_each_other():
    contents = bytes(range(256)) * 16
    pages = (
        page(0x12000, PAGE), page(0x10000, PAGE), page(0x11000, 0), page(0x13000), page(0x14000),
        page(0x16000, PAGE), context(),
    )
    assert ranges(good(parameters=(), pages=pages))[1:-1] == [
        ("normal", 0x10000, 3, contents + vmsa() + contents), ("normal", 0x13000, 2, b""), ("normal", 0x16000, 1, contents)]


def test_what_is_not_joined():
    """2-MiB pages with small ones, and parameters, which are areas of their own."""
    pages = (page(0x200000, flags=1), page(0x400000, flags=1), page(0x600000), page(0x1FF000), context())
    two = (area(0), area(1), insert(0x8000000, 0), insert(0x8001000, 1))
    found = launch(good(pages=pages, parameters=two))
    assert [(r.name, r.gpa, r.size // PAGE, r.large) for r in found.ranges[1:-1]] == [
        ("normal", 0x1FF000, 1, False), ("normal", 0x200000, 1024, True), ("normal", 0x600000, 1, False),
        ("parameter", 0x8000000, 1, False), ("parameter", 0x8001000, 1, False)]


def test_pages_of_other_platforms_are_not_there():
    contents = [data for kind, gpa, _, data in ranges(good()) if gpa == 0x10000]
    assert contents == [bytes(range(256)) * 16]


def filled(name, offset=0, size=PAGE, at=None, before=(policy(),), **other):
    """A parameter area in which there is nothing else."""
    parameters = (area(0, size, at), parameter(name, 0, offset), insert(0x9000000, 0))
    found = ranges(good(before=before, parameters=parameters), **other)
    return next(data for kind, gpa, _, data in found if kind == "parameter")


@pytest.mark.parametrize("cpus", (1, 4, 16))
def test_general_page(cpus):
    data = next(data for kind, _, _, data in ranges(good(), cpus=cpus) if kind == "parameter")
    assert data == struct.pack("<II", cpus, 1) + bytes(PAGE - 8)


def memory_map(memory, *before):
    """(address, size, type) of each entry, up to the one of no pages."""
    data = filled("memory-map", memory=memory, before=(policy(), *before))
    entries = [struct.unpack_from("<QQHHI", data, at) for at in range(0, PAGE - 24, 24)]
    end = next(i for i, entry in enumerate(entries) if not entry[1])
    assert not any(data[end * 24:]) and all(entry[3:] == (0, 0) for entry in entries)
    return [(first * PAGE, pages * PAGE, kind) for first, pages, kind, _, _ in entries[:end]]


@pytest.mark.parametrize("memory, expected", (
    (512 * MIB, [(0, 512 * MIB)]),
    (LOW_TOP, [(0, LOW_TOP)]),
    (2048 * MIB, [(0, LOW_TOP), (FOUR_GIB, 0x10000000)]),
    (16 << 30, [(0, LOW_TOP), (FOUR_GIB, (16 << 30) - LOW_TOP)]),
))
def test_memory_map(memory, expected):
    """OVMF takes the first entry for all memory below 4 GiB: it has no hole, as QEMU's has none."""
    assert memory_map(memory) == [(*entry, 0) for entry in expected]


def test_required_memory_is_hidden():
    """The kernel's region is in the map as its own: neither there twice nor as the guest's."""
    assert memory_map(512 * MIB, required(0x8000000, 16 * MIB)) == [
        (0, 128 * MIB, 0), (0x8000000, 16 * MIB, 5), (0x9000000, 368 * MIB, 0)]


@pytest.mark.parametrize("required_ranges, expected", (
    (((MIB, MIB),), [(0, MIB, 0), (MIB, MIB, 5), (2 * MIB, 510 * MIB, 0)]),
    (((511 * MIB, MIB),), [(0, 511 * MIB, 0), (511 * MIB, MIB, 5)]),
    (((9 * MIB, MIB), (2 * MIB, MIB)),
     [(0, 2 * MIB, 0), (2 * MIB, MIB, 5), (3 * MIB, 6 * MIB, 0), (9 * MIB, MIB, 5), (10 * MIB, 502 * MIB, 0)]),
    (((8 * MIB, MIB), (9 * MIB, MIB)),
     [(0, 8 * MIB, 0), (8 * MIB, MIB, 5), (9 * MIB, MIB, 5), (10 * MIB, 502 * MIB, 0)]),
    (((8 * MIB, 2 * MIB), (9 * MIB, 2 * MIB)),
     [(0, 8 * MIB, 0), (8 * MIB, 2 * MIB, 5), (10 * MIB, MIB, 5), (11 * MIB, 501 * MIB, 0)]),
    (((8 * MIB, 4 * MIB), (9 * MIB, MIB)), [(0, 8 * MIB, 0), (8 * MIB, 4 * MIB, 5), (12 * MIB, 500 * MIB, 0)]),
), ids=("first", "last", "two", "adjacent", "overlapping", "within"))
def test_hidden_ranges(required_ranges, expected):
    found = memory_map(512 * MIB, *(required(gpa, size) for gpa, size in required_ranges))
    assert found == expected
    assert all(a + size <= b for (a, size, _), (b, _, _) in zip(found, found[1:]))


@pytest.mark.parametrize("cpus", (1, 3, 16))
def test_madt(cpus):
    data = filled("madt", 0x40, cpus=cpus)[0x40:]
    size, = struct.unpack_from("<I", data, 4)
    assert data[:4] == b"APIC" and size == 44 + 8 * cpus and sum(data[:size]) % 256 == 0
    assert struct.unpack_from("<I", data, 36) == (0xFEE00000,)
    apics = [struct.unpack_from("<BBBBI", data, 44 + 8 * n) for n in range(cpus)]
    assert apics == [(0, 8, n, n, 1) for n in range(cpus)] and not any(data[size:])


def test_device_tree_is_none():
    assert filled("device-tree", size=2 * PAGE) == bytes(2 * PAGE)


def test_area_that_the_file_fills():
    """The first contents are the file's; what the loader writes lies on top of them."""
    data = filled("vp-count", 8, at=PAGE)
    contents = bytes(range(256)) * 16
    assert data == contents[:8] + struct.pack("<I", 4) + contents[12:]


def test_area_that_is_not_inserted():
    """Nobody asks for it."""
    assert launch(good(area(1), parameter("srat", 1))).problems == []


def unpack(blob):
    """The ranges of a packed launch: (address, pages, kind, large, contents)."""
    magic, count, zero, rights, total = struct.unpack_from("<8sIIQQ", blob)
    assert magic == b"SNIGVM01" and not zero and total == len(blob)
    found = []
    for n in range(count):
        gpa, pages, kind, large, at = struct.unpack_from("<QQIIQ", blob, 32 + 32 * n)
        assert at % PAGE == 0 and (not at or 32 + 32 * count <= at <= total - pages * PAGE)
        found.append((gpa, pages, kind, large, blob[at:at + pages * PAGE] if at else b""))
    return rights, found


def test_pack():
    made = launch(good(page(0x20000, 0, kind=2), page(0x200000, flags=1)))
    rights, found = unpack(made.pack())
    assert rights == igvm_file.POLICY
    assert found == [(r.gpa, r.size // PAGE, r.kind, r.large, b"".join(r.data)) for r in made.ranges]
    assert [kind for _, _, kind, _, _ in found] == [0, 1, 1, 1, 3, 5, 7] and found[-1][-1] == vmsa()


def of_vmsa(**other):
    """A file whose boot CPU is another one."""
    return good(data=vmsa(**other) + bytes(range(256)) * 16)


def asked_for(name, offset=0):
    return area(1), parameter(name, 1, offset), insert(0x30000, 1)


def with_leaves(count):
    """A CPUID page that asks for so many."""
    return good(page(0x20000, PAGE, kind=2), data=vmsa() + struct.pack("<I", count).ljust(PAGE, b"x"))


PAGES = igvm_file.PAGES[:3]
IDS = {
    "no-snp": (build(platform(4, igvm_file.TDX), platform(2, 0)), "no platform SEV-SNP, only TDX, native"),
    "platform-version": (good(platforms=(platform(version=2),)), "platform has version 2"),
    "vtom": (good(platforms=(platform(boundary=1 << 46),)), "memory from 0x400000000000 is to be shared"),
    "policy": (good(before=(policy(0x10000),)), "bit 17"),
    "two-policies": (good(before=(policy(), policy())), "two guest policies"),
    "page-above-memory": (good(page(0x20000000)), "normal pages at 0x20000000 - 0x20000fff: the guest has no memory"),
    "page-in-the-vga-hole": (good(page(0x9F000), page(0xA0000)), "normal pages at 0xa0000 - 0xa0fff"),
    "page-of-the-hypervisor": (good(page(LOW_TOP)), "normal pages at 0x70000000 - 0x70000fff"),
    "pages-around-the-hole": (good(*map(page, range(0x9F000, 0x101000, PAGE))), "pages at 0xa0000 - 0xfffff"),
    "page-at-512-gib": (good(page(512 << 30)), "normal pages at 0x8000000000 -"),
    "large-page-above-memory": (good(page(0x1FE00000, flags=1), page(0x6FE00000, flags=1)), "at 0x6fe00000 - 0x6fffffff"),
    "flags": (good(page(0x20000, flags=8)), "flags 0x8"),
    "large-secrets": (good(page(0x200000, flags=1, kind=1)), "is a secrets page with flags 0x1"),
    "two-secrets": (good(page(0x20000, kind=1), page(0x22000, kind=1)), "more than one secrets page"),
    "cpuid-count": (with_leaves(65), "asks for 65 CPUID leaves"),
    "required-above-memory": (good(before=(required(0x1FFFF000, 2 * PAGE),)), "required pages at 0x20000000 - 0x20000fff"),
    "required-where-firmware-is": (good(before=(required(FOUR_GIB - PAGE, PAGE),)), "required pages at 0xfffff000 - 0xffffffff"),
    "error-range": (good(header("error-range", "QII", 1 << 40, 1, PAGE)), "shared pages at 0x10000000000 - 0x10000000fff"),
    "parameters-above-memory": (good(area(1), insert(0x20000000, 1)), "parameter pages at 0x20000000"),
    "huge-area": (good(area(1, 1 << 40), insert(0x20000000, 1)), "has 0x10000000000 bytes"),
    "no-room-for-the-map": (good(*asked_for("memory-map", PAGE - 48)), "room for 48 bytes"),
    "no-room-for-the-madt": (good(*asked_for("madt", PAGE - 75)), "room for 75 bytes, and 76"),
    "no-context": (good(pages=PAGES), "0 VP contexts"),
    "two-contexts": (good(context(cpu=1)), "2 VP contexts"),
    "context-of-another-platform": (good(pages=(*PAGES, context(mask=4))), "0 VP contexts"),
    "vmsa-elsewhere": (good(pages=(*PAGES, context(gpa=0x30000))), "at 0x30000, and KVM has it at 0xfffffffff000"),
    "cpu": (good(pages=(*PAGES, context(cpu=1))), "for CPU 1"),
    "no-snp-feature": (of_vmsa(features=0x28), "are 0x28"),
    "vtom-feature": (of_vmsa(features=0x2B), "are 0x2b"),
    "vmpl": (of_vmsa(vmpl=2), "for VMPL 2"),
    "no-svme": (of_vmsa(efer=0x800), "no EFER.SVME"),
}
IDS.update({
    name: (good(*asked_for(name)), f"{name} of area 1: the simulator has none")
    for name in ("srat", "slit", "pptt", "mmio-ranges", "command-line")
})


@pytest.mark.parametrize("name", IDS)
def test_what_cannot_be_satisfied(name):
    content, said = IDS[name]
    problems = launch(content).problems
    assert len([text for text in problems if said in text]) == 1 and "\n" not in "".join(problems), problems
    assert len(problems) == 1, problems


@pytest.mark.parametrize("content", (
    good(page(0x9F000)), good(page(0x1FFFF000)), good(page(FOUR_GIB - PAGE)), good(page(FOUR_GIB - (16 << 20))),
    of_vmsa(features=1), with_leaves(64),
    good(before=()), good(page(0x20000, flags=6)), good(before=(policy(), required(0x9000000, 0))),
), ids=("hole", "top", "reset-vector", "firmware", "snp-only", "cpuid-count", "no-policy", "shared", "nothing-required"))
def test_what_can_be_satisfied(content):
    assert launch(content).problems == []


def test_pages_on_both_sides_of_4_gib():
    """Firmware's place, and RAM: two ranges."""
    made = launch(good(page(FOUR_GIB), page(FOUR_GIB - PAGE), page(FOUR_GIB - 2 * PAGE)), memory=2 << 30)
    assert made.problems == []
    assert [(r.gpa, r.size) for r in made.ranges[3:5]] == [(FOUR_GIB - 2 * PAGE, 2 * PAGE), (FOUR_GIB, PAGE)]


def test_more_memory_and_more_cpus():
    high = good(page(FOUR_GIB))
    assert launch(high).problems and not launch(high, memory=2 << 30).problems
    small = good(*asked_for("madt", PAGE - 76))
    assert not launch(small).problems and launch(small, cpus=5).problems


def test_room():
    """The same page many times is little in the file, and much in memory."""
    many = [page(0x9000000 + n * (2 << 20), 0, flags=1) for n in range(60)]
    made = launch(good(*many, data=vmsa() + bytes(2 << 20)))
    made.check_room(ROOM)
    assert made.problems == ["its pages take 120 MiB, and there is room for 112 MiB"]
    made = launch(good(*many[:50], data=vmsa() + bytes(2 << 20)))
    made.check_room(ROOM)
    assert made.problems == []


def test_firmware():
    """An OVMF with support for an SVSM, measured or not."""
    for flags in 0, 2:
        firmware = launch(igvm_file.with_firmware(ovmf.image(), flags=flags)).firmware
        assert firmware.sections == list(ovmf.SECTIONS) and not firmware.reads_map
    assert launch(igvm_file.with_firmware(ovmf.image_with_map())).firmware.reads_map
    for damaged in (ovmf.image_with_map(parts=((0x801000, 0x1000, ovmf.IGVM_AREA),)), without_signature(), outside_of_image()):
        assert not launch(igvm_file.with_firmware(damaged)).firmware.reads_map


def without_signature():
    return ovmf.image_with_map().replace(b"IGVM", b"igvm")


def outside_of_image():
    entries = ovmf.entry(ovmf.METADATA, struct.pack("<I", ovmf.METADATA_AT)) + ovmf.entry(ovmf.IGVM, bytes(4))
    return ovmf.image(entries=entries)


@pytest.mark.parametrize("section, said", (
    ((0x8008000, 0x1000), "which the file requires for the program at VMPL 0"),
    ((0x30000000, 0x1000), "and the guest has no memory there"),
), ids=("required", "no-memory"))
def test_section_that_is_not_firmwares(section, said):
    sections = (*ovmf.SECTIONS, (*section, ovmf.SEC_MEM))
    problem, = launch(igvm_file.with_firmware(ovmf.image(sections=sections))).problems
    assert problem == f"its firmware wants 0x1000 bytes at {section[0]:#x} (SEC_MEM), {said}"


@pytest.mark.parametrize("image", (
    b"firmware".ljust(PAGE, b"\0"), bytes(ovmf.SIZE), ovmf.image(sections=ovmf.SECTIONS[:1]), ovmf.image(table_size=0xFFFF),
), ids=("small", "zeros", "no-svsm", "damaged"))
def test_what_is_no_firmware(image):
    """The file can be started nevertheless: what it is is the SVSM's to say."""
    made = launch(igvm_file.with_firmware(image))
    assert made.firmware is None and made.problems == []


def test_firmware_that_does_not_end_at_4_gib():
    assert launch(igvm_file.with_firmware(ovmf.image(), end=FOUR_GIB - PAGE)).firmware is None
