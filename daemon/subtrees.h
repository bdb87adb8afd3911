/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subtrees.h - which existing cgroups a glob names
 *
 * Answers with the roots of subtrees: "/a/" followed by "**" is "/a" itself,
 * for what is said of a cgroup is said of all below it.
 */
#pragma once

#include <stddef.h>

/* Paths, "/a/b", each owned. */
struct subtrees {
	char **paths;
	size_t n;
};

/* No glob may cost more than this, however the hierarchy looks. */
#define SUBTREES_MAX_PATHS	1024
#define SUBTREES_MAX_VISITS	8192

/* Told of each folder whose children were looked at: a new child there may
 * change the answer. */
struct subtrees_visitor {
	void (*visit)(void *data, const char *path);
	void *data;
};

/* Adds what the glob names below the open directory to *subtrees, each once;
 * visitor may be NULL.  0; -E2BIG: a bound was met, what was found is there; -ENOMEM. */
int subtrees_find(int cgroup_fd, const char *glob, const struct subtrees_visitor *visitor,
		  struct subtrees *subtrees);

int subtrees_add(struct subtrees *subtrees, const char *path);

void subtrees_done(struct subtrees *subtrees);
