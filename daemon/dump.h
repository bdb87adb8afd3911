/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump.h - the facts of a host as JSON, to decide on elsewhere
 *
 * "pinsafe.snapshot/1": host, processes, cgroups, what is in force, orders, and
 * what was decided here about each target; enough that policy_decide() gives the
 * same plan from it, on any machine, for plan in a fleet's CI and for bug
 * reports.  No command lines, no environment, no file names but executables,
 * device nodes and cgroups.  The one file of the daemon that knows json-c.
 *
 * Fields are those of model.h by name; unknown ones are ignored, so that a newer
 * host's file can be read; a higher number after the slash is refused.  Names
 * that are not UTF-8 are quoted as in quote.h.
 */
#pragma once

#include <stdio.h>

#include "daemon/model.h"

/* A decision as it was on the host that made the dump. */
struct decided {
	struct target_id id;
	enum action action;
	enum mode mode;
	char *policy;			/* NULL: none */
	bool is_exposed;
};

struct dump {
	struct snapshot snapshot;
	struct held *held;
	size_t n_held;
	struct override *overrides;
	size_t n_overrides;
	struct setback *setbacks;
	size_t n_setbacks;
	struct decided *decided;	/* sorted by target */
	size_t n_decided;
	uint64_t now_usec;		/* CLOCK_BOOTTIME there */
	bool table_full;
	char *hostname;
	char *version;			/* of pinsafed there */
};

/* What is read at most: some 50,000 processes. */
#define DUMP_MAX_BYTES	(32 * 1024 * 1024)

/* 0 or negative errno. */
int dump_write(const struct dump *dump, FILE *out);

/* 0; -EINVAL: *ret_why says what is wrong and where, for the caller to free;
 * -ENOMEM. */
int dump_parse(const char *text, size_t length, struct dump *ret_dump, char **ret_why);

void dump_done(struct dump *dump);
