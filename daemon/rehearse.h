/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rehearse.h - pinsafed --plan: a configuration tried on a snapshot
 *
 * Needs no daemon, no root and no host but the recorded one; see whatif.h.
 */
#pragma once

#include <stdbool.h>

enum {
	REHEARSE_SAFE = 0,		/* nothing becomes exposed */
	REHEARSE_EXPOSED = 1,
	REHEARSE_TROUBLE = 64,
	REHEARSE_BAD_SNAPSHOT = 65,
	REHEARSE_NO_SNAPSHOT = 66,	/* cannot be read */
	REHEARSE_BAD_CONFIG = 78,
};

/* snapshot: a file, "-": standard input; config_root: NULL: the system's.  Prints
 * the plan to stdout, what is wrong to stderr; one of the above. */
int rehearse(const char *snapshot, const char *config_root, bool json);
