// SPDX-License-Identifier: GPL-2.0
/*
 * snp-report - ask the PSP for an attestation report, through the kernel's sev-guest.
 *
 *   snp-report [VMPL]   prints version, VMPL and report data (TEXT); the default VMPL
 *                       is the test guest's, 2
 *
 * Exit status 1 if there is no report; then prints the kernel's reason and the two
 * halves of exitinfo2, the host's error and the firmware's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define DEVICE		"/dev/sev-guest"
#define GUEST_VMPL	2
#define TEXT		"snp-report"

/* As in <linux/sev-guest.h>, where the last member has had two names. */
struct report_request {
	uint8_t data[64];
	uint32_t vmpl;
	uint8_t reserved[28];
};

struct report_response {
	uint32_t status, size;
	uint8_t reserved[24];
	uint8_t report[3968];
};

struct guest_request {
	uint8_t version;
	uint64_t request, response;
	uint64_t exitinfo2;
};

#define GET_REPORT	_IOWR('S', 0, struct guest_request)
#define REPORT_VMPL	0x30
#define REPORT_DATA	0x50

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int main(int argc, char **argv)
{
	struct report_request req = { .data = TEXT, .vmpl = GUEST_VMPL };
	struct report_response rsp = { 0 };
	struct guest_request arg = {
		.version = 1, .request = (uintptr_t)&req, .response = (uintptr_t)&rsp,
	};
	int fd;

	if (argc > 2 || (argc == 2 && (argv[1][0] < '0' || argv[1][0] > '3' || argv[1][1]))) {
		fprintf(stderr, "usage: snp-report [VMPL]\n");
		return 2;
	}
	if (argc == 2)
		req.vmpl = argv[1][0] - '0';
	fd = open(DEVICE, O_RDWR);
	if (fd < 0) {
		fprintf(stderr, "snp-report: %s: %s\n", DEVICE, strerror(errno));
		return 1;
	}
	if (ioctl(fd, GET_REPORT, &arg)) {
		fprintf(stderr, "snp-report: no report: %s, host %#x, firmware %#x\n",
			strerror(errno), (uint32_t)(arg.exitinfo2 >> 32), (uint32_t)arg.exitinfo2);
		return 1;
	}
	if (rsp.status) {
		fprintf(stderr, "snp-report: no report: status %#x\n", rsp.status);
		return 1;
	}
	printf("report of %u bytes, version %#x, VMPL %u, data \"%.64s\"\n", rsp.size,
	       word(rsp.report), word(rsp.report + REPORT_VMPL), rsp.report + REPORT_DATA);
	return 0;
}
