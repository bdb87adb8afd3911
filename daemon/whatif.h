/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * whatif.h - what would change under another configuration
 *
 * Takes a dump (dump.h) and a configuration, decides, and compares with what was
 * decided where the dump was made.  No host is touched and none is needed.
 */
#pragma once

#include "daemon/dump.h"
#include "daemon/policy/config.h"

/* Text for people, or one JSON object, "pinsafe.plan/1":
 *   changes: target, comm, from {policy, action, mode, exposed}, to {...}, reason
 *   exposed: number of targets that would become exposed
 * *ret_exposed: that number.  0 or negative errno. */
int whatif_write(const struct dump *dump, const struct config *config, bool json, FILE *out,
		 size_t *ret_exposed);
