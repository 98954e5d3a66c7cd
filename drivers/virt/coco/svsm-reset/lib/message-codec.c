// SPDX-License-Identifier: GPL-2.0-only
/*
 * A message in a few bytes: the store with the least room for one has 11.
 *
 * What kernels say when they die is much alike, and mostly small letters. So it is
 * written in codes of 5 bits, from the most significant bit of the first byte on:
 *
 *   1 bit    1: written in this way
 *   1 bit    1: the message goes on, there was no room for more
 *   then     0: the end, as is any rest that is too short
 *            1-26: a to z; 27: a space; 28: an underscore
 *            29: any character, by 6 more bits, see svr_message_others
 *            30: a phrase, by 6 more bits, see svr_message_phrases
 *            31: a digit or one of . : / - , + by 4 more bits
 *
 * A first bit of 0 means a text in ASCII up to a NUL, as all messages were before: it is
 * still written where that says more. Without a NUL it has been cut.
 *
 * A message that has been cut ends in SVR_CUT when it is read; by that it is recognized
 * when it is written again. Tables only grow at their end: records outlive the driver.
 * Pure: kunit/message_codec_kunit.c.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "message-codec.h"
#include "text.h"

#define SVR_MESSAGE_PACKED	0x80	/* of the first byte */
#define SVR_MESSAGE_CUT		0x40
#define SVR_MESSAGE_FIRST		2	/* bit behind these */

#define SVR_CODE_BITS		5
#define SVR_CODE_END		0
#define SVR_CODE_SPACE		27
#define SVR_CODE_UNDERSCORE	28
#define SVR_CODE_OTHER		29
#define SVR_CODE_PHRASE		30
#define SVR_CODE_NUMBER		31
#define SVR_OTHER_BITS		6
#define SVR_PHRASE_BITS		6
#define SVR_NUMBER_BITS		4

