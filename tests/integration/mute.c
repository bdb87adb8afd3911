// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mute - has a name on the system bus and never answers
 *
 *	mute NAME
 */
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	int r;

	if (argc != 2) {
		fputs("usage: mute NAME\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_request_name(bus, argv[1], 0);
	if (r < 0) {
		fprintf(stderr, "mute: %s: %s\n", argv[1], strerror(-r));
		return 1;
	}
	puts("ready");
	for (;;)
		pause();
}
