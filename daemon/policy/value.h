/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value.h - kinds of value, and how each reads
 */
#pragma once

#include "daemon/policy/keys.h"

struct kind {
	/* Sets the key's field in object; a list's grows.  0; -EINVAL with
	 * *ret_why, to be freed and not escaped; -ENOMEM. */
	int (*parse)(const struct key *key, const char *value,
		     const struct config_lookup *lookup, void *object, char **ret_why);
	/* frees what the field owns; NULL: nothing */
	void (*release)(const struct key *key, void *object);
	bool is_list;
};

extern const struct kind word_kind;	/* enum, or int */
extern const struct kind flag_kind;	/* two words, bool */
extern const struct kind number_kind;	/* int */
extern const struct kind bytes_kind;	/* uint64_t, "1G" */
extern const struct kind prom_kind;	/* char *: a path that node_exporter reads */
extern const struct kind ladder_kind;	/* struct ladder */
extern const struct kind bind_kind;	/* bind_to and bind_nodes of struct policy */
extern const struct kind paths_kind;	/* globs of paths */
extern const struct kind units_kind;	/* globs of unit names */
extern const struct kind drivers_kind;	/* globs of module names */
extern const struct kind users_kind;	/* match_user, match_uids of struct policy */

/* The next word of a value, cut out of *rest; NULL: no more. */
char *value_take_word(char **rest);
