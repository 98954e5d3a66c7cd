// SPDX-License-Identifier: GPL-2.0-only
/*
 * The places in which the record is kept.
 *
 * The driver writes it to every store, and reads it from the first one that has
 * it, in the order of their trust. A store that is empty, such as a secrets
 * page that was restored from its launch copy, leaves it to the next; so does
 * one with somebody else's bytes.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/array_size.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "record/record.h"
#include "svsm-reset.h"

/* In the order in which they are written, and asked */
static const struct svr_store * const svr_stores[] = {
	&svr_store_secrets,
	&svr_store_cmos,
#if IS_ENABLED(CONFIG_EFI)
	&svr_store_efi,
#endif
};

#define SVR_STORES	ARRAY_SIZE(svr_stores)
/* Names of all of them, with commas */
#define SVR_STORES_TEXT	64

/* What record= says; LISTED: the names of stores */
enum svr_stores_which {
	SVR_STORES_AUTO,
	SVR_STORES_NONE,
	SVR_STORES_LISTED,
};

static enum svr_stores_which svr_stores_which = SVR_STORES_AUTO;

/**
 * struct svr_store_use - what is done with a store
 * @listed:   the administrator named it
 * @opened:   it can be used
 * @foreign:  somebody else's bytes, or of another version: they are left alone
 * @unclaimed: shared, and blank when the module was loaded: not ours, nor another's
 */
static struct svr_store_use {
	bool listed;
	bool opened;
	bool foreign;
	bool unclaimed;
} svr_uses[SVR_STORES];

static bool svr_store_wanted(unsigned int i)
{
	switch (svr_stores_which) {
	case SVR_STORES_AUTO:
		return !svr_stores[i]->on_request;
	case SVR_STORES_LISTED:
		return svr_uses[i].listed;
	default:
		return false;
	}
}

/**
 * svr_stores_open - prepare the stores
 *
 * Context: process, may sleep.
 */
void svr_stores_open(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < SVR_STORES; i++) {
		if (!svr_store_wanted(i))
			continue;
		err = svr_stores[i]->init ? svr_stores[i]->init() : 0;
		svr_uses[i].opened = !err;
		if (err)
			pr_info("no record in %s (%pe)\n", svr_stores[i]->name,
				ERR_PTR(err));
	}
}

/**
 * svr_stores_close - undo svr_stores_open()
 *
 * Context: process, may sleep; no reset can begin.
 */
void svr_stores_close(void)
{
	unsigned int i;

	for (i = 0; i < SVR_STORES; i++) {
		if (svr_uses[i].opened && svr_stores[i]->exit)
			svr_stores[i]->exit();
		svr_uses[i].opened = false;
	}
}

/* What this store has; -ENODEV when it cannot be read */
static int svr_store_look(unsigned int i, struct svr_record *rec)
{
	const struct svr_store *store = svr_stores[i];
	u8 raw[SVR_RECORD_FULL];
	int err;

	if (!svr_uses[i].opened || store->read(raw))
		return -ENODEV;
	err = svr_record_decode(raw, store->size, rec);
	svr_uses[i].foreign = err == -ENOMSG || err == -EPROTONOSUPPORT;
	svr_uses[i].unclaimed = store->shared && err == -ENODATA;
	if (svr_uses[i].foreign)
		pr_warn("%s: not a record that is known here (%d), left alone\n",
			store->name, err);
	else if (err && err != -ENODATA)
		pr_warn("%s: damaged record (%d)\n", store->name, err);
	return err;
}

/* Does the answer of a store go before the one that counts so far? */
static bool svr_store_prevails(unsigned int i, int decoded,
			       const struct svr_record *rec, int than,
			       const struct svr_record *counts,
			       const struct svr_store *from)
{
	if (svr_record_rank(decoded) != svr_record_rank(than))
		return svr_record_rank(decoded) > svr_record_rank(than);
	return !decoded && !than &&
	       svr_stores[i]->trust >= (counts->hearsay ? SVR_TRUST_HOST :
							  from->trust) &&
	       svr_record_better(rec, counts);
}

