/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin.h - how much a process has pinned, and on which node
 *
 * The module's sight, called in slices so that neither our loop nor the
 * target's mmap_lock is held for long.
 */
#pragma once

#include "daemon/model.h"

/* Fills has_sight, pinned, pinned_bytes, large_bytes of facts.  0; -ESRCH gone;
 * -EOPNOTSUPP; -ETIMEDOUT: more than max_slices.  What was seen until then is a
 * lower bound and kept, unless it is nothing, which proves nothing. */
int pin_count(int helper_fd, unsigned int max_slices, struct process_facts *facts);
