/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proof.h - does a hold work?
 *
 * Evidence, cheapest first: the module's own test probe fires (armed), scans
 * were refused lately, and the scanner's position in the process stands still.
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

/* Pure.  is_armed: the gate fires. */
enum proof proof_judge(const struct target *row, bool is_armed, uint64_t now_usec);
