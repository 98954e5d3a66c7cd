// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel keeps a per-CPU variable, out of its BTF.
 *
 * Pure: works on a copy in memory and believes nothing that it says, neither
 * a length nor an offset; kunit/btf_kunit.c has the table. The format is that
 * of Documentation/bpf/btf.rst in the kernel's source.
 */
#include <linux/btf.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "btf.h"

#define SVR_BTF_PERCPU	".data..percpu"
/* What every header has; that of 7.3 may be longer */
#define SVR_BTF_HEADER	(offsetof(struct btf_header, str_len) + sizeof(u32))

/**
 * struct svr_btf - the two sections of BTF, within the buffer for certain
 * @types:     descriptions of types, each with its own length
 * @types_len: bytes of them
 * @strs:      names, NUL terminated each
 * @strs_len:  bytes of them
 */
struct svr_btf {
	const u8 *types;
	u32 types_len;
	const char *strs;
	u32 strs_len;
};

/**
 * struct svr_btf_iter - one type
 * @pos:  offset of the next type
 * @id:   number of this one, from 1
 * @type: it
 * @body: what follows it
 */
struct svr_btf_iter {
	u32 pos;
	u32 id;
	struct btf_type type;
	const u8 *body;
};

static int svr_btf_open(struct svr_btf *b, const void *btf, size_t len)
{
	struct btf_header h = {};
	size_t room;

	if (len < SVR_BTF_HEADER)
		return -EBADMSG;
	memcpy(&h, btf, SVR_BTF_HEADER);
	/* BTF of the other endianness does not have this magic either */
	if (h.magic != BTF_MAGIC)
		return -EBADMSG;
	if (h.version != BTF_VERSION || h.flags)
		return -EPROTONOSUPPORT;
	if (h.hdr_len < SVR_BTF_HEADER || h.hdr_len > len)
		return -EBADMSG;

	room = len - h.hdr_len;
	if (h.type_off > room || h.type_len > room - h.type_off ||
	    h.str_off > room || h.str_len > room - h.str_off)
		return -EBADMSG;
	b->types = (const u8 *)btf + h.hdr_len + h.type_off;
	b->types_len = h.type_len;
	b->strs = (const char *)btf + h.hdr_len + h.str_off;
	b->strs_len = h.str_len;
	return 0;
}

/* Bytes that follow a type of this kind, or a negative errno */
static int svr_btf_body(u32 info)
{
	u32 vlen = BTF_INFO_VLEN(info);

	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
		return sizeof(u32);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return vlen * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return vlen * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return vlen * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return vlen * sizeof(struct btf_var_secinfo);
	default:
		return -EPROTONOSUPPORT;
	}
}

/* 1 with the next type in @it, 0 when there is none, or a negative errno */
static int svr_btf_next(const struct svr_btf *b, struct svr_btf_iter *it)
{
	u32 left = b->types_len - it->pos;
	int body;

	if (!left)
		return 0;
	if (left < sizeof(it->type))
		return -EBADMSG;
	memcpy(&it->type, b->types + it->pos, sizeof(it->type));
	body = svr_btf_body(it->type.info);
	if (body < 0)
		return body;
	if (body > left - sizeof(it->type))
		return -EBADMSG;

	it->body = b->types + it->pos + sizeof(it->type);
	it->pos += sizeof(it->type) + body;
	it->id++;
	return 1;
}

static bool svr_btf_is(const struct svr_btf *b, const struct svr_btf_iter *it,
		       u32 kind, const char *name)
{
	size_t want = strlen(name) + 1;
	u32 at = it->type.name_off;

	return BTF_INFO_KIND(it->type.info) == kind &&
	       at < b->strs_len && want <= b->strs_len - at &&
	       !memcmp(b->strs + at, name, want);
}

/* The number of the one type of that kind and name; @found is that type */
static int svr_btf_find(const struct svr_btf *b, u32 kind, const char *name,
			struct svr_btf_iter *found)
{
	struct svr_btf_iter it = {};
	int more;

	found->id = 0;
	while ((more = svr_btf_next(b, &it)) > 0) {
		if (!svr_btf_is(b, &it, kind, name))
			continue;
		if (found->id)
			return -ENOTUNIQ;
		*found = it;
	}
	if (more < 0)
		return more;
	return found->id ? 0 : -ENOENT;
}

/**
 * svr_btf_percpu - where does the kernel keep this per-CPU variable?
 * @btf:    contents of /sys/kernel/btf/vmlinux
 * @len:    bytes of it
 * @name:   name of the variable, which may be static
 * @size:   its size in bytes, which has to be its alignment, too
 * @offset: receives its offset from the start of the per-CPU section
 *
 * Context: any.
 *
 * Return: 0; -EBADMSG when this is not BTF, or is inconsistent;
 * -EPROTONOSUPPORT for a version or a kind of type that is not known;
 * -ENOENT when there is no such variable, -ENOTUNIQ when there is more than
 * one, -EMSGSIZE when it has another size.
 */
int svr_btf_percpu(const void *btf, size_t len, const char *name, u32 size,
		   u32 *offset)
{
	struct svr_btf_iter var, section;
	struct btf_var_secinfo info;
	struct svr_btf b;
	u32 i;
	int err;

	err = svr_btf_open(&b, btf, len);
	if (!err)
		err = svr_btf_find(&b, BTF_KIND_VAR, name, &var);
	if (!err)
		err = svr_btf_find(&b, BTF_KIND_DATASEC, SVR_BTF_PERCPU,
				   &section);
	if (err)
		return err;

	for (i = 0; i < BTF_INFO_VLEN(section.type.info); i++) {
		memcpy(&info, section.body + i * sizeof(info), sizeof(info));
		if (info.type != var.id)
			continue;
		if (info.size != size)
			return -EMSGSIZE;
		if (info.offset > section.type.size ||
		    size > section.type.size - info.offset ||
		    info.offset % size)
			return -EBADMSG;
		*offset = info.offset;
		return 0;
	}
	return -ENOENT;
}
