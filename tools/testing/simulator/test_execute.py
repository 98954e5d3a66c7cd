# SPDX-License-Identifier: GPL-2.0
"""SVSM_REBOOT_EXECUTE does what it says, and the log says what it did."""

import pytest

TWO_BOOTS = (
    "execute.pages", "execute.image", "execute.launch-pages", "execute.by-ghcb",
    "execute.moved-ca", "launch.secrets-kept", "launch.leftovers", "state.after-execute", "state.on-ap",
    "ap.halted", "ap.halted-again", "ap.reset-hold-msr", "ap.reset-hold-ghcb", "ap.destroyed", "ap.deleted",
    "ap.created", "ap.vmsa-gone", "ap.from-ap", "ap.irq-armed", "ap.irq-quiet", "ap.irq-illegal",
)
N_PAGES = 16  # that execute.pages validates
LEFT_MS = 50  # how long an AP was left alone before EXECUTE


@pytest.mark.parametrize("test", TWO_BOOTS)
def test_two_boots(selftest, test):
    run = selftest(test)
    run.well_formed()
    run.passed(test)
    execute, = run.executes(1)
    assert execute["boot"] == 1 and execute["flags"] == "0x0"


@pytest.mark.parametrize("fidelity", ("fast", "full"))
@pytest.mark.parametrize(
    "test", ("execute.image", "execute.by-ghcb", "state.after-execute", "ap.halted", "ap.from-ap")
)
def test_other_fidelity(selftest, test, fidelity):
    run = selftest(test, fidelity=fidelity)
    run.well_formed()
    run.passed(test)
    run.executes(1)
    assert run.events.one("start")["fidelity"] == fidelity


def test_guest_validated_pages_in_full(selftest):
    run = selftest("execute.pages", fidelity="full")
    run.passed("execute.pages")
    run.executes(1)


def test_refused(selftest):
    run = selftest("execute.refused")
    run.well_formed()
    run.passed("execute.refused")
    run.executes(0)


@pytest.mark.parametrize("boots", (2, 5, 12))
def test_chain(selftest, boots):
    run = selftest("execute.chain", append=f"boots={boots}")
    run.well_formed()
    run.passed("execute.chain")
    run.executes(boots - 1)


def test_invalidate_counts(selftest):
    """Exactly what the guest validated: here, the pages of the test."""
    plain = selftest("execute.image").events.one("invalidate")
    more = selftest("execute.pages").events.one("invalidate")
    assert more["pages"] - plain["pages"] == N_PAGES
    assert plain["vmsas"] == 0 and more["vmsas"] == 0


def test_shared_pages_are_counted(selftest):
    plain = selftest("execute.image").events.one("invalidate")
    more = selftest("execute.launch-pages").events.one("invalidate")
    assert more["shared"] - plain["shared"] == 1


