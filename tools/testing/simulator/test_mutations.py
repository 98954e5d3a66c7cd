# SPDX-License-Identifier: GPL-2.0
"""Each kind of failure of the simulator makes its tests red.

A copy of the hypervisor is broken in one place, built and run; the check that
is there for it has to refuse the run.  A mutation whose place is not found any
more has to be written anew: it would prove nothing.
"""

import collections
import functools
import os
import shutil

import pytest

from lib import places, vmpl0
from lib.guest import Guest
from lib.sources import run as run_command
from selftest_run import EDU, PORT, UHCI, run_of

IMAGE = places.BUILD / "snpsim/selftest.bz"
QEMU = places.qemu()


def passes(run, *names):
    """Without names: whatever has run."""
    run.well_formed()
    run.passed(*(names or run.verdicts))
    assert run.verdicts


def caught(run):
    run.well_formed()
    run.ended(2, "violation")


def stale(run):
    caught(run)
    run.events.one("violation", kind="stale-pv")


def told_of_stale(run):
    run.well_formed()
    assert [event for event in run.events.of("dma") if event["stale"]]


def without_dma(run):
    passes(run)
    run.events.no("dma")


def resets(run):
    passes(run)
    run.executes(1)


def whole_path(run):
    resets(run)
    assert len(run.events.one("path")["steps"]) == 4


def same_state(run):
    resets(run)
    run.same_states()


def host_reset(run):
    run.ended(3, "host-reset")
    run.events.one("host-reset", how="keyboard")  # not by QEMU, which sees the write then


def restarts_caller(run):
    resets(run)
    assert [event["cpu"] for event in run.events.of("boot")] == [0, 1]


def not_forged(run):
    passes(run)
    assert "forged" not in str(run.events)


def names_device(run):
    resets(run)
    assert run.events.left() == ["00:1f.2 msi"]


