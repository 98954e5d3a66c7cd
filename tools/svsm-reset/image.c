// SPDX-License-Identifier: GPL-2.0
/*
 * Is the module in an initial ram disk? The distribution's own programs know how such an
 * image is packed: lsinitramfs (initramfs-tools), or lsinitrd (dracut).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "sysfs.h"

/* Of the module in an image, in whatever directory, perhaps packed once more */
#define SR_IN_IMAGE	"/svsm_reset.ko"
/* An image of all modules takes some seconds */
#define SR_LOOK_SECONDS	60

/* The lines of a program, of which only one matters */
struct sr_listing {
	char line[512];
	size_t len;
	bool found;
};

static bool sr_line_has_module(const char *line)
{
	const char *name = strstr(line, SR_IN_IMAGE);

	/* Behind it there may be how it is packed */
	return name && (!name[strlen(SR_IN_IMAGE)] ||
			name[strlen(SR_IN_IMAGE)] == '.');
}

static void sr_listing_take(struct sr_listing *list, const char *data,
			    ssize_t len)
{
	ssize_t i;

	for (i = 0; i < len; i++) {
		if (data[i] != '\n') {
			if (list->len < sizeof(list->line) - 1)
				list->line[list->len++] = data[i];
			continue;
		}
		list->line[list->len] = '\0';
		list->len = 0;
		if (sr_line_has_module(list->line))
			list->found = true;
	}
}

static pid_t sr_spawn(const char *program, const char *path, int out)
{
	char * const argv[] = { (char *)program, (char *)path, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
					 O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	err = posix_spawnp(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return err ? -err : pid;
}

static long long sr_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* To its end, or as long as it may take; false when it takes longer */
static bool sr_listen(int fd, struct sr_listing *list)
{
	long long end = sr_now() + SR_LOOK_SECONDS * 1000LL, left;
	struct pollfd poll_in = { .fd = fd, .events = POLLIN };
	char data[8192];
	ssize_t got;

	while ((left = end - sr_now()) > 0) {
		if (poll(&poll_in, 1, (int)left) < 0 && errno != EINTR)
			return false;
		if (!poll_in.revents)
			continue;
		got = read(fd, data, sizeof(data));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return !got;
		sr_listing_take(list, data, got);
	}
	return false;
}

/* With one program: 1, 0, or a negative errno, -ENOENT when there is no such program */
static int sr_look_with(const char *program, const char *path)
{
	struct sr_listing list = {};
	int fds[2], status;
	bool ended;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = sr_spawn(program, path, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return (int)pid;
	}
	ended = sr_listen(fds[0], &list);
	close(fds[0]);
	if (!ended)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!ended)
		return -ETIMEDOUT;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? list.found : -EIO;
}

/**
 * sr_image_look - is the module in an initial ram disk?
 * @path: the image
 *
 * Return: whether it is, or why that cannot be told.
 */
enum sr_image sr_image_look(const char *path)
{
	static const char * const programs[] = { "lsinitramfs", "lsinitrd" };
	int found = -ENOENT;
	size_t i;

	if (access(path, R_OK))
		return errno == ENOENT ? SR_IMAGE_MISSING : SR_IMAGE_HIDDEN;
	for (i = 0; i < 2 && found == -ENOENT; i++)
		found = sr_look_with(programs[i], path);
	if (found == -ENOENT)
		return SR_IMAGE_NO_TOOL;
	if (found < 0)
		return SR_IMAGE_BROKEN;
	return found ? SR_IMAGE_HAS : SR_IMAGE_LACKS;
}

/**
 * sr_image_find - find a kernel's image
 * @root:    what to put before /boot and /var
 * @forms:   paths that it may have, "%" for the release, NULL behind the last
 * @release: of the kernel
 * @path:    becomes the path of the first that there is, else of the first
 * @size:    its size
 *
 * Return: 1 when there is one, 0 when there is none.
 */
int sr_image_find(const char *root, const char * const *forms,
		  const char *release, char *path, size_t size)
{
	const char * const *form;

	for (form = forms; *form; form++) {
		int before = (int)strcspn(*form, "%");

		snprintf(path, size, "%s%.*s%s%s", root, before, *form,
			 release, *form + before + 1);
		if (!access(path, F_OK))
			return 1;
	}
	snprintf(path, size, "%s%.*s%s%s", root, (int)strcspn(*forms, "%"),
		 *forms, release, *forms + strcspn(*forms, "%") + 1);
	return 0;
}
