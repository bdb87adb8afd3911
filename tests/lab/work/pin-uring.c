// SPDX-License-Identifier: GPL-2.0-or-later
/* io_uring registered buffers; at most 1 GiB each, so several where needed. */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "work.h"

#define URING_BUFFERS		16
#define URING_BUFFER_BYTES	(1UL << 30)

static int uring_register(struct work *work, struct io_uring *ring)
{
	size_t left = work->pin_pages * work->page_bytes;
	struct iovec iov[URING_BUFFERS];
	char *next = work->addr;
	unsigned int n;

	for (n = 0; left; n++) {
		if (n == URING_BUFFERS)
			return -E2BIG;
		iov[n].iov_base = next;
		iov[n].iov_len = left < URING_BUFFER_BYTES ? left : URING_BUFFER_BYTES;
		next += iov[n].iov_len;
		left -= iov[n].iov_len;
	}
	return io_uring_register_buffers(ring, iov, n);
}

static int uring_pin(struct work *work)
{
	struct io_uring *ring;
	int r;

	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	r = io_uring_queue_init(8, ring, 0);
	if (r) {
		free(ring);
		return r;
	}
	r = uring_register(work, ring);
	if (r) {
		io_uring_queue_exit(ring);
		free(ring);
		return r;
	}
	work->pin_state = ring;
	return 0;
}

static void uring_unpin(struct work *work)
{
	struct io_uring *ring = work->pin_state;

	io_uring_unregister_buffers(ring);
	io_uring_queue_exit(ring);
	free(ring);
}

const struct pin_kind pin_uring = {
	.name = "uring",
	.lasting = true,
	.pin = uring_pin,
	.unpin = uring_unpin,
};
