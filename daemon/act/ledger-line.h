/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger-line.h - one line of the ledger, as text
 *
 *      VERB WORD KIND A B POLICY UNTIL PATH
 *
 *      apply hold process 1200 5001 accelerators 0 -
 *      undo hold process 1200 5001 - 0 -
 *      order release cgroup 77 0 - 9000000 /system.slice/a.service
 *      drop - cgroup 77 0 - 0 /system.slice/a.service
 *
 * A and B are pid and start time, or cgroup id and 0; "-" stands for nothing.
 * The path is last and may contain blanks, never a newline.
 */
#pragma once

#include <stdio.h>

#include "daemon/model.h"

enum ledger_verb {
	LEDGER_APPLY,		/* about to apply an action */
	LEDGER_UNDO,		/* it is no longer in force */
	LEDGER_ORDER,		/* the operator's word on a target */
	LEDGER_DROP,		/* ... is taken back */
};

struct ledger_line {
	enum ledger_verb verb;
	enum action action;	/* apply, undo */
	bool hold;		/* order */
	struct target_id id;
	const char *policy;	/* apply; NULL: none */
	uint64_t until_usec;	/* order */
};

/* 0, or -EINVAL: a path or policy that would break the line. */
int ledger_line_print(FILE *out, const struct ledger_line *line);

/* Takes text apart in place: strings of *ret_line point into it.  0 or -EINVAL. */
int ledger_line_parse(char *text, struct ledger_line *ret_line);
