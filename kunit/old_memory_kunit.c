// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dead kernel's memory: what it says is believed only where it makes sense,
 * and each page that it had shared is found.
 */
#include <kunit/test.h>

#include "lib/old-memory.c"

#define C	BIT_ULL(51)
#define P	SVR_PTE_PRESENT
#define LARGE	SVR_PTE_PSE
#define DIRECT	0xffff888000000000ULL
#define ROOT	0x101000ULL
#define TABLES	8

/* Tables at ROOT and the pages after it, and what a walk reports */
struct world {
	u64 table[TABLES][512];
	int mapped;
	u64 pfn[8], count[8];
	unsigned int reported;
	bool refuse_map;
};

static const u64 *world_map(void *ctx, u64 pa)
{
	struct world *w = ctx;

	if (w->refuse_map || pa < ROOT || pa >= ROOT + TABLES * SZ_4K)
		return NULL;
	w->mapped++;
	return w->table[(pa - ROOT) / SZ_4K];
}

static void world_unmap(void *ctx, const u64 *table)
{
	((struct world *)ctx)->mapped--;
}

static void world_shared(void *ctx, u64 pfn, u64 count)
{
	struct world *w = ctx;

	if (w->reported < ARRAY_SIZE(w->pfn)) {
		w->pfn[w->reported] = pfn;
		w->count[w->reported] = count;
	}
	w->reported++;
}

static const struct svr_old_ops world_ops = { world_map, world_unmap, world_shared };
static const struct svr_old_tables world_tables = { ROOT, 4, C };

/* 1 to 7 MiB: 4K pages in the first 2 MiB, large ones after that */
static const struct elf64_phdr world_phdr = {
	.p_type = PT_LOAD,
	.p_paddr = SZ_1M,
	.p_vaddr = DIRECT + SZ_1M,
	.p_filesz = 6 * SZ_1M,
	.p_memsz = 6 * SZ_1M,
};

static const struct svr_old world_old = { &world_phdr, 1 };

static struct world *make_world(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->table[0][SVR_PTE_INDEX(DIRECT, 3)] = (ROOT + SZ_4K) | C | P;
	w->table[1][SVR_PTE_INDEX(DIRECT, 2)] = (ROOT + 2 * SZ_4K) | C | P;
	w->table[2][0] = (ROOT + 3 * SZ_4K) | C | P;
	for (i = 1; i < 4; i++)
		w->table[2][i] = i * SZ_2M | C | LARGE | P;
	for (i = 0; i < 512; i++)
		w->table[3][i] = i * SZ_4K | C | P;
	return w;
}

static void test_nothing_shared(struct kunit *test)
{
	struct world *w = make_world(test);

	KUNIT_EXPECT_EQ(test, svr_old_walk(&world_old, &world_tables,
					   &world_ops, w), 0);
	KUNIT_EXPECT_EQ(test, w->reported, 0);
	KUNIT_EXPECT_EQ(test, w->mapped, 0);
}

static void test_shared(struct kunit *test)
{
	struct world *w = make_world(test);

	w->table[3][255] &= ~C;			/* below 1 MiB: not in the core */
	w->table[3][256] &= ~C;
	w->table[3][511] &= ~C;
	w->table[3][300] = 0;			/* not mapped at all */
	w->table[2][1] &= ~C;
	w->table[2][3] &= ~C;			/* half of it is in the core */
	KUNIT_EXPECT_EQ(test, svr_old_walk(&world_old, &world_tables,
					   &world_ops, w), 0);
	KUNIT_ASSERT_EQ(test, w->reported, 4);
	KUNIT_EXPECT_EQ(test, w->pfn[0], 256);
	KUNIT_EXPECT_EQ(test, w->count[0], 1);
	KUNIT_EXPECT_EQ(test, w->pfn[1], 511);
	KUNIT_EXPECT_EQ(test, w->pfn[2], 512);
	KUNIT_EXPECT_EQ(test, w->count[2], 512);
	KUNIT_EXPECT_EQ(test, w->pfn[3], 3 * 512);
	KUNIT_EXPECT_EQ(test, w->count[3], 256);
	KUNIT_EXPECT_EQ(test, w->mapped, 0);
}

