# SPDX-License-Identifier: GPL-2.0
"""IGVM files: what is read, and what is damaged."""

import struct

import pytest

from lib import igvm_file
from lib.igvm_file import (
    PAGE, SIZES, area, build, context, good, header, insert, page, parameter, platform, policy, required,
)

igvm = igvm_file.module("igvm")
pack_igvm = igvm_file.module("pack-igvm")
FORMATS = (1, 2)


def test_types_are_those_of_the_definition():
    assert {kind.name: (kind.number, kind.size) for kind in igvm.KINDS.values()} == SIZES


def values_for(kind, seed):
    """Different values for all fields, as far as a reader takes them."""
    layout = struct.unpack(kind.layout, bytes((seed + i) % 251 + 1 for i in range(kind.size)))
    fields = dict(zip(kind.fields, layout))
    for name in fields:
        if name in ("reserved", "reserved_2", "type"):
            fields[name] = type(fields[name])() if not isinstance(fields[name], bytes) else bytes(6)
        elif name in ("gpa", "size", "alignment", "minimum", "maximum", "used", "file_offset"):
            fields[name] = 0
    fields.update({
        "supported-platform": dict(mask=1 << seed % 32, vtl=2), "parameter-area": dict(size=3 * PAGE, index=9),
        "relocatable-region": dict(alignment=PAGE, gpa=5 * PAGE, size=7 * PAGE, minimum=PAGE, maximum=9 * PAGE),
        "page-table-relocation": dict(gpa=6 * PAGE, size=4 * PAGE, used=2 * PAGE), "page-data": dict(gpa=11 << 21),
        "required-memory": dict(gpa=13 * PAGE, size=2 * PAGE), "error-range": dict(gpa=17 * PAGE, size=PAGE),
        "parameter-insert": dict(gpa=19 * PAGE, index=9),
    }.get(kind.name, {}))
    if kind.name in igvm.PARAMETERS:
        fields.update(index=9, offset=16 + seed)
    return fields


def with_data(kind):
    return {"page-data": PAGE, "vp-context": PAGE, "corim-document": 5, "corim-signature": 7}.get(kind.name, 0)


@pytest.mark.parametrize("version", FORMATS)
def test_round_trip(version):
    """The packer's writer and the reader agree on every type, field for field; each content is found again."""
    out, wanted = pack_igvm.Writer(version), []
    kinds = sorted(igvm.KINDS.values(), key=lambda kind: (kind.name == "parameter-insert", kind.number))
    for seed, kind in enumerate(kinds):
        fields, data = values_for(kind, seed), bytes([seed + 1]) * with_data(kind)
        if kind.name == "page-data":
            fields["flags"] = igvm.UNMEASURED
        if data and "size" in fields:
            fields["size"] = len(data)
        out.add(kind.name, data, **fields)
        wanted.append((kind.name, fields, data))
    file = igvm.File(out.pack())
    assert file.version == version and [one.name for one in file.headers] == [name for name, _, _ in wanted]
    for found, (_, fields, data) in zip(file.headers, wanted):
        fields.pop("file_offset", None)
        assert {name: getattr(found, name) for name in fields} == fields
        if data:
            assert bytes(file.contents(found, len(data))) == data


def test_data_are_in_the_file_once():
    out = pack_igvm.Writer(1)
    out.add("supported-platform", mask=1, platform=igvm.SNP, version=1)
    for number in range(8):
        out.add("page-data", b"x" * PAGE, gpa=number * PAGE, mask=1)
    assert len(out.pack()) < 2 * PAGE


def test_file_by_another_hand():
    """Not written by the packer, of either version; the headers begin behind a gap, and a type that may be ignored is."""
    optional = header("madt", "I", 7, number=0x80000777)
    for version in FORMATS:
        file = igvm.File(good(optional, version=version))
        assert file.version == version and file.ignored == [(0x80000777, 4)] and len(file.headers) == 12
        assert [p.platform for p in file.platforms] == [igvm.SNP, igvm.TDX]
    known = header("required-memory", "QIIII", 0, 1, PAGE, 0, 0, number=0x80000305)
    assert igvm.File(good(known)).of("required-memory")[-1].size == PAGE


