// SPDX-License-Identifier: GPL-2.0
/*
 * EFI variables (UEFI 2.10, 8.2), which the host keeps. A reset by the SVSM leaves them as
 * they are, and the host can change them as it likes. Runtime rules: only non-volatile
 * variables with runtime access.
 */
#include "efi/efivars.h"
#include "host/host.h"
#include "lib/config.h"
#include "lib/lib.h"
#include "machine/vcpu.h"

#define MAX_VARIABLES		16
#define NON_VOLATILE		BIT_ULL(0)
#define BOOTSERVICE_ACCESS	BIT_ULL(1)
#define RUNTIME_ACCESS		BIT_ULL(2)
#define KNOWN_ATTRIBUTES	(NON_VOLATILE | BOOTSERVICE_ACCESS | RUNTIME_ACCESS)
#define NEEDED_ATTRIBUTES	(NON_VOLATILE | RUNTIME_ACCESS)
#define NOTHING			0xff	/* what a port reads if nobody answers */

struct variable {
	u8 guid[EFIVAR_GUID_SIZE];
	u8 name[EFIVAR_NAME_MAX];
	u32 name_size, attributes;	/* name_size 0: free */
	u32 size;
	u8 data[EFIVAR_DATA_MAX];
};

static struct lock efivar_lock;
static struct variable variables[MAX_VARIABLES];

/* The guest's request, and the answer to it. */
static struct {
	struct efivar_request r;
	u8 more[EFIVAR_NAME_MAX + EFIVAR_DATA_MAX];
} __packed request;

static struct {
	struct efivar_answer a;
	u8 more[EFIVAR_GUID_SIZE + EFIVAR_DATA_MAX];
} __packed answer;

static u32 request_len, answer_at, answer_len;

static void add(const void *p, u32 n)
{
	memcpy((u8 *)&answer + answer_len, p, n);
	answer_len += n;
}

static bool is_called(const struct variable *var, const u8 *name)
{
	return var->name_size == request.r.name_size &&
	       !memcmp(var->name, name, var->name_size) &&
	       !memcmp(var->guid, request.r.guid, EFIVAR_GUID_SIZE);
}

/* The variable of that name; or a free one, or NULL. */
static struct variable *find(bool or_free)
{
	struct variable *unused = NULL;

	for (u32 i = 0; i < MAX_VARIABLES; i++) {
		if (!variables[i].name_size)
			unused = unused ? unused : &variables[i];
		else if (is_called(&variables[i], request.more))
			return &variables[i];
	}
	return or_free ? unused : NULL;
}

static u64 get(void)
{
	struct variable *var = find(false);

	if (!var)
		return EFI_NOT_FOUND;
	answer.a.value[0] = var->size;
	answer.a.value[1] = var->attributes;
	if (var->size > request.r.size)
		return EFI_BUFFER_TOO_SMALL;
	add(var->data, var->size);
	return EFI_SUCCESS;
}

/* An empty name asks for the first variable. */
static u64 next(void)
{
	struct variable *var = variables;

	if (request.r.name_size > sizeof(u16)) {
		var = find(false);
		if (!var)
			return EFI_INVALID_PARAMETER;
		var++;
	}
	while (var < variables + MAX_VARIABLES && !var->name_size)
		var++;
	if (var == variables + MAX_VARIABLES)
		return EFI_NOT_FOUND;
	answer.a.value[0] = var->name_size;
	if (var->name_size > request.r.size)
		return EFI_BUFFER_TOO_SMALL;
	add(var->guid, EFIVAR_GUID_SIZE);
	add(var->name, var->name_size);
	return EFI_SUCCESS;
}