# (what is broken, file, text, instead, test, fidelity, check)
MUTATIONS = (
    ("validated pages are not cleared", "svsm/pvalidate.c",
     "\t\tpage_zero(gfn);\n\t\tpage_set(gfn, PAGE_VALID", "\t\tpage_set(gfn, PAGE_VALID",
     "pvalidate.scrub", "strict", passes),
    ("a list may cross its page", "svsm/pvalidate.c",
     "|| entries > room", "|| entries > room + 512", "pvalidate.list-crosses", "strict", passes),
    ("a call without call_pending", "svsm/svsm.c",
     "if (!c.ca || !c.ca[CA_CALL_PENDING])", "if (!c.ca)", "call.not-pending", "strict", passes),
    ("any VMPL in a VMSA", "svsm/vmsa.c",
     "p->vmpl == GUEST_VMPL", "p->vmpl < 255", "vcpu.bad-vmpl", "strict", passes),
    ("any GUID is known", "svsm/attest.c",
     "memcmp(op.guid, reboot_guid, sizeof(op.guid))", "memcmp(op.guid, reboot_guid, 0)",
     "attest.unknown-guid", "strict", passes),
    ("EXECUTE with reserved flags", "svsm/reboot.c",
     "if (c->guest->reg[RCX])", "if (c->guest->reg[RCX] == 2)", "reboot.reserved-flags", "strict", passes),
    ("running APs are not looked at", "svsm/reboot.c",
     "\tcheck_aps(c->v);", "\tif (0)\n\t\tcheck_aps(c->v);", "ap.running", "strict", caught),
    ("an idle AP is taken for a halted one", "exits/hlt.c",
     "if_set ? VCPU_IDLE : VCPU_HALTED", "if_set && 0 ? VCPU_IDLE : VCPU_HALTED",
     "ap.idle", "strict", caught),
    ("VMSAs stay registered", "svsm/reboot.c",
     "invalidate(vmsa_drop_all())", "invalidate(c->call ? vmsa_drop_all() : 1)",
     "ap.vmsa-gone", "strict", resets),
    ("memory is not invalidated", "svsm/reboot.c",
     "page_set(g, PAGE_PRIVATE |", "page_set(g, PAGE_VALID | PAGE_GUEST |",
     "execute.pages", "strict", resets),
    ("EXECUTE is no event", "svsm/reboot.c",
     "\tevent_execute(c, result);\n\tcheck_aps", "\tcheck_aps", "execute.image", "strict", resets),
    ("the boot vCPU starts again instead of the caller", "svsm/reboot.c",
     "== AP_EXECUTE_BSP", "== AP_EXECUTE_CALLER", "ap.from-ap", "strict", restarts_caller),
    ("a reset makes a new secrets page", "launch/launch.c",
     "|| !intact ||", "|| intact ||", "launch.secrets-kept", "strict", resets),
    ("no EFI runtime code", "launch/linux_efi.c",
     "\tmemcpy((void *)CODE_UNSUPPORTED, unsupported", "\tmemcpy((void *)CODE_UNSUPPORTED, success",
     "launch.efi", "strict", passes),
    ("the kernel is not restored", "launch/linux.c",
     "\tmemcpy((void *)GUEST_KERNEL,", "\tif (boot_count == 1)\n\t\tmemcpy((void *)GUEST_KERNEL,",
     "execute.image", "fast", resets),
    ("the loader's memory is not cleared", "launch/linux.c",
     "\t\t\tfwcfg_zero((void *)start, min(unit, ram_low_top() - start));\n", "\t\t\treturn;\n", "launch.leftovers", "strict", resets),
    ("the memory below 2 MiB is not cleared", "launch/linux.c",
     "\t\tpage_zero(gfn);\n", "\t\treturn;\n", "launch.leftovers", "strict", resets),
    ("debug registers are not reset", "machine/reset.c",
     '"mov %0, %%db3" : : "r"(c->dr[3])', '"nop" : : "r"(c->dr[3])',
     "state.after-execute", "strict", same_state),
    ("XMM registers are not reset", "machine/fpu.c",
     '"xrstor %0"', '"nop # %0"', "state.after-execute", "strict", same_state),
    ("no shootdown", "machine/shootdown.c",
     "\tstale |= 1U << vmpl;", "\t(void)vmpl;", "stale.rescinded", "strict", caught),
    ("VMSAs are writable", "machine/rmp.c",
     "PAGE_VMSA ? RIGHT_READ : RIGHTS_ALL", "PAGE_VMSA ? RIGHTS_ALL : RIGHTS_ALL", "violation.vmsa-write", "strict", caught),
    ("a VMSA in use is readable", "loop.c",
     "\t\tvmsa_in_use(vcpu_guest(v)->vmsa, true);\n", "", "violation.vmsa-of-halted", "strict", caught),
    ("AP creation leaves the local APIC alone", "host/ap.c",
     "\tapic_reset(v);\n", "", "ipi.create-empties", "strict", passes),
    ("an interrupt that ended an HLT is delivered inside VMRUN", "machine/inject.c",
     "v->cur->vmcb->save.cpl ? EVENT_TYPE_INTR", "true ? EVENT_TYPE_INTR", "ipi.comes-once", "strict", passes),
    ("AP creation keeps a pending NMI", "machine/nmi.c",
     "\tc->nmi_pending = 0;\n\tv->hv_nmi = 0;", "\tv->hv_nmi = 0;",
     "nmi.create-drops-pending", "strict", passes),
    ("a new VMSA unmasks NMIs", "machine/reset.c",
     "\tv->hv_vector = 0;\n", "\tv->hv_vector = 0;\n\tv->cur->nmi_blocked = 0;\n",
     "nmi.create-keeps-mask", "strict", passes),
    ("EXECUTE unmasks NMIs", "launch/launch.c",
     "\tv->cur->ghcb_msr = 0;\n", "\tv->cur->ghcb_msr = 0;\n\tv->cur->nmi_blocked = 0;\n",
     "nmi.execute-keeps-mask", "strict", resets),
    ("looking moves the PCI address", "machine/pci.c",
     "\tv = in32(PCI_DATA);\n\tout32(PCI_ADDRESS, address);", "\tv = in32(PCI_DATA);\n\t(void)address;",
     "left.indexes", "strict", resets),
    ("looking moves the CMOS index", "machine/timers.c",
     "\tout8(CMOS_INDEX, cmos_index);\n", "\t(void)cmos_index;\n", "left.indexes", "strict", resets),
    ("only functions that master the bus", "svsm/left.c",
     "!f->bus_master && !f->msi && !f->msix", "!f->bus_master", "left.msi", "strict", names_device),
    ("EXECUTE resets what the host keeps", "machine/reset.c",
     "\tcontext_to_cpu(v->cur);\n",
     "\tcontext_to_cpu(v->cur);\n\tset_msrs(host_msrs, 1);\n",
     "kept.by-execute", "strict", resets),
    ("EXECUTE leaves an MSR of the VMSA", "machine/reset.c",
     "\t{ MSR_TSC_AUX,", "\t{ 0x48,", "state.after-execute", "strict", same_state),
    ("an INIT keeps nobody from starting", "host/ap.c",
     "\tif (ap->init_received) {", "\tif (0 && ap->init_received) {", "apic.init-keeps-out", "strict", passes),
    ("from x2APIC to xAPIC mode at once", "machine/apic.c",
     "\tif ((old & APIC_BASE_X2APIC) && (new & modes) == APIC_BASE_ENABLE)\n\t\treturn -1;\n", "",
     "apic.modes", "strict", passes),
    ("a VMSA stays in use", "machine/vcpu.c",
     "\tvmsa_in_use(vcpu_guest(v)->vmsa, false);\n", "", "vcpu.readable-destroyed", "strict", passes),
    ("private pages are reachable with C=0", "machine/npt.c",
     "if (rmp[gfn] & PAGE_WALK)", "if (rmp[gfn] & (PAGE_WALK | PAGE_GUEST))",
     "violation.private-as-shared-read", "strict", caught),
    ("VMGEXIT is done on a page out of reach", "exits/next.c",
     "((last ^ (s->rip + sizeof(insn_vmgexit) - 1)) & PAGE_MASK)", "(last & ~last)",
     "violation.unvalidated-vmgexit", "strict", caught),
    ("validated pages may be shared", "host/psc.c",
     "\t\tcheck_share(v, gfn);", "\t\tif (!v)\n\t\t\tcheck_share(v, gfn);",
     "violation.share-validated", "strict", caught),
    ("contents survive a conversion", "machine/rmp.c",
     "!= FIDELITY_FAST", "== FIDELITY_FAST", "pvalidate.conversion", "strict", passes),
    ("the guest has the event port", "host/ports.c",
     "return port == PORT_DEBUGCON ||", "return", "host.forge", "strict", not_forged),
    ("the guest can end the run", "host/ports.c",
     "port >= PORT_DEBUG_EXIT && port <", "port >= PORT_DEBUG_EXIT + 4 && port <",
     "host.forge", "strict", not_forged),
    ("a reset by the keyboard goes unseen", "host/ports.c",
     'report_host_reset(v, "keyboard")', "v->kick = 0", "host.keyboard", "strict", host_reset),
    ("the wrong #VC", "exits/cpuid.c",
     "deliver_vc(v, EXIT_CPUID)", "deliver_vc(v, EXIT_WBINVD)", "vc.cpuid", "full", passes),
    ("a destroyed AP goes on", "host/ap.c",
     "if (!host_is(HOST_DESTROY_LIE))", "if (host_is(HOST_DESTROY_LIE))",
     "vcpu.destroy-in-nmi", "strict", passes),
    ("what executes can be deleted", "svsm/vmsa.c",
     "\t\tif (executes(v) ||", "\t\tif ((0 && executes(v)) ||", "vcpu.delete-running", "strict", passes),
    ("any GHCB is the registered one", "host/ghcb_page.c",
     "if (v->cur->ghcb_msr != v->cur->ghcb_gpa || page_state", "if (page_state",
     "violation.ghcb-replaced", "strict", caught),
    ("the PSP takes any number", "psp/context.c",
     "&& seqno == vmpck[n].count + 1", "&& seqno", "psp.replay", "strict", passes),
    ("the PSP looks at no tag", "psp/gcm.c",
     "\tif (differ)", "\tif (0 && differ)", "psp.wrong-tag", "strict", passes),
    ("the PSP counts what it refuses", "psp/request.c",
     "\t\treturn PSP_AEAD_OFLOW;", "\t\treturn psp_count_answer(2), PSP_AEAD_OFLOW;",
     "psp.wrong-number", "strict", passes),
    ("messages may be in private pages", "host/ghcb_io.c",
     "if (page_state(p) != PAGE_SHARED)", "if (0 && page_state(p) != PAGE_SHARED)",
     "psp.pages", "strict", passes),
    ("a reset makes new keys", "launch/launch.c",
     "\t\tpsp_launch();\n\t\tmemset(pristine", "\t}\n\tif (boot_count) {\n\t\tpsp_launch();\n\t\tmemset(pristine",
     "psp.kept", "strict", resets),
    ("world switches are not counted", "svsm/reboot.c",
     "\treport_switches();\n", "", "execute.image", "strict", resets),
    ("requests by the MSR are no steps of a path", "host/ghcb_msr.c",
     "host_fault(v, PATH_MSR, msr & GHCB_MSR_INFO, c->vmcb->save.rax)", "FAULT_NONE", "execute.path", "strict", whole_path),
)

