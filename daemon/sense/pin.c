// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/pin.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "module/uapi/pinsafe.h"

static int count_slice(int helper_fd, struct pinsafe_sight *sight)
{
	while (ioctl(helper_fd, PINSAFE_SIGHT, sight) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int pin_read_scan(int helper_fd, struct process_id id, struct scan_position *ret_position)
{
	struct pinsafe_sight sight = {
		.pid = id.pid,
		.start_ticks = id.start_ticks,
		.flags = PINSAFE_SIGHT_SCAN,
	};
	int r = count_slice(helper_fd, &sight);

	if (r < 0)
		return r;
	*ret_position = (struct scan_position){ sight.scan_seq, sight.scan_offset };
	return 0;
}

/* 1: the whole process was seen, 0: max_slices were not enough. */
static int count_slices(int helper_fd, unsigned int max_slices,
			struct pinsafe_sight *sight)
{
	int r;

	for (; max_slices > 0; max_slices--) {
		r = count_slice(helper_fd, sight);
		if (r < 0)
			return r;
		if (sight->cursor == 0)
			return 1;
	}
	return 0;
}

static size_t count_nodes(const struct pinsafe_sight_node *nodes)
{
	size_t i, n = 0;

	for (i = 0; i < MODEL_NODES; i++)
		n += nodes[i].pinned_pages > 0;
	return n;
}

static int fill_facts(const struct pinsafe_sight_node *nodes, struct process_facts *facts)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t n = count_nodes(nodes), i;
	struct node_bytes *pinned;

	pinned = calloc(n ? n : 1, sizeof(*pinned));
	if (!pinned)
		return -ENOMEM;
	free(facts->pinned);
	facts->pinned = pinned;
	facts->n_pinned = n;
	facts->has_sight = true;
	facts->pinned_bytes = facts->large_bytes = 0;
	for (i = 0; i < MODEL_NODES; i++) {
		facts->large_bytes += nodes[i].large_pages * page_bytes;
		if (nodes[i].pinned_pages == 0)
			continue;
		pinned->node = (unsigned int)i;
		pinned->bytes = nodes[i].pinned_pages * page_bytes;
		facts->pinned_bytes += pinned->bytes;
		pinned++;
	}
	return 0;
}

int pin_count(int helper_fd, unsigned int max_slices, struct process_facts *facts)
{
	_cleanup_(free) struct pinsafe_sight_node *nodes = NULL;
	struct pinsafe_sight sight = {
		.pid = facts->id.pid,
		.start_ticks = facts->id.start_ticks,
		.node_count = MODEL_NODES,
	};
	int whole, r;

	nodes = calloc(MODEL_NODES, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	sight.nodes = (uintptr_t)nodes;
	whole = count_slices(helper_fd, max_slices, &sight);
	if (whole < 0)
		return whole;
	r = fill_facts(nodes, facts);
	if (r < 0)
		return r;
	if (whole)
		return 0;
	facts->has_sight = facts->pinned_bytes > 0 || facts->large_bytes > 0;
	return -ETIMEDOUT;
}
