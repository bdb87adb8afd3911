/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts.h - what the daemon said, as a tree of values
 *
 * The dictionaries of the bus (bus-api.h) become trees with the same names, are
 * asked by name for tables, and become JSON as they are: a fact that a newer
 * daemon adds shows up in --json without a change here.  Only facts.c knows
 * the JSON library.
 *
 * Asking for what is not there is no error: it gives "", 0, false or NULL, so
 * that an older daemon's answer can still be shown.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"

struct facts;			/* a dictionary, a list, or one value */

void facts_free(struct facts *facts);
DEFINE_CLEANUP(struct facts, facts_free);

/* {"schema": "pinsafe.VERB/1"}, the beginning of each answer; NULL: no memory. */
struct facts *facts_new(const char *verb);
struct facts *facts_new_dict(void);
struct facts *facts_new_list(void);
struct facts *facts_new_string(const char *value);	/* any bytes; made valid */
struct facts *facts_new_u64(uint64_t value);
struct facts *facts_new_s64(int64_t value);
struct facts *facts_new_bool(bool value);

/* Take the value over, also on error; 0 or -ENOMEM, also where value is NULL. */
int facts_set(struct facts *facts, const char *name, struct facts *value);
int facts_add(struct facts *list, struct facts *value);

/* The value once more, with an owner of its own. */
struct facts *facts_share(const struct facts *facts);

/* Adds all that the other dictionary has, sharing its values. */
int facts_merge(struct facts *facts, const struct facts *other);

bool facts_has(const struct facts *facts, const char *name);
const char *facts_string(const struct facts *facts, const char *name);
uint64_t facts_u64(const struct facts *facts, const char *name);
int64_t facts_s64(const struct facts *facts, const char *name);
bool facts_bool(const struct facts *facts, const char *name);

/* Is it that string? */
bool facts_is(const struct facts *facts, const char *name, const char *value);

/* Members stay owned by what they are in. */
const struct facts *facts_get(const struct facts *facts, const char *name);
size_t facts_length(const struct facts *list);		/* 0 for NULL */
const struct facts *facts_at(const struct facts *list, size_t i);
const char *facts_text(const struct facts *value);	/* any value, as text */

/* Calls for each member of a dictionary, in order. */
void facts_each(const struct facts *facts,
		void (*visit)(const char *name, const struct facts *value, void *data),
		void *data);

/* JSON, several lines, no line break at the end; stays owned by facts. */
const char *facts_format(struct facts *facts);