REBUILD = "quirks.rebuild how=1"
# (what is broken, file, text): left out, a VM that the host builds anew is not a new one
REBUILD_MUTATIONS = (
    ("memory", "rebuild.c", "\t\t\tpage_zero(g);\n"),
    ("TSC", "rebuild.c", "\tsvm_restart_tsc();\n"),
    ("keys and secrets page", "rebuild.c", "\tlaunch_anew();\n"),
    ("local APIC", "launch/launch.c", "\t\tvcpu_power_on(v);\n"),
)

# The same of KVM's paravirtual features: (what is broken, file, text, instead, test, check)
PV_MUTATIONS = (
    ("EXECUTE takes the areas away", "host/callbacks.c",
     "\tdma_begin_anew();\n", "\tdma_begin_anew();\n\tpv_reset(caller);\n", "pv.stale-steal", stale),
    ("AP creation leaves the areas", "host/ap.c", "\tpv_reset(v);\n", "", "pv.created-anew", resets),
    ("private pages are written to", "host/pv_write.c",
     "\t\twrites.hidden++;\n\t\treturn NULL;", "\t\twrites.hidden++;\n\t\treturn (void *)gpa;",
     "pv.hidden", resets),
    ("nobody ends an interrupt for the guest", "host/pv_write.c",
     "\t\tapic_write(APIC_EOI, 0);", "\t\twrites.seen++;", "pv.eoi", passes),
    ("who has shared a page is forgotten", "host/psc.c",
     "\t\t\trmp[gfn] |= PAGE_GUEST;", "\t\t\treturn 0;", "pv.stale-steal", stale),
)


