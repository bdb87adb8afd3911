/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger-line.h - one line of the ledger, as text
 *
 *      VERB WORD KIND A B POLICY WHEN PATH
 *
 *      apply hold process 1200 5001 accelerators 7000000 -
 *      undo hold process 1200 5001 - 0 -
 *      order release cgroup 77 0 - 9000000 /system.slice/a.service
 *      drop - cgroup 77 0 - 0 /system.slice/a.service
 *      made bind process 1200 5001 - 0 -
 *      back bind process 1200 5001 - 0 -
 *
 *      VERB WORD KIND A B NAME BEFORE OURS
 *
 *      save bind process 1200 5001 1207@5003 0-7 0-3
 *      forget bind process 1200 5001 1207@5003 - -
 *
 * A and B are pid and start time, cgroup id and 0, or 0 and 0 for the host; "-"
 * stands for nothing.  WHEN is since when, or until when.  The path is last and
 * may contain blanks, never a newline.
 */
#pragma once

#include <stdio.h>

#include "daemon/model.h"

enum ledger_verb {
	LEDGER_APPLY,		/* about to apply an action */
	LEDGER_SAVE,		/* ... which means to change this setting */
	LEDGER_MADE,		/* all settings saved of it are changed */
	LEDGER_BACK,		/* about to put them back */
	LEDGER_FORGET,		/* this setting is put back */
	LEDGER_UNDO,		/* it is no longer in force */
	LEDGER_ORDER,		/* the operator's word on a target */
	LEDGER_DROP,		/* ... is taken back */
};

struct ledger_line {
	enum ledger_verb verb;
	enum action action;	/* all but order and drop */
	bool hold;		/* order */
	struct target_id id;
	const char *policy;	/* apply; NULL: none */
	uint64_t when_usec;	/* apply: since; order: until */
	const char *name;	/* save, forget */
	const char *before;	/* save */
	const char *ours;	/* save */
};

#define LEDGER_HEADER	"pinsafe-ledger"
#define LEDGER_FORMAT	2U

/* The first line, "pinsafe-ledger FORMAT BOOT": its length, without the newline; 0: it
 * is none, or another boot's. */
size_t ledger_header_parse(const char *text, const char *boot_id, unsigned int *ret_format);

/* 0, or -EINVAL: a path, policy, name or value that would break the line. */
int ledger_line_print(FILE *out, const struct ledger_line *line);

/* Takes text apart in place: strings of *ret_line point into it.  0 or -EINVAL. */
int ledger_line_parse(char *text, struct ledger_line *ret_line);
