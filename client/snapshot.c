// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * snapshot.c - the facts of this host, for plan and for bug reports
 *
 * The daemon writes the JSON; it is passed on byte by byte.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/verb.h"

/* To its end; what cannot be written shows when stdout is flushed. */
static int copy(int fd, size_t *ret_bytes)
{
	char buf[65536];
	ssize_t n;

	*ret_bytes = 0;
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return 0;
		*ret_bytes += (size_t)n;
	}
	return 0;
}

int verb_snapshot(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(close) int fd = -1;
	size_t bytes;
	int exit, r;

	exit = bus_open("snapshot", &bus);
	if (!exit)
		exit = bus_ask_file(bus, "snapshot", "DumpSnapshot", &fd);
	if (exit || request->quiet)
		return exit;
	r = copy(fd, &bytes);
	if (r < 0)
		return complain_errno("snapshot", r);
	if (bytes == 0 && !ferror(stdout))
		return complain(EXIT_TROUBLE, "snapshot", "journalctl -u pinsafed",
				"pinsafed has sent nothing");
	return EXIT_YES;
}
