// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A database's way: short pins without LONGTERM, many a second, by writes and
 * reads that bypass the page cache.  Not a pinner in pinsafe's sense.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "work.h"

#define BLOCK_BYTES	65536

static int odirect_pin(struct work *work)
{
	const char *path = work->file ? work->file : "/var/tmp/pinwork.data";
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	work->pin_state = (void *)(intptr_t)fd;
	return 0;
}

static void odirect_unpin(struct work *work)
{
	close((int)(intptr_t)work->pin_state);
}

static int odirect_round(struct work *work, int thread)
{
	size_t blocks = work->pages * work->page_bytes / BLOCK_BYTES;
	int fd = (int)(intptr_t)work->pin_state, i;
	off_t at = (off_t)thread * BLOCK_BYTES;
	char *block;

	if (!work->pinned || !blocks)
		return 0;
	block = work->addr + (size_t)thread % blocks * BLOCK_BYTES;
	for (i = 0; i < 16 && !work->stop; i++)
		if (pwrite(fd, block, BLOCK_BYTES, at) < 0 || pread(fd, block, BLOCK_BYTES, at) < 0)
			return -errno;
	return 0;
}

const struct pin_kind pin_odirect = {
	.name = "odirect",
	.pin = odirect_pin,
	.unpin = odirect_unpin,
	.round = odirect_round,
};