# The same of a device that does not stop: (what is broken, file, text, instead)
STUCK_MUTATIONS = (
    ("its ports go by the host", "host/moves.c", "if (host_has_stuck_device() || ", "if ("),
    ("bus mastering goes off", "machine/pci.c", "\t\treturn pci_read(number, reg) & COMMAND_MASTER;", "\t\treturn 0;"),
    ("MSI goes off", "machine/pci.c", "\t\treturn MSI_ENABLE;", "\t\treturn 0;"),
    ("a byte is taken for four", "host/quirks.c", "return val | pci_live_bits(function, address & 0xfc) >> (port & 3) * 8;", "return val | pci_live_bits(function, address & 0xfc);"),
)


# The same of answers from a seed: (what is broken, file, text, instead)
FUZZ = "quirks.fuzz fuzz=1"
FUZZ_MUTATIONS = (
    ("all answers are right", "svsm/svsm.c", "fuzz_now() ? svsm_fuzz(&c, dispatch) : dispatch(&c)", "dispatch(&c)"),
    ("the kernel's requests are taken for a module's", "host/fuzz.c", "return rip >= MODULES_START && rip < MODULES_END;", "return rip;"),
    ("seed 0 is one", "machine/fuzz.c", "if (!host_is(HOST_FUZZ) || !seed)", "if (!host_is(HOST_FUZZ))"),
)


