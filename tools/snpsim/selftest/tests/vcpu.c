// SPDX-License-Identifier: GPL-2.0
/* SVSM_CORE_CREATE_VCPU and DELETE_VCPU, and the host's AP creation */
#include "reset_state.h"
#include "tests.h"

#define AP	1

static u64 vmsa, ca;

static struct vmsa *good(void)
{
	struct cpu *c = cpu_nr(AP);

	vmsa = page_alloc();
	ca = page_alloc();
	memset(c, 0, sizeof(*c));
	c->index = AP;
	c->apic_id = AP;
	c->work = ap_halt;
	ap_vmsa(private(vmsa), c);
	return private(vmsa);
}

static u64 create(u64 vmsa_pa, u64 ca_pa, u64 apic)
{
	return svsm_call(PROTO_CORE, CORE_CREATE_VCPU, vmsa_pa, ca_pa, apic);
}

static u64 delete(u64 vmsa_pa)
{
	return svsm_call(PROTO_CORE, CORE_DELETE_VCPU, vmsa_pa, 0, 0);
}

static void unaligned(void)
{
	good();
	expect_eq("VMSA", create(vmsa + 8, ca, AP), SVSM_INVALID_ADDRESS);
	expect_eq("calling area", create(vmsa, ca + 8, AP), SVSM_INVALID_ADDRESS);
	for (u64 off = 16; off < PAGE_SIZE; off *= 2)
		expect_eq("area in a page", create(vmsa, ca + off, AP), SVSM_INVALID_ADDRESS);
	expect_eq("nothing was registered", delete(vmsa), SVSM_INVALID_PARAMETER);
}

static void bad_address(void)
{
	u64 far = page_far(), open = page_far();

	page_accept(open);
	page_share(open);
	good();
	expect_eq("VMSA beyond RAM", create(page_top(), ca, AP), SVSM_INVALID_ADDRESS);
	expect_eq("area beyond RAM", create(vmsa, page_top(), AP), SVSM_INVALID_ADDRESS);
	expect_eq("VMSA in the SVSM", create(svsm_base(), ca, AP), SVSM_INVALID_ADDRESS);
	expect_eq("area in the SVSM", create(vmsa, svsm_base(), AP), SVSM_INVALID_ADDRESS);
	expect_eq("VMSA unvalidated", create(far, ca, AP), SVSM_INVALID_ADDRESS);
	expect_eq("area unvalidated", create(vmsa, far, AP), SVSM_INVALID_ADDRESS);
	expect_eq("VMSA shared", create(open, ca, AP), SVSM_INVALID_ADDRESS);
	expect_eq("area shared", create(vmsa, open, AP), SVSM_INVALID_ADDRESS);
	expect_eq("nothing was registered", delete(vmsa), SVSM_INVALID_PARAMETER);
}

static void same_page(void)
{
	good();
	expect_eq("VMSA = area", create(vmsa, vmsa, AP), SVSM_INVALID_ADDRESS);
}

static void bad_vmpl(void)
{
	static const u8 vmpls[] = { 0, 1, 3, 4, 255 };

	for (unsigned int i = 0; i < ARRAY_SIZE(vmpls); i++) {
		good()->vmpl = vmpls[i];
		expect_eq("VMPL", create(vmsa, ca, AP), SVSM_INVALID_PARAMETER);
	}
}

static void no_svme(void)
{
	good()->efer &= ~EFER_SVME;
	expect_eq("EFER.SVME clear", create(vmsa, ca, AP), SVSM_INVALID_PARAMETER);
}

static void bad_features(void)
{
	good()->sev_features ^= BIT(3);
	expect_eq("feature bit 3", create(vmsa, ca, AP), SVSM_INVALID_PARAMETER);
	good()->sev_features = 0;
	expect_eq("no features", create(vmsa, ca, AP), SVSM_INVALID_PARAMETER);
}

