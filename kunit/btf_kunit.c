// SPDX-License-Identifier: GPL-2.0-only
/*
 * BTF as it should be, and BTF that must not be believed.
 */
#include <kunit/test.h>
#include <linux/array_size.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/swab.h>

#include "lib/btf.c"

#define KIND(kind, vlen)	((kind) << 24 | (vlen))

static const char good_strs[] =
	"\0int\0sev_vmsa\0other\0.data..percpu\0twin\0outside\0wrong";

/* Offsets of the names above */
enum {
	S_INT = 1, S_VMSA = 5, S_OTHER = 14, S_PERCPU = 20, S_TWIN = 34,
	S_OUTSIDE = 39, S_WRONG = 47,
};

/* The section comes before its variables, as in 7.3; numbers count from 1 */
static const struct good_btf {
	struct btf_header h;
	struct { struct btf_type t; u32 info; } integer;		/* 1 */
	struct { struct btf_type t; struct btf_var_secinfo v[5]; } section;
	struct { struct btf_type t; struct btf_member m[2]; } structure; /* 3 */
	struct { struct btf_type t; struct btf_var v; } other;		/* 4 */
	struct { struct btf_type t; struct btf_var v; } vmsa;		/* 5 */
	struct { struct btf_type t; struct btf_var v; } twin[2];	/* 6, 7 */
	struct { struct btf_type t; struct btf_var v; } outside;	/* 8 */
	struct { struct btf_type t; struct btf_var v; } wrong;		/* 9 */
	char strs[sizeof(good_strs)];
} __packed good = {
	.h = {
		.magic = BTF_MAGIC, .version = BTF_VERSION,
		.hdr_len = sizeof(struct btf_header),
		.type_len = offsetof(struct good_btf, strs) -
			    sizeof(struct btf_header),
		.str_off = offsetof(struct good_btf, strs) -
			   sizeof(struct btf_header),
		.str_len = sizeof(good_strs),
	},
	.integer.t = { S_INT, KIND(BTF_KIND_INT, 0), { 8 } },
	.section = {
		{ S_PERCPU, KIND(BTF_KIND_DATASEC, 5), { 0x100 } },
		{ { 4, 0x10, 8 }, { 5, 0x18, 8 }, { 6, 0x20, 8 },
		  { 7, 0x28, 8 }, { 9, 0x34, 8 } },
	},
	.structure.t = { 0, KIND(BTF_KIND_STRUCT, 2), { 16 } },
	.other.t = { S_OTHER, KIND(BTF_KIND_VAR, 0), { 1 } },
	.vmsa.t = { S_VMSA, KIND(BTF_KIND_VAR, 0), { 1 } },
	.twin[0].t = { S_TWIN, KIND(BTF_KIND_VAR, 0), { 1 } },
	.twin[1].t = { S_TWIN, KIND(BTF_KIND_VAR, 0), { 1 } },
	.outside.t = { S_OUTSIDE, KIND(BTF_KIND_VAR, 0), { 1 } },
	.wrong.t = { S_WRONG, KIND(BTF_KIND_VAR, 0), { 1 } },
};

static struct good_btf *fresh(struct kunit *test)
{
	struct good_btf *b = kunit_kmalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	*b = good;
	memcpy(b->strs, good_strs, sizeof(good_strs));
	return b;
}

struct name_row {
	const char *name;
	u32 size;
	int err;
	u32 offset;
};

static const struct name_row name_rows[] = {
	{ "sev_vmsa", 8, 0, 0x18 },
	{ "other", 8, 0, 0x10 },
	{ "sev_vmsa", 4, -EMSGSIZE },
	{ "sev_vms", 8, -ENOENT },
	{ "sev_vmsa_", 8, -ENOENT },
	{ "vmsa", 8, -ENOENT },
	{ "int", 8, -ENOENT },
	{ "outside", 8, -ENOENT },
	{ "twin", 8, -ENOTUNIQ },
	{ "wrong", 8, -EBADMSG },
};

static void name_desc(const struct name_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %u bytes", row->name,
		 row->size);
}

KUNIT_ARRAY_PARAM(name, name_rows, name_desc);

static void test_name(struct kunit *test)
{
	const struct name_row *row = test->param_value;
	u32 offset = 0;

	KUNIT_EXPECT_EQ(test, svr_btf_percpu(fresh(test), sizeof(good),
					     row->name, row->size, &offset),
			row->err);
	KUNIT_EXPECT_EQ(test, offset, row->offset);
}

/* A buffer of just that size, so that KASAN sees every byte too far */
static void test_truncated(struct kunit *test)
{
	struct good_btf *b = fresh(test);
	u32 offset = 0;
	size_t len;

	for (len = 0; len < sizeof(good); len++) {
		void *cut = kmemdup(b, len, GFP_KERNEL);
		int err;

		KUNIT_ASSERT_NOT_NULL(test, cut);
		err = svr_btf_percpu(cut, len, "sev_vmsa", 8, &offset);
		kfree(cut);
		KUNIT_EXPECT_EQ_MSG(test, err, -EBADMSG, "%zu bytes", len);
	}
	KUNIT_EXPECT_EQ(test, offset, 0U);
}

