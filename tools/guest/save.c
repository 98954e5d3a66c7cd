// SPDX-License-Identifier: GPL-2.0
/* save: has the simulator save the state of the run (--save); goes on when it is restored. */
#include <stdio.h>
#include <sys/io.h>

#define PORT_SAVE	0x563

int main(void)
{
	if (ioperm(PORT_SAVE, 1, 1)) {
		perror("save");
		return 1;
	}
	outb(1, PORT_SAVE);
	return 0;
}