/* A page that the SVSM refuses stays the guest's own. */
static void refused_is_writable(void)
{
	struct vmsa *v = good();

	v->vmpl = 0;
	expect_eq("VMPL 0", create(vmsa, ca, AP), SVSM_INVALID_PARAMETER);
	v->vmpl = GUEST_VMPL;
	expect_eq("corrected", create(vmsa, ca, AP), SVSM_SUCCESS);
	expect_eq("delete", delete(vmsa), SVSM_SUCCESS);
}

static void unknown_apic(void)
{
	good();
	expect_eq("APIC id 200", create(vmsa, ca, 200), SVSM_INVALID_PARAMETER);
	expect_eq("APIC id 0xffffffff", create(vmsa, ca, ~0U), SVSM_INVALID_PARAMETER);
}

static void already(void)
{
	u64 first;

	good();
	first = vmsa;
	expect_eq("first", create(vmsa, ca, AP), SVSM_SUCCESS);
	expect_eq("again", create(vmsa, ca, AP), SVSM_INVALID_ADDRESS);
	good();
	expect_eq("a VMSA as calling area", create(vmsa, first, AP), SVSM_INVALID_ADDRESS);
	expect_eq("delete", delete(first), SVSM_SUCCESS);
}

/* The creator may read the page, as Linux does. */
static void readable(void)
{
	struct vmsa *v = good();

	expect_eq("create", create(vmsa, ca, AP), SVSM_SUCCESS);
	expect_eq("sev_features", v->sev_features, rdmsr(MSR_SEV_STATUS) >> 2);
	expect_eq("delete", delete(vmsa), SVSM_SUCCESS);
	v->sev_features = 0x1234;
	expect_eq("writable again", v->sev_features, 0x1234);
}

/* Any CPU may read it once the host has taken the AP out of the guest for good. */
static void readable_after(void (*work)(void), bool destroy)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, work))
		return;
	delay_ms(10);
	if (destroy && !ap_destroy(AP))
		return;
	expect_eq("sev_features", ((struct vmsa *)private(c->vmsa))->sev_features,
		  rdmsr(MSR_SEV_STATUS) >> 2);
	expect_eq("delete", delete(c->vmsa), SVSM_SUCCESS);
}

static void readable_destroyed(void)
{
	readable_after(ap_busy, true);
}

static void readable_held(void)
{
	readable_after(ap_reset_hold_msr, false);
}

static void delete_unknown(void)
{
	expect_eq("no VMSA", delete(page_alloc()), SVSM_INVALID_PARAMETER);
	expect_eq("zero", delete(0), SVSM_INVALID_PARAMETER);
	expect_eq("beyond RAM", delete(page_top()), SVSM_INVALID_PARAMETER);
	good();
	expect_eq("create", create(vmsa, ca, AP), SVSM_SUCCESS);
	expect_eq("unaligned", delete(vmsa + 8), SVSM_INVALID_PARAMETER);
	expect_eq("delete", delete(vmsa), SVSM_SUCCESS);
	expect_eq("twice", delete(vmsa), SVSM_INVALID_PARAMETER);
}

static void ap_count(void)
{
	struct cpu *c = this_cpu();

	for (;;)
		store(&c->arg, c->arg + 1);
}

static bool host_creates(u64 pa, unsigned int type, unsigned int vmpl, unsigned int apic)
{
	struct ghcb_call c = {
		.code = GHCB_AP_CREATION,
		.info1 = (u64)apic << 32 | vmpl << 16 | type,
		.info2 = pa,
		.rax = rdmsr(MSR_SEV_STATUS) >> 2,
	};

	return ghcb_event(&c);
}

/* Does the AP go on counting? A busy machine may let it wait now and then. */
static bool goes_on(struct cpu *c)
{
	u64 count = load(&c->arg);
	unsigned int ms;

	for (ms = 0; ms < 2000 && load(&c->arg) == count; ms++)
		delay_ms(1);
	return load(&c->arg) != count;
}

