/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proof.h - does an action work?
 *
 * Evidence for a hold, cheapest first: the module's own test probe fires (armed),
 * scans were refused lately, and the scanner's position in the process stands
 * still.  For a setting: it was read back and is what we made it, in each thread,
 * and the kernel's effective value agrees.
 */
#pragma once

#include "daemon/targets.h"

/* A process that runs asks for a scan about once a second while held, so a
 * refusal in this time is a fresh one; two looks and slack. */
#define PROOF_FRESH_USEC	(12ULL * 1000 * 1000)

/* After a scan under a hold, that hold counts as ineffective this long: one
 * quiet look heals nothing. */
#define PROOF_MOVED_USEC	(120ULL * 1000 * 1000)

/* Takes in a position read while the hold was in force; pure. */
void proof_note_position(struct scan_mark *mark, struct scan_position position,
			 uint64_t now_usec);

/* New threads take a setting over from the one that made them, or are given it at
 * the next look; what is not everywhere after so long will not be. */
#define PROOF_SETTLE_USEC	(30ULL * 1000 * 1000)

/* Pure.  is_armed: the gate fires; balancing: kernel.numa_balancing. */
enum proof proof_judge(const struct target *row, bool is_armed, int balancing,
		       uint64_t now_usec);
