// SPDX-License-Identifier: GPL-2.0
/* EFI variables: the runtime services as firmware promises them (UEFI 2.10, 8.2) */
#include "tests.h"

#define BP_EFI_INFO		0x1c0
#define INFO_SYSTAB		0x04
#define SYSTAB_RUNTIME		0x58
#define RUNTIME_FIRST		0x18
#define GET			6
#define NEXT			7
#define SET			8
#define QUERY			13

#define EFI_ERROR(n)		(BIT(63) | (n))
#define INVALID_PARAMETER	EFI_ERROR(2)
#define UNSUPPORTED		EFI_ERROR(3)
#define BUFFER_TOO_SMALL	EFI_ERROR(5)
#define OUT_OF_RESOURCES	EFI_ERROR(9)
#define NOT_FOUND		EFI_ERROR(14)

#define NV_BS_RT		7
#define LARGEST			4096
#define PORT_DATA		0x560
#define PORT_COMMAND		0x561
#define UNTOUCHED		0xee

typedef u64 __attribute__((__ms_abi__)) (*service)(u64, u64, u64, u64, u64);

static const u8 guid[16] = { 1, 2, 3 }, other_guid[16] = { 1, 2, 4 };
static u8 buffer[2 * LARGEST];

static service service_nr(unsigned int n)
{
	u64 systab = *(u32 *)private(boot_params_address + BP_EFI_INFO + INFO_SYSTAB);
	u64 runtime = *(u64 *)private(systab + SYSTAB_RUNTIME);

	return (service)private(*(u64 *)private(runtime + RUNTIME_FIRST + n * 8));
}

static u64 set(const u16 *name, const u8 *whose, u32 attributes, u64 size, const void *data)
{
	return service_nr(SET)((u64)name, (u64)whose, attributes, size, (u64)data);
}

static u64 get(const u16 *name, const u8 *whose, u32 *attributes, u64 *size)
{
	memset(buffer, UNTOUCHED, sizeof(buffer));
	return service_nr(GET)((u64)name, (u64)whose, (u64)attributes, (u64)size, (u64)buffer);
}

static u64 next(u64 *size, u16 *name, u8 *whose)
{
	return service_nr(NEXT)((u64)size, (u64)name, (u64)whose, 0, 0);
}

static void remove(const u16 *name)
{
	expect_eq("remove", set(name, guid, 0, 0, NULL), 0);
}

static const u16 a[] = { 'A', 0 }, b[] = { 'B', 'b', 0 }, none[] = { 0 };
static const char text[] = "contents of it";

/* Expect the variable to hold the text, and nothing written after it. */
static void expect_text(const u16 *name, const u8 *whose)
{
	u64 size = sizeof(buffer);
	u32 attributes = 0;

	expect_eq("get", get(name, whose, &attributes, &size), 0);
	expect_eq("size", size, sizeof(text));
	expect_eq("attributes", attributes, NV_BS_RT);
	expect(!memcmp(buffer, text, sizeof(text)), "contents");
	expect_eq("beyond", buffer[sizeof(text)], UNTOUCHED);
}

static void set_get(void)
{
	u64 size = sizeof(buffer);

	expect_eq("get nothing", get(a, guid, NULL, &size), NOT_FOUND);
	expect_eq("set", set(a, guid, NV_BS_RT, sizeof(text), text), 0);
	expect_text(a, guid);
	expect_eq("another GUID", get(a, other_guid, NULL, &size), NOT_FOUND);
	size = sizeof(text) - 1;
	expect_eq("no room", get(a, guid, NULL, &size), BUFFER_TOO_SMALL);
	expect_eq("room wanted", size, sizeof(text));
	expect_eq("written", buffer[0], UNTOUCHED);
	expect_eq("set anew", set(a, guid, NV_BS_RT, 1, "x"), 0);
	expect_eq("get", get(a, guid, NULL, &size), 0);
	expect_eq("new size", size, 1);
	remove(a);
	expect_eq("remove again", set(a, guid, 0, 0, NULL), NOT_FOUND);
	expect_eq("get what was removed", get(a, guid, NULL, &size), NOT_FOUND);
}

static void refused(void)
{
	static u16 long_name[200];
	u64 size = sizeof(buffer);

	for (unsigned int i = 0; i < ARRAY_SIZE(long_name); i++)
		long_name[i] = 'n';
	expect_eq("no name", set(none, guid, NV_BS_RT, 1, text), INVALID_PARAMETER);
	expect_eq("NULL", set(NULL, guid, NV_BS_RT, 1, text), INVALID_PARAMETER);
	expect_eq("long name", set(long_name, guid, NV_BS_RT, 1, text), INVALID_PARAMETER);
	expect_eq("get long name", get(long_name, guid, NULL, &size), NOT_FOUND);
	expect_eq("volatile", set(a, guid, 6, 1, text), INVALID_PARAMETER);
	expect_eq("boot time only", set(a, guid, 3, 1, text), INVALID_PARAMETER);
	expect_eq("authenticated", set(a, guid, 0x27, 1, text), UNSUPPORTED);
	expect_eq("append", set(a, guid, 0x47, 1, text), UNSUPPORTED);
	expect_eq("too large", set(a, guid, NV_BS_RT, LARGEST + 1, buffer), OUT_OF_RESOURCES);
	expect_eq("nothing came of it", get(a, guid, NULL, &size), NOT_FOUND);
}