# The same of QEMU's memory map: (what is broken, file, text, instead, test)
MAP = "stress.memory-map workers=2 rounds=500"
BRIDGE = "stress.bridge-window workers=2 rounds=500"
# On one core fewer accesses are lost
ON_ALL = {"apic": "xapic", "smp": 3, "cores": "all", "qemu": PORT}
MAP_MUTATIONS = (
    ("memory decoding moves nothing", "host/moves.c", "return changed & COMMAND_MOVES;", "return changed & BIT_ULL(0);", MAP),
    ("the data are not watched", "host/moves.c", "return reg == PCI_COMMAND || (reg", "return (reg", MAP),
    ("a bridge moves nothing", "host/moves.c", "overlap(from, size, REG_WINDOWS, REG_WINDOWS_END) ||", "", BRIDGE),
    ("a bridge's data are not watched", "host/moves.c", "(reg >= REG_BARS && reg < REG_WINDOWS_END) ||", "", BRIDGE),
)


# The same of DMA: (what is broken, file, text, instead, test, check)
DMA_MUTATIONS = (
    ("devices reach all of memory", "machine/iommu.c",
     "PAGE_STATE) == PAGE_SHARED)", "PAGE_STATE) != PAGE_HV)", "dma.to-private", passes),
    ("a device keeps what it has cached", "machine/iommu.c",
     "\tstale = false;\n\tset(iotlb_high, IOTLB_INVALIDATE_ALL);\n", "\tstale = false;\n", "dma.to-taken-back", passes),
    ("the devices of the last boot are not watched", "host/callbacks.c", "\tdma_begin_anew();\n", "", "dma.stale", told_of_stale),
    ("nobody can begin with a device", "exits/npf.c", "\t\tdma_touched(gpa);\n", "\t\t(void)gpa;\n", "dma.begun", passes),
    ("a device with ports is not watched", "host/dma.c", "\t\t\ts->ports[i] = bar & BAR_PORT;\n", "", "dma.stale-ports", told_of_stale),
    ("nobody can begin with its ports", "exits/ioio.c", "\t\tdma_touched_port(port);\n", "", "dma.begun-ports", without_dma),
)