def test_masks_that_no_platform_has():
    """COCONUT-SVSM's page tables are for platforms that its file does not name."""
    file = igvm.File(good(page(0x20000, PAGE, mask=0xFFFFFFFF)))
    assert file.of("page-data", mask=1)[-1].gpa == 0x20000


def relocatable(alignment, gpa, minimum):
    return header("relocatable-region", "IHBBQQQQQ", 1, 0, 0, 0, alignment, gpa, PAGE, minimum, 0)


BIG = 1 << 63
NO_KIND = 0x3FF
FIXED = {
    "empty": (b"", "no IGVM file"),
    "another-magic": (good(magic=b"IGVN"), "no IGVM file"),
    "half-a-header": (good()[:20], "truncated: 20 bytes"),
    "half-a-second-header": (good(version=2)[:28], "truncated: 28 bytes"),
    "version-0": (good(version=0), "version 0"),
    "version-3": (good(version=3), "version 3"),
    "architecture": (good(version=2, arch=2), "architecture is 0x2"),
    "page-size": (good(version=2, size=65536), "65536 bytes"),
    "truncated": (good()[:-1], "truncated"),
    "longer": (good() + b"x", "damaged"),
    "checksum": (good(checksum=0x12345678), "checksum is 0x12345678"),
    "headers-in-the-fixed-one": (good(start=16), "not where they can be"),
    "headers-not-aligned": (good(start=28), "not where they can be"),
    "headers-beyond-the-end": (good(start=0xFFFFFFF8), "not where they can be"),
    "headers-too-long": (good(length=0x7FFFFFF8), "not where they can be"),
    "odd-length": (good(length=12), "not where they can be"),
    "byte-changed": (bytes([*good()[:40], good()[40] ^ 1, *good()[41:]]), "would be right"),
}
HEADERS = {
    "unknown": (good(header("madt", "II", 1, 2, number=NO_KIND)), "type 0x3ff) is not known here"),
    "reserved-type": (good(header("madt", "II", 0, 0, number=0x306)), "type 0x306"),
    "type-0": (good(header("madt", "", number=0)), "type 0x0"),
    "short": (good(header("madt", "I", 0)), "has 4 bytes, and madt has 8"),
    "long": (good(header("madt", "III", 0, 0, 0)), "has 12 bytes"),
    "length-beyond-the-headers": (good(struct.pack("<II", 0x309, 0xFFFFFFFF)), "4294967295 bytes"),
    "padding": (good(pages=(*igvm_file.PAGES[:3], context(padding=b"x\0\0\0"))), "padding that is not zero"),
    "platform-behind-a-directive": (good(platform(8)), "platform header behind a directive header"),
    "policy-behind-a-directive": (good(policy()), "initialization header behind"),
    "platform-behind-a-policy": (good(before=(policy(), platform(8))), "platform header behind"),
    "reserved-field": (good(page(0x20000, reserved=1)), "reserved field"),
    "reserved-field-of-the-policy": (good(before=(policy(reserved=9),)), "reserved field"),
}
PLATFORMS = {
    "none": (good(platforms=()), "names no platform"),
    "mask-of-two-bits": (good(platforms=(platform(3),)), "not one bit"),
    "mask-of-no-bit": (good(platforms=(platform(0),)), "not one bit"),
    "vtl": (good(platforms=(platform(vtl=1),)), "highest VTL"),
    "twice": (good(platforms=(platform(1), platform(2))), "the same platform"),
    "mask-twice": (good(platforms=(platform(1), platform(1, igvm_file.TDX))), "the same mask"),
}
PLACES = {
    "page-not-aligned": (good(page(0x20800)), "not aligned"),
    "large-page-not-aligned": (good(page(0x201000, flags=1)), "not aligned"),
    "memory-beyond-all-addresses": (good(required(2 ** 64 - PAGE, 2 * PAGE)), "all addresses"),
    "page-type": (good(page(0x20000, kind=4)), "type 4"),
    "required-not-aligned": (good(required(0x9000800, PAGE)), "not aligned"),
    "required-size": (good(required(0x9000000, PAGE + 1)), "not aligned"),
    "context-not-aligned": (good(context(gpa=0x1234, mask=2)), "not aligned"),
    "two-pages": (good(page(0x10000)), "overlaps page-data at 0x10000"),
    "page-in-a-large-one": (good(page(0x200000, flags=1), page(0x201000)), "overlaps page-data at 0x200000"),
    "page-in-parameters": (good(page(0x8000000)), "overlaps"),
    "page-in-an-error-range": (good(header("error-range", "QII", 0x20000, 1, 2 * PAGE), page(0x21000)), "overlaps"),
    "page-in-the-vmsa": (good(page(igvm_file.VMSA_GPA)), "overlaps"),
    "of-another-platform": (good(page(0x10000, mask=4)), "for TDX, page-data at 0x10000 overlaps"),
    "relocation-aligned-to-0": (good(before=(relocatable(0, 0, 0),)), "aligned to 0x0"),
    "relocation-not-aligned": (good(before=(relocatable(8 * PAGE, 8 * PAGE, PAGE),)), "lets it be"),
    "page-tables": (good(before=(header("page-table-relocation", "IHBBQQQ", 1, 0, 0, 0, 0, PAGE, 2 * PAGE),)), "uses more"),
}
DATA = {
    "in-the-headers": (good(lambda data: page(0x20000, 0)(data - 8)), "not among the data"),
    "at-the-end": (good(page(0x20000, PAGE + 1)), "not among the data"),
    "large-page": (good(page(0x200000, 0, flags=1)), "2097152 bytes"),
    "context-without": (good(pages=(lambda data: context()(0),)), "not among the data"),
    "context-at-the-end": (good(pages=(context(PAGE + 1),)), "not among the data"),
    "area": (good(area(1, 4 * PAGE, 0)), "data of parameter-area of area 1"),
    "document": (good(before=(lambda data: header("corim-document", "IIII", 1, data, BIG >> 32, 0),)), "corim-document"),
    "registers": (build(platform(kind=1), context(0), data=b"\xff" * 64), "not among the data"),
    "count-of-registers": (build(platform(kind=1), context(0), data=b"\1\0\0"), "4 bytes"),
}
AREAS = {
    "size": (good(area(1, PAGE + 8)), "not aligned"),
    "empty": (good(area(1, 0)), "no bytes"),
    "twice": (good(area(0)), "two areas 0"),
    "not-there": (good(parameter("madt", 5)), "needs area 5"),
    "declared-later": (good(parameter("madt", 5), area(5)), "needs area 5"),
    "inserted-twice": (good(insert(0x30000, 0)), "has been inserted"),
    "filled-later": (good(parameter("madt", 0, 64)), "has been inserted"),
    "insert-what-is-not-there": (good(insert(0x30000, 5)), "needs area 5"),
    "insert-not-aligned": (good(area(1), insert(0x30001, 1)), "not aligned"),
    "insert-beyond-all-addresses": (good(area(1, BIG), insert(BIG + PAGE, 1)), "all addresses"),
    "behind-its-end": (good(area(1), parameter("madt", 1, PAGE)), "behind its end"),
    "partly-behind-its-end": (good(area(1), parameter("vp-count", 1, PAGE - 3)), "behind its end"),
    "offset": (good(area(1), parameter("mmio-ranges", 1, 0xFFFFFFFF)), "behind its end"),
}
DAMAGED = {
    f"{group}-{name}": case
    for group, cases in (
        ("fixed", FIXED), ("header", HEADERS), ("platform", PLATFORMS), ("place", PLACES), ("data", DATA), ("area", AREAS),
    ) for name, case in cases.items()
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged(name):
    content, said = DAMAGED[name]
    with pytest.raises(igvm.Damaged) as found:
        igvm.File(content)
    assert said in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize("cut", range(0, 1000, 7))
def test_cut_anywhere(cut):
    """With a header that has the right size for what is left, and the right checksum where that can be."""
    whole = good()
    with pytest.raises(igvm.Damaged):
        igvm.File(whole[:cut])
    headers = whole[24:len(whole) - 2 * PAGE]
    if cut and cut < len(headers):
        with pytest.raises(igvm.Damaged):
            igvm.File(igvm_file.seal(headers[:cut - cut % 8 or 8], length=cut + 8, data=b""))


def test_too_many_headers(monkeypatch):
    monkeypatch.setattr(igvm, "MAX_HEADERS", 12)
    igvm.File(good())
    with pytest.raises(igvm.Damaged, match="more than 12 headers"):
        igvm.File(good(header("madt", "", number=0x80000777)))
