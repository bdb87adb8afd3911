/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - every key of the configuration, a row each
 *
 * A row says where a key stands, which field it sets and how its value reads;
 * a new key is a new row, a new kind of value a new parse function.
 */
#pragma once

#include "daemon/policy/config.h"

enum section {
	SECTION_DAEMON,
	SECTION_HOST,
	SECTION_POLICY,
	SECTION_UNKNOWN,
};

struct key {
	enum section section;
	const char *name;
	size_t offset;			/* in struct policy for SECTION_POLICY, */
	size_t size;			/* else in struct config */
	/* 0, -EINVAL with *ret_why (to be freed, not escaped), -ENOMEM */
	int (*parse)(const struct key *key, const char *value, void *field,
		     char **ret_why);
	const struct word *words;	/* of a key that knows its values */
	long min, max;			/* of a number */
};

struct word {
	const char *name;		/* NULL: end */
	int value;
};

/* The key, or NULL: then *ret_nearest is the name of one like it, or NULL. */
const struct key *key_find(enum section section, const char *name,
			   const char **ret_nearest);

/* A list takes each further value behind those it has. */
bool key_is_list(const struct key *key);

/* Sets the key's field in object, a struct policy or struct config.  An empty
 * value gives it what it has in pristine, an object with defaults. */
int key_set(const struct key *key, const char *value, void *object,
	    const void *pristine, char **ret_why);

/* "Daemon", "Host", "Policy NAME" with *ret_name pointing at NAME inside text;
 * SECTION_UNKNOWN: *ret_why says what is wrong with it, to be freed. */
enum section section_parse(const char *text, const char **ret_name, char **ret_why);
