// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices of our own that have taken requests: which can be reset, by which writes, and
 * what capabilities that lie do to it.
 */
#include <kunit/test.h>

#include "lib/pci-requests.c"

#define DWORDS		64
#define STATUS_BAR	4
#define STATUS_OFFSET	0x2000
#define COMMON		0x40
#define WINDOW		0x54
#define WINDOW_DATA	(WINDOW + sizeof(struct virtio_pci_cap))
#define EXPRESS		0x70
#define VIRTIO		(PCI_VENDOR_ID_REDHAT_QUMRANET | 0x1042 << 16)
#define QEMU		(PCI_VENDOR_ID_REDHAT | 0x0010 << 16)

/* A virtio device whose status can be reached by its window, one test at a time */
static struct {
	u32 dwords[DWORDS];
	unsigned int writes, reads;
	/* Reads of its status until it is reset; it was written so often */
	unsigned int slow, resets;
	bool gone, late;
	u32 held;
} fake;

static struct svr_pci_function function;
static struct svr_pci_list list;

static bool fake_aimed(void)
{
	u32 *window = &fake.dwords[WINDOW / 4];

	return (window[1] & 0xff) == STATUS_BAR &&
	       window[2] == STATUS_OFFSET + VIRTIO_PCI_COMMON_STATUS &&
	       window[3] == 1;
}

/* Some hosts pass on the size of the access: then there is no such register */
static u32 fake_read(u8 bus, u8 devfn, u8 reg)
{
	fake.reads++;
	if (fake.gone)
		return U32_MAX;
	return reg == WINDOW_DATA ? 0 : fake.dwords[reg / 4];
}

static u8 fake_read_byte(u8 bus, u8 devfn, u8 reg)
{
	fake.reads++;
	if (fake.gone || reg != WINDOW_DATA || !fake_aimed())
		return U8_MAX;
	if (fake.resets && fake.slow)
		fake.slow--;
	return fake.resets && !fake.slow ? 0 : 0x0f;
}

static void fake_write(u8 bus, u8 devfn, u8 reg, u32 val)
{
	fake.writes++;
	fake.dwords[reg / 4] = val;
}

static void fake_write_byte(u8 bus, u8 devfn, u8 reg, u8 val)
{
	fake.writes++;
	if (reg == WINDOW_DATA && fake_aimed() && !val)
		fake.resets++;
}

/* What the bridge's control register was while its bus was held */
static void fake_hold(void)
{
	fake.held = fake.dwords[PCI_INTERRUPT_LINE / 4];
}

static bool fake_late(void)
{
	return fake.late;
}

static const struct svr_pci_access fake_pci = {
	.read = fake_read,
	.write = fake_write,
	.read_byte = fake_read_byte,
	.write_byte = fake_write_byte,
	.hold = fake_hold,
	.late = fake_late,
};

static u32 virtio_cap(u8 next, u8 type)
{
	return PCI_CAP_ID_VNDR | next << 8 | (u32)type << SVR_VIRTIO_TYPE_SHIFT;
}

static void fake_virtio(u32 id)
{
	fake.dwords[0] = id;
	fake.dwords[PCI_COMMAND / 4] = (u32)PCI_STATUS_CAP_LIST << 16;
	fake.dwords[PCI_CAPABILITY_LIST / 4] = COMMON;
	fake.dwords[COMMON / 4] = virtio_cap(WINDOW, VIRTIO_PCI_CAP_COMMON_CFG);
	fake.dwords[COMMON / 4 + 1] = STATUS_BAR;
	fake.dwords[COMMON / 4 + 2] = STATUS_OFFSET;
	fake.dwords[COMMON / 4 + 3] = 0x1000;
	fake.dwords[WINDOW / 4] = virtio_cap(0, VIRTIO_PCI_CAP_PCI_CFG);
	function.kind = svr_pci_kind(id);
}

