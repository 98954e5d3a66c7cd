# SPDX-License-Identifier: GPL-2.0
"""Real firmware that a program at VMPL 0 launches, minisvsm: no kernel, an EFI application calls EXECUTE."""

import pytest

import event_schema
from lib import minisvsm, ovmf, places
from lib.events import Events
from lib.slices import later
from lib.sources import run as run_command

SEC_GHCB = "0x809000"  # in none of firmware's sections
BOOTS = 3


def snpsim(tmp_path, *arguments, release="sid", name="ovmf/OVMF.fd"):
    """Status, the events, and what was printed."""
    kernel, nothing, log = tmp_path / "application", tmp_path / "nothing", tmp_path / "events"
    kernel.write_bytes(ovmf.application(BOOTS))
    nothing.write_bytes(b"")
    result = run_command(
        places.SNPSIM, "run", "--igvm", minisvsm.with_firmware(release, name), "--smp", "2", "--events", log,
        "--timeout", "240", *arguments, "--", "-kernel", kernel, "-initrd", nothing, timeout=300)
    events = Events.read(log)
    assert event_schema.problems(events) == [], result.stdout
    return result.returncode, events, result.stdout


def restarts(console):
    return [(cpu, int(boot)) for cpu, _, _, boot in minisvsm.RESTARTS.findall(console.replace("\r", ""))]


@pytest.mark.parametrize("name", [pytest.param("ovmf/OVMF.fd", id="sid"), later("OVMF/OVMF_CODE_4M.fd")])
def test_firmware_starts_again(tmp_path, name):
    """The last boot ends the run. The page in no section is private after EXECUTE, and the host converts it."""
    status, events, console = snpsim(tmp_path, name=name)
    assert status == 3 and events.one("host-reset")["how"] == "port-cf9", console
    assert restarts(console) == [("0", 2), ("0", 3)]
    events.no("violation")
    assert len(events.of("host-convert", gpa=SEC_GHCB, to="shared")) == BOOTS - 1
    # Firmware's APs wait, halted
    assert {event["halted"] for event in events.of("vcpu-release")} == {True}


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
