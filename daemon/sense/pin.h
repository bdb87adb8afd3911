/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin.h - how much a process has pinned, and on which node
 *
 * The module's sight, called in slices so that neither our loop nor the
 * target's mmap_lock is held for long.
 */
#pragma once

#include "daemon/model.h"

struct pinsafe_sight_node;

/* How far the scanner has come in a process: it stands still while a hold
 * works.  The sequence counts whole passes, the offset moves with each scan. */
struct scan_position {
	uint64_t seq;
	uint64_t offset;	/* address */
};

/* Cheap, for timers; 0, -ESRCH gone, -EOPNOTSUPP. */
int pin_read_scan(int helper_fd, struct process_id id, struct scan_position *ret_position);

/* A count under way, of one process; all zero: none. */
struct pin_walk {
	struct pinsafe_sight_node *nodes;	/* what was seen so far */
	uint64_t cursor;
};

enum { PIN_MORE = 1 };

/* Looks at the next slice, about 1 GiB of what is mapped and populated: some
 * milliseconds.  PIN_MORE: there is more, facts are untouched.  0: it was the
 * last, has_sight, pinned, pinned_bytes and large_bytes of facts are filled.
 * -ESRCH gone, -EOPNOTSUPP, -ENOMEM: the count has ended. */
int pin_walk_on(int helper_fd, struct pin_walk *walk, struct process_facts *facts);

/* The same facts as a lower bound; 0 or -ENOMEM. */
int pin_walk_so_far(const struct pin_walk *walk, struct process_facts *facts);

void pin_walk_done(struct pin_walk *walk);