static void fake_express(u32 id, u32 capabilities)
{
	fake.dwords[0] = id;
	fake.dwords[PCI_COMMAND / 4] = (u32)PCI_STATUS_CAP_LIST << 16;
	fake.dwords[PCI_CAPABILITY_LIST / 4] = EXPRESS;
	fake.dwords[EXPRESS / 4] = PCI_CAP_ID_EXP;
	fake.dwords[(EXPRESS + PCI_EXP_DEVCAP) / 4] = capabilities;
	/* Control, and a status in which every 1 would clear something */
	fake.dwords[(EXPRESS + PCI_EXP_DEVCTL) / 4] = 0x000f2810;
	function.kind = svr_pci_kind(id);
}

static int fake_init(struct kunit *test)
{
	memset(&fake, 0, sizeof(fake));
	memset(&function, 0, sizeof(function));
	list.count = 0;
	return 0;
}

static void test_kinds(struct kunit *test)
{
	static const struct {
		u32 id;
		enum svr_pci_kind kind;
	} rows[] = {
		{ 0x10001af4, SVR_PCI_VIRTIO }, { 0x107f1af4, SVR_PCI_VIRTIO },
		{ 0x0fff1af4, SVR_PCI_PLAIN }, { 0x11001af4, SVR_PCI_PLAIN },
		{ 0x10571af4, SVR_PCI_PLAIN },
		{ 0x00101b36, SVR_PCI_QEMU }, { 0x10d38086, SVR_PCI_PLAIN },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, svr_pci_kind(rows[i].id), rows[i].kind,
				    "%08x", rows[i].id);
}

static void test_virtio(struct kunit *test)
{
	fake_virtio(VIRTIO);
	fake.slow = 3;
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_EQ(test, fake.resets, 1);
	KUNIT_EXPECT_EQ(test, fake.slow, 0);
}

static void test_virtio_never_resets(struct kunit *test)
{
	fake_virtio(VIRTIO);
	fake.slow = UINT_MAX;
	KUNIT_EXPECT_FALSE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_LT(test, fake.reads, SVR_VIRTIO_READS + 2 * SVR_PCI_CAPS);
}

/* It is told, and nobody waits for it */
static void test_virtio_late(struct kunit *test)
{
	fake_virtio(VIRTIO);
	fake.late = true;
	fake.slow = UINT_MAX;
	KUNIT_EXPECT_FALSE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_EQ(test, fake.resets, 1);
	KUNIT_EXPECT_LT(test, fake.reads, 2 * SVR_PCI_CAPS);

	/* But it is asked: the write itself may have taken all that time */
	fake.slow = 0;
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
}

static void test_virtio_gone(struct kunit *test)
{
	fake_virtio(VIRTIO);
	fake.gone = true;
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_LT(test, fake.reads, 2 * SVR_PCI_CAPS);
}