/* The SVSM does not delete a vCPU that executes, and the vCPU goes on. */
static void delete_running(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_count))
		return;
	expect(goes_on(c), "the AP does not run");
	expect_eq("running", delete(c->vmsa), SVSM_VCPU_IN_USE);
	expect(goes_on(c), "the AP was stopped");
	if (ap_destroy(AP))
		expect_eq("destroyed", delete(c->vmsa), SVSM_SUCCESS);
}

/* Only an NMI could wake this AP; nmi.deleted shows what that does. */
static void delete_halted(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_halt))
		return;
	delay_ms(20);
	expect_eq("halted", ap_delete(AP), SVSM_SUCCESS);
	expect(!host_creates(c->vmsa, AP_CREATE, GUEST_VMPL, AP), "deleted VMSA: started");
}

/* The host can destroy a vCPU that no interrupt reaches any longer. */
static void destroy_in_nmi(void)
{
	struct cpu *c = cpu_nr(AP);
	u64 count;

	if (!ap_create(AP, ap_busy))
		return;
	store(&c->stay_in_nmi, 1);
	if (!ap_launch(AP) || !expect(wait_for(&c->alive, 1), "the AP does not start"))
		return;
	apic_send_nmi(c->apic_id);
	if (!expect(wait_for(&c->nmis, 1), "no NMI arrives"))
		return;
	apic_send_nmi(c->apic_id);
	count = load(&c->arg);
	delay_ms(20);
	expect(load(&c->arg) != count, "the AP does not run");
	expect_eq("NMIs", load(&c->nmis), 1);
	expect_eq("in its handler", delete(c->vmsa), SVSM_VCPU_IN_USE);
	if (!ap_destroy(AP))
		return;
	/* Check at once: the call returns only when the AP is out of the guest. */
	count = load(&c->arg);
	delay_ms(20);
	expect_eq("the AP stopped", load(&c->arg), count);
	expect_eq("delete", delete(c->vmsa), SVSM_SUCCESS);
	store(&c->stay_in_nmi, 0);
	if (ap_start(AP, ap_halt))
		expect_eq("started anew, deleted", ap_delete(AP), SVSM_SUCCESS);
}

static void ap_deletes_itself(void)
{
	store(&this_cpu()->arg, delete(this_cpu()->vmsa));
	store(&this_cpu()->go, 1);
}

static void delete_own(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_deletes_itself))
		return;
	if (expect(wait_for(&c->go, 1), "no answer"))
		expect_eq("delete its own", load(&c->arg), SVSM_INVALID_PARAMETER);
	expect_eq("delete", ap_delete(AP), SVSM_SUCCESS);
}

static void delete_held(void)
{
	if (!ap_start(AP, ap_reset_hold_msr))
		return;
	expect_eq("in reset hold", ap_delete(AP), SVSM_SUCCESS);
}

static void delete_destroyed(void)
{
	if (!ap_start(AP, ap_busy))
		return;
	ap_destroy(AP);
	expect_eq("destroyed", delete(cpu_nr(AP)->vmsa), SVSM_SUCCESS);
}

/* The host starts no page that the SVSM has not made a VMSA. */
static void host_refuses(void)
{
	good();
	expect(!host_creates(vmsa, AP_CREATE, GUEST_VMPL, AP), "not a VMSA: started");
	expect_eq("create", create(vmsa, ca, AP), SVSM_SUCCESS);
	expect(!host_creates(vmsa, AP_CREATE, 0, AP), "VMPL 0: started");
	expect(!host_creates(vmsa, AP_CREATE, GUEST_VMPL, 200), "APIC id 200: started");
	expect(!host_creates(vmsa, 3, GUEST_VMPL, AP), "type 3: done");
	expect_eq("delete", delete(vmsa), SVSM_SUCCESS);
	expect(!host_creates(vmsa, AP_CREATE, GUEST_VMPL, AP), "deleted VMSA: started");
}

