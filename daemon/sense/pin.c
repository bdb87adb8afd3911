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

static int begin(struct pin_walk *walk)
{
	walk->cursor = 0;
	walk->nodes = calloc(MODEL_NODES, sizeof(*walk->nodes));
	return walk->nodes ? 0 : -ENOMEM;
}

int pin_walk_on(int helper_fd, struct pin_walk *walk, struct process_facts *facts)
{
	struct pinsafe_sight sight = {
		.pid = facts->id.pid,
		.start_ticks = facts->id.start_ticks,
		.node_count = MODEL_NODES,
	};
	int r = walk->nodes ? 0 : begin(walk);

	if (r < 0)
		return r;
	sight.cursor = walk->cursor;
	sight.nodes = (uintptr_t)walk->nodes;
	r = count_slice(helper_fd, &sight);
	walk->cursor = sight.cursor;
	if (r == 0 && walk->cursor != 0)
		return PIN_MORE;
	if (r == 0)
		r = fill_facts(walk->nodes, facts);
	pin_walk_done(walk);
	return r;
}

/* Nothing seen yet proves nothing. */
int pin_walk_so_far(const struct pin_walk *walk, struct process_facts *facts)
{
	int r = walk->nodes ? fill_facts(walk->nodes, facts) : 0;

	facts->has_sight = facts->pinned_bytes > 0 || facts->large_bytes > 0;
	return r;
}

void pin_walk_done(struct pin_walk *walk)
{
	free(walk->nodes);
	*walk = (struct pin_walk){ 0 };
}