/* No window, no registers, or none of that length: nothing is written anywhere */
static void test_virtio_lies(struct kunit *test)
{
	static const struct {
		unsigned int dword;
		u32 val;
	} rows[] = {
		{ WINDOW / 4, PCI_CAP_ID_MSIX },
		{ COMMON / 4, PCI_CAP_ID_VNDR | WINDOW << 8 },
		{ COMMON / 4 + 2, U32_MAX },
		{ COMMON / 4 + 3, VIRTIO_PCI_COMMON_STATUS },
		{ PCI_COMMAND / 4, 0 },
		{ PCI_CAPABILITY_LIST / 4, 0x08 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_init(test);
		fake_virtio(VIRTIO);
		fake.dwords[rows[i].dword] = rows[i].val;
		KUNIT_EXPECT_TRUE_MSG(test, svr_pci_end_requests(&fake_pci, &function),
				      "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, fake.writes, 0, "row %u", i);
	}
}

/* At the end of configuration space there is no room for what belongs to it */
static void test_virtio_at_the_end(struct kunit *test)
{
	fake_virtio(VIRTIO);
	fake.dwords[COMMON / 4] = virtio_cap(0xfc, VIRTIO_PCI_CAP_COMMON_CFG);
	fake.dwords[0xfc / 4] = virtio_cap(0, VIRTIO_PCI_CAP_PCI_CFG);
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_EQ(test, fake.writes, 0);
}

static void test_capabilities_in_a_circle(struct kunit *test)
{
	fake_virtio(VIRTIO);
	fake.dwords[COMMON / 4] = virtio_cap(COMMON, 0);
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_LT(test, fake.reads, 2 * SVR_PCI_CAPS);
}

static void test_qemu(struct kunit *test)
{
	fake_express(QEMU, PCI_EXP_DEVCAP_FLR);
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_EQ(test, fake.dwords[(EXPRESS + PCI_EXP_DEVCTL) / 4],
			0x2810 | PCI_EXP_DEVCTL_BCR_FLR);
	KUNIT_EXPECT_EQ(test, fake.writes, 1);
	KUNIT_EXPECT_TRUE(test, function.lost);
}

/* Without that capability, hardware, and a bridge: nothing is written */
static void test_left_alone(struct kunit *test)
{
	fake_express(QEMU, 0);
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	fake_express(0x10d38086, PCI_EXP_DEVCAP_FLR);
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	fake_express(QEMU, PCI_EXP_DEVCAP_FLR);
	function.bridge = true;
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	function.bridge = false;
	/* A host that lies: there is no room for the registers */
	memset(fake.dwords, 0xff, sizeof(fake.dwords));
	fake.dwords[PCI_CAPABILITY_LIST / 4] = 0xfc;
	fake.dwords[0xfc / 4] = PCI_CAP_ID_EXP;
	KUNIT_EXPECT_TRUE(test, svr_pci_end_requests(&fake_pci, &function));
	KUNIT_EXPECT_EQ(test, fake.writes, 0);
	KUNIT_EXPECT_FALSE(test, function.lost);
}

static void fake_list(unsigned int i, bool bridge, bool root)
{
	list.functions[i] = (struct svr_pci_function){ .bridge = bridge, .root = root };
	list.count = i + 1;
}

/* The status that a 1 would clear is written with 0, the line and the pin as they were */
static void test_bus(struct kunit *test)
{
	fake.dwords[PCI_INTERRUPT_LINE / 4] = 0x0402010b;
	fake.dwords[PCI_PRIMARY_BUS / 4] = 2 << 16 | 1 << 8;
	fake_list(0, true, true);
	fake_list(1, false, false);
	list.functions[1].bus = 2;
	fake_list(2, false, true);
	/* Its bus is behind no bridge that was reset */
	fake_list(3, false, false);
	list.functions[3].bus = 3;
	svr_pci_reset_buses(&fake_pci, &list);
	KUNIT_EXPECT_EQ(test, fake.held, 0x0042010b);
	KUNIT_EXPECT_EQ(test, fake.dwords[PCI_INTERRUPT_LINE / 4], 0x0002010b);
	KUNIT_EXPECT_FALSE(test, list.functions[0].lost);
	KUNIT_EXPECT_TRUE(test, list.functions[1].lost);
	KUNIT_EXPECT_FALSE(test, list.functions[2].lost);
	KUNIT_EXPECT_FALSE(test, list.functions[3].lost);
}

/* A bridge behind a bridge is reset by the first one, and cannot be reached then */
static void test_no_bus(struct kunit *test)
{
	fake_list(0, true, false);
	fake_list(1, false, true);
	svr_pci_reset_buses(&fake_pci, &list);
	KUNIT_EXPECT_EQ(test, fake.writes, 0);
	KUNIT_EXPECT_FALSE(test, list.functions[0].lost);
}

static struct kunit_case pci_requests_cases[] = {
	KUNIT_CASE(test_kinds),
	KUNIT_CASE(test_virtio),
	KUNIT_CASE(test_virtio_never_resets),
	KUNIT_CASE(test_virtio_late),
	KUNIT_CASE(test_virtio_gone),
	KUNIT_CASE(test_virtio_lies),
	KUNIT_CASE(test_virtio_at_the_end),
	KUNIT_CASE(test_capabilities_in_a_circle),
	KUNIT_CASE(test_qemu),
	KUNIT_CASE(test_left_alone),
	KUNIT_CASE(test_bus),
	KUNIT_CASE(test_no_bus),
	{}
};

static struct kunit_suite pci_requests_suite = {
	.name = "svsm-reset-pci-requests",
	.init = fake_init,
	.test_cases = pci_requests_cases,
};

kunit_test_suite(pci_requests_suite);
