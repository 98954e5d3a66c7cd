// SPDX-License-Identifier: GPL-2.0
/* Guest-hypervisor communication: MSR protocol and GHCB page (AMD 56421). */
#include "report.h"
#include "snp.h"

#define GHCB_MSR_REGISTER	0x012
#define GHCB_MSR_REGISTER_RESP	0x013
#define GHCB_MSR_PSC		0x014
#define GHCB_MSR_PSC_RESP	0x015
#define GHCB_MSR_INFO		0xfffUL

/* Offsets in the GHCB page; the valid bitmap has a bit for every eight bytes below. */
#define GHCB_RAX		0x1f8
#define GHCB_RCX		0x308
#define GHCB_RDX		0x310
#define GHCB_RBX		0x318
#define GHCB_CODE		0x390
#define GHCB_INFO1		0x398
#define GHCB_INFO2		0x3a0
#define GHCB_SCRATCH		0x3a8
#define GHCB_VALID		0x3f0
#define GHCB_SAVE_END		0x400
#define GHCB_BUFFER		0x800
#define GHCB_VERSION		0xffa

static u64 ghcb_read(u8 *g, unsigned int off)
{
	return load((u64 *)(g + off));
}

static void ghcb_write(u8 *g, unsigned int off, u64 v)
{
	*(u64 *)(g + off) = v;
	g[GHCB_VALID + off / 64] |= 1 << off / 8 % 8;
}

u64 ghcb_msr(u64 request)
{
	u64 old = rdmsr(MSR_GHCB), response;

	wrmsr(MSR_GHCB, request);
	vmgexit();
	response = rdmsr(MSR_GHCB);
	wrmsr(MSR_GHCB, old);
	return response;
}

/* Returns 0, the error of the response, or all ones if there was no response */
u32 ghcb_psc_msr(u64 pa, enum psc_op op)
{
	u64 r = ghcb_msr((u64)op << 52 | (pa & PAGE_MASK) | GHCB_MSR_PSC);

	return (r & GHCB_MSR_INFO) == GHCB_MSR_PSC_RESP ? r >> 32 : ~0U;
}

u64 ghcb_page_alloc(void)
{
	u64 pa = page_alloc();

	if (svsm_pvalidate(pa, 0) || ghcb_psc_msr(pa, PSC_SHARED))
		ghcb_terminate(15, 1);
	memset(shared(pa), 0, PAGE_SIZE);
	return pa;
}

/* Register a shared page as this CPU's GHCB. The MSR keeps its value. */
bool ghcb_register(u64 pa)
{
	return ghcb_msr(pa | GHCB_MSR_REGISTER) == (pa | GHCB_MSR_REGISTER_RESP);
}

/* Set up this CPU's GHCB page. After this the CPU can handle #VC. */
bool ghcb_init(void)
{
	u64 pa = ghcb_page_alloc();

	if (!ghcb_register(pa))
		ghcb_terminate(15, 2);
	wrmsr(MSR_GHCB, pa);
	this_cpu()->ghcb = pa;
	return true;
}

u64 ghcb_buffer(void)
{
	return this_cpu()->ghcb + GHCB_BUFFER;
}

/* Put the event into a GHCB page, and make that page the GHCB of the next VMGEXIT. */
static void fill(u64 ghcb_pa, struct ghcb_call *call)
{
	u8 *g = shared(ghcb_pa);

	memset(g + 0x100, 0, GHCB_SAVE_END - 0x100);
	*(u16 *)(g + GHCB_VERSION) = 2;
	ghcb_write(g, GHCB_CODE, call->code);
	ghcb_write(g, GHCB_INFO1, call->info1);
	ghcb_write(g, GHCB_INFO2, call->info2);
	ghcb_write(g, GHCB_RAX, call->rax);
	ghcb_write(g, GHCB_RBX, call->rbx);
	ghcb_write(g, GHCB_RCX, call->rcx);
	ghcb_write(g, GHCB_RDX, call->rdx);
	if (call->scratch)
		ghcb_write(g, GHCB_SCRATCH, call->scratch);
	wrmsr(MSR_GHCB, ghcb_pa);
}

void ghcb_prepare(struct ghcb_call *call)
{
	fill(this_cpu()->ghcb, call);
}

/* SW_EXITINFO1 of the last event: 0 if the host did what was asked. */
u64 ghcb_answer(void)
{
	return (u32)ghcb_read(shared(this_cpu()->ghcb), GHCB_INFO1);
}

/* Send one event through the given page. The answer replaces the call. */
void ghcb_event_raw(u64 ghcb_pa, struct ghcb_call *call)
{
	u8 *g = shared(ghcb_pa);
	u64 old = rdmsr(MSR_GHCB);

	fill(ghcb_pa, call);
	vmgexit();
	wrmsr(MSR_GHCB, old);
	call->info1 = ghcb_read(g, GHCB_INFO1);
	call->info2 = ghcb_read(g, GHCB_INFO2);
	call->rax = ghcb_read(g, GHCB_RAX);
	call->rbx = ghcb_read(g, GHCB_RBX);
	call->rcx = ghcb_read(g, GHCB_RCX);
	call->rdx = ghcb_read(g, GHCB_RDX);
}

/* Returns true if the host did what was asked. */
bool ghcb_event(struct ghcb_call *call)
{
	ghcb_event_raw(this_cpu()->ghcb, call);
	return !(u32)call->info1;
}

void ghcb_terminate(unsigned int set, unsigned int code)
{
	ghcb_msr((u64)code << 16 | (u64)set << 12 | GHCB_MSR_TERMINATE);
	halt_forever();
}
