/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * setback.h - what did not work, so that the next rung of the ladder is taken
 *
 * One for each target and action.  It lasts SETBACK_USEC: what was wrong may be
 * mended, and an operator who mended it should not have to know of us.  Where
 * somebody else changed what we had set, his word counts until a reload.  Memory
 * only, a restarted daemon tries again.
 */
#pragma once

#include "daemon/model.h"

/* Long enough that a ladder whose first rung never holds costs nothing. */
#define SETBACK_USEC	(900ULL * 1000 * 1000)

struct setbacks {
	struct setback *list;		/* sorted by target, then by action */
	size_t n;
};

/* A second one on the same takes the place of the first.  until_usec 0: while the
 * target lives.  1: it is new; 0: it was known; -ENOMEM. */
int setbacks_add(struct setbacks *setbacks, const struct target_id *id, enum action action,
		 const char *reason, uint64_t until_usec);

/* NULL: none. */
const struct setback *setbacks_find(const struct setbacks *setbacks,
				    const struct target_id *id, enum action action);

/* Number that went. */
size_t setbacks_drop_target(struct setbacks *setbacks, const struct target_id *id);
size_t setbacks_drop_action(struct setbacks *setbacks, enum action action);
/* Those that end by themselves: not somebody else's word. */
size_t setbacks_drop_passing(struct setbacks *setbacks, enum action action);
size_t setbacks_drop_old(struct setbacks *setbacks, uint64_t now_usec);

/* When the next one ends; 0: none will. */
uint64_t setbacks_next_usec(const struct setbacks *setbacks);

void setbacks_done(struct setbacks *setbacks);
