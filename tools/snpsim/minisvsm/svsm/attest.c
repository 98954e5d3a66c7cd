// SPDX-License-Identifier: GPL-2.0
/* The attestation protocol (58019, section 7): all services, or the reboot service alone */
#include "psp.h"
#include "psp/sha512.h"
#include "svsm.h"

#define ATTEST_SERVICES		0
#define ATTEST_SINGLE_SERVICE	1
#define NONCE_SIZE		64
#define GUID_SIZE		16
#define MANIFEST_ENTRY_SIZE	24
#define REBOOT_MANIFEST_SIZE	8
#define OWN_VMPL		0

static const u8 guid_reboot[GUID_SIZE] = {	/* 0cc20f93-afaa-4013-9fb6-9d16fc42ceae */
	0x93, 0x0f, 0xc2, 0x0c, 0xaa, 0xaf, 0x13, 0x40,
	0x9f, 0xb6, 0x9d, 0x16, 0xfc, 0x42, 0xce, 0xae,
};

static const u8 guid_services[GUID_SIZE] = {	/* 63849ebb-3d92-4670-a1ff-58f9c94b87bb */
	0xbb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
	0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb,
};

struct place {
	u64 pa;
	u32 size, reserved;
} __packed;

/* Table 11; the call for one service has more, table 13 */
struct operation {
	struct place report;
	u64 nonce;
	u16 nonce_size;
	u8 reserved[6];
	struct place manifest, certificates;
	u8 guid[GUID_SIZE];
	u32 manifest_version, reserved2;
} __packed;

static_assert(sizeof(struct operation) == 0x58, "operation");

struct manifest_entry {
	u8 guid[GUID_SIZE];
	u32 offset, size;
} __packed;

/* What the reboot service says of itself: version and flags, both 0 */
struct manifest {
	u8 bytes[2 * MANIFEST_ENTRY_SIZE + REBOOT_MANIFEST_SIZE];
	u32 size;
};

static void make_manifest(struct manifest *m, bool single)
{
	struct manifest_entry *header = (struct manifest_entry *)m->bytes, *entry = header + 1;

	memset(m, 0, sizeof(*m));
	if (single) {
		m->size = REBOOT_MANIFEST_SIZE;
		return;
	}
	m->size = sizeof(m->bytes);
	memcpy(header->guid, guid_services, GUID_SIZE);
	header->offset = m->size;		/* the header has the whole size there, */
	header->size = 1;			/* and how many services there are */
	memcpy(entry->guid, guid_reboot, GUID_SIZE);
	entry->offset = 2 * MANIFEST_ENTRY_SIZE;
	entry->size = REBOOT_MANIFEST_SIZE;
}

static bool reserved_is_zero(const struct operation *op, bool single)
{
	u8 bits = 0;

	for (unsigned int i = 0; i < sizeof(op->reserved); i++)
		bits |= op->reserved[i];
	return !bits && !op->report.reserved && !op->manifest.reserved &&
	       !op->certificates.reserved && !(single && op->reserved2);
}

static bool is_page(u64 pa)
{
	return !(pa & ~PAGE_MASK);
}

static u64 check(const struct operation *op, bool single)
{
	if (!reserved_is_zero(op, single) || (single && op->manifest_version))
		return SVSM_INVALID_PARAMETER;
	if (op->nonce_size != NONCE_SIZE || (op->nonce & ~PAGE_MASK) > PAGE_SIZE - NONCE_SIZE ||
	    !is_page(op->report.pa) || !is_page(op->manifest.pa))
		return SVSM_INVALID_PARAMETER;
	if (op->certificates.size > REPORT_CERTIFICATES ||
	    (op->certificates.size && !is_page(op->certificates.pa)))
		return SVSM_INVALID_PARAMETER;
	if (single && memcmp(op->guid, guid_reboot, GUID_SIZE))
		return SVSM_UNSUPPORTED_PROTOCOL;
	return guest_memory(op->nonce, NONCE_SIZE) ? SVSM_SUCCESS : SVSM_INVALID_ADDRESS;
}

/* The report stands for nonce and manifest. NULL: firmware does not give one. */
static const struct psp_report_rsp *get_report(const struct operation *op,
					       const struct manifest *m)
{
	u8 text[NONCE_SIZE + sizeof(m->bytes)], hash[SHA512_SIZE];

	memcpy(text, guest_memory(op->nonce, NONCE_SIZE), NONCE_SIZE);
	memcpy(text + NONCE_SIZE, m->bytes, m->size);
	sha512(text, NONCE_SIZE + m->size, hash);
	return report_get(hash, OWN_VMPL, op->certificates.size);
}

struct output {
	const void *from;
	const struct place *to;
	u64 size;
};

static bool fits(const struct output *o)
{
	return o->to->size >= o->size;
}

static bool is_there(const struct output *o)
{
	return !o->size || guest_memory(o->to->pa, o->size);
}

/* Sizes in RCX, RDX and R8 tell the guest how much room to give. All is written, or nothing. */
static u64 answer(struct call *c, const struct operation *op, const struct manifest *m)
{
	static u8 certificates[REPORT_CERTIFICATES];
	const struct psp_report_rsp *rsp = get_report(op, m);
	struct output out[] = {
		{ m->bytes, &op->manifest, m->size },
		{ certificates, &op->certificates, 0 },
		{ NULL, &op->report, 0 },
	};

	if (!rsp)
		return SVSM_INVALID_REQUEST;
	out[2].from = rsp->report;
	out[2].size = rsp->size;
	if (op->certificates.size)
		out[1].size = report_certificates(certificates);
	c->v->rcx = out[0].size;
	c->v->rdx = out[1].size;
	c->v->r8 = out[2].size;
	for (unsigned int i = 0; i < ARRAY_SIZE(out); i++)
		if (!fits(&out[i]))
			return SVSM_INVALID_PARAMETER;
	for (unsigned int i = 0; i < ARRAY_SIZE(out); i++)
		if (!is_there(&out[i]))
			return SVSM_INVALID_ADDRESS;
	for (unsigned int i = 0; i < ARRAY_SIZE(out); i++)
		memcpy(private(out[i].to->pa), out[i].from, out[i].size);
	return SVSM_SUCCESS;
}

u64 attest_call(struct call *c)
{
	bool single = c->number == ATTEST_SINGLE_SERVICE;
	u64 pa = c->v->rcx, rc;
	u64 size = single ? sizeof(struct operation) : offsetof(struct operation, guid);
	struct operation op = { 0 };
	struct manifest m;
	const void *p;

	if (c->number != ATTEST_SERVICES && !single)
		return SVSM_UNSUPPORTED_CALL;
	if ((pa & 7) || (pa & ~PAGE_MASK) > PAGE_SIZE - size)
		return SVSM_INVALID_PARAMETER;
	p = guest_memory(pa, size);
	if (!p)
		return SVSM_INVALID_ADDRESS;
	memcpy(&op, p, size);
	rc = check(&op, single);
	if (rc)
		return rc;
	make_manifest(&m, single);
	return answer(c, &op, &m);
}
