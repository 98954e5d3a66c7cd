// SPDX-License-Identifier: GPL-2.0-only
/*
 * Log lines while other CPUs are stopped.
 *
 * printk() waits without a bound for a CPU that is printing, and a console driver for one
 * that holds its port lock. A CPU that the stop interrupt parked holds no port lock, since
 * that is held with interrupts off; it may own the console lock, between two records. A CPU
 * that an NMI parked may hold both for good. So a line is stored first, which waits for
 * nobody. Then the consoles are tried, but only if their lock is free, and with the drivers
 * told not to insist on theirs, as in a panic. Trying takes the spinlock inside the
 * semaphore; a CPU that an NMI stopped in these few instructions has it for good. The
 * kernel's own panic takes that chance, and the administrator looks for these lines, so the
 * driver takes it as well. It does not on the way to a crash kernel: the kernel does not
 * take it there, and the dump has the log. The one exception is the line that says that the
 * crash kernel will not come up.
 *
 * Inside an NMI the driver does not try. The NMI may have interrupted the owner of the lock
 * inside the semaphore, and the wait would have no end. It would also be in vain: printk()
 * leaves the consoles to others there, even in a panic. (Consoles that can print in any
 * context have printed when the line was stored.) Then the next boot's record is what there
 * is to see.
 *
 * With PREEMPT_RT console_unlock() prints nothing. It leaves all to threads, which have
 * been stopped with their CPUs, so the consoles are not even tried. printk() itself prints
 * there in a panic, and at the end of an orderly restart, when these threads are gone, on
 * consoles that can print in any context. A line at an emergency restart is only stored.
 */
#define pr_fmt(fmt) "svsm-reset: " fmt

#include <linux/console.h>
#include <linux/kconfig.h>
#include <linux/kmsg_dump.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "svsm-reset.h"

/* A console may need what this CPU has lost: see svr_log_mute() */
static bool svr_muted;

/* How much of the log's end is searched for what a crash logged */
#define SVR_LOG_TAIL_SIZE	SZ_16K

/* The same for what was logged right before */
#define SVR_LOG_END_SIZE	SZ_2K

static char svr_tail[SVR_LOG_TAIL_SIZE];

/* LOGLEVEL_SCHED: no console output from in here, as in printk_deferred() */
static void __printf(1, 0) svr_store_line(const char *fmt, va_list args)
{
	vprintk_emit(0, LOGLEVEL_SCHED, NULL, fmt, args);
}

/**
 * svr_emit_log - log a line, and leave the consoles alone
 * @fmt: format, beginning with a KERN_ level and the prefix
 *
 * Context: any; other CPUs may be stopped. The line gets into the log, unless
 * another CPU is panicking: then printk() takes only that CPU's lines.
 */
void svr_emit_log(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	svr_store_line(fmt, args);
	va_end(args);
}

/**
 * svr_log_mute - leave the consoles alone from now on
 *
 * For a CPU whose GHCB the host no longer knows: the port of a console may be a #VC. Also
 * for a console whose device has been stopped. Context: any, NMI included.
 */
void svr_log_mute(void)
{
	WRITE_ONCE(svr_muted, true);
}

static void svr_try_consoles(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT) || READ_ONCE(svr_muted) || in_nmi() ||
	    !console_trylock())
		return;
	/* What bust_spinlocks() does, which is not exported */
	oops_in_progress++;
	console_unlock();
	oops_in_progress--;
}

/**
 * svr_emit - log a line, whatever a stopped CPU may hold
 * @fmt: format, beginning with a KERN_ level and the prefix (svr_err() etc.)
 *
 * Context: any; other CPUs may be stopped. As svr_emit_log(), and the line gets
 * to the consoles if nobody has been stopped printing, and not from inside an
 * NMI; with PREEMPT_RT as the kernel sees fit.
 */
void svr_emit(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	svr_store_line(fmt, args);
	va_end(args);
	svr_try_consoles();
}

/*
 * "quiet" keeps all lines except errors from the consoles. The driver shows one line at
 * load and one at a reset in spite of it: people look for them there. A level below that of
 * "quiet" is respected.
 */
static int svr_speak_up(void)
{
	int level = console_loglevel;

	if (level >= CONSOLE_LOGLEVEL_QUIET && level < CONSOLE_LOGLEVEL_DEFAULT)
		console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;
	return level;
}

/**
 * svr_emit_loud - log a line, and have the consoles show it in spite of "quiet"
 * @fmt: format, beginning with a KERN_ level and the prefix
 *
 * Context: as svr_emit(). Consoles that print from a thread of their own may decide
 * later what they print, by the level of that moment.
 */
void svr_emit_loud(const char *fmt, ...)
{
	int level = svr_speak_up();
	va_list args;

	va_start(args, fmt);
	svr_store_line(fmt, args);
	va_end(args);
	svr_try_consoles();
	console_loglevel = level;
}

/**
 * svr_log_loud - the same, while the machine runs as always
 * @fmt: format, beginning with a KERN_ level and the prefix
 *
 * Context: process, may sleep.
 */
void svr_log_loud(const char *fmt, ...)
{
	va_list args;
	int level;

	/* The owner of the consoles prints the line, at the level that holds then */
	console_lock();
	level = svr_speak_up();
	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	console_unlock();
	console_loglevel = level;
}

/* Reads as much of the log's youngest part as fits; returns how much that is */
static size_t svr_log_read(char *text, size_t size)
{
	struct kmsg_dump_iter iter;
	size_t len = 0;

	kmsg_dump_rewind(&iter);
	kmsg_dump_get_buffer(&iter, false, text, size, &len);
	return min(len, size);
}

/**
 * svr_log_says - does the youngest part of the log have this?
 * @what: a part of a line
 *
 * Context: any, NMI included; only by the CPU that resets the guest. If another one does so
 * at the same time, either may miss what it looks for.
 *
 * Return: whether it has.
 */
bool svr_log_says(const char *what)
{
	static char text[SVR_LOG_END_SIZE];

	return strnstr(text, what, svr_log_read(text, sizeof(text)));
}

/**
 * svr_log_tail - the youngest part of the log
 * @text: becomes its lines, with no NUL behind them; they last until the next call
 *
 * Context: any, NMI included; only by the CPU that panics, of which there is one.
 *
 * Return: the length of it, bytes.
 */
size_t svr_log_tail(const char **text)
{
	*text = svr_tail;
	return svr_log_read(svr_tail, sizeof(svr_tail));
}
