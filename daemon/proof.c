// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/proof.h"

static bool is_ahead(struct scan_position a, struct scan_position b)
{
	return a.seq > b.seq || (a.seq == b.seq && a.offset > b.offset);
}

void proof_note_position(struct scan_mark *mark, struct scan_position position,
			 uint64_t now_usec)
{
	/* One that is behind belongs to another mm, after exec, or to the first
	 * thread made (init_numa_balancing() sets the sequence to 0): no scan. */
	if (mark->is_set && is_ahead(position, mark->position))
		mark->moved_usec = now_usec;
	mark->is_set = true;
	mark->position = position;
}

enum proof proof_judge(const struct target *row, bool is_armed, uint64_t now_usec)
{
	if (!row->shown.is_held)
		return PROOF_NONE;
	if (!is_armed)
		return PROOF_INEFFECTIVE;
	/* A pass that was past the gate may still be ending. */
	if (row->shown.is_draining)
		return PROOF_UNVERIFIED;
	if (row->scan.moved_usec && now_usec < row->scan.moved_usec + PROOF_MOVED_USEC)
		return PROOF_INEFFECTIVE;
	if (row->last_refused_usec && now_usec < row->last_refused_usec + PROOF_FRESH_USEC)
		return PROOF_VERIFIED;
	return PROOF_IDLE;
}