/**
 * svr_stores_read - look for the record in all of them
 * @rec:  receives it, all zero without one
 * @from: receives where it was found, damaged or not; else NULL
 *
 * Looks at all of them, to find out which ones must not be written. Where a
 * store that can be trusted as far has more to say about the same reset, that
 * record is taken.
 * Context: process, may sleep.
 *
 * Return: as svr_record_decode(); -ENODEV without any store.
 */
int svr_stores_read(struct svr_record *rec, const struct svr_store **from)
{
	unsigned int resets[SVR_STORES] = {};
	u16 boots[SVR_STORES] = {};
	int result = -ENODEV, err;
	struct svr_record other;
	unsigned int i;

	memset(rec, 0, sizeof(*rec));
	*from = NULL;
	for (i = 0; i < SVR_STORES; i++) {
		err = svr_store_look(i, &other);
		if (!err) {
			boots[i] = other.boot;
			resets[i] = svr_record_resets(&other);
		}
		if (svr_store_prevails(i, err, &other, result, rec, *from)) {
			result = err;
			*rec = other;
			*from = svr_record_rank(err) == SVR_RANK_OURS ?
				svr_stores[i] : NULL;
		}
	}
	for (i = 0; !result && i < SVR_STORES; i++)
		svr_record_join(rec, boots[i], resets[i]);
	return result;
}

static int svr_store_put(unsigned int i, const struct svr_record *rec)
{
	u8 raw[SVR_RECORD_FULL];

	svr_record_encode(rec, raw, svr_stores[i]->size);
	return svr_stores[i]->write(raw);
}

static bool svr_store_usable(unsigned int i)
{
	return svr_uses[i].opened && !svr_uses[i].foreign;
}

/**
 * svr_stores_mark - write what a load leaves to all that are ours
 * @rec: the record
 *
 * Context: process, may sleep.
 */
void svr_stores_mark(const struct svr_record *rec)
{
	unsigned int i;

	for (i = 0; i < SVR_STORES; i++)
		if (svr_store_usable(i) && !svr_uses[i].unclaimed)
			svr_store_put(i, rec);
}

/**
 * svr_stores_write - write the record of a reset to all of them
 * @rec:         the record
 * @memory_only: only to those that are memory
 *
 * A store that does not take it is named in one line, and the others go on.
 * Context: any, NMI included; only tries locks.
 *
 * Return: bytes of the largest store that has taken it, 0 when none has.
 */
size_t svr_stores_write(const struct svr_record *rec, bool memory_only)
{
	size_t largest = 0;
	unsigned int i;
	int err;

	for (i = 0; i < SVR_STORES; i++) {
		if (!svr_store_usable(i) ||
		    (memory_only && !svr_stores[i]->memory))
			continue;
		err = svr_store_put(i, rec);
		if (!err)
			largest = max(largest, svr_stores[i]->size);
		/* On the way to a crash kernel even a line may be too much */
		else if (!memory_only)
			svr_warn("%s: the record could not be written (%pe)\n",
				 svr_stores[i]->name, ERR_PTR(err));
	}
	return largest;
}

/**
 * svr_stores_write_ahead - write a record that is about to be amended
 * @rec: the record
 *
 * Only where that is quick: a variable of firmware is written once. Says nothing of a store
 * that does not take it, as svr_stores_write() will.
 * Context: any, NMI included; only tries locks.
 */
void svr_stores_write_ahead(const struct svr_record *rec)
{
	unsigned int i;

	for (i = 0; i < SVR_STORES; i++)
		if (svr_store_usable(i) && svr_stores[i]->in_place)
			svr_store_put(i, rec);
}

/**
 * svr_stores_preview - what would the next boot find?
 * @rec:   the record of a reset
 * @shown: becomes what the next boot finds; all zero without a store
 *
 * Assumes that each store that can be used takes the record, and keeps it. Context:
 * process.
 */
