/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodeset.h - sets of NUMA nodes or CPUs, in the kernel's list format
 *
 * A value type of fixed size: no allocation, copied by assignment.  Bits above
 * NODESET_MAX are an error to parse, never cut off.  The text form is that of
 * /sys/devices/system/node/online and Cpus_allowed_list: "0-3,8" (see
 * Documentation/admin-guide/kernel-parameters.rst, "cpu lists"); the empty set
 * is the empty string.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NODESET_MAX	8192	/* NR_CPUS of the largest distribution kernels */

struct nodeset {
	unsigned long bits[NODESET_MAX / (8 * sizeof(unsigned long))];
};

/* 0, or -EINVAL (not a list), -ERANGE (a number above NODESET_MAX - 1).  On
 * error *ret_set is untouched.  One trailing newline is allowed. */
int nodeset_parse(const char *text, struct nodeset *ret_set);

/* Writes the list and its NUL; 0, or -ENOSPC. */
int nodeset_format(const struct nodeset *set, char *text, size_t size);

void nodeset_add(struct nodeset *set, unsigned int n);
bool nodeset_has(const struct nodeset *set, unsigned int n);
bool nodeset_is_empty(const struct nodeset *set);
bool nodeset_is_subset(const struct nodeset *set, const struct nodeset *of);
unsigned int nodeset_count(const struct nodeset *set);

/* The first member >= from, or -1. */
int nodeset_next(const struct nodeset *set, unsigned int from);
