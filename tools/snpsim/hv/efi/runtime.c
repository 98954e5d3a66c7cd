// SPDX-License-Identifier: GPL-2.0
/*
 * EFI runtime services for variables (UEFI 2.10, 8.2), which run in the guest. Each sends
 * its arguments to the host, and takes no more from the answer than they allow. The code
 * is position independent and has no data, so the kernel may map it anywhere. It needs
 * nothing but port I/O; where that raises #VC, the kernel's handler does it. The handler
 * looks only at instructions in the upper half of the address space, so
 * SetVirtualAddressMap has to move the services there.
 */
#include "efi/efivars.h"
#include "efi/runtime.h"

static __always_inline void command(u8 op)
{
	asm volatile("outb %0, %1" : : "a"(op), "d"((u16)PORT_EFIVAR_COMMAND) : "memory");
}

/* String I/O may exit even with nothing to move. */
static __always_inline void send(const void *p, u64 n)
{
	if (!n)
		return;
	asm volatile("rep outsb" : "+S"(p), "+c"(n) : "d"((u16)PORT_EFIVAR_DATA) : "memory");
}

static __always_inline void receive(void *p, u64 n)
{
	if (!n)
		return;
	asm volatile("rep insb" : "+D"(p), "+c"(n) : "d"((u16)PORT_EFIVAR_DATA) : "memory");
}

static __always_inline void copy_guid(u8 *to, const u8 *from)
{
	for (u32 i = 0; i < EFIVAR_GUID_SIZE; i++)
		to[i] = from[i];
}

/* The size in bytes, with the terminating zero, or 0 if there is no such zero. */
static __always_inline u32 name_size(const u16 *name)
{
	for (u32 i = 0; i < EFIVAR_NAME_MAX / sizeof(*name); i++)
		if (!name[i])
			return (i + 1) * sizeof(*name);
	return 0;
}

static __always_inline void ask(u8 op, const struct efivar_request *r, const void *name,
				const void *data, struct efivar_answer *a)
{
	command(EFIVAR_BEGIN);
	send(r, sizeof(*r));
	send(name, r->name_size);
	if (data)
		send(data, r->size);
	command(op);
	receive(a, sizeof(*a));
}

u64 __efiapi efi_get_variable(const u16 *name, const u8 *guid, u32 *attributes, u64 *size,
			      void *data)
{
	struct efivar_request r;
	struct efivar_answer a;

	if (!name || !guid || !size || (!data && *size))
		return EFI_INVALID_PARAMETER;
	r.name_size = name_size(name);
	if (!r.name_size)
		return EFI_NOT_FOUND;
	copy_guid(r.guid, guid);
	r.attributes = 0;
	r.size = *size;
	ask(EFIVAR_GET, &r, name, (void *)0, &a);
	if (a.status && a.status != EFI_BUFFER_TOO_SMALL)
		return a.status;
	if (!a.status) {
		if (a.value[0] > r.size)
			return EFI_INVALID_PARAMETER;
		receive(data, a.value[0]);
	}
	*size = a.value[0];
	if (attributes)
		*attributes = a.value[1];
	return a.status;
}

u64 __efiapi efi_get_next_variable_name(u64 *size, u16 *name, u8 *guid)
{
	struct efivar_request r;
	struct efivar_answer a;

	if (!size || !name || !guid)
		return EFI_INVALID_PARAMETER;
	r.name_size = name_size(name);
	if (!r.name_size)
		return EFI_INVALID_PARAMETER;
	copy_guid(r.guid, guid);
	r.attributes = 0;
	r.size = *size;
	ask(EFIVAR_NEXT, &r, name, (void *)0, &a);
	if (!a.status) {
		if (a.value[0] > r.size)
			return EFI_INVALID_PARAMETER;
		receive(guid, EFIVAR_GUID_SIZE);
		receive(name, a.value[0]);
	}
	if (!a.status || a.status == EFI_BUFFER_TOO_SMALL)
		*size = a.value[0];
	return a.status;
}

u64 __efiapi efi_set_variable(const u16 *name, const u8 *guid, u32 attributes, u64 size,
			      const void *data)
{
	struct efivar_request r;
	struct efivar_answer a;

	if (!name || !guid || (!data && size))
		return EFI_INVALID_PARAMETER;
	r.name_size = name_size(name);
	if (!r.name_size)
		return EFI_INVALID_PARAMETER;
	if (size > EFIVAR_DATA_MAX)
		return EFI_OUT_OF_RESOURCES;
	copy_guid(r.guid, guid);
	r.attributes = attributes;
	r.size = size;
	ask(EFIVAR_SET, &r, name, data, &a);
	return a.status;
}

u64 __efiapi efi_query_variable_info(u32 attributes, u64 *storage, u64 *remaining, u64 *largest)
{
	struct efivar_request r;
	struct efivar_answer a;

	if (!storage || !remaining || !largest)
		return EFI_INVALID_PARAMETER;
	for (u32 i = 0; i < EFIVAR_GUID_SIZE; i++)
		r.guid[i] = 0;
	r.attributes = attributes;
	r.name_size = 0;
	r.size = 0;
	ask(EFIVAR_QUERY, &r, (void *)0, (void *)0, &a);
	if (a.status)
		return a.status;
	*storage = a.value[0];
	*remaining = a.value[1];
	*largest = a.value[2];
	return EFI_SUCCESS;
}

/*
 * The kernel calls this before anything else, at physical addresses. The table itself
 * stays where it is.
 */
u64 __efiapi efi_set_virtual_address_map(u64 map_size, u64 desc_size, u32 version, const u8 *map)
{
	struct efi_runtime_table *rt = (struct efi_runtime_table *)EFI_RUNTIME;

	if (version != EFI_MEMORY_DESC_VERSION || desc_size < sizeof(struct efi_memory_desc))
		return EFI_INVALID_PARAMETER;
	for (; map_size >= desc_size; map_size -= desc_size, map += desc_size) {
		const struct efi_memory_desc *d = (const struct efi_memory_desc *)map;

		if (d->phys != GUEST_EFI_CODE_PAGE)
			continue;
		for (u32 i = 0; i < N_RUNTIME_SERVICES; i++)
			rt->service[i] += d->virt - d->phys;
		return EFI_SUCCESS;
	}
	return EFI_NOT_FOUND;
}