/* One entry is not what it should be */
struct broken_row {
	const char *name;
	unsigned int table, index;
	u64 entry;
	int err;
};

static const struct broken_row broken_rows[] = {
	{ "table outside", 2, 0, 0x40000000ULL | C | P, -EFAULT },
	{ "table below the core", 2, 0, 0x1000 | C | P, -EFAULT },
	{ "table shared", 2, 0, (ROOT + 3 * SZ_4K) | P, -EFAULT },
	{ "table cannot be mapped", 2, 0, (ROOT + TABLES * SZ_4K) | C | P, -ENOMEM },
	{ "table is itself", 2, 0, (ROOT + 2 * SZ_4K) | C | P, 0 },
	{ "page larger than any", 0, SVR_PTE_INDEX(DIRECT, 3), LARGE | P, -EFAULT },
	{ "nothing there", 0, SVR_PTE_INDEX(DIRECT, 3), 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(broken, broken_rows, name);

static void test_broken(struct kunit *test)
{
	const struct broken_row *row = test->param_value;
	struct world *w = make_world(test);

	w->table[row->table][row->index] = row->entry;
	KUNIT_EXPECT_EQ(test, svr_old_walk(&world_old, &world_tables,
					   &world_ops, w), row->err);
	KUNIT_EXPECT_EQ(test, w->mapped, 0);
}

static void test_user_half(struct kunit *test)
{
	struct elf64_phdr phdr = world_phdr;
	const struct svr_old old = { &phdr, 1 };
	struct world *w = make_world(test);

	phdr.p_vaddr = SZ_1M;
	KUNIT_EXPECT_EQ(test, svr_old_walk(&old, &world_tables, &world_ops, w),
			-EFAULT);
	phdr.p_vaddr = -SZ_4K;
	KUNIT_EXPECT_EQ(test, svr_old_walk(&old, &world_tables, &world_ops, w),
			-EFAULT);
}

struct has_row {
	const char *name;
	u64 pa, len;
	bool has;
};

static const struct has_row has_rows[] = {
	{ "all", SZ_1M, 6 * SZ_1M, true },
	{ "the last byte", 7 * SZ_1M - 1, 1, true },
	{ "one before", SZ_1M - 1, 2, false },
	{ "one after", 7 * SZ_1M - 1, 2, false },
	{ "nothing", SZ_1M, 0, false },
	{ "wraps around", SZ_2M, U64_MAX, false },
	{ "far away", U64_MAX, 1, false },
};

KUNIT_ARRAY_PARAM_DESC(has, has_rows, name);

static void test_has(struct kunit *test)
{
	const struct has_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, svr_old_has(&world_old, row->pa, row->len),
			row->has);
}

static void test_end(struct kunit *test)
{
	struct elf64_phdr phdr[3] = { world_phdr, world_phdr, world_phdr };
	const struct svr_old old = { phdr, 3 };

	phdr[0].p_type = PT_NOTE;
	phdr[1].p_paddr = U64_MAX;		/* wraps around: does not count */
	KUNIT_EXPECT_EQ(test, svr_old_end(&old), 7 * SZ_1M / SZ_4K);
	phdr[2].p_paddr = BIT_ULL(52);		/* no such address */
	KUNIT_EXPECT_EQ(test, svr_old_end(&old), 0);
}

static void test_header(struct kunit *test)
{
	static const struct elf64_hdr good = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_ehsize = sizeof(struct elf64_hdr),
		.e_phentsize = sizeof(struct elf64_phdr),
		.e_phnum = 1,
	};
	struct elf64_hdr bad;

	KUNIT_EXPECT_EQ(test, svr_old_check_header(&good), 0);
#define EXPECT_BAD(field, value) do {					\
		bad = good;						\
		bad.field = (value);					\
		KUNIT_EXPECT_EQ(test, svr_old_check_header(&bad), -EINVAL); \
	} while (0)
	EXPECT_BAD(e_ident[0], 0);
	EXPECT_BAD(e_ident[EI_CLASS], ELFCLASS32);
	EXPECT_BAD(e_type, ET_EXEC);
	EXPECT_BAD(e_machine, EM_386);
	EXPECT_BAD(e_phentsize, 1);
	EXPECT_BAD(e_phnum, 0);
}