/* An AP can be stopped, deleted and started anew, more than once. */
static void restart(void)
{
	for (unsigned int i = 0; i < 3; i++) {
		if (!ap_start(AP, ap_halt))
			return;
		delay_ms(5);
		if (!ap_destroy(AP) ||
		    !expect_eq("delete", delete(cpu_nr(AP)->vmsa), SVSM_SUCCESS))
			return;
	}
}

static void ap_calls(void)
{
	store(&this_cpu()->arg, svsm_query(PROTO_REBOOT, 1));
	store(&this_cpu()->go, 1);
}

/* An AP may remap as the boot CPU may: to the same area, and to another. */
static void ap_remaps(void)
{
	u64 new = page_alloc();

	store(&this_cpu()->arg, 0);
	if (expect_core("same area", CORE_REMAP_CA, this_cpu()->ca, SVSM_SUCCESS) &&
	    expect_core("another area", CORE_REMAP_CA, new, SVSM_SUCCESS)) {
		this_cpu()->ca = new;
		store(&this_cpu()->arg, svsm_query(PROTO_CORE, 1));
	}
	store(&this_cpu()->go, 1);
}

static void remap_from_ap(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_remaps))
		return;
	if (expect(wait_for(&c->go, 1), "no answer"))
		expect_eq("query by the AP", load(&c->arg), SVSM_VERSION_1);
	expect_eq("delete", ap_delete(AP), SVSM_SUCCESS);
}

/* What the AP found in its registers */
static struct {
	struct reset_fpu fpu;
	u64 tsc_aux, xcr0, pkru;
} found;

static void ap_looks(void)
{
	u32 lo, hi;

	asm volatile("fxsave64 %0" : "=m"(found.fpu) : : "memory");
	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	found.xcr0 = lo | (u64)hi << 32;
	asm volatile("rdpkru" : "=a"(lo), "=d"(hi) : "c"(0));
	found.pkru = lo;
	found.tsc_aux = rdmsr(MSR_TSC_AUX);
	store(&this_cpu()->go, 1);
}

/* All of a VMSA that a context has is loaded, not the general registers alone. */
static void whole_vmsa(void)
{
	struct cpu *c = cpu_nr(AP);
	struct vmsa *v = good();

	c->work = ap_looks;
	c->vmsa = vmsa;
	c->ca = ca;
	v->cr4 |= CR4_OSXSAVE | CR4_PKE;
	v->xcr0 = 0x207;
	v->pkru = 0x55555550;
	v->tsc_aux = 0x1234;
	v->mxcsr = 0x1fa0;
	v->x87_fcw = 0x27f;
	v->x87_ftw = 0xfffc;		/* only register 0 is in use */
	memset(v->x87[0], 0x11, sizeof(v->x87[0]));
	memset(v->xmm[15], 0x22, sizeof(v->xmm[15]));
	if (!expect_eq("create", create(vmsa, ca, AP), SVSM_SUCCESS) || !ap_launch(AP) ||
	    !expect(wait_for(&c->go, 1), "no answer"))
		return;
	expect_eq("FCW", found.fpu.fcw, 0x27f);
	expect_eq("FTW", found.fpu.ftw, 1);
	expect_eq("ST0", found.fpu.st[0][9], 0x11);
	expect_eq("MXCSR", found.fpu.mxcsr, 0x1fa0);
	expect_eq("XMM15", found.fpu.xmm[15][15], 0x22);
	expect_eq("XCR0", found.xcr0, 0x207);
	expect_eq("PKRU", found.pkru, 0x55555550);
	expect_eq("TSC_AUX", found.tsc_aux, 0x1234);
	expect_eq("delete", ap_delete(AP), SVSM_SUCCESS);
}

/*
 * A page can be the area of one vCPU only, and not a VMSA at the same time. The same vCPU
 * may be made anew with its area before its old VMSA is deleted, as Linux does.
 */