void svr_stores_preview(const struct svr_record *rec, struct svr_record *shown)
{
	const struct svr_store *from = NULL;
	int result = -ENODEV, err;
	struct svr_record other;
	u8 raw[SVR_RECORD_FULL];
	unsigned int i;

	memset(shown, 0, sizeof(*shown));
	for (i = 0; i < SVR_STORES; i++) {
		if (!svr_store_usable(i))
			continue;
		svr_record_encode(rec, raw, svr_stores[i]->size);
		err = svr_record_decode(raw, svr_stores[i]->size, &other);
		if (svr_store_prevails(i, err, &other, result, shown, from)) {
			result = err;
			*shown = other;
			from = svr_stores[i];
		}
	}
}

static bool svr_store_keeps(unsigned int i, u16 boot)
{
	struct svr_record rec;
	u8 raw[SVR_RECORD_FULL];

	/* The load has written nothing to it, so it has lost nothing */
	if (svr_uses[i].unclaimed)
		return true;
	return !svr_stores[i]->read(raw) &&
	       !svr_record_decode(raw, svr_stores[i]->size, &rec) &&
	       rec.loaded && rec.boot == boot;
}

/**
 * svr_stores_keep - do the stores keep what this load has written?
 * @boot: tag of this boot
 *
 * Context: process, may sleep.
 *
 * Return: true when one has it, or when there is one to which the load has not written.
 */
bool svr_stores_keep(u16 boot)
{
	unsigned int i;

	for (i = 0; i < SVR_STORES; i++)
		if (svr_store_usable(i) && svr_store_keeps(i, boot))
			return true;
	return false;
}

/* A signal to the task that rehearses shows nothing of the store */
static const char *svr_store_unread(int err, enum svr_check *check)
{
	if (err != -EINTR)
		return "unreadable";
	*check = SVR_CHECK_GAVE_WAY;
	return svr_check_name(*check);
}

/* Tries a store that is ours; a word for what it does */
static const char *svr_store_try(unsigned int i, u16 boot, enum svr_check *check)
{
	const struct svr_store *store = svr_stores[i];
	u8 before[SVR_RECORD_FULL], after[SVR_RECORD_FULL];
	struct svr_record rec;
	int err;

	*check = SVR_CHECK_FAILED;
	err = store->read(before);
	if (err)
		return svr_store_unread(err, check);
	if (svr_record_decode(before, store->size, &rec) || !rec.loaded ||
	    rec.boot != boot)
		return "lost";
	if (store->in_place && store->write(before))
		return "unwritable";
	err = store->read(after);
	if (err)
		return svr_store_unread(err, check);
	if (memcmp(before, after, store->size))
		return "changed";
	*check = SVR_CHECK_OK;
	return store->in_place ? "written" : "read";
}

static const char *svr_store_rehearse(unsigned int i, u16 boot, int (*may)(void),
				      enum svr_check *check)
{
	*check = SVR_CHECK_SKIPPED;
	if (svr_uses[i].foreign)
		return "foreign";
	/* Not even read: svr_cmos_read() would forget that it was blank at load */
	if (svr_uses[i].unclaimed)
		return "blank";
	if (may()) {
		*check = SVR_CHECK_GAVE_WAY;
		return svr_check_name(*check);
	}
	return svr_store_try(i, boot, check);
}

/**
 * svr_stores_rehearse - would the stores take the record of a reset?
 * @boot: tag of this boot
 * @may:  0 as long as this may go on
 * @text: receives a word for each of them, "secrets:written,cmos:blank"
 * @size: of it
 *
 * Each must have what a load has written, which shows that a write has an effect. Where
 * that can lose nothing, the same bytes are written once more: at no moment does the store
 * have anything else. Context: process, may sleep.
 *
 * Return: FAILED when one did not work, or none can be used although one is wanted; else
 * GAVE_WAY, or OK, or SKIPPED when none was tried.
 */
