// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/nearest.h"
#include "daemon/policy/sentence.h"

/* An enum is an int to us: words are stored through one kind of pointer. */
_Static_assert(sizeof(enum mode) == sizeof(int), "enums have the size of int");

static void *field_of(const struct key *key, void *object)
{
	return (char *)object + key->offset;
}

char *value_take_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	char *end = word + strcspn(word, " \t");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

/* ---- words ---------------------------------------------------------------- */

static const char *find_nearest(const struct key *key, const char *value)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;

	for (const struct word *word = key->words; word->name; word++) {
		size_t distance = nearest_distance(value, word->name);

		if (distance < best) {
			best = distance;
			nearest = word->name;
		}
	}
	return nearest;
}

/* else_: what may stand there instead of a word, or "". */
static int refuse_word(const struct key *key, const char *value, const char *else_,
		       char **ret_why)
{
	const char *nearest = find_nearest(key, value);
	_cleanup_(free) char *names = NULL;
	int r;

	for (const struct word *word = key->words; word->name; word++) {
		_cleanup_(free) char *before = take_ptr(names);

		r = sentence_format_part(&names, "%s%s%s", before ?: "",
					 before ? ", " : "", word->name);
		if (r < 0)
			return r;
	}
	r = sentence_format_part(ret_why, "'%s' is none of: %s%s%s%s%s", value, names, else_,
				 nearest ? "; did you mean " : "", nearest ?: "",
				 nearest ? "?" : "");
	return r < 0 ? r : -EINVAL;
}

/* False: none of the key's words. */
static bool find_word(const struct key *key, const char *value, int *ret_value)
{
	for (const struct word *word = key->words; word->name; word++) {
		if (strcmp(word->name, value) == 0) {
			*ret_value = word->value;
			return true;
		}
	}
	return false;
}

static int parse_word(const struct key *key, const char *value,
		      const struct config_lookup *lookup, void *object, char **ret_why)
{
	(void)lookup;
	if (find_word(key, value, field_of(key, object)))
		return 0;
	return refuse_word(key, value, "", ret_why);
}

const struct kind word_kind = { .parse = parse_word };

static int parse_flag(const struct key *key, const char *value,
		      const struct config_lookup *lookup, void *object, char **ret_why)
{
	int word;

	(void)lookup;
	if (!find_word(key, value, &word))
		return refuse_word(key, value, "", ret_why);
	*(bool *)field_of(key, object) = word;
	return 0;
}

const struct kind flag_kind = { .parse = parse_flag };

/* ---- the ladder ----------------------------------------------------------- */

static bool has_rung(const struct ladder *ladder, int action)
{
	for (size_t i = 0; i < ladder->n; i++) {
		if (ladder->rungs[i] == (enum action)action)
			return true;
	}
	return false;
}

static int add_rung(const struct key *key, const char *word, struct ladder *ladder,
		    char **ret_why)
{
	int action, r;

	if (!find_word(key, word, &action))
		return refuse_word(key, word, "", ret_why);
	if (has_rung(ladder, action)) {
		r = sentence_format_part(ret_why, "'%s' stands there twice", word);
		return r < 0 ? r : -EINVAL;
	}
	ladder->rungs[ladder->n++] = (enum action)action;
	return 0;
}

static int parse_ladder(const struct key *key, const char *value,
			const struct config_lookup *lookup, void *object, char **ret_why)
{
	_cleanup_(free) char *words = strdup(value);
	struct ladder ladder = {};
	char *rest = words, *word;
	int r = 0;

	(void)lookup;
	if (!words)
		return -ENOMEM;
	while (r == 0 && (word = value_take_word(&rest)))
		r = add_rung(key, word, &ladder, ret_why);
	if (r < 0)
		return r;
	if (ladder.n > 1 && has_rung(&ladder, ACTION_NONE)) {
		r = sentence_format_part(ret_why, "'none' stands alone: nothing is tried beside it");
		return r < 0 ? r : -EINVAL;
	}
	*(struct ladder *)field_of(key, object) = ladder;
	return 0;
}