@pytest.mark.parametrize(
    "test, state, vmsas, least_ms",
    (
        ("ap.halted", "halted", 1, LEFT_MS // 2),
        ("ap.halted-again", "halted", 1, 1),
        ("ap.reset-hold-msr", "reset-hold", 1, LEFT_MS // 2),
        ("ap.reset-hold-ghcb", "reset-hold", 1, LEFT_MS // 2),
        ("ap.destroyed", "destroyed", 1, LEFT_MS // 2),
        ("ap.deleted", "deleted", 0, LEFT_MS // 2),
    ),
)
def test_state_of_the_ap(selftest, test, state, vmsas, least_ms):
    """What kept the AP from running, since when, and which VMSAs were left."""
    run = selftest(test)
    execute, = run.executes(1)
    run.ap(execute, 1, state, least_ns=least_ms * 1000000)
    assert len(execute["vmsas"]) == vmsas
    assert run.events.one("invalidate")["vmsas"] == vmsas
    created = [event["vmsa"] for event in run.events.of("vcpu-create", boot=1)]
    assert set(execute["vmsas"]) <= set(created)
    run.events.no("violation")


@pytest.mark.parametrize("test, vmsas", (("ap.created", 1), ("execute.image", 0)))
def test_ap_that_never_ran(selftest, test, vmsas):
    """It is no AP to account for, a VMSA may be there all the same."""
    execute, = selftest(test).executes(1)
    assert execute["aps"] == [] and len(execute["vmsas"]) == vmsas


def test_vmsa_of_the_last_boot(selftest):
    """The test looks at the page that was the VMSA, not at another."""
    pages = [line for line in selftest("ap.vmsa-gone").lines if line.startswith("VMSA ")]
    assert len(pages) == 2 and pages[0] == pages[1]


def test_halted_anew(selftest):
    """since_ns counts from the last time it halted, not from the first."""
    long, = selftest("ap.halted").executes(1)
    short, = selftest("ap.halted-again").executes(1)
    assert short["aps"][0]["since_ns"] < long["aps"][0]["since_ns"]


def test_keys_are_kept(selftest):
    """A reset inside the guest does not make new VMPCKs."""
    keys = [line for line in selftest("launch.secrets-kept").lines if line.startswith("VMPCK2 ")]
    assert len(keys) == 2 and keys[0] == keys[1]


def test_parking_is_logged(selftest):
    for test in ("ap.reset-hold-msr", "ap.reset-hold-ghcb"):
        parked = selftest(test).events.one("vcpu-park")
        assert parked["cpu"] == 1 and parked["how"] == "reset-hold" and parked["boot"] == 1
    selftest("ap.halted").events.no("vcpu-park")


def test_boot_cpu_destroyed(selftest):
    """The host ends any vCPU but the caller: the BSP, too, in an NMI handler that never returns."""
    run = selftest("ap.boot-cpu-destroyed")
    run.well_formed()
    run.passed("ap.boot-cpu-destroyed")
    execute, = run.executes(1)
    assert execute["cpu"] == 1 and execute["bsp"] is False
    run.ap(execute, 0, "destroyed", least_ns=LEFT_MS // 2 * 1000000)
    run.events.one("vcpu-destroy", cpu=1, apic_id=0)


@pytest.mark.parametrize("test", ("ap.from-ap", "state.on-ap"))
def test_from_an_ap(selftest, test):
    """The calling vCPU starts again, whichever it is; the log says it is not the BSP."""
    run = selftest(test)
    execute, = run.executes(1)
    assert execute["cpu"] == 1 and execute["apic_id"] == 1 and execute["bsp"] is False
    run.ap(execute, 0, "halted")
    first, second = run.events.of("boot")
    assert first["bsp"] is True and first["apic_id"] == 0
    assert second["bsp"] is False and second["apic_id"] == 1


def test_from_the_bsp(selftest):
    execute, = selftest("ap.halted").executes(1)
    assert execute["cpu"] == 0 and execute["apic_id"] == 0 and execute["bsp"] is True


@pytest.mark.parametrize("test", ("state.after-execute", "state.on-ap"))
def test_register_state(selftest, test):
    """Debug, FPU, SSE, MSRs: the second boot begins with what the first began with."""
    states = selftest(test).same_states()
    assert len(states) > 25
    assert states["dr7"] == "400" and states["mxcsr"] == "1f80"


def test_state_at_launch(selftest):
    run = selftest("state.at-launch")
    run.well_formed()
    run.passed("state.at-launch")


def test_interrupts_left(selftest):
    armed = selftest("ap.irq-armed").executes(1)[0]["irq"]
    quiet = selftest("ap.irq-quiet").executes(1)[0]["irq"]
    assert armed["lvt_unmasked"] >= 1 and armed["apic_enabled"] is True
    assert quiet["lvt_unmasked"] == 0 and quiet["apic_enabled"] is False


@pytest.mark.parametrize("apic", ("x2apic", "xapic"))
def test_vectors_that_hardware_does_not_take(selftest, apic):
    """QEMU's local APIC keeps a request for vector 0; no event and no next boot has it."""
    run = selftest("ap.irq-illegal", apic=apic)
    run.passed("ap.irq-illegal")
    irq = run.executes(1)[0]["irq"]
    assert (irq["irr"], irq["vectors"]) == (0, [])


@pytest.mark.parametrize("smp", (1, 4, 8))
def test_number_of_cpus(selftest, smp):
    run = selftest("execute.image", smp=smp)
    run.well_formed()
    run.passed("execute.image")
    run.executes(1)
    assert run.events.one("start")["cpus"] == smp
