// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus of our own: what is found on it, in which order it stops, what is left when it
 * does not, and what a bus that leads round in circles does to the walk.
 */
#include <kunit/test.h>

#include "lib/pci-functions.c"

#define DWORDS		64
#define FUNCTIONS	8
#define WRITES		64
#define COMMAND(dword)	((dword)[PCI_COMMAND / 4])
#define MASTER		PCI_COMMAND_MASTER
#define CAPS		((u32)PCI_STATUS_CAP_LIST << 16)
#define NETWORK		0x02000000
#define SERIAL		0x07800000
#define BRIDGE		0x06040000

struct fake_function {
	u8 bus;
	u8 devfn;
	bool deaf;
	u32 dwords[DWORDS];
};

/* One test at a time */
static struct fake_function fakes[FUNCTIONS];
static unsigned int nr_fakes, reads, held;
static u16 written[WRITES];
static unsigned int nr_written;
/* Reads and writes from which on it is late */
static unsigned int patience;
/* The reset of a bus stops what is on it */
static bool reset_works;
static DECLARE_BITMAP(hidden, SVR_PCI_NUMBERS);

static struct fake_function *fake_at(u8 bus, u8 devfn)
{
	unsigned int i;

	for (i = 0; i < nr_fakes; i++)
		if (fakes[i].bus == bus && fakes[i].devfn == devfn)
			return &fakes[i];
	return NULL;
}

static u32 fake_read(u8 bus, u8 devfn, u8 reg)
{
	struct fake_function *f = fake_at(bus, devfn);

	reads++;
	return f ? f->dwords[reg / 4] : U32_MAX;
}

static void fake_write(u8 bus, u8 devfn, u8 reg, u32 val)
{
	struct fake_function *f = fake_at(bus, devfn);

	if (nr_written < WRITES)
		written[nr_written++] = bus << 8 | devfn;
	if (f && !f->deaf)
		f->dwords[reg / 4] = reg == PCI_COMMAND ?
			(f->dwords[1] & 0xffff0000) | (val & 0xffff) : val;
}

static void fake_hold(void)
{
	unsigned int i;

	held++;
	for (i = 0; reset_works && i < nr_fakes; i++)
		if (fakes[i].bus)
			COMMAND(fakes[i].dwords) &= ~MASTER;
}

static bool fake_late(void)
{
	return reads + nr_written >= patience;
}

static const struct svr_pci_access fake_pci = {
	.read = fake_read,
	.write = fake_write,
	.hold = fake_hold,
	.late = fake_late,
};

static u32 *fake_add(u8 bus, u8 devfn, u32 class, u32 command)
{
	struct fake_function *f = &fakes[nr_fakes++];

	*f = (struct fake_function){ .bus = bus, .devfn = devfn };
	f->dwords[0] = 0x12348086;
	COMMAND(f->dwords) = command;
	f->dwords[PCI_CLASS_REVISION / 4] = class;
	return f->dwords;
}

static u32 *fake_bridge(u8 bus, u8 devfn, u8 secondary)
{
	u32 *dwords = fake_add(bus, devfn, BRIDGE, MASTER);

	dwords[PCI_CACHE_LINE_SIZE / 4] = PCI_HEADER_TYPE_BRIDGE << 16;
	dwords[PCI_PRIMARY_BUS / 4] = secondary << 16 | secondary << 8 | bus;
	return dwords;
}

/* The next capability of a function whose list ends so far */
static void fake_cap(u32 *dwords, u8 pos, u8 id, u16 flags, u8 next)
{
	if (!dwords[PCI_CAPABILITY_LIST / 4])
		dwords[PCI_CAPABILITY_LIST / 4] = pos;
	COMMAND(dwords) |= CAPS;
	dwords[pos / 4] = (u32)flags << 16 | next << 8 | id;
}

static int fake_init(struct kunit *test)
{
	nr_fakes = 0;
	nr_written = 0;
	reads = 0;
	held = 0;
	reset_works = false;
	patience = UINT_MAX;
	bitmap_zero(hidden, SVR_PCI_NUMBERS);
	return 0;
}

static struct svr_pci_list list;

static unsigned int find_and_stop(void)
{
	DECLARE_BITMAP(roots, SVR_PCI_BUSES) = { 1 };

	svr_pci_find(&fake_pci, roots, hidden, &list);
	return svr_pci_stop(&fake_pci, &list);
}

static void test_nothing_alive(struct kunit *test)
{
	fake_add(0, SVR_PCI_DEVFN(3, 0), NETWORK, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 0);
	KUNIT_EXPECT_EQ(test, nr_written, 0);
}

