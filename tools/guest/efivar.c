// SPDX-License-Identifier: GPL-2.0
/*
 * efivar - look at and change EFI variables from a test guest, as the host's firmware
 * could. efivarfs must be mounted.
 *
 *   efivar NAME-GUID        prints the contents in hexadecimal
 *   efivar NAME-GUID HEX    sets them, with the attributes NV, BS and RT
 *   efivar -d NAME-GUID     removes the variable
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DIRECTORY	"/sys/firmware/efi/efivars/"
#define ATTRIBUTES	7
#define PREFIX		sizeof(uint32_t)	/* the attributes come first */
#define LARGEST		4096

static const char *path;

static void fail(const char *what)
{
	fprintf(stderr, "efivar: %s: %s: %s\n", path, what, strerror(errno));
	exit(1);
}

/* Variables that the kernel does not know are immutable. */
static void make_mutable(void)
{
	int fd = open(path, O_RDONLY), flags = 0;

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		fail("flags");
	flags &= ~FS_IMMUTABLE_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags))
		fail("flags");
	close(fd);
}

static void show(void)
{
	unsigned char buf[PREFIX + LARGEST];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	if (n < (ssize_t)PREFIX)
		fail("read");
	for (ssize_t i = PREFIX; i < n; i++)
		printf("%02x", buf[i]);
	printf("\n");
}

/* Write once: the kernel sets the variable at each write. */
static void set(const char *hex)
{
	unsigned char buf[PREFIX + LARGEST] = { ATTRIBUTES };
	size_t n = strlen(hex) / 2;
	int fd;

	if (strlen(hex) % 2 || n > LARGEST || strspn(hex, "0123456789abcdef") != strlen(hex)) {
		fprintf(stderr, "efivar: %s: no hexadecimal bytes, or too many\n", hex);
		exit(2);
	}
	for (size_t i = 0; i < n; i++) {
		char digits[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		buf[PREFIX + i] = strtoul(digits, NULL, 16);
	}
	make_mutable();
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	if (fd < 0 || write(fd, buf, PREFIX + n) != (ssize_t)(PREFIX + n))
		fail("write");
}

int main(int argc, char **argv)
{
	int remove = argc > 1 && !strcmp(argv[1], "-d");

	if (argc < 2 || argc > 3 || (remove && argc != 3) || chdir(DIRECTORY)) {
		fprintf(stderr, "usage: efivar NAME-GUID [HEX], efivar -d NAME-GUID\n"
			"efivarfs has to be in " DIRECTORY "\n");
		return 2;
	}
	path = remove ? argv[2] : argv[1];
	if (remove) {
		make_mutable();
		if (unlink(path))
			fail("remove");
	} else if (argc == 3) {
		set(argv[2]);
	} else {
		show();
	}
	return 0;
}
