# SPDX-License-Identifier: GPL-2.0
"""The event log as a whole: the guest cannot forge it, the document describes it."""

import pytest

import event_schema
from lib import places
from lib.sources import files, text


@pytest.mark.parametrize(
    "test",
    ("host.forge", "host.forge-wide", "host.forge-string", "host.forge-read", "host.forge-console"),
)
def test_guest_cannot_forge(selftest, test):
    """Whatever it writes to debug ports or to its console, it is no event and no end."""
    run = selftest(test)
    run.well_formed()
    run.passed(test)
    assert "forged" not in str(run.events)
    plain = [event["event"] for event in selftest("host.none").events]
    assert [event["event"] for event in run.events] == plain


@pytest.mark.parametrize("test", ("host.forge", "host.forge-wide"))
def test_forging_by_the_host(selftest, test):
    """Through the GHCB neither: port I/O of a full-fidelity guest goes through the host."""
    run = selftest(test, fidelity="full")
    run.passed(test)
    assert "forged" not in str(run.events)


def test_start(selftest):
    run = selftest("host.none")
    assert run.events[0] == run.events.one("start")
    start = run.events[0]
    assert start["version"] == 1 and start["cpus"] == 2 and start["fidelity"] == "strict"
    assert start["memory"] == 512 << 20 and start["svsm"] == "draft"
    assert run.events[1]["event"] == "boot"


def test_boot_number_reaches_the_guest(selftest):
    run = selftest("execute.chain", append="boots=2")
    for boot in (1, 2):
        assert any(f"snpsim.boot={boot}" in line for line in run.lines)


def documents():
    return {name: text(name) for name in files() if name.startswith("Documentation/snpsim/")}


@pytest.mark.parametrize("name", event_schema.EVENTS)
def test_events_are_documented(name):
    assert any(f"``{name}``" in doc or f'"{name}"' in doc for doc in documents().values())


@pytest.mark.parametrize("name", event_schema.VIOLATIONS + event_schema.RESETS + event_schema.BY_DEVICES + event_schema.STOPS)
def test_values_are_documented(name):
    assert any(name in doc for doc in documents().values())


def test_image_is_the_one_built():
    assert (places.BUILD / "snpsim/selftest.bz").read_bytes()[0x202:0x206] == b"HdrS"