/* The same with a header that agrees: it ends in the middle of the types */
static void test_types_cut_short(struct kunit *test)
{
	struct good_btf *b = fresh(test);
	u32 offset = 0, len;
	int err;

	for (len = 0; len < good.h.type_len; len++) {
		b->h.type_len = len;
		err = svr_btf_percpu(b, sizeof(*b), "sev_vmsa", 8, &offset);
		/* What comes after the variable may be cut */
		if (len >= offsetof(struct good_btf, twin) - sizeof(b->h) &&
		    !err)
			continue;
		KUNIT_EXPECT_TRUE_MSG(test, err == -EBADMSG || err == -ENOENT,
				      "%u bytes: %d", len, err);
	}
}

static void test_names_cut_short(struct kunit *test)
{
	struct good_btf *b = fresh(test);
	u32 offset = 0, len;

	for (len = 0; len < S_TWIN; len++) {
		b->h.str_len = len;
		KUNIT_EXPECT_EQ_MSG(test,
				    svr_btf_percpu(b, sizeof(*b), "sev_vmsa", 8,
						   &offset),
				    -ENOENT, "%u bytes", len);
	}
}

struct word_row {
	const char *name;
	size_t at;
	u32 value;
	int err;
};

#define WORD(member)	offsetof(struct good_btf, member)

static const struct word_row word_rows[] = {
	{ "bad magic", WORD(h.magic), 0x1eb9e, -EBADMSG },
	{ "foreign endian", WORD(h.magic), 0x19feb, -EBADMSG },
	{ "version 2", WORD(h.magic), 0x2eb9f, -EPROTONOSUPPORT },
	{ "flags", WORD(h.magic), 0x101eb9f, -EPROTONOSUPPORT },
	{ "no header", WORD(h.hdr_len), 0, -EBADMSG },
	{ "short header", WORD(h.hdr_len), 23, -EBADMSG },
	{ "long header", WORD(h.hdr_len), sizeof(good) + 1, -EBADMSG },
	{ "longest header", WORD(h.hdr_len), U32_MAX, -EBADMSG },
	{ "types outside", WORD(h.type_off), U32_MAX, -EBADMSG },
	{ "types wrap", WORD(h.type_len), U32_MAX, -EBADMSG },
	{ "types moved", WORD(h.type_off), sizeof(good_strs) + 1, -EBADMSG },
	{ "names outside", WORD(h.str_off), U32_MAX, -EBADMSG },
	{ "names wrap", WORD(h.str_len), U32_MAX, -EBADMSG },
	{ "no types", WORD(h.type_len), 0, -ENOENT },
	{ "no names", WORD(h.str_len), 0, -ENOENT },
	{ "unknown kind", WORD(integer.t.info), KIND(20U, 0), -EPROTONOSUPPORT },
	{ "kind 0", WORD(integer.t.info), 0, -EPROTONOSUPPORT },
	{ "section too long", WORD(section.t.info), KIND(BTF_KIND_DATASEC, 0xffff), -EBADMSG },
	{ "section of another name", WORD(section.t.name_off), S_INT, -ENOENT },
	{ "section's name outside", WORD(section.t.name_off), U32_MAX, -ENOENT },
	{ "section empty", WORD(section.t.size), 0, -EBADMSG },
	{ "section too small", WORD(section.t.size), 0x1f, -EBADMSG },
	{ "variable's name outside", WORD(vmsa.t.name_off), U32_MAX, -ENOENT },
	{ "not a variable", WORD(vmsa.t.info), KIND(BTF_KIND_INT, 0), -ENOENT },
	{ "offset too high", WORD(section.v[1].offset), 0x100, -EBADMSG },
	{ "offset just too high", WORD(section.v[1].offset), 0xf9, -EBADMSG },
	{ "offset wraps", WORD(section.v[1].offset), 0xfffffff8, -EBADMSG },
	{ "not aligned", WORD(section.v[1].offset), 0x1c, -EBADMSG },
	{ "size 4", WORD(section.v[1].size), 4, -EMSGSIZE },
	{ "size 0", WORD(section.v[1].size), 0, -EMSGSIZE },
	{ "size too large", WORD(section.v[1].size), U32_MAX, -EMSGSIZE },
	{ "not in the section", WORD(section.v[1].type), 1, -ENOENT },
	{ "highest offset", WORD(section.v[1].offset), 0xf8, 0 },
};

KUNIT_ARRAY_PARAM_DESC(word, word_rows, name);

static void test_word(struct kunit *test)
{
	const struct word_row *row = test->param_value;
	struct good_btf *b = fresh(test);
	u32 offset = 0;

	memcpy((u8 *)b + row->at, &row->value, sizeof(row->value));
	KUNIT_EXPECT_EQ(test, svr_btf_percpu(b, sizeof(*b), "sev_vmsa", 8,
					     &offset), row->err);
	KUNIT_EXPECT_EQ(test, offset, row->err ? 0U : row->value);
}

static struct kunit_case btf_cases[] = {
	KUNIT_CASE_PARAM(test_name, name_gen_params),
	KUNIT_CASE(test_truncated),
	KUNIT_CASE(test_types_cut_short),
	KUNIT_CASE(test_names_cut_short),
	KUNIT_CASE_PARAM(test_word, word_gen_params),
	{}
};

static struct kunit_suite btf_suite = {
	.name = "svsm-reset-btf",
	.test_cases = btf_cases,
};

kunit_test_suite(btf_suite);