static void test_stops(struct kunit *test)
{
	u32 *nic = fake_add(0, SVR_PCI_DEVFN(3, 0), NETWORK,
			    MASTER | PCI_COMMAND_MEMORY);

	fake_cap(nic, 0x40, PCI_CAP_ID_MSI, PCI_MSI_FLAGS_ENABLE, 0x60);
	fake_cap(nic, 0x60, PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS_ENABLE | 3, 0);
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 1);
	KUNIT_EXPECT_EQ(test, COMMAND(nic), CAPS | PCI_COMMAND_MEMORY |
			PCI_COMMAND_INTX_DISABLE);
	KUNIT_EXPECT_EQ(test, nic[0x40 / 4], 0x6000 | PCI_CAP_ID_MSI);
	KUNIT_EXPECT_EQ(test, nic[0x60 / 4], 3 << 16 | PCI_CAP_ID_MSIX);

	svr_pci_start(&fake_pci, &list);
	KUNIT_EXPECT_EQ(test, COMMAND(nic), CAPS | MASTER | PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, nic[0x40 / 4] >> 16, PCI_MSI_FLAGS_ENABLE);
	KUNIT_EXPECT_EQ(test, nic[0x60 / 4] >> 16,
			PCI_MSIX_FLAGS_ENABLE | 3);
}

/* Only an MSI that is on: no bus mastering, but it is found */
static void test_msi_alone(struct kunit *test)
{
	u32 *nic = fake_add(0, 8, NETWORK, 0);

	fake_cap(nic, 0x40, PCI_CAP_ID_MSI, PCI_MSI_FLAGS_ENABLE, 0);
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 1);
	KUNIT_EXPECT_EQ(test, nic[0x40 / 4] >> 16, 0);
}

