/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.h - is this host fit for work that pins memory
 *
 * Pure.  For schedulers and monitoring, which want one line and one number:
 *
 *	EXIT_YES	OK
 *	EXIT_NO		EXPOSED, NOT PROTECTED, REMOTE: this memory is not well
 *	EXIT_TROUBLE	TROUBLE: it cannot be said, or cannot be done
 *
 * What is not known is never OK.
 */
#pragma once

#include "client/facts.h"

/* A line has room in the 80 bytes that node-problem-detector keeps by default. */
#define HEALTH_LINE_MAX	80

/* From the properties of the manager.  max_remote: how many percent of the
 * pinned memory may lie on another node than its device; NULL: any.  The exit
 * code; ret_line has no line break. */
int health_judge(const struct facts *status, const unsigned int *max_remote,
		 char ret_line[HEALTH_LINE_MAX]);

/* The same when the daemon could not be asked; exit: of bus.h. */
int health_judge_silence(int exit, char ret_line[HEALTH_LINE_MAX]);
