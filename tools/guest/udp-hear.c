// SPDX-License-Identifier: GPL-2.0
/*
 * udp-hear PORT BYTE COUNT - receive at least COUNT bytes of datagrams on PORT and check
 * that each is BYTE. Prints how many are not, and how many there were. Status 1 if nothing
 * comes for ten seconds.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	struct timeval patience = { .tv_sec = 10 };
	long wanted, heard = 0, others = 0;
	int s;

	if (argc != 4) {
		fprintf(stderr, "usage: udp-hear PORT BYTE COUNT\n");
		return 2;
	}
	here.sin_port = htons(atoi(argv[1]));
	wanted = atol(argv[3]);
	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s < 0 || bind(s, (struct sockaddr *)&here, sizeof(here)) ||
	    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) {
		perror("udp-hear");
		return 1;
	}
	while (heard < wanted) {
		char data[65536];
		ssize_t n = recv(s, data, sizeof(data), 0);

		if (n < 0) {
			perror("udp-hear: recv");
			return 1;
		}
		for (ssize_t i = 0; i < n; i++)
			others += data[i] != argv[2][0];
		heard += n;
	}
	printf("%ld of %ld\n", others, heard);
	return 0;
}