static void test_order(struct kunit *test)
{
	static const u16 order[] = {
		0x0018, 0x0108, 0x0010, 0x0008,
		/* The bus behind the bridge: into reset, and out of it */
		0x0008, 0x0008,
	};
	unsigned int i;

	fake_bridge(0, 0x08, 1);
	fake_add(0, 0x10, SERIAL, MASTER);
	fake_add(0, 0x18, NETWORK, MASTER);
	fake_add(1, 0x08, NETWORK, MASTER);
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_ASSERT_EQ(test, nr_written, ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ_MSG(test, written[i], order[i], "write %u", i);
	KUNIT_EXPECT_TRUE(test, list.functions[1].console);

	KUNIT_EXPECT_EQ(test, held, 1);

	/* What has been reset is not started again */
	nr_written = 0;
	svr_pci_start(&fake_pci, &list);
	KUNIT_ASSERT_EQ(test, nr_written, 3);
	KUNIT_EXPECT_EQ(test, written[0], 0x0008);
	KUNIT_EXPECT_NE(test, written[1], 0x0108);
	KUNIT_EXPECT_NE(test, written[2], 0x0108);
}

static void test_functions(struct kunit *test)
{
	u32 *first = fake_add(0, SVR_PCI_DEVFN(2, 0), NETWORK, MASTER);

	fake_add(0, SVR_PCI_DEVFN(2, 5), NETWORK, MASTER);
	/* Nobody looks at function 5 of a device that says it has one only */
	find_and_stop();
	KUNIT_EXPECT_EQ(test, list.count, 1);
	COMMAND(first) = MASTER;
	first[PCI_CACHE_LINE_SIZE / 4] = PCI_HEADER_TYPE_MFD << 16;
	find_and_stop();
	KUNIT_EXPECT_EQ(test, list.count, 2);
}

/* Behind a port there is device 0 only, and the others are not asked for */
static void test_port(struct kunit *test)
{
	unsigned int bare;
	u32 *port;

	fake_bridge(0, 0, 1);
	fake_add(1, 0, NETWORK, MASTER);
	find_and_stop();
	KUNIT_EXPECT_EQ(test, list.count, 2);
	bare = reads;

	fake_init(test);
	port = fake_bridge(0, 0, 1);
	fake_cap(port, 0x40, PCI_CAP_ID_EXP, PCI_EXP_TYPE_ROOT_PORT << 4, 0);
	fake_add(1, 0, NETWORK, MASTER);
	find_and_stop();
	KUNIT_EXPECT_EQ(test, list.count, 2);
	KUNIT_EXPECT_LT(test, reads, bare);
}

static void test_stuck(struct kunit *test)
{
	fake_add(0, 0x08, NETWORK, MASTER);
	fake_add(0, 0x10, NETWORK, MASTER);
	fakes[1].deaf = true;
	KUNIT_EXPECT_EQ(test, find_and_stop(), 1);
	KUNIT_EXPECT_FALSE(test, list.functions[0].stuck);
	KUNIT_EXPECT_TRUE(test, list.functions[1].stuck);
}

/* MSI or MSI-X alone that stays on is enough */
static void test_stuck_interrupts(struct kunit *test)
{
	static const struct {
		u8 id;
		u16 flags;
	} rows[] = {
		{ PCI_CAP_ID_MSI, PCI_MSI_FLAGS_ENABLE },
		{ PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS_ENABLE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_init(test);
		fake_cap(fake_add(0, 0x08, NETWORK, 0), 0x40, rows[i].id,
			 rows[i].flags, 0);
		fakes[0].deaf = true;
		KUNIT_EXPECT_EQ(test, find_and_stop(), 1);
		KUNIT_EXPECT_TRUE(test, list.functions[0].stuck);
	}
}

/* All ones: it may have gone, or hang; nothing shows that it has stopped */
static void test_gone(struct kunit *test)
{
	DECLARE_BITMAP(roots, SVR_PCI_BUSES) = { 1 };

	fake_cap(fake_add(0, 0x08, NETWORK, MASTER), 0x40, PCI_CAP_ID_MSIX,
		 PCI_MSIX_FLAGS_ENABLE, 0);
	svr_pci_find(&fake_pci, roots, hidden, &list);
	KUNIT_EXPECT_EQ(test, list.count, 1);
	nr_fakes = 0;
	KUNIT_EXPECT_EQ(test, svr_pci_stop(&fake_pci, &list), 1);
	KUNIT_EXPECT_TRUE(test, list.functions[0].stuck);
}

/* It goes in the middle of the walk: from then on each register reads as all ones */
static void test_gone_while_looked_at(struct kunit *test)
{
	u32 *nic = fake_add(0, 0x08, NETWORK, 0);
	unsigned int i;

	for (i = 1; i < DWORDS; i++)
		nic[i] = U32_MAX;
	fakes[0].deaf = true;
	KUNIT_EXPECT_EQ(test, find_and_stop(), 1);
	KUNIT_EXPECT_TRUE(test, list.functions[0].stuck);
}

/* It takes too long to find them: those that were found are stopped, and one more is counted */
static void test_late_to_find(struct kunit *test)
{
	DECLARE_BITMAP(roots, SVR_PCI_BUSES) = { 1 };

	fake_add(0, 0x08, NETWORK, MASTER);
	fake_add(0, 0x80, NETWORK, MASTER);
	patience = 10;
	svr_pci_find(&fake_pci, roots, hidden, &list);
	KUNIT_EXPECT_TRUE(test, list.cut);
	KUNIT_EXPECT_EQ(test, list.count, 1);
	patience = UINT_MAX;
	KUNIT_EXPECT_EQ(test, svr_pci_stop(&fake_pci, &list), 1);
	KUNIT_EXPECT_FALSE(test, list.functions[0].stuck);
	KUNIT_EXPECT_EQ(test, nr_written, 1);
}

/* However long it takes: each is told to stop, and shown to have stopped */
static void test_late_to_stop(struct kunit *test)
{
	DECLARE_BITMAP(roots, SVR_PCI_BUSES) = { 1 };

	fake_add(0, 0x08, NETWORK, MASTER);
	fake_add(0, 0x10, NETWORK, MASTER);
	svr_pci_find(&fake_pci, roots, hidden, &list);
	KUNIT_EXPECT_FALSE(test, list.cut);
	patience = reads + 1;
	KUNIT_EXPECT_EQ(test, svr_pci_stop(&fake_pci, &list), 0);
	KUNIT_EXPECT_EQ(test, nr_written, 2);
}

/* What has not stopped by itself has, if the reset of its bus says so, or nothing answers yet */
static void test_stopped_by_its_bus(struct kunit *test)
{
	fake_bridge(0, 0x08, 1);
	fake_add(1, 0x00, NETWORK, MASTER);
	fakes[1].deaf = true;
	reset_works = true;
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_FALSE(test, list.functions[1].stuck);

	fake_init(test);
	fake_bridge(0, 0x08, 1);
	fake_add(1, 0x00, NETWORK, MASTER);
	fakes[1].deaf = true;
	KUNIT_EXPECT_EQ(test, find_and_stop(), 1);
}

/* A bridge on a root bus is reset though it masters nothing; one behind it is not touched */
static void test_bridge_that_is_not_alive(struct kunit *test)
{
	COMMAND(fake_bridge(0, 0x08, 1)) = 0;
	COMMAND(fake_bridge(1, 0x00, 2)) = 0;
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 1);
	KUNIT_EXPECT_EQ(test, held, 1);
}

/* Nobody at all: the ports may lead nowhere */
static void test_nobody(struct kunit *test)
{
	find_and_stop();
	KUNIT_EXPECT_FALSE(test, list.seen);
	fake_add(0, 0x08, NETWORK, 0);
	find_and_stop();
	KUNIT_EXPECT_TRUE(test, list.seen);
}

/*
 * A virtual function, whose identity is all ones, on a bus that no bridge names; and one that
 * ARI has given the number 9, behind a port.
 */
static void test_hidden(struct kunit *test)
{
	u32 *port = fake_bridge(0, 0x08, 1);
	u32 *virtual, *ninth;

	fake_cap(port, 0x40, PCI_CAP_ID_EXP, PCI_EXP_TYPE_ROOT_PORT << 4, 0);
	fake_add(1, 0, NETWORK, 0);
	ninth = fake_add(1, 9, NETWORK, MASTER);
	virtual = fake_add(2, 0x80, NETWORK, MASTER);
	virtual[0] = U32_MAX;
	fake_cap(virtual, 0x70, PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS_ENABLE, 0);
	/* The walk does not find them */
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 1);
	KUNIT_EXPECT_EQ(test, COMMAND(ninth), MASTER);

	__set_bit(svr_pci_number(1, 9), hidden);
	__set_bit(svr_pci_number(2, 0x80), hidden);
	/* A virtual function that has been turned off meanwhile */
	__set_bit(svr_pci_number(2, 0x81), hidden);
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 3);
	KUNIT_EXPECT_EQ(test, COMMAND(ninth) & MASTER, 0);
	KUNIT_EXPECT_EQ(test, COMMAND(virtual) & MASTER, 0);
	KUNIT_EXPECT_EQ(test, virtual[0x70 / 4] >> 16, 0);

	svr_pci_start(&fake_pci, &list);
	KUNIT_EXPECT_EQ(test, COMMAND(virtual) & MASTER, MASTER);
	KUNIT_EXPECT_EQ(test, virtual[0x70 / 4] >> 16, PCI_MSIX_FLAGS_ENABLE);
}