static u64 set(void)
{
	u32 attributes = request.r.attributes;
	struct variable *var;

	if (request.r.name_size <= sizeof(u16))
		return EFI_INVALID_PARAMETER;
	if (attributes & ~KNOWN_ATTRIBUTES)
		return EFI_UNSUPPORTED;
	if (!request.r.size || !attributes) {
		var = find(false);
		if (!var)
			return EFI_NOT_FOUND;
		var->name_size = 0;
		return EFI_SUCCESS;
	}
	var = find(true);
	if (!var)
		return EFI_OUT_OF_RESOURCES;
	if ((attributes & NEEDED_ATTRIBUTES) != NEEDED_ATTRIBUTES ||
	    (var->name_size && var->attributes != attributes))
		return EFI_INVALID_PARAMETER;
	memcpy(var->guid, request.r.guid, EFIVAR_GUID_SIZE);
	memcpy(var->name, request.more, request.r.name_size);
	var->name_size = request.r.name_size;
	var->attributes = attributes;
	var->size = request.r.size;
	memcpy(var->data, request.more + var->name_size, var->size);
	return EFI_SUCCESS;
}

static u64 query(void)
{
	u64 free = 0;

	for (u32 i = 0; i < MAX_VARIABLES; i++)
		free += !variables[i].name_size;
	answer.a.value[0] = MAX_VARIABLES * EFIVAR_DATA_MAX;
	answer.a.value[1] = free * EFIVAR_DATA_MAX;
	answer.a.value[2] = EFIVAR_DATA_MAX;
	return EFI_SUCCESS;
}

/* Report writes only: the other operations change nothing. */
static void report_set(struct vcpu *v, u64 result)
{
	char name[EFIVAR_NAME_MAX / sizeof(u16)];
	u32 n = request.r.name_size / sizeof(u16);

	for (u32 i = 0; i < n; i++) {
		u8 c = request.more[i * sizeof(u16)];

		/* Keep out what would need an escape. */
		name[i] = c > ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '?';
	}
	name[n - 1] = 0;
	event_begin("efi-variable");
	event_u64("cpu", v->index);
	event_str("name", name);
	event_u64("size", request.r.size);
	event_hex("result", result);
	event_end();
}

static bool request_valid(u8 op)
{
	u64 data = op == EFIVAR_SET ? request.r.size : 0, max = EFIVAR_DATA_MAX;

	return request_len >= sizeof(request.r) && request.r.name_size <= EFIVAR_NAME_MAX &&
	       !(request.r.name_size % sizeof(u16)) && data <= max &&
	       (request.r.name_size || op == EFIVAR_QUERY) &&
	       request_len == sizeof(request.r) + request.r.name_size + data;
}

static void run(struct vcpu *v, u8 op)
{
	u64 status = EFI_INVALID_PARAMETER;

	memset(&answer.a, 0, sizeof(answer.a));
	answer_at = 0;
	answer_len = sizeof(answer.a);
	if (request_valid(op)) {
		switch (op) {
		case EFIVAR_GET:
			status = get();
			break;
		case EFIVAR_NEXT:
			status = next();
			break;
		case EFIVAR_SET:
			status = set();
			report_set(v, status);
			break;
		case EFIVAR_QUERY:
			status = query();
			break;
		}
	}
	answer.a.status = status;
}

static u8 next_byte(void)
{
	return answer_at < answer_len ? ((u8 *)&answer)[answer_at++] : NOTHING;
}

/* Add a byte to the request. A request that is too long will not be valid. */
static void take_byte(u8 val)
{
	if (request_len < sizeof(request))
		((u8 *)&request)[request_len] = val;
	if (request_len <= sizeof(request))
		request_len++;
}

/* One access to either port. Without EFI variables it reads all ones. */
u32 efivar_port(struct vcpu *v, u16 port, int size, bool in, u32 val)
{
	u32 answered = NOTHING;

	if (!option(OPT_EFIVARS) || size != 1)
		return 0xffffffff;
	lock(&efivar_lock);
	if (port == PORT_EFIVAR_DATA && in) {
		answered = next_byte();
	} else if (port == PORT_EFIVAR_DATA) {
		take_byte(val);
	} else if (!in && val == EFIVAR_BEGIN) {
		request_len = 0;
		answer_len = 0;
	} else if (!in) {
		run(v, val);
	}
	unlock(&efivar_lock);
	return answered;
}
