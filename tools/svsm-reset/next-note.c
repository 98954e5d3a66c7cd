// SPDX-License-Identifier: GPL-2.0
/* svsm-reset note [TEXT]: leave a line that the next boot shows */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "tool.h"

/* The driver cuts a longer text than it keeps; the tool sends no more than this */
#define SR_WHY_PASSED	200

/* What the next boot will show of it */
static void sr_next_note_say(const struct sr_facts *facts)
{
	static const char orderly[] = "if the restart is an orderly one";
	const struct sr_next *next = &facts->next;

	printf("note: \"%s\"%s\n", next->note,
	       next->cut ? ": cut, the driver takes no more" : "");
	if (facts->set.enabled == 0)
		printf("The next boot will not show it: enabled is 0, and no record is written.\n");
	else if (!*next->kept)
		printf("The next boot will not show it: no record that is kept has room for it.\n");
	else if (strcmp(next->kept, next->note))
		printf("The next boot will show \"%s\" of it, %s: the record has no more room.\n",
		       next->kept, orderly);
	else
		printf("The next boot will show it, %s.\n", orderly);
}

static int sr_next_note_show(const struct sr_facts *facts)
{
	const char *command = sr_command_note.name;

	if (facts->next.error == -ENOENT) {
		sr_error(command, "this driver does not take notes, it is older than this tool");
		return SR_EXIT_FAILED;
	}
	if (facts->next.error) {
		sr_error(command, "%s", facts->next.hidden ?
			 "this needs root" : strerror(-facts->next.error));
		return SR_EXIT_FAILED;
	}
	if (*facts->next.note)
		sr_next_note_say(facts);
	else
		printf("note: none\n");
	return sr_flush(command) ? SR_EXIT_FAILED : SR_EXIT_OK;
}

static void sr_next_note_explain(int err)
{
	const char *command = sr_command_note.name;

	switch (err) {
	case -EACCES:
	case -EPERM:
		sr_error(command, "this needs root");
		break;
	case -EBUSY:
		sr_error(command, "a restart has begun, it is too late");
		break;
	case -EOPNOTSUPP:
		sr_error(command, "this is a crash kernel, its restart has the crash's message");
		break;
	case -ENOENT:
		sr_error(command, "this driver does not take notes, it is older than this tool");
		break;
	case -EINVAL:
		sr_error(command, "the driver refuses it, the kernel's log says why");
		break;
	default:
		sr_error(command, "%s", strerror(-err));
		break;
	}
}

static int sr_next_note_set(const struct sr_options *options, const char *text)
{
	char passed[SR_WHY_PASSED];
	int err;

	snprintf(passed, sizeof(passed), "%s", text);
	err = sr_write(options->root, SR_DEVICE "/next_reset_note", passed);
	if (err)
		sr_next_note_explain(err);
	return err;
}

/* Ask the driver: a write that succeeds proves nothing */
static bool sr_next_note_lost(const struct sr_next *next, const char *text)
{
	return text[strspn(text, " \t")] && !next->error && !*next->note;
}

static int sr_next_note(const struct sr_options *options, int argc, char **argv)
{
	const char *command = sr_command_note.name;
	struct sr_facts facts;

	if (argc && strchr(argv[0], '\n')) {
		sr_error(command, "it is one line");
		return SR_EXIT_USAGE;
	}
	if (!sr_facts_ready(options->root, command, &facts))
		return SR_EXIT_FAILED;
	if (argc) {
		if (sr_next_note_set(options, argv[0]))
			return SR_EXIT_FAILED;
		sr_facts_read(options->root, &facts);
		if (sr_next_note_lost(&facts.next, argv[0])) {
			sr_error(command, "there is none all the same");
			return SR_EXIT_FAILED;
		}
	}
	return sr_next_note_show(&facts);
}

const struct sr_command sr_command_note = {
	.cmd = SR_CMD_NOTE,
	.name = "note",
	.operands = "[TEXT]",
	.max = 1,
	.summary = "leave a line of text for the next boot, or show it",
	.about =
	"The text is kept in memory. When an orderly restart begins it goes into the\n"
	"record, and \"svsm-reset status\" shows it as the message after that. It takes\n"
	"the place of the text that reboot(2) may bring along, not of one that the\n"
	"kernel itself has (dm-verity, softdog): then the log has the note. A panic,\n"
	"sysrq-b, a restart that the deadman forces and a crash kernel drop it, as they\n"
	"have a message of their own, and so does kexec.\n"
	"\n"
	"Says how much of it the record has room for: 63 characters in \"efi\", some 17\n"
	"in \"secrets\", none in \"cmos\". What is cut ends in \"...\". What is not printable\n"
	"ASCII becomes \"?\". Dots alone are refused. An empty TEXT takes the note back;\n"
	"without TEXT the command shows the one there is. Needs root.\n",
	.usage = SR_EXIT_USAGE,
	.run = sr_next_note,
};
