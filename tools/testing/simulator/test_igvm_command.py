# SPDX-License-Identifier: GPL-2.0
"""`snpsim igvm`: what it says of a file, in words and as JSON, and its status."""

import json

import pytest

from lib import igvm_file, ovmf, places
from lib.igvm_file import area, build, good, header, page, platform
from lib.sources import run


def snpsim(tmp_path, content, *arguments):
    path = tmp_path / "some.igvm"
    if content is not None:
        path.write_bytes(content)
    result = run(places.SNPSIM, "igvm", path, *arguments, timeout=60)
    return result.returncode, result.stdout.splitlines()


@pytest.mark.parametrize("content, said", (
    (None, "No such file"), (b"", "no IGVM file"), (good()[:-7], "truncated"), (good(checksum=1), "checksum"),
    (good(platforms=()), "platform"), (good(page(0x10000)), "overlaps"),
), ids=("missing", "empty", "truncated", "checksum", "no-platform", "overlap"))
@pytest.mark.parametrize("arguments", ((), ("--json",)), ids=("words", "json"))
def test_one_line(tmp_path, content, said, arguments):
    status, lines = snpsim(tmp_path, content, *arguments)
    assert status == 1 and len(lines) == 1, lines
    assert lines[0].startswith(f"snpsim: {tmp_path}/some.igvm: ") and said in lines[0]


@pytest.mark.parametrize("arguments, said", (
    (("--smp", "0"), "vCPUs"), (("--memory", "1M"), "128M"), (("--", "-s"), "no QEMU"), (("--kernel", "x"), "--kernel"),
), ids=("smp", "memory", "qemu", "kernel"))
def test_wrong_usage(tmp_path, arguments, said):
    status, lines = snpsim(tmp_path, good(), *arguments)
    assert status == 1 and len(lines) == 1 and said in lines[0], lines


def test_file_that_is_too_large(tmp_path):
    path = tmp_path / "large.igvm"
    with open(path, "wb") as f:
        f.truncate((512 << 20) + 1)
    result = run(places.SNPSIM, "igvm", path, timeout=60)
    assert result.returncode == 1 and result.stdout == f"snpsim: {path}: it is larger than 512 MiB\n"


def test_in_words(tmp_path):
    status, lines = snpsim(tmp_path, good(header("madt", "I", 7, number=0x80000777)))
    assert status == 0
    text = "\n".join(lines)
    assert lines[0].startswith(f"{tmp_path}/some.igvm: IGVM version 1 for x86-64, ") and "12 headers" in lines[0]
    for words in (
        "platform SEV-SNP: mask 0x1, highest VTL 2, version 1, 2 pages",
        "platform TDX: mask 0x4, highest VTL 0, version 1, 1 pages",
        "for other platforms only: 1 page-data", "optional header of type 0x80000777, 4 bytes: ignored",
        "with 512M and 4 CPUs", "guest policy 0x30000", "vp-count at 0x0, environment-info at 0x4", "sev_features 0x29",
    ):
        assert words in text, words
    assert lines[-1] == "The simulator can satisfy all of it."


def test_as_json(tmp_path):
    status, lines = snpsim(tmp_path, good(version=2), "--json", "--smp", "2", "--memory", "1G")
    found = json.loads("\n".join(lines))
    assert status == 0 and found["problems"] == []
    assert (found["version"], found["architecture"], found["memory"], found["cpus"]) == (2, "x86-64", 1 << 30, 2)
    assert found["headers"]["page-data"] == 3 and found["other_platforms"] == {"page-data": 1}
    assert [(r["kind"], r["gpa"], r["pages"], r["data"]) for r in found["ranges"]] == [
        ("required", "0x8000000", 16, False), ("normal", "0x10000", 1, True), ("normal", "0x11000", 1, False),
        ("parameter", "0x8000000", 1, True), ("vmsa", "0xfffffffff000", 1, True),
    ]
    assert found["parameters"] == [{"gpa": "0x8000000", "bytes": 4096, "contents": [
        {"name": "vp-count", "offset": 0}, {"name": "environment-info", "offset": 4}]}]
    assert found["vmsa"]["efer"] == "0x1800" and found["policy"] == "0x30000"


@pytest.mark.parametrize("arguments", ((), ("--json",)), ids=("words", "json"))
def test_what_cannot_be_satisfied(tmp_path, arguments):
    """The file is good, and so its list is there; the status says that it would not start."""
    status, lines = snpsim(tmp_path, good(page(0x40000000)), *arguments)
    said = "normal pages at 0x40000000 - 0x40000fff: the guest has no memory there"
    assert status == 1
    if arguments:
        assert json.loads("\n".join(lines))["problems"] == [said]
    else:
        assert lines[-2:] == ["The simulator could not satisfy:", f"  {said}"]
    assert snpsim(tmp_path, None, "--memory", "2G")[0] == 0


def test_firmware(tmp_path):
    content = igvm_file.with_firmware(ovmf.image())
    status, lines = snpsim(tmp_path, content)
    line, = [line for line in lines if line.startswith("  firmware: ")]
    assert status == 0 and line == (
        "  firmware: an OVMF of 64 KiB, with 5 sections in 0x800000 - 0x807fff; it reads no map of memory, "
        "and will use what is required above as its own")
    status, lines = snpsim(tmp_path, content, "--json")
    said = json.loads("\n".join(lines))["firmware"]
    assert status == 0 and (said["bytes"], said["reads_memory_map"], len(said["sections"])) == (65536, False, 5)
    assert said["sections"][1] == {"gpa": "0x804000", "bytes": 4096, "type": "SECRETS"}
    assert json.loads("\n".join(snpsim(tmp_path, good(), "--json")[1]))["firmware"] is None


def test_file_for_others(tmp_path):
    status, lines = snpsim(tmp_path, build(platform(4, igvm_file.TDX), area(3), page(0x10000, mask=4)))
    assert status == 1 and lines[-1] == "  it has no platform SEV-SNP, only TDX", lines
    assert not any("A launch" in line or "other platforms" in line for line in lines)
