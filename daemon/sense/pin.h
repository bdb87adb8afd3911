/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin.h - how much a process has pinned, and on which node
 *
 * The module's sight, called in slices so that neither our loop nor the
 * target's mmap_lock is held for long.
 */
#pragma once

#include "daemon/model.h"

/* How far the scanner has come in a process: it stands still while a hold
 * works.  The sequence counts whole passes, the offset moves with each scan. */
struct scan_position {
	uint64_t seq;
	uint64_t offset;	/* address */
};

/* Cheap, for timers; 0, -ESRCH gone, -EOPNOTSUPP. */
int pin_read_scan(int helper_fd, struct process_id id, struct scan_position *ret_position);

/* Fills has_sight, pinned, pinned_bytes, large_bytes of facts.  0; -ESRCH gone;
 * -EOPNOTSUPP; -ETIMEDOUT: more than max_slices.  What was seen until then is a
 * lower bound and kept, unless it is nothing, which proves nothing. */
int pin_count(int helper_fd, unsigned int max_slices, struct process_facts *facts);
