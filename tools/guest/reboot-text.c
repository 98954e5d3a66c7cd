// SPDX-License-Identifier: GPL-2.0
/*
 * reboot-text TEXT - restart at once, as reboot -f does, but with a text
 * (LINUX_REBOOT_CMD_RESTART2), for which reboot has no option.
 */
#include <linux/reboot.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: reboot-text TEXT\n");
		return 2;
	}
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_RESTART2, argv[1]);
	perror("reboot-text");
	return 1;
}