static void test_circles(struct kunit *test)
{
	u32 *nic = fake_add(0, 0x08, NETWORK, MASTER);

	/* Its capabilities, and two bridges, lead back to where they are */
	fake_cap(nic, 0x40, PCI_CAP_ID_VNDR, 0, 0x44);
	fake_cap(nic, 0x44, PCI_CAP_ID_VNDR, 0, 0x40);
	fake_bridge(0, 0x10, 0);
	fake_bridge(0, 0x18, 1);
	fake_bridge(1, 0x00, 1);
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 4);
	KUNIT_EXPECT_LT(test, reads, 1000);
}

/* Neither has to stop: a bridge of the chipset, and an answer where no device is */
static void test_not_counted(struct kunit *test)
{
	static const u32 nobody[] = { 0, 0xffff, 0xffff0000 };
	unsigned int i;

	fake_add(0, 0x00, (u32)PCI_CLASS_BRIDGE_HOST << 16, MASTER);
	fake_add(0, 0x08, (u32)PCI_CLASS_BRIDGE_ISA << 16, MASTER);
	for (i = 0; i < ARRAY_SIZE(nobody); i++)
		fake_add(0, SVR_PCI_DEVFN(2 + i, 0), NETWORK, MASTER)[0] = nobody[i];
	KUNIT_EXPECT_EQ(test, find_and_stop(), 0);
	KUNIT_EXPECT_EQ(test, list.count, 0);
}

static struct kunit_case pci_functions_cases[] = {
	KUNIT_CASE(test_nothing_alive),
	KUNIT_CASE(test_stops),
	KUNIT_CASE(test_msi_alone),
	KUNIT_CASE(test_order),
	KUNIT_CASE(test_functions),
	KUNIT_CASE(test_port),
	KUNIT_CASE(test_stuck),
	KUNIT_CASE(test_stuck_interrupts),
	KUNIT_CASE(test_gone),
	KUNIT_CASE(test_gone_while_looked_at),
	KUNIT_CASE(test_late_to_find),
	KUNIT_CASE(test_late_to_stop),
	KUNIT_CASE(test_stopped_by_its_bus),
	KUNIT_CASE(test_bridge_that_is_not_alive),
	KUNIT_CASE(test_nobody),
	KUNIT_CASE(test_hidden),
	KUNIT_CASE(test_circles),
	KUNIT_CASE(test_not_counted),
	{}
};

static struct kunit_suite pci_functions_suite = {
	.name = "svsm-reset-pci-functions",
	.init = fake_init,
	.test_cases = pci_functions_cases,
};

kunit_test_suite(pci_functions_suite);
