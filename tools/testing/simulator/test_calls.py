# SPDX-License-Identifier: GPL-2.0
"""SVSM calls: their errors, page states, CREATE_VCPU, attestation.

A group is one run of the guest; each of its tests is one test here.
"""

import pytest

GROUPS = {
    "query": "known version-0 version-2 unknown",
    "call": "unknown-call unknown-protocol not-pending not-pending-reboot by-ghcb other-vmpl"
    " rmpadjust-refused pvalidate-faults caa-msr sev-status",
    "remap": "unaligned shared-page unvalidated out-of-range svsm-memory vmsa-page same moves"
    " refused-keeps",
    "pvalidate": "list-unaligned list-address list-crosses num-zero next-beyond reserved-bits"
    " page-size huge no-update ignore-cf bad-gpa vmsa-page shared-page partial scrub conversion"
    " psc-bad",
    "vcpu": "unaligned bad-address same-page bad-vmpl no-svme bad-features refused-is-writable"
    " unknown-apic already readable readable-destroyed readable-held delete-unknown delete-running delete-halted delete-own"
    " delete-held delete-destroyed destroy-in-nmi host-refuses restart calls-from-ap remap-from-ap whole-vmsa area-in-use",
    "mem": "deposit-unaligned deposit-address deposit-list deposit-entry withdraw-unaligned"
    " withdraw-address withdraw-nothing deposit-withdraw vtom-query vtom-configure",
    "attest": "sha512 known unknown-guid small-manifest small-report misaligned bad-nonce"
    " reserved-fields bad-version bad-address certificates services services-small",
    "reboot": "reserved-flags unknown-call",
    "ghcb": "msr-info msr-cpuid event-cpuid event-features apic-ids jump-table event-unknown psc-pages psc-huge"
    " psc-header psc-bad-entry scratch mmio-memory msr-own second-page",
    "launch": "e820 efi secrets cpuid-page",
    "gcm": "known-answers",
    "psp": "report other-vmpl wrong-number replay wrong-tag header other-key message pages extended",
    "ipi": "nmi-wakes-halted ipi-wakes-idle comes-once every-ipi-arrives every-nmi-arrives"
    " create-empties ipi-does-not-wake-halted",
    "apic": "leaves modes registers ipi-by-msr ipi-from-msr ipi-to-msr create-keeps-mode init-keeps-out",
    "nmi": "create-keeps-mask create-drops-pending masked-ends-hlt",
    "trap": "int3 int-n prefixed no-gate patched-code",
}
NAMES = {group: [f"{group}.{what}" for what in names.split()] for group, names in GROUPS.items()}
ALL = [name for names in NAMES.values() for name in names]


@pytest.mark.parametrize("name", ALL)
def test_call(selftest, name):
    run = selftest(name.split(".")[0])
    assert name in run.verdicts, f"no verdict on {name}\n{run}"
    assert run.verdicts[name] is None, run.verdicts[name]


@pytest.mark.parametrize("fidelity", ("strict", "fast", "full"))
@pytest.mark.parametrize("group", GROUPS)
def test_group(selftest, group, fidelity):
    """The whole group, its end and its event log, in every fidelity."""
    # The one thing that is documented to differ: conversions at fidelity fast.
    run = selftest(group, fidelity=fidelity, append="contents-survive" * (fidelity == "fast"))
    run.well_formed()
    run.passed(*NAMES[group])


def test_list_is_complete(selftest):
    """Every test that the guest can share a run with is in the table above."""
    run = selftest("list list")
    listed, with_others = [line.split()[1] for line in run.lines if line.startswith("TEST ")], run.shareable
    assert len(listed) > len(ALL)
    elsewhere = {name for name in with_others if name.startswith(("vc.", "stress."))}
    assert with_others - elsewhere == set(ALL)


@pytest.mark.parametrize("name, test, append", (
    ("no-such-test", "%s", ""),
    ("no-such-test", "pvalidate.list-address,%s", ""),
    ("pvalidate.no-such-test", "%s,pvalidate.list-address", ""),
    ("dma", "pvalidate.list-address,%s", ""),  # its tests run alone
    ("no-such-test", "pvalidate.list-address", "without=%s"),
    ("pvalidate", "pvalidate.list-address", "without=%s"),  # only tests are left out
))
def test_unknown_name_is_a_failure(selftest, name, test, append):
    run = selftest(test.replace("%s", name), append=append.replace("%s", name))
    assert f"FAIL no such test: {name}" in run.lines
    with pytest.raises(AssertionError):
        run.passed()


def failed_calls(run, protocol, call):
    return {event["result"] for event in run.events.of("svsm-call", protocol=protocol, call=call)}


def test_contents_survive_only_at_fast(selftest):
    verdicts = selftest("pvalidate", fidelity="fast").verdicts
    assert [name for name, why in verdicts.items() if why] == ["pvalidate.conversion"]


@pytest.mark.parametrize(
    "group, protocol, call, result",
    (
        ("remap", 0, 0, "0x80000005"),
        ("remap", 0, 0, "0x80000003"),
        ("pvalidate", 0, 1, "0x80001010"),
        ("vcpu", 0, 2, "0x80000005"),
        ("vcpu", 0, 3, "0x80000005"),
        ("vcpu", 0, 3, "0x80001003"),
        ("mem", 0, 7, "0x80000006"),
        ("call", 0, 8, "0x80000002"),
        ("call", 0x42, 0, "0x80000001"),
        ("attest", 1, 1, "0x80000001"),
        ("attest", 1, 1, "0x0"),
        ("reboot", 5, 1, "0x80000002"),
    ),
)
def test_calls_are_logged(selftest, group, protocol, call, result):
    assert result in failed_calls(selftest(group), protocol, call)


def test_refused_execute_is_logged(selftest):
    """A refused EXECUTE is an event of its own, and nothing follows from it."""
    run = selftest("reboot")
    refused = run.events.refusals
    assert refused and {event["result"] for event in refused} == {"0x80000005"}
    assert {event["flags"] for event in refused} >= {"0x1", "0xffffffffffffffff"}
    run.events.no("invalidate")
    assert len(run.events.of("boot")) == 1


def test_messages_are_logged(selftest):
    """Every message that came to the PSP, with what became of it."""
    events = selftest("psp").events
    used = events.accepted_messages()
    assert list(used) == [2] and used[2] == list(range(1, used[2][-1] + 2, 2))
    assert {event["result"] for event in events.refused_messages()} == {"0x16", "0x1d"}
    assert {event["msg_type"] for event in events.of("psp-request")} >= {0, 5}
    assert {event["vmpck"] for event in events.refused_messages()} == {0, 1, 2, 4}


def test_vcpu_events(selftest):
    """Every accepted CREATE_VCPU, AP_CREATE, AP_DESTROY and DELETE_VCPU is an event."""
    events = selftest("vcpu").events
    created, deleted = events.of("vcpu-create"), events.of("vcpu-delete")
    assert created and {event["apic_id"] for event in created} == {1}
    assert sorted(event["vmsa"] for event in created) == sorted(event["vmsa"] for event in deleted)
    started = events.of("vcpu-start")
    assert started and {event["vmsa"] for event in started} <= {e["vmsa"] for e in created}
    # delete-running, delete-destroyed, destroy-in-nmi, readable-destroyed, and three times restart
    assert len(events.of("vcpu-destroy", apic_id=1)) == 7
    assert [event["cpu"] for event in events.of("vcpu-park")] == [1, 1]