# The same of a program at VMPL 0: (what is broken, file, text, instead, test, check)
VMPL0_MUTATIONS = (
    ("PVALIDATE always changes something", "machine/rmp_insn.c",
     "*changed = (rmp[gfn] & PAGE_STATE) != state;", "*changed = true;", "pvalidate.changes", passes),
    ("512 pages of two states are one", "machine/rmp_insn.c",
     "\t\t\treturn false;\n\treturn true;", "\t\t\treturn true;\n\treturn true;", "pvalidate.large", passes),
    ("VMPL 0 may change its own rights", "machine/rmp_insn.c",
     "\tif (!vmpl)\n\t\treturn RMP_FAIL_PERMISSION;\n", "\tvmpl = vmpl ? vmpl : 1;\n", "rmpadjust.results", passes),
    ("VMPL 2 has all rights", "machine/npt.c",
     "with_rights(pa, page_rights(gfn))", "with_rights(pa, RIGHTS_ALL)", "run.revoked", caught),
    ("rights outlive an assignment", "machine/rmp.c",
     "\t\trights_below[gfn] = 0;", "\t\trights_below[gfn] |= 0;", "run.assigned-anew", caught),
    ("required memory is valid", "launch/vmpl0.c",
     "r->kind == LAUNCH_REQUIRED ? PAGE_PRIVATE :", "r->kind == LAUNCH_REQUIRED ? PAGE_VALID :", "launch.required", passes),
    ("XMM registers are not saved", "machine/fpu.c",
     "\tmemcpy(p->xmm, a->xmm, sizeof(a->xmm));\n", "", "run.registers", passes),
    ("the VMPLs share their debug registers", "machine/reset.c",
     '\tasm volatile("mov %0, %%db0" : : "r"(c->dr[0]));\n', "", "run.registers", passes),
    ("VMPL 2 goes on from what is cached", "host/vmpl.c",
     "\tcontext_load(c, p);\n", "\tif (!c->vmcb->save.rip || c->vmcb->save.rip == 0xfff0)\n\t\tcontext_load(c, p);\n",
     "run.from-memory", passes),
    ("any VMSA can be run", "host/vmpl.c",
     "if (!(p->efer & EFER_SVME))", "if (!p->efer)", "run.refused", passes),
    ("LMA is what the page has", "machine/vmsa.c",
     "\ts->efer = efer_of(p);\n", "\ts->efer = efer_of(p) & (p->efer | ~EFER_LMA);\n", "run.lma", passes),
    ("VMPL 0 takes the guest's interrupts", "machine/svm.c",
     "\t\tm->int_ctl = V_INTR_MASKING;", "\t\tm->int_ctl = 0;", "irq.storm", passes),
    ("VMPL 0 takes the guest's NMIs", "machine/nmi.c",
     "\tvcpu_guest(v)->nmi_pending = 1;", "\tv->cur->nmi_pending = 1;", "irq.nmi", passes),
    ("VMPL 2 goes on when an interrupt waits for VMPL 0", "loop.c",
     "if (v->cur->vmpl && vapic_is_pending(v))", "if (v->cur->vmpl == 1 && vapic_is_pending(v))", "irq.ends-run", passes),
    ("VMPL 0 has no task priority", "machine/vapic.c",
     "vector >> 4 <= (int)task_priority(v) ||", "0 ||", "irq.task-priority", passes),
    ("AP creation of VMPL 2 wakes nobody", "exits/hlt.c",
     "READ_ONCE(v->guest_change) == GUEST_STAYS && !v->guest_is_new)", "true)", "smp.wakes", passes),
    ("VMPL 2 runs without SVME once its VMSA is released", "host/vmpl.c",
     "if (!(p->efer & EFER_SVME))", "if (!p->efer)", "smp.in-use-running", passes),
    ("a guest that is destroyed runs", "host/vmpl.c",
     "\t\tset_guest(v, 0);\n\t\tv->cur->released = runs ? NEVER : 0;\n", "", "smp.destroy", passes),
    ("INVLPGB is for this CPU only", "machine/shootdown.c",
     "flush_all(self, VMPL0_BIT)", "flush_all(self, ~VMPL0_BIT)", "smp.invlpgb", passes),
    ("restricted injection is none", "machine/vapic.c",
     "return v->ctx[0].sev_features & SEV_FEATURE_RESTRICTED;", "return !v->ctx[0].sev_features;", "doorbell.blocked", passes),
    ("the host writes to a private doorbell page", "machine/doorbell.c",
     "what.gpa != NO_DOORBELL && page_state(what.gpa) != PAGE_SHARED)", "!what.gpa)", "doorbell.not-shared", caught),
    ("#HV comes again and again", "machine/doorbell.c",
     "__atomic_fetch_or(&d->flags, NO_FURTHER_SIGNAL,", "__atomic_fetch_or(&d->flags, 0,", "doorbell.signals", passes),
    ("the next vector takes the place of one that waits", "machine/doorbell.c",
     "return !READ_ONCE(((const struct doorbell *)gpa)->vector);", "return gpa;", "doorbell.one-by-one", passes),
    ("no interrupt is in service", "machine/vapic.c",
     "\ta->isr[vector / WORD_BITS] |= 1U << vector % WORD_BITS;\n", "", "doorbell.in-service", passes),
    ("#HV does not end a HLT with interrupts off", "machine/vapic.c",
     "(is_restricted(v) || (v->ctx[0].vmcb", "((v->ctx[0].vmcb", "doorbell.ends-halt", passes),
    ("two CPUs run one VMSA", "host/vmpl.c",
     "vcpu_guest(&vcpus[i])->vmsa == c->vmsa)", "vcpu_guest(&vcpus[i])->vmsa == ~c->vmsa)", "smp.another-cpus", passes),
)


