// SPDX-License-Identifier: GPL-2.0
/*
 * cmos - look at and change the RTC's CMOS memory from a test guest, as an
 * unfriendly host could.
 *
 *   cmos            prints bytes 0x0e to 0xff in hexadecimal, two digits each,
 *                   sixteen a line with the first one's address
 *   cmos ADDR VALUE sets one byte
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

#define CMOS_FIRST	0x0e	/* below: the clock */
#define CMOS_SIZE	0x100

/* Two banks of 128 bytes behind two pairs of index and data ports. */
static unsigned short index_port(int addr)
{
	return addr < 0x80 ? 0x70 : 0x72;
}

static unsigned char cmos_read(int addr)
{
	outb(addr & 0x7f, index_port(addr));
	return inb(index_port(addr) + 1);
}

static void cmos_write(int addr, unsigned char value)
{
	outb(addr & 0x7f, index_port(addr));
	outb(value, index_port(addr) + 1);
}

static int number(const char *text, int first, int end)
{
	char *rest;
	long value = strtol(text, &rest, 0);

	if (!*text || *rest || value < first || value >= end) {
		fprintf(stderr, "cmos: %s is not from %#x to %#x\n", text, first, end - 1);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	int addr;

	if (argc != 1 && argc != 3) {
		fprintf(stderr, "usage: cmos [ADDR VALUE]\n");
		return 2;
	}
	if (iopl(3)) {
		fprintf(stderr, "cmos: iopl: %s\n", strerror(errno));
		return 1;
	}
	if (argc == 3) {
		cmos_write(number(argv[1], CMOS_FIRST, CMOS_SIZE), number(argv[2], 0, 256));
		return 0;
	}
	for (addr = 0; addr < CMOS_SIZE; addr++) {
		if (addr % 16 == 0)
			printf("cmos %02x:", addr);
		if (addr < CMOS_FIRST)
			printf(" --");
		else
			printf(" %02x", cmos_read(addr));
		if (addr % 16 == 15)
			printf("\n");
	}
	return 0;
}