static const char svr_message_numbers[] = "0123456789.:/-,+";
/* What has no code is written as a question mark */
static const char svr_message_others[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*;<=>?@[\\]^{|}~`";

static const char * const svr_message_phrases[] = {
	"sysrq triggered crash",
	"Fatal exception in interrupt",
	"Fatal exception",
	"kernel NULL pointer dereference at ",
	"kernel NULL pointer dereference",
	"unable to handle page fault at ",
	"unable to handle page fault",
	"BUG: ",
	"kernel BUG at ",
	"general protection fault at ",
	"general protection fault",
	"invalid opcode",
	"divide error",
	"double fault",
	"stack guard page was hit",
	"Oops: ",
	" at ",
	"0x",
	"softlockup: hung tasks",
	"Hard LOCKUP",
	"hung_task: blocked tasks",
	"RCU Stall",
	"panic_on_warn set",
	"NMI: Not continuing",
	"Attempted to kill init! exitcode=",
	"Attempted to kill the idle task!",
	"VFS: Unable to mount root fs on ",
	"unknown-block(",
	"No working init found.",
	"Out of memory: ",
	"System is deadlocked on memory",
	"stack-protector: Kernel stack is corrupted in: ",
	"Fatal machine check",
	"Machine halted.",
	"deadman: no restart within ",
	"kernel",
	"exception",
	"memory",
	"unable to ",
	"drivers/",
	"include/linux/",
	"Unable to ",
	"failed",
};

/* Where the next bit goes, or comes from */
struct svr_bits {
	u8 *raw;
	unsigned int at;
	unsigned int end;
};

static bool svr_bits_put(struct svr_bits *bits, unsigned int value,
			 unsigned int nr)
{
	unsigned int bit;

	if (bits->at + nr > bits->end)
		return false;
	for (bit = nr; bit--; bits->at++)
		if (value >> bit & 1)
			bits->raw[bits->at / 8] |= 0x80 >> bits->at % 8;
	return true;
}

/* One code and its value, or neither where there is no room */
static bool svr_bits_put_two(struct svr_bits *bits, unsigned int code,
			     unsigned int value, unsigned int nr)
{
	return svr_bits_put(bits, code << nr | value, SVR_CODE_BITS + nr);
}

/* 0, the code of the end, where fewer bits are left */
static unsigned int svr_bits_get(const u8 *raw, unsigned int *at,
				 unsigned int end, unsigned int nr)
{
	unsigned int value = 0;

	if (*at + nr > end) {
		*at = end;
		return 0;
	}
	for (; nr--; ++*at)
		value = value << 1 | (raw[*at / 8] >> (7 - *at % 8) & 1);
	return value;
}

/* The longest phrase with which the text begins, or -1 */
static int svr_message_phrase(const char *text, size_t len)
{
	size_t longest = 0;
	int i, found = -1;

	for (i = 0; i < ARRAY_SIZE(svr_message_phrases); i++) {
		size_t phrase = strlen(svr_message_phrases[i]);

		if (phrase > longest && phrase <= len &&
		    !memcmp(text, svr_message_phrases[i], phrase)) {
			longest = phrase;
			found = i;
		}
	}
	return found;
}

static bool svr_message_put_char(struct svr_bits *bits, char c)
{
	const char *place;

	if (c >= 'a' && c <= 'z')
		return svr_bits_put(bits, c - 'a' + 1, SVR_CODE_BITS);
	if (c == ' ')
		return svr_bits_put(bits, SVR_CODE_SPACE, SVR_CODE_BITS);
	if (c == '_')
		return svr_bits_put(bits, SVR_CODE_UNDERSCORE, SVR_CODE_BITS);
	place = strchr(svr_message_numbers, c);
	if (place)
		return svr_bits_put_two(bits, SVR_CODE_NUMBER,
					place - svr_message_numbers,
					SVR_NUMBER_BITS);
	place = strchr(svr_message_others, c) ?: strchr(svr_message_others, '?');
	return svr_bits_put_two(bits, SVR_CODE_OTHER, place - svr_message_others,
				SVR_OTHER_BITS);
}

/* Packs as much of the text as fits; returns how much that is */
static size_t svr_message_pack(struct svr_bits *bits, const char *text,
			       size_t len)
{
	size_t i = 0;

	while (i < len) {
		int phrase = svr_message_phrase(text + i, len - i);

		if (phrase >= 0) {
			if (!svr_bits_put_two(bits, SVR_CODE_PHRASE, phrase,
					      SVR_PHRASE_BITS))
				break;
			i += strlen(svr_message_phrases[phrase]);
		} else {
			if (!svr_message_put_char(bits, text[i]))
				break;
			i++;
		}
	}
	return i;
}

/* The length without SVR_CUT at the end */
static size_t svr_message_length(const char *text, bool *cut)
{
	size_t len = strlen(text);

	*cut = len >= strlen(SVR_CUT) &&
	       !strcmp(text + len - strlen(SVR_CUT), SVR_CUT);
	return *cut ? len - strlen(SVR_CUT) : len;
}

/**
 * svr_message_packed - is this message written in codes?
 * @raw: the bytes
 *
 * Context: any.
 *
 * Return: true when it is; false for a text in ASCII, or for none.
 */
bool svr_message_packed(const u8 *raw)
{
	return raw[0] & SVR_MESSAGE_PACKED;
}

/* Does ASCII hold more, and can a reader still tell whether the text was cut? */
static bool svr_message_plain(size_t fits, size_t len, size_t size, bool cut)
{
	if (fits >= min(len, size))
		return false;
	return len > size || (cut ? len == size : len < size);
}

/**
 * svr_message_put - write a message
 * @raw:       where to, all zeros
 * @size:      so many bytes
 * @text:      the message, printable; SVR_CUT at its end says that it goes on
 * @must_pack: in codes, even an empty one
 *
 * Context: any, NMI included.
 */
void svr_message_put(u8 *raw, size_t size, const char *text, bool must_pack)
{
	struct svr_bits bits = { raw, SVR_MESSAGE_FIRST, 8 * size };
	bool cut;
	size_t len = svr_message_length(text, &cut);
	size_t fits = svr_message_pack(&bits, text, len);

	if (!must_pack && svr_message_plain(fits, len, size, cut)) {
		memset(raw, 0, size);
		memcpy(raw, text, min(len, size));
	} else if (must_pack || len || cut) {
		raw[0] |= SVR_MESSAGE_PACKED;
		if (cut || fits < len)
			raw[0] |= SVR_MESSAGE_CUT;
	}
}

/* One character, or a phrase; false at the end */
static bool svr_message_next(const u8 *raw, unsigned int *at, unsigned int end,
			     char *one, const char **text)
{
	unsigned int code = svr_bits_get(raw, at, end, SVR_CODE_BITS);
	unsigned int left = end - *at;
	unsigned int more;

	one[0] = '?';
	one[1] = 0;
	*text = one;
	switch (code) {
	case SVR_CODE_END:
		return false;
	case SVR_CODE_SPACE:
		one[0] = ' ';
		return true;
	case SVR_CODE_UNDERSCORE:
		one[0] = '_';
		return true;
	case SVR_CODE_OTHER:
		more = svr_bits_get(raw, at, end, SVR_OTHER_BITS);
		if (more < strlen(svr_message_others))
			one[0] = svr_message_others[more];
		return left >= SVR_OTHER_BITS;
	case SVR_CODE_PHRASE:
		more = svr_bits_get(raw, at, end, SVR_PHRASE_BITS);
		/* A newer driver may have more phrases */
		if (more < ARRAY_SIZE(svr_message_phrases))
			*text = svr_message_phrases[more];
		return left >= SVR_PHRASE_BITS;
	case SVR_CODE_NUMBER:
		more = svr_bits_get(raw, at, end, SVR_NUMBER_BITS);
		one[0] = svr_message_numbers[more];
		return left >= SVR_NUMBER_BITS;
	default:
		one[0] = 'a' + code - 1;
		return true;
	}
}

static bool svr_message_unpack(const u8 *raw, size_t size, char *text,
			       size_t room)
{
	unsigned int at = SVR_MESSAGE_FIRST, end = 8 * size;
	const char *part;
	size_t len = 0;
	char one[2];

	text[0] = 0;
	while (svr_message_next(raw, &at, end, one, &part)) {
		size_t more = strlen(part);

		/* No writer of ours puts more there */
		if (len + more >= room)
			return true;
		memcpy(text + len, part, more + 1);
		len += more;
	}
	return raw[0] & SVR_MESSAGE_CUT;
}

/* Makes what it reads printable: the writer is not trusted */
static bool svr_message_ascii(const u8 *raw, size_t size, char *text,
			      size_t room)
{
	size_t i;

	for (i = 0; i < size && i + 1 < room && raw[i]; i++)
		text[i] = svr_printable(raw[i]);
	text[i] = 0;
	return i == size;
}

/**
 * svr_message_get - read a message
 * @raw:  the bytes, from a writer that is not trusted
 * @size: how many
 * @text: becomes the message, printable; SVR_CUT at its end when it goes on
 * @room: bytes there are for it, more than SVR_CUT has
 *
 * Context: any.
 */
void svr_message_get(const u8 *raw, size_t size, char *text, size_t room)
{
	bool cut;

	room -= strlen(SVR_CUT);
	if (svr_message_packed(raw))
		cut = svr_message_unpack(raw, size, text, room);
	else
		cut = svr_message_ascii(raw, size, text, room);
	if (cut)
		memcpy(text + strlen(text), SVR_CUT, sizeof(SVR_CUT));
}