static void enumerate(void)
{
	u64 size = sizeof(buffer);
	u16 *name = (u16 *)buffer;
	u8 whose[16] = { 0 };

	memset(buffer, 0, sizeof(buffer));
	expect_eq("nothing there", next(&size, name, whose), NOT_FOUND);
	expect_eq("set", set(a, guid, NV_BS_RT, 1, text), 0);
	expect_eq("set", set(b, other_guid, NV_BS_RT, 1, text), 0);
	size = 2;
	expect_eq("no room", next(&size, name, whose), BUFFER_TOO_SMALL);
	expect_eq("room wanted", size, sizeof(a));
	expect_eq("first", next(&size, name, whose), 0);
	expect(!memcmp(name, a, sizeof(a)) && !memcmp(whose, guid, 16), "first: another one");
	size = sizeof(buffer);
	expect_eq("second", next(&size, name, whose), 0);
	expect_eq("size", size, sizeof(b));
	expect(!memcmp(name, b, sizeof(b)) && !memcmp(whose, other_guid, 16), "second: another");
	expect_eq("third", next(&size, name, whose), NOT_FOUND);
	expect_eq("of no variable", next(&size, name, (u8 *)guid), INVALID_PARAMETER);
	remove(a);
	expect_eq("remove", set(b, other_guid, 0, 0, NULL), 0);
}

static void fill(void)
{
	u64 storage = 0, remaining = 0, largest = 0, size = sizeof(buffer), before;
	u16 name[] = { 'F', '0', 0 };
	unsigned int n = 0;

	expect_eq("query", service_nr(QUERY)(NV_BS_RT, (u64)&storage, (u64)&remaining,
					     (u64)&largest, 0), 0);
	expect_eq("largest", largest, LARGEST);
	expect_eq("all is free", remaining, storage);
	memset(buffer, 0x5a, sizeof(buffer));
	for (; n < 100; n++, name[1]++)
		if (set(name, guid, NV_BS_RT, LARGEST, buffer))
			break;
	expect_eq("variables", n, storage / LARGEST);
	before = remaining;
	service_nr(QUERY)(NV_BS_RT, (u64)&storage, (u64)&remaining, (u64)&largest, 0);
	expect(before && !remaining, "%lu bytes remain of %lu", remaining, before);
	expect_eq("no more", set(name, guid, NV_BS_RT, 1, buffer), OUT_OF_RESOURCES);
	name[1]--;
	expect_eq("get", get(name, guid, NULL, &size), 0);
	expect_eq("end of the largest", buffer[LARGEST - 1], 0x5a);
	expect_eq("beyond it", buffer[LARGEST], UNTOUCHED);
	for (name[1] = '0'; n; n--, name[1]++)
		remove(name);
}

/* Send requests that no firmware would send. The next good one must work all the same. */
static void ports(void)
{
	for (unsigned int op = 0; op < 8; op++) {
		outb(PORT_COMMAND, 0);
		outb(PORT_COMMAND, op);
	}
	outb(PORT_COMMAND, 0);
	for (unsigned int i = 0; i < 3 * LARGEST; i++)
		outb(PORT_DATA, 0xff);
	for (unsigned int op = 1; op < 8; op++)
		outb(PORT_COMMAND, op);
	for (unsigned int i = 0; i < 3 * LARGEST; i++)
		inb(PORT_DATA);
	expect_eq("end of the answer", inb(PORT_DATA), 0xff);
	expect_eq("set", set(a, guid, NV_BS_RT, sizeof(text), text), 0);
	expect_text(a, guid);
	remove(a);
}

/* The host keeps variables: a reset by the SVSM does not touch them. */
static void kept(void)
{
	if (boot == 1) {
		expect_eq("set", set(a, guid, NV_BS_RT, sizeof(text), text), 0);
		execute();
		return;
	}
	expect_text(a, guid);
}

static const struct selftest tests[] = {
	{ .name = "efivar.set-get", .run = set_get, .alone = true },
	{ .name = "efivar.refused", .run = refused, .alone = true },
	{ .name = "efivar.enumerate", .run = enumerate, .alone = true },
	{ .name = "efivar.fill", .run = fill, .alone = true },
	{ .name = "efivar.ports", .run = ports, .alone = true },
	{ .name = "efivar.kept", .run = kept, .alone = true },
};

const struct selftest_table efivar_tests = { tests, ARRAY_SIZE(tests) };