static const char info[] =
	"OSRELEASE=6.12\n"
	"XSYMBOL(init_top_pgt)=1\n"
	"SYMBOL(init_top_pgt)=ffffffff82c22000\n"
	"NUMBER(phys_base)=-16777216\n"
	"NUMBER(pgtable_l5_enabled)=0\n"
	"NUMBER(sme_mask)=2251799813685248\n";

static void test_tables(struct kunit *test)
{
	struct svr_old_tables t;
	char text[sizeof(info)];
	char *at;

	KUNIT_ASSERT_EQ(test, svr_old_tables(info, strlen(info), C, &t), 0);
	KUNIT_EXPECT_EQ(test, t.root, 0x1c22000);
	KUNIT_EXPECT_EQ(test, t.levels, 4);
	KUNIT_EXPECT_EQ(test, t.c_bit, C);
	KUNIT_EXPECT_EQ(test, svr_old_tables(info, strlen(info), C >> 1, &t),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, svr_old_tables(info, 40, C, &t), -ENOENT);
	KUNIT_EXPECT_EQ(test, svr_old_tables(info, 0, C, &t), -ENOENT);

	strscpy(text, info);
	at = strstr(text, "enabled)=0");
	at[9] = '1';
	KUNIT_ASSERT_EQ(test, svr_old_tables(text, strlen(text), C, &t), 0);
	KUNIT_EXPECT_EQ(test, t.levels, 5);
	at[9] = '2';
	KUNIT_EXPECT_EQ(test, svr_old_tables(text, strlen(text), C, &t), -EINVAL);
	at[9] = 'x';
	KUNIT_EXPECT_NE(test, svr_old_tables(text, strlen(text), C, &t), 0);
}

static void test_notes(struct kunit *test)
{
	struct {
		struct elf64_note core;
		char core_name[8];
		u8 core_desc[4];
		struct elf64_note info;
		char info_name[12];
		char text[8];
	} notes = {
		.core = { 5, 4, 1 },
		.core_name = "CORE",
		.info = { sizeof("VMCOREINFO"), 6, 0 },
		.info_name = "VMCOREINFO",
		.text = "A=1\nB\n",
	};
	const char *text;
	size_t len, end;

	KUNIT_ASSERT_EQ(test, svr_old_vmcoreinfo(&notes, sizeof(notes), &text,
						 &len), 0);
	KUNIT_EXPECT_PTR_EQ(test, text, &notes.text[0]);
	KUNIT_EXPECT_EQ(test, len, 6);
	for (end = 0; end < sizeof(notes); end++)
		KUNIT_EXPECT_EQ(test, svr_old_vmcoreinfo(&notes, end, &text,
							 &len), -ENOENT);
	notes.core.n_descsz = U32_MAX;
	KUNIT_EXPECT_EQ(test, svr_old_vmcoreinfo(&notes, sizeof(notes), &text,
						 &len), -ENOENT);
}

static struct kunit_case old_cases[] = {
	KUNIT_CASE(test_nothing_shared),
	KUNIT_CASE(test_shared),
	KUNIT_CASE_PARAM(test_broken, broken_gen_params),
	KUNIT_CASE(test_user_half),
	KUNIT_CASE_PARAM(test_has, has_gen_params),
	KUNIT_CASE(test_end),
	KUNIT_CASE(test_header),
	KUNIT_CASE(test_tables),
	KUNIT_CASE(test_notes),
	{}
};

static struct kunit_suite old_suite = {
	.name = "svsm-reset-old-memory",
	.test_cases = old_cases,
};

kunit_test_suite(old_suite);
