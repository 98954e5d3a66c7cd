// SPDX-License-Identifier: GPL-2.0
/*
 * reboot-text TEXT - restart with a text, as LINUX_REBOOT_CMD_RESTART2 has it: at once, as
 * reboot -f does, which has no option for that.
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
