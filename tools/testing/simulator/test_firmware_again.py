# SPDX-License-Identifier: GPL-2.0
"""Real firmware that EXECUTE starts again, without a kernel: an EFI application calls it."""

import time

import pytest

import event_schema
from lib import ovmf, places
from lib.events import Events
from lib.slices import later
from lib.sources import run as run_command

TRIXIE = "trixie", "ovmf/OVMF.fd"
CODE = "trixie", "OVMF/OVMF_CODE_4M.fd"
SID = "sid", "ovmf/OVMF.fd"
AMDSEV = "sid", "ovmf/OVMF.amdsev.fd"
SEC_GHCB = "0x809000"  # of all of them: in no section
BOOTS = 3


def snpsim(tmp_path, which, *arguments, initrd=None, boots=BOOTS, timeout=240):
    """Status, and the events, which are as they are documented."""
    kernel, log = tmp_path / "application", tmp_path / "events"
    kernel.write_bytes(ovmf.application(boots))
    words = ["--firmware", ovmf.debian(*which), "--kernel", kernel, "--smp", "2", "--memory", "128M", "--events", log]
    words += ["--initrd", initrd] if initrd else []
    result = run_command(places.SNPSIM, "run", *words, "--timeout", timeout, *arguments, timeout=timeout + 30)
    events = Events.read(log)
    assert event_schema.problems(events) == [], result.stdout
    return result.returncode, events


def regions(events, boot, *kinds):
    return [region for region in events.one("regions", boot=boot)["regions"] if region["type"] in kinds]


def started_again(status, events, boots=BOOTS):
    """The last boot ends the run, by a reset that only a host could serve."""
    assert status == 3 and events.one("host-reset")["how"] == "port-cf9", events
    events.boots(boots)
    assert len(events.executes) == boots - 1


@pytest.mark.parametrize("which", [TRIXIE, later(CODE), later(SID), later(AMDSEV)],
                         ids=["trixie", "trixie-code", "sid", "sid-amdsev"])
def test_firmware_starts_again(tmp_path, which):
    """Each boot finds what the first one found; the page in no section is shared when it is written to."""
    status, events = snpsim(tmp_path, which)
    started_again(status, events)
    for boot in range(1, BOOTS + 1):
        kept = [region["type"] for region in events.one("regions", boot=boot)["regions"] if region["kept"]]
        assert kept == ["secrets"] * (boot > 1)
        assert len(events.of("host-convert", boot=boot, gpa=SEC_GHCB, to="shared")) == (boot > 1)
    # SEC has left something in its memory, and nothing in the image
    assert any(region["changed"] for region in regions(events, 2, "sec-mem"))
    assert not any(region["changed"] for region in regions(events, 2, "image"))


@pytest.mark.sliced
@pytest.mark.parametrize("fidelity", ["fast", "full"])
def test_fidelity(tmp_path, fidelity):
    """At full #VC comes from the reset vector's CPUID on, in 32-bit code."""
    started_again(*snpsim(tmp_path, TRIXIE, "--fidelity", fidelity))


def test_host_that_converts_nothing(tmp_path):
    """What SEC writes to is private then, and the page is named."""
    status, events = snpsim(tmp_path, TRIXIE, "--host", "no-convert")
    violation = events.one("violation")
    assert status == 2 and violation["boot"] == 2
    assert (violation["kind"], violation["gpa"], violation["access"]) == ("private-as-shared", SEC_GHCB, "write")


@pytest.mark.sliced
def test_image_that_the_host_converts(tmp_path):
    """A newer one reads variables out of its own image, without the C-bit: the host's copy, in each boot."""
    status, events = snpsim(tmp_path, SID)
    started_again(status, events)
    for boot in range(1, BOOTS + 1):
        assert events.of("host-convert", boot=boot, gpa=regions(events, 1, "image")[0]["gpa"], to="shared")
    assert regions(events, 2, "image")[0]["lost"] > 0
    status, events = snpsim(tmp_path, SID, "--host", "no-convert")
    assert status == 2 and events.one("violation")["boot"] == 1
    image = int(regions(events, 1, "image")[0]["gpa"], 16)
    assert int(events.one("violation")["gpa"], 16) // 4096 == image // 4096


@pytest.mark.sliced
@pytest.mark.parametrize("image", ["pristine", "keep"])
def test_image(tmp_path, image):
    """The simulator says what it kept, and the firmware starts either way (what keeping does: scenarios/test_firmware.py)."""
    status, events = snpsim(tmp_path, TRIXIE, "--svsm", f"draft,image={image}")
    started_again(status, events)
    for region in regions(events, 2, "image", "sec-mem"):
        assert region["kept"] == (image == "keep")


@pytest.fixture
def handed_out(tmp_path):
    """Initial ram disks: the one whose hash the firmware gets, and the arguments with which QEMU has another one."""
    measured, other = tmp_path / "measured", tmp_path / "other"
    measured.write_bytes(b"one")
    other.write_bytes(b"another")
    return measured, ("--", "-initrd", other)


@pytest.mark.sliced
def test_kernel_that_was_not_measured(tmp_path, handed_out):
    """OVMF.amdsev.fd does not start it, in twice the time in which it starts the right one twice."""
    measured, another = handed_out
    begin = time.monotonic()
    started_again(*snpsim(tmp_path, AMDSEV, initrd=measured, boots=2), boots=2)
    status, events = snpsim(tmp_path, AMDSEV, *another, initrd=measured, timeout=30 + 2 * round(time.monotonic() - begin))
    assert status == 4
    events.no("execute", "violation")


@pytest.mark.sliced
def test_kernel_that_nobody_measures(tmp_path, handed_out):
    """OVMF.fd starts it: it does not look at the hashes."""
    measured, another = handed_out
    started_again(*snpsim(tmp_path, SID, *another, initrd=measured, boots=2), boots=2)


@pytest.mark.sliced
def test_firmware_without_svsm_support(tmp_path):
    """Debian 12's: one sentence, and nothing is started."""
    firmware = ovmf.debian("bookworm", "ovmf/OVMF.fd")
    result = run_command(places.SNPSIM, "run", "--firmware", firmware, "--timeout", "20", timeout=60)
    lines = result.stdout.splitlines()
    assert result.returncode == 1 and len(lines) == 1 and "does not support an SVSM" in lines[0], lines
