# SPDX-License-Identifier: GPL-2.0
"""Real firmware that a program at VMPL 0 launches, minisvsm: no kernel, an EFI application calls EXECUTE."""

import struct

import pytest

import event_schema
from lib import minisvsm, ovmf, places
from lib.events import Events
from lib.slices import later
from lib.sources import run as run_command

SEC_GHCB = "0x809000"  # in none of firmware's sections
BOOTS = 3


def snpsim(tmp_path, *arguments, release="sid", name="ovmf/OVMF.fd", igvm=None, options=None):
    """Status, the events, and what was printed."""
    kernel, nothing, log = tmp_path / "application", tmp_path / "nothing", tmp_path / "events"
    kernel.write_bytes(ovmf.application(BOOTS))
    nothing.write_bytes(b"")
    qemu = ["-fw_cfg", f"name=opt/snpsim/minisvsm,string={options}"] if options else []
    result = run_command(
        places.SNPSIM, "run", "--igvm", igvm or minisvsm.with_firmware(release, name), "--smp", "2", "--events", log,
        "--timeout", "240", *arguments, "--", "-kernel", kernel, "-initrd", nothing, *qemu, timeout=300)
    events = Events.read(log)
    assert event_schema.problems(events) == [], result.stdout
    return result.returncode, events, result.stdout


def restarts(console):
    return [(cpu, int(boot)) for cpu, _, _, boot in minisvsm.RESTARTS.findall(console.replace("\r", ""))]


def started_again(status, events, console):
    """The last boot ends the run."""
    assert status == 3 and events.one("host-reset")["how"] == "port-cf9", console
    assert restarts(console) == [("0", 2), ("0", 3)]
    events.no("violation")
    # Firmware's APs wait, halted
    assert {event["halted"] for event in events.of("vcpu-release")} == {True}


@pytest.mark.parametrize("name", [pytest.param("ovmf/OVMF.fd", id="sid"), later("OVMF/OVMF_CODE_4M.fd")])
def test_firmware_starts_again(tmp_path, name):
    """Memory is shared again, as at the launch: nothing is the host's to convert but the image."""
    status, events, console = snpsim(tmp_path, name=name)
    started_again(status, events, console)
    assert not events.of("host-convert", gpa=SEC_GHCB)


@pytest.mark.sliced
def test_memory_stays_private(tmp_path):
    """As the Reboot pull request leaves it: the host converts the page in no section, as KVM does."""
    status, events, console = snpsim(tmp_path, options="keep-private")
    started_again(status, events, console)
    assert len(events.of("host-convert", gpa=SEC_GHCB, to="shared")) == BOOTS - 1


def changed(tmp_path, change):
    """minisvsm with sid's firmware, changed."""
    image = bytearray(ovmf.debian("sid", "ovmf/OVMF.fd").read_bytes())
    change(image)
    (tmp_path / "OVMF.fd").write_bytes(image)
    return minisvsm.packed(tmp_path / "changed.igvm", "--firmware", tmp_path / "OVMF.fd")


def replace_last(image, old, new):
    at = image.rindex(old)
    image[at:at + len(old)] = new


def move_secrets(image):
    """To where the SVSM is."""
    replace_last(image, struct.pack("<III", 0x80D000, 0x1000, ovmf.SECRETS), struct.pack("<III", 0x8000000, 0x1000, ovmf.SECRETS))


def move_map(image):
    """Into the section of secrets."""
    replace_last(image, struct.pack("<III", 0x812000, 0x1000, ovmf.IGVM_AREA), struct.pack("<III", 0x80D000, 0x1000, ovmf.IGVM_AREA))


@pytest.mark.sliced
@pytest.mark.parametrize("change, said", (
    (lambda image: replace_last(image, b"ASEV", b"asev"), "firmware's image is damaged"),
    (move_map, "firmware wants the map of memory outside of its sections"),
), ids=("signature", "map"))
def test_damaged_firmware(tmp_path, change, said):
    """Nothing else is started in its place."""
    status, events, console = snpsim(tmp_path, igvm=changed(tmp_path, change))
    assert status == 3 and (events.one("terminate")["set"], events.one("terminate")["code"]) == (1, 1), console
    assert f"minisvsm: {said}" in console and not events.of("vcpu-start", vmpl=2)


@pytest.mark.sliced
def test_section_in_the_svsm(tmp_path):
    """The command refuses the file."""
    result = run_command(places.SNPSIM, "run", "--igvm", changed(tmp_path, move_secrets), "--timeout", "60")
    line, = result.stdout.splitlines()
    assert result.returncode == 1 and "(SECRETS), which the file requires for the program at VMPL 0" in line


@pytest.mark.sliced
def test_host_that_converts_nothing(tmp_path):
    """A host may do so: the image's first page is where firmware comes to an end then, in its first boot."""
    status, events, console = snpsim(tmp_path, "--host", "no-convert")
    violation = events.one("violation")
    assert status == 2 and restarts(console) == []
    assert (violation["kind"], violation["vmpl"]) == ("private-as-shared", 2)
    assert int(violation["gpa"], 16) // 4096 == 0xFFC00


@pytest.mark.sliced
def test_firmware_that_reads_no_map(tmp_path):
    """Debian 13's would take the SVSM's memory for its own: the command says so, and minisvsm does not start it."""
    status, events, console = snpsim(tmp_path, release="trixie")
    assert status == 3 and (events.one("terminate")["set"], events.one("terminate")["code"]) == (1, 1), console
    assert "minisvsm: firmware has no calling area, or takes no map of memory" in console
    listing = run_command(places.SNPSIM, "igvm", minisvsm.with_firmware("trixie", "ovmf/OVMF.fd")).stdout
    assert "it reads no map of memory, and will use what is required above as its own" in listing