const struct kind ladder_kind = { .parse = parse_ladder };

/* ---- numbers -------------------------------------------------------------- */

static int parse_number(const struct key *key, const char *value,
			const struct config_lookup *lookup, void *object, char **ret_why)
{
	char *end;
	long number;
	int r;

	(void)lookup;
	errno = 0;
	number = strtol(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || number < key->min ||
	    number > key->max) {
		r = sentence_format_part(ret_why, "'%s' is not a number from %ld to %ld",
					 value, key->min, key->max);
		return r < 0 ? r : -EINVAL;
	}
	*(int *)field_of(key, object) = (int)number;
	return 0;
}

const struct kind number_kind = { .parse = parse_number };

/* The shift of a size's suffix, or -1. */
static int find_shift(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *letter = strchr(letters, *suffix);

	if (!*suffix)
		return 0;
	if (!letter || suffix[1])
		return -1;
	return 10 * (int)(letter - letters + 1);
}

static int parse_bytes(const struct key *key, const char *value,
		       const struct config_lookup *lookup, void *object, char **ret_why)
{
	unsigned long long number;
	char *end;
	int shift;
	int r;

	(void)lookup;
	errno = 0;
	number = strtoull(value, &end, 10);
	shift = find_shift(end);
	if (!isdigit((unsigned char)*value) || shift < 0 || errno ||
	    number > UINT64_MAX >> shift) {
		r = sentence_format_part(ret_why,
					 "'%s' is not a size like 0, 4096, 64K, 1M, 2G", value);
		return r < 0 ? r : -EINVAL;
	}
	*(uint64_t *)field_of(key, object) = (uint64_t)number << shift;
	return 0;
}

const struct kind bytes_kind = { .parse = parse_bytes };

/* ---- nodes ---------------------------------------------------------------- */

static int parse_bind(const struct key *key, const char *value,
		      const struct config_lookup *lookup, void *object, char **ret_why)
{
	struct policy *policy = object;
	struct nodeset nodes = {};
	int word = BIND_TO_LIST, r;

	(void)lookup;
	if (!find_word(key, value, &word)) {
		if (!isdigit((unsigned char)*value))
			return refuse_word(key, value, ", or a list of nodes like 0,2-3", ret_why);
		if (nodeset_parse(value, &nodes) < 0 || nodeset_next(&nodes, MODEL_NODES) >= 0) {
			r = sentence_format_part(ret_why, "'%s' is not a list of nodes like"
						 " 0,2-3, of numbers up to %d", value,
						 MODEL_NODES - 1);
			return r < 0 ? r : -EINVAL;
		}
	}
	policy->bind_to = (enum bind_to)word;
	policy->bind_nodes = nodes;
	return 0;
}

const struct kind bind_kind = { .parse = parse_bind };

/* ---- paths of ours -------------------------------------------------------- */

static void release_text(const struct key *key, void *object)
{
	free(*(char **)field_of(key, object));
}

static bool is_prom(const char *path)
{
	size_t length = strlen(path), suffix = strlen(".prom");

	return *path == '/' && length > suffix + 1 &&
	       strcmp(path + length - suffix, ".prom") == 0 && path[length - suffix - 1] != '/';
}

static int parse_prom(const struct key *key, const char *value,
		      const struct config_lookup *lookup, void *object, char **ret_why)
{
	char **path = field_of(key, object), *copy;
	int r;

	(void)lookup;
	if (!is_prom(value)) {
		r = sentence_format_part(ret_why, "'%s' is not an absolute path that ends in .prom;"
					 " node_exporter reads no other files", value);
		return r < 0 ? r : -EINVAL;
	}
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*path);
	*path = copy;
	return 0;
}

const struct kind prom_kind = { .parse = parse_prom, .release = release_text };