@pytest.fixture(scope="module")
def hypervisor(tmp_path_factory):
    """A copy of the sources and its build; the self-test guest is the one there is."""
    top = tmp_path_factory.mktemp("mutations")
    shutil.copytree(places.TOP / "tools/snpsim/hv", top / "source/hv")
    shutil.copy(places.TOP / "tools/snpsim/Makefile", top / "source")
    build(top)
    shutil.copy(places.BUILD / "snpsim/minisvsm.elf", top / "build/snpsim")
    return top


def build(top):
    result = run_command("make", "-s", "-j2", "-C", top / "source", f"O={top}/build/snpsim", "DEBUG=1")
    assert result.returncode == 0, result.stdout


def use(top, name, monkeypatch):
    """Have the command use that build; the directory for the run's files."""
    monkeypatch.setenv("SNPSIM_QEMU", QEMU)
    monkeypatch.setattr(places, "BUILD", top / "build")
    return places.CHECK / "simulator/mutations" / name.replace(" ", "-")


def run_guest(top, name, test, fidelity, monkeypatch, host=None, qemu=(), apic=None, smp=None, cores=None):
    guest = Guest(
        use(top, name, monkeypatch), kernel=IMAGE, initrd=IMAGE,
        fidelity=fidelity, host=host, smp=smp or (3 if host else 2), append=f"test={test}",
        timeout=30 if host or qemu else 10, qemu=qemu, apic=apic, cores=cores,
    )
    return run_of(guest, 60)


@pytest.fixture
def mutated(hypervisor, monkeypatch):
    """mutated(file, old, new, run_guest's arguments) -> the run of a hypervisor that is broken there."""

    def run(file, old, new, *arguments, runner=run_guest, **options):
        path = hypervisor / "source/hv" / file
        source = path.read_text(encoding="utf-8")
        assert source.count(old) == 1, f"{file} does not have {old!r} once: write this mutation anew"
        try:
            path.write_text(source.replace(old, new), encoding="utf-8")
            build(hypervisor)
            return runner(hypervisor, *arguments, monkeypatch, **options)
        finally:
            path.write_text(source, encoding="utf-8")

    return run


def is_red(run, check):
    with pytest.raises(AssertionError):
        check(run)


@pytest.mark.parametrize("name, file, old, new, test, fidelity, check", MUTATIONS,
    ids=[row[0].replace(" ", "-") for row in MUTATIONS],
)
def test_mutation_is_red(mutated, name, file, old, new, test, fidelity, check):
    is_red(mutated(file, old, new, name, test, fidelity), check)


def rebuilt(run):
    run.well_formed()
    run.ended(0, "poweroff")
    assert run.verdicts == {"quirks.rebuild": None}
    assert len(run.events.of("boot")) == 2
    assert len({line for line in run.lines if line.startswith("VMPCK2 ")}) == 2


@pytest.mark.parametrize("name, file, old", REBUILD_MUTATIONS, ids=[row[0].replace(" ", "-") for row in REBUILD_MUTATIONS])
def test_what_stays_over_a_rebuild_is_red(mutated, name, file, old):
    run = mutated(file, old, "\t\t(void)0;\n", f"rebuild keeps {name}", REBUILD, "strict", host="rebuild")
    is_red(run, rebuilt)


@pytest.mark.parametrize("name, file, old, new, test, check", PV_MUTATIONS,
    ids=[row[0].replace(" ", "-") for row in PV_MUTATIONS],
)
def test_pv_mutation_is_red(mutated, name, file, old, new, test, check):
    is_red(mutated(file, old, new, f"pv {name}", test, "strict", host="kvm-pv"), check)


def device(test):
    """The one that this test of the guest wants."""
    return UHCI if test.endswith("-ports") else EDU


@pytest.mark.parametrize("name, file, old, new, test, check", DMA_MUTATIONS,
    ids=[row[0].replace(" ", "-") for row in DMA_MUTATIONS],
)
def test_dma_mutation_is_red(mutated, name, file, old, new, test, check):
    is_red(mutated(file, old, new, f"dma {name}", test, "strict", qemu=device(test)), check)


