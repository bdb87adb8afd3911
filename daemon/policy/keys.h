/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - every key of the configuration, a row each
 *
 * A row says where a key stands, which field it sets, how its value reads
 * (value.h) and what it is when nobody says anything.
 */
#pragma once

#include "daemon/policy/config.h"

enum section {
	SECTION_DAEMON,
	SECTION_HOST,
	SECTION_POLICY,
	SECTION_UNKNOWN,
};

struct word {
	const char *name;		/* NULL: end */
	int value;
};

struct key {
	enum section section;
	const char *name;
	size_t offset;			/* in struct policy for SECTION_POLICY, */
	size_t size;			/* else in struct config */
	const struct kind *kind;
	const char *initial;		/* the default, as one would write it */
	const struct word *words;	/* of a key that knows its values */
	long min, max;			/* of a number */
};

#define KEYS_MAX	64		/* of all sections */

/* All keys, in the order of the manual; ends with a row without a name. */
extern const struct key keys[];

/* What has been said by nobody. */
extern const struct config config_pristine;
extern const struct policy policy_pristine;

/* The key, or NULL: then *ret_nearest is the name of one like it, or NULL. */
const struct key *key_find(enum section section, const char *name,
			   const char **ret_nearest);

/* The section that has a key of that name, as it is written; NULL: none. */
const char *key_find_section(const char *name);

/* Each further value stands behind those it has. */
bool key_is_list(const struct key *key);

/* Sets the key's field in object, a struct policy or struct config; an empty
 * value gives it its default.  0; -EINVAL with *ret_why, to be freed and not
 * escaped; -ENOMEM. */
int key_set(const struct key *key, const char *value, const struct config_lookup *lookup,
	    void *object, char **ret_why);

/* Frees what the keys of a section own in object, and resets them. */
void keys_reset(enum section section, void *object);

/* "Daemon", "Host", "Policy NAME" with *ret_name pointing at NAME inside text;
 * SECTION_UNKNOWN: *ret_why says what is wrong with it, to be freed. */
enum section section_parse(const char *text, const char **ret_name, char **ret_why);

/* The kind of section that a bad one was probably meant to be, with its name as in
 * "unknown section", or SECTION_UNKNOWN and NULL.  text: what stands behind "[". */
enum section section_guess(const char *text, const char **ret_name);