static void area_in_use(void)
{
	struct vmsa *v = good();
	u64 first = vmsa, used = ca, second;

	expect_eq("first", create(first, used, AP), SVSM_SUCCESS);
	good();
	second = vmsa;
	expect_eq("the area of another", create(second, used, 0), SVSM_INVALID_ADDRESS);
	expect_eq("its own area", create(second, used, AP), SVSM_SUCCESS);
	expect_core("an area by REMAP_CA", CORE_REMAP_CA, used, SVSM_INVALID_ADDRESS);
	memcpy(private(used), v, PAGE_SIZE);
	expect_eq("an area as VMSA", create(used, ca, AP), SVSM_INVALID_ADDRESS);
	expect_eq("delete", delete(first), SVSM_SUCCESS);
	expect_eq("delete", delete(second), SVSM_SUCCESS);
}

/* The same for the boot CPU's area, although it has no VMSA in the SVSM's register. */
static void own_area_in_use(void)
{
	struct vmsa *v = good();

	expect_eq("as area", create(vmsa, this_cpu()->ca, AP), SVSM_INVALID_ADDRESS);
	v->vmpl = GUEST_VMPL;
	memcpy(private(this_cpu()->ca + 8), (u8 *)v + 8, PAGE_SIZE - 8);
	expect_eq("as VMSA", create(this_cpu()->ca, ca, AP), SVSM_INVALID_ADDRESS);
}

/* The AP's calls go through the area that it was created with. */
static void calls_from_ap(void)
{
	struct cpu *c = cpu_nr(AP);

	if (!ap_start(AP, ap_calls))
		return;
	if (expect(wait_for(&c->go, 1), "no answer"))
		expect_eq("query by the AP", load(&c->arg), SVSM_VERSION_1);
	expect_eq("delete", ap_delete(AP), SVSM_SUCCESS);
}

static const struct selftest tests[] = {
	{ .name = "vcpu.unaligned", .run = unaligned },
	{ .name = "vcpu.bad-address", .run = bad_address },
	{ .name = "vcpu.same-page", .run = same_page },
	{ .name = "vcpu.bad-vmpl", .run = bad_vmpl },
	{ .name = "vcpu.no-svme", .run = no_svme },
	{ .name = "vcpu.bad-features", .run = bad_features },
	{ .name = "vcpu.refused-is-writable", .run = refused_is_writable },
	{ .name = "vcpu.unknown-apic", .run = unknown_apic },
	{ .name = "vcpu.already", .run = already },
	{ .name = "vcpu.readable", .run = readable },
	{ .name = "vcpu.readable-destroyed", .run = readable_destroyed },
	{ .name = "vcpu.readable-held", .run = readable_held },
	{ .name = "vcpu.delete-unknown", .run = delete_unknown },
	{ .name = "vcpu.delete-running", .run = delete_running },
	{ .name = "vcpu.delete-halted", .run = delete_halted },
	{ .name = "vcpu.delete-own", .run = delete_own },
	{ .name = "vcpu.delete-held", .run = delete_held },
	{ .name = "vcpu.delete-destroyed", .run = delete_destroyed },
	{ .name = "vcpu.destroy-in-nmi", .run = destroy_in_nmi },
	{ .name = "vcpu.host-refuses", .run = host_refuses },
	{ .name = "vcpu.restart", .run = restart },
	{ .name = "vcpu.calls-from-ap", .run = calls_from_ap },
	{ .name = "vcpu.remap-from-ap", .run = remap_from_ap },
	{ .name = "vcpu.whole-vmsa", .run = whole_vmsa },
	{ .name = "vcpu.area-in-use", .run = area_in_use },
	{ .name = "vcpu.own-area-in-use", .run = own_area_in_use, .alone = true },
};

const struct selftest_table vcpu_tests = { tests, ARRAY_SIZE(tests) };