def sticks(run):
    resets(run)
    assert run.events.left() == ["00:1f.2 bus_master msi"]


@pytest.mark.parametrize("name, file, old, new", STUCK_MUTATIONS, ids=[row[0].replace(" ", "-") for row in STUCK_MUTATIONS])
def test_stuck_mutation_is_red(mutated, name, file, old, new):
    is_red(mutated(file, old, new, f"stuck {name}", "left.stuck", "strict", host="stuck-device=00:1f.2"), sticks)


@pytest.mark.parametrize("name, file, old, new", FUZZ_MUTATIONS, ids=[row[0].replace(" ", "-") for row in FUZZ_MUTATIONS])
def test_fuzz_mutation_is_red(mutated, name, file, old, new):
    is_red(mutated(file, old, new, f"fuzz {name}", FUZZ, "strict", host="fuzz=1"), passes)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core is all there is")
@pytest.mark.parametrize("name, file, old, new, test", MAP_MUTATIONS, ids=[row[0].replace(" ", "-") for row in MAP_MUTATIONS])
def test_map_mutation_is_red(mutated, name, file, old, new, test):
    is_red(mutated(file, old, new, f"map {name}", test, "strict", **ON_ALL), passes)


def run_vmpl0(top, name, test, monkeypatch):
    return run_of(vmpl0.guest(use(top, name, monkeypatch), test, timeout=20), 60)


@pytest.mark.parametrize("name, file, old, new, test, check", VMPL0_MUTATIONS,
    ids=[row[0].replace(" ", "-") for row in VMPL0_MUTATIONS],
)
def test_vmpl0_mutation_is_red(mutated, name, file, old, new, test, check):
    is_red(mutated(file, old, new, f"vmpl0 {name}", test, runner=run_vmpl0), check)


def together(rows, shared, kind=lambda test: None):
    """[(tests, fidelity, check)]: the runs that satisfy all rows; tests of a group and a kind that only have to pass share one, if they can."""
    runs, shares = set(), collections.defaultdict(set)
    for test, fidelity, check in rows:
        if check is passes and test in shared:
            shares[test.split(".")[0], fidelity, kind(test)].add(test)
        else:
            runs.add((test, fidelity, check))
    for (_, fidelity, _), tests in shares.items():
        names = sorted(tests)
        runs.add((",".join(names), fidelity, functools.partial(all_pass, names)))
    return sorted(runs, key=str)


def all_pass(names, run):
    passes(run, *names)


def test_copy_without_mutation_is_green(hypervisor, monkeypatch):
    """The same runs, unbroken, satisfy the same checks."""
    build(hypervisor)

    def green(*arguments, runner=run_guest, **options):
        return runner(hypervisor, *arguments, monkeypatch, **options)

    def strict(rows):
        return [(test, "strict", check) for *_, test, check in rows]

    shared = green("none list", "list list", "strict").shareable
    for test, fidelity, check in together([row[4:] for row in MUTATIONS], shared):
        check(green(f"none {test[:80]} {fidelity}", test, fidelity))
    for test, fidelity, check in together(strict(PV_MUTATIONS), shared):
        check(green(f"none pv {test[:80]}", test, fidelity, host="kvm-pv"))
    for test, fidelity, check in together(strict(DMA_MUTATIONS), shared, device):
        check(green(f"none dma {test[:80]}", test, fidelity, qemu=device(test)))
    rebuilt(green("none rebuild", REBUILD, "strict", host="rebuild"))
    sticks(green("none stuck", "left.stuck", "strict", host="stuck-device=00:1f.2"))
    passes(green("none fuzz", FUZZ, "strict", host="fuzz=1"))
    for test in (MAP, BRIDGE):
        passes(green(f"none map {test}", test, "strict", **ON_ALL))
    shared = green("none vmpl0 list", "list list", runner=run_vmpl0).shareable
    for test, _, check in together(strict(VMPL0_MUTATIONS), shared):
        check(green(f"none vmpl0 {test[:80]}", test, runner=run_vmpl0))