enum svr_check svr_stores_rehearse(u16 boot, int (*may)(void), char *text, size_t size)
{
	unsigned int count[SVR_NR_CHECKS] = {}, i;
	enum svr_check check;
	bool usable = false;
	const char *word;
	size_t len = 0;

	text[0] = 0;
	for (i = 0; i < SVR_STORES; i++) {
		if (!svr_uses[i].opened)
			continue;
		word = svr_store_rehearse(i, boot, may, &check);
		count[check]++;
		usable |= svr_store_usable(i);
		len += scnprintf(text + len, size - len, "%s%s:%s",
				 len ? "," : "", svr_stores[i]->name, word);
	}
	if (count[SVR_CHECK_FAILED] || (!usable && svr_stores_wanted()))
		return SVR_CHECK_FAILED;
	if (count[SVR_CHECK_GAVE_WAY])
		return SVR_CHECK_GAVE_WAY;
	return count[SVR_CHECK_OK] ? SVR_CHECK_OK : SVR_CHECK_SKIPPED;
}

/**
 * svr_stores_wanted - does the administrator want a record at all?
 *
 * Context: any.
 *
 * Return: false when the administrator said record=none.
 */
bool svr_stores_wanted(void)
{
	return svr_stores_which != SVR_STORES_NONE;
}

/* The stores that are wanted, or all there are: "secrets,cmos" */
static void svr_stores_list(char *text, size_t size, bool all)
{
	unsigned int i;
	int len = 0;

	text[0] = 0;
	for (i = 0; i < SVR_STORES; i++)
		if (all || svr_store_wanted(i))
			len += scnprintf(text + len, size - len, "%s%s",
					 len ? "," : "", svr_stores[i]->name);
}

/* "secrets,cmos": -EINVAL for an unknown name */
static int svr_stores_choose_by_name(char *list)
{
	bool listed[SVR_STORES] = {};
	unsigned int i;
	char *name;

	while ((name = strsep(&list, ","))) {
		for (i = 0; i < SVR_STORES; i++)
			if (!strcmp(name, svr_stores[i]->name))
				break;
		if (i == SVR_STORES)
			return -EINVAL;
		listed[i] = true;
	}
	for (i = 0; i < SVR_STORES; i++)
		svr_uses[i].listed = listed[i];
	svr_stores_which = SVR_STORES_LISTED;
	return 0;
}

/**
 * svr_stores_choose - choose the stores for the record
 * @which: "auto", "none", or names of stores, with commas
 *
 * Context: process; before svr_stores_open().
 *
 * Return: 0, or -EINVAL, which has been logged.
 */
int svr_stores_choose(const char *which)
{
	char list[SVR_STORES_TEXT];

	if (which && (!strcmp(which, "auto") || !strcmp(which, "none"))) {
		svr_stores_which = strcmp(which, "auto") ? SVR_STORES_NONE :
			SVR_STORES_AUTO;
		return 0;
	}
	if (which && strscpy(list, which) >= 0 &&
	    !svr_stores_choose_by_name(list))
		return 0;
	svr_stores_list(list, sizeof(list), true);
	pr_err("record: allowed values are auto, none, or some of %s\n", list);
	return -EINVAL;
}

/**
 * svr_stores_chosen - the choice, as svr_stores_choose() takes it
 * @buf: a page, for the parameter in sysfs
 *
 * Context: process.
 *
 * Return: length of the text.
 */
ssize_t svr_stores_chosen(char *buf)
{
	char list[SVR_STORES_TEXT];

	switch (svr_stores_which) {
	case SVR_STORES_AUTO:
		return sysfs_emit(buf, "auto\n");
	case SVR_STORES_NONE:
		return sysfs_emit(buf, "none\n");
	default:
		svr_stores_list(list, sizeof(list), false);
		return sysfs_emit(buf, "%s\n", list);
	}
}
