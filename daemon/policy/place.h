/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place.h - where a process should run, and where its pinned memory lies
 *
 * Pinned memory cannot move, so whoever binds a process away from it makes
 * matters worse for good.  Nodes may have no CPUs (CXL memory, the memory of a
 * GPU) or no memory: then the nearest node that has them stands in.
 */
#pragma once

#include "daemon/model.h"
#include "daemon/policy/config.h"

struct place {
	struct nodeset cpu_nodes;	/* nodes to run on, */
	struct nodeset cpus;		/* and their CPUs */
	struct nodeset mems;		/* nodes to allocate from */
	struct nodeset home;		/* memory here is where it should be */
};

/* The nodes of the policy's BindTo= for this process.  1; 0: *ret_why says why
 * there are none; -ENOMEM. */
int place_choose(const struct host_facts *host, const struct process_facts *facts,
		 const struct policy *policy, struct place *ret_place, char **ret_why);

/* Pinned bytes of a process: on these nodes, on others, and who knows where,
 * which is UINT64_MAX when not even their number is known. */
struct pinned_split {
	uint64_t there;
	uint64_t elsewhere;
	uint64_t unknown;
};

struct pinned_split place_split(const struct process_facts *facts,
				const struct nodeset *nodes);

/* The set as text, for the caller to free; NULL: out of memory. */
char *place_format(const struct nodeset *set);
