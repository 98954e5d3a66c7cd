// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz rehearse|load|tool FIRST COUNT	calls to the SVSM, each with answers from a seed of its own
 * fuzz seed NUMBER			from here on answers are drawn from it
 * fuzz write FILE			writes to the driver's files, and loads with parameters
 *
 * What comes of each case goes to standard output, a line each:
 *
 *   fz case NUMBER RESULT MICROSECONDS	0 or what was written, or a negative errno; of the tool the
 *					exit statuses of "rehearse" and, times ten, of "check"
 *   fz is NAME VALUE			a file of the driver's that has changed since the last case
 *   fz log LEVEL TEXT			a line of the kernel's log since then
 *   fz end
 *
 * FILE has a record for each case: 32 bytes of name, a length, so many bytes.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT_FUZZ	0x564		/* of the simulator: a seed, 0 for none */
#define CPU		1		/* not the BSP, so that a rehearsal hands over */
#define MODULE		"/lib/modules/svsm_reset.ko"
#define DEVICE		"/sys/bus/platform/devices/svsm-reset"
#define PARAMETERS	"/sys/module/svsm_reset/parameters"
#define PARAMETER	"parameter:"
#define MOST		80		/* files */
#define NAME		32
#define LARGEST		8192		/* bytes of a write */

static const char *const directories[] = { DEVICE, DEVICE "/reset_counts", PARAMETERS, NULL };
/* Files that every device has */
static const char *const common[] = { "uevent", "modalias", "driver_override", NULL };

static struct file {
	char name[2 * NAME], value[4200];
} files[MOST];
static int known, kmsg;

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* Anything that could be taken for something else is shown as \xNN */
static void show(const char *text, ssize_t len)
{
	for (ssize_t i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (isprint(c) && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

static ssize_t slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -errno : read(fd, buf, size);

	if (fd >= 0)
		close(fd);
	return len;
}

static struct file *file_of(const char *name)
{
	for (int i = 0; i < known; i++)
		if (!strcmp(files[i].name, name))
			return &files[i];
	if (known == MOST) {
		fprintf(stderr, "fuzz: more than %d files\n", MOST);
		exit(2);
	}
	snprintf(files[known].name, sizeof(files->name), "%s", name);
	return &files[known++];
}

static void look_at(const char *directory, const char *name)
{
	char path[300], shown[2 * NAME], value[sizeof(files->value)] = "";
	struct file *file;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snprintf(shown, sizeof(shown), "%s/%s", strrchr(directory, '/') + 1, name);
	file = file_of(shown);
	len = slurp(path, value, sizeof(value) - 1);
	if (!memcmp(value, file->value, sizeof(value)))
		return;
	memcpy(file->value, value, sizeof(value));
	printf("fz is %s ", shown);
	show(value, len > 0 ? len : 0);
	putchar('\n');
}

static int is_common(const char *name)
{
	for (int i = 0; common[i]; i++)
		if (!strcmp(name, common[i]))
			return 1;
	return 0;
}

static void look(void)
{
	for (int i = 0; directories[i]; i++) {
		DIR *directory = opendir(directories[i]);
		struct dirent *entry;

		if (!directory)
			continue;
		while ((entry = readdir(directory)))
			if (entry->d_type == DT_REG && !is_common(entry->d_name))
				look_at(directories[i], entry->d_name);
		closedir(directory);
	}
}

/* A record is "priority,number,time,flags;text" and perhaps more lines */
static void log_lines(void)
{
	char record[8192], *text;
	ssize_t len;

	for (;;) {
		len = read(kmsg, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE) {
			printf("fz log 0 records are lost\n");
			continue;
		}
		if (len <= 0)
			return;
		record[len] = 0;
		text = strchr(record, ';');
		if (!text)
			continue;
		printf("fz log %d ", atoi(record) & 7);
		show(text + 1, strcspn(text + 1, "\n"));
		putchar('\n');
	}
}

static void report(unsigned long number, long result, long long began)
{
	printf("fz case %lu %ld %lld\n", number, result, now_us() - began);
	look();
	log_lines();
}

static int loaded(void)
{
	return !access(DEVICE, F_OK);
}

static long load(const char *parameters)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	long err;

	if (fd < 0)
		die(MODULE);
	err = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return err;
}

static long unload(void)
{
	return syscall(SYS_delete_module, "svsm_reset", O_NONBLOCK) ? -errno : 0;
}

/* Returns what was written, or a negative errno. */
static long put(const char *name, const void *data, size_t len)
{
	char path[300];
	long done;
	int fd;

	snprintf(path, sizeof(path), DEVICE "/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	done = write(fd, data, len);
	if (done < 0)
		done = -errno;
	close(fd);
	return done;
}

static long tool(const char *command)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		int nothing = open("/dev/null", O_RDWR);

		dup2(nothing, 1);
		dup2(nothing, 2);
		execl("/bin/svsm-reset", "svsm-reset", command, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static long answers(const char *what)
{
	if (!strcmp(what, "load"))
		return load("");
	if (!strcmp(what, "tool"))
		return tool("rehearse") + 10 * tool("check");
	return put("rehearse", "1", 1);
}

static void answers_all(const char *what, unsigned long first, unsigned long count)
{
	int loads = !strcmp(what, "load");
	unsigned long seed;
	long long began;
	long result;

	for (seed = first; seed < first + count; seed++) {
		if (loads ? loaded() && unload() : !loaded() && load(""))
			die("the module");
		if (!loads && seed == first)
			report(0, 0, now_us());
		began = now_us();
		outl(seed, PORT_FUZZ);
		result = answers(what);
		outl(0, PORT_FUZZ);
		report(seed, result, began);
		fflush(stdout);
	}
}

static long write_one(const char *name, char *data, size_t len)
{
	size_t prefix = strlen(PARAMETER);

	if (strncmp(name, PARAMETER, prefix)) {
		if (!loaded() && load(""))
			die("the module");
		return put(name, data, len);
	}
	if (loaded() && unload())
		die("the module cannot be unloaded");
	data[len] = 0;
	return load(data);
}

static void write_all(const char *path)
{
	static char data[LARGEST + 1];
	FILE *in = fopen(path, "re");
	unsigned long number = 0;
	char name[NAME];
	long long began;
	uint32_t len;
	long result;

	if (!in)
		die(path);
	while (fread(name, NAME, 1, in) == 1) {
		if (fread(&len, 4, 1, in) != 1 || len > LARGEST || fread(data, 1, len, in) != len)
			die("the file of cases is damaged");
		began = now_us();
		result = write_one(name, data, len);
		report(++number, result, began);
		fflush(stdout);
	}
	fclose(in);
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(CPU, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("sched_setaffinity");
	if (ioperm(PORT_FUZZ, 4, 1))
		die("ioperm");
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		die("/dev/kmsg");
	if (argc == 4)
		answers_all(argv[1], strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	else if (argc == 3 && !strcmp(argv[1], "seed"))
		outl(strtoul(argv[2], NULL, 10), PORT_FUZZ);
	else if (argc == 3 && !strcmp(argv[1], "write"))
		write_all(argv[2]);
	else
		return 2;
	printf("fz end\n");
	return 0;
}
