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

static enum proof judge_hold(const struct target *row, bool is_armed, uint64_t now_usec)
{
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

/* What is recorded and not there yet, somebody was killed between the two, is no more
 * against us than it is in force. */
static enum proof judge_setting(const struct target *row, int balancing, uint64_t now_usec)
{
	if (row->shown.is_settling)
		return row->settling_usec && now_usec >= row->settling_usec + PROOF_SETTLE_USEC ?
			       PROOF_INEFFECTIVE :
			       PROOF_UNVERIFIED;
	/* with bit 1, tiering, set scans go on (task_tick_numa()) */
	return row->shown.applied == ACTION_HOST_OFF && balancing > 0 ? PROOF_INEFFECTIVE :
									PROOF_VERIFIED;
}

/* While one action gives way to another both are in force: the better counts. */
enum proof proof_judge(const struct target *row, bool is_armed, int balancing,
		       uint64_t now_usec)
{
	enum proof proof = PROOF_NONE;

	if (row->shown.is_held)
		proof = judge_hold(row, is_armed, now_usec);
	if (row->shown.applied != ACTION_NONE &&
	    (proof == PROOF_NONE || proof == PROOF_INEFFECTIVE))
		proof = judge_setting(row, balancing, now_usec);
	return proof;
}
