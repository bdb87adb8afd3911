// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/glob.h"
#include "daemon/base/unit.h"
#include "daemon/policy/sentence.h"

/* ---- lists of words -------------------------------------------------------- */

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void free_list(char **list)
{
	for (char **word = list; word && *word; word++)
		free(*word);
	free(list);
}

/* Puts a copy behind the n words there are.  The room is a power of two, so it
 * is full when n and the end make one: appending stays cheap. */
static int append(char ***list, size_t n, const char *word)
{
	_cleanup_(free) char *copy = strdup(word);

	if (!copy)
		return -ENOMEM;
	if (((n + 1) & n) == 0) {
		char **longer = reallocarray(*list, 2 * (n + 1), sizeof(*longer));

		if (!longer)
			return -ENOMEM;
		*list = longer;
	}
	(*list)[n] = take_ptr(copy);
	(*list)[n + 1] = NULL;
	return 0;
}

/* ---- patterns -------------------------------------------------------------- */

static bool has_empty_range(const char *member, const char *end)
{
	for (; member < end; member++) {
		if (member[1] != '-' || member + 2 >= end)
			continue;
		if ((unsigned char)member[0] > (unsigned char)member[2])
			return true;
		member += 2;
	}
	return false;
}

/* *glob is at "[", and at its "]" afterwards. */
static const char *judge_class(const char **glob)
{
	/* "]" right after "[" or "[!" is a member */
	const char *first = *glob + 1 + ((*glob)[1] == '!' || (*glob)[1] == '^');
	const char *end = *first ? strchr(first + 1, ']') : NULL;

	if (!end)
		return "has a \"[\" without \"]\"";
	if (has_empty_range(first, end))
		return "has a range from a later to an earlier character";
	*glob = end;
	return NULL;
}

/* What glob_match() takes literally, or for nothing; nobody means that. */
static const char *judge_syntax(const char *glob)
{
	const char *why = NULL;

	for (; *glob && !why; glob++) {
		if (*glob == '\\') {
			if (!*++glob)
				return "ends in a backslash; the character itself is written twice";
		} else if (*glob == '[') {
			why = judge_class(&glob);
		}
	}
	return why;
}

static bool is_literal(const char *glob)
{
	return glob[glob_literal_length(glob)] == '\0';
}

/* Judges say what is wrong with a pattern; NULL: nothing. */
static const char *judge_glob(const char *glob)
{
	if (*glob == '#')
		return "is no pattern; a comment behind a value begins with \" ;\"";
	return judge_syntax(glob);
}

/* Paths are compared as the kernel shows them, and the folders are walked down
 * only. */
static bool has_dots(const char *glob)
{
	for (const char *part = glob; (part = strchr(part, '/')); ) {
		size_t length = strcspn(++part, "/");

		if (length > 0 && length <= 2 && strspn(part, ".") >= length)
			return true;
	}
	return false;
}

static const char *judge_path(const char *glob)
{
	const char *why = judge_glob(glob);

	if (!why && *glob != '/' && strncmp(glob, "**", 2) != 0)
		return "is not an absolute path, nor does it begin with \"**\"";
	if (!why && has_dots(glob))
		return "has a \".\" or \"..\" in it, which no path has";
	return why;
}

static const char *judge_unit(const char *glob)
{
	const char *why = judge_glob(glob);
	size_t length = strlen(glob);

	if (why)
		return why;
	if (strchr(glob, '/'))
		return "is a path; those go into MatchCGroup=";
	if (length >= 6 && strcmp(glob + length - 6, ".slice") == 0)
		return "is a slice; those go into MatchCGroup=, with their path";
	if (is_literal(glob) && !unit_is_name(glob))
		return "is no name of a unit such as a.service or a.scope";
	return NULL;
}

/* Outside of "[a-z]". */
static bool has_dash(const char *glob)
{
	bool is_inside = false;

	for (; *glob; glob++) {
		if (*glob == '-' && !is_inside)
			return true;
		is_inside = *glob == '[' || (is_inside && *glob != ']');
	}
	return false;
}

static const char *judge_driver(const char *glob)
{
	const char *why = judge_glob(glob);

	if (why)
		return why;
	if (strchr(glob, '/'))
		return "is a path; a driver is named as lsmod(8) shows it";
	if (has_dash(glob))
		return "has a \"-\", where the kernel's names of modules have \"_\"";
	return NULL;
}

static int parse_globs(const struct key *key, const char *value,
		       const char *(*judge)(const char *glob), void *object, char **ret_why)
{
	char ***globs = (char ***)(void *)((char *)object + key->offset);
	_cleanup_(free) char *words = strdup(value);
	char *rest = words, *word;
	size_t n = count(*globs);
	int r = words ? 0 : -ENOMEM;

	while (r == 0 && (word = value_take_word(&rest))) {
		const char *why = judge(word);

		if (why)
			r = sentence_format_part(ret_why, "'%s' %s", word, why) ?: -EINVAL;
		else
			r = append(globs, n++, word);
	}
	return r;
}

static void release_list(const struct key *key, void *object)
{
	free_list(*(char ***)(void *)((char *)object + key->offset));
}

static int parse_paths(const struct key *key, const char *value,
		       const struct config_lookup *lookup, void *object, char **ret_why)
{
	(void)lookup;
	return parse_globs(key, value, judge_path, object, ret_why);
}

static int parse_units(const struct key *key, const char *value,
		       const struct config_lookup *lookup, void *object, char **ret_why)
{
	(void)lookup;
	return parse_globs(key, value, judge_unit, object, ret_why);
}

static int parse_drivers(const struct key *key, const char *value,
			 const struct config_lookup *lookup, void *object, char **ret_why)
{
	(void)lookup;
	return parse_globs(key, value, judge_driver, object, ret_why);
}

const struct kind paths_kind = { parse_paths, release_list, true };
const struct kind units_kind = { parse_units, release_list, true };
const struct kind drivers_kind = { parse_drivers, release_list, true };

/* ---- users ----------------------------------------------------------------- */

/* (uid_t)-1 means "nobody in particular" to the kernel. */
static bool parse_uid(const char *word, uid_t *ret_uid)
{
	unsigned long long number;

	if (word[strspn(word, "0123456789")])
		return false;
	number = strtoull(word, NULL, 10);
	*ret_uid = (uid_t)number;
	return number < (uid_t)-1;
}

static int find_user(const char *word, const struct config_lookup *lookup, uid_t *ret_uid,
		     char **ret_why)
{
	int r;

	if (parse_uid(word, ret_uid))
		return 0;
	if (isdigit((unsigned char)*word))
		r = sentence_format_part(ret_why, "'%s' is no user's number", word);
	else if (!lookup || !lookup->find_user)
		r = sentence_format_part(ret_why, "'%s': users are not looked up here; use numbers",
					 word);
	else {
		r = lookup->find_user(word, ret_uid);
		if (r >= 0 || r == -ENOMEM)
			return r;
		if (r == -ENOENT)
			r = sentence_format_part(ret_why, "no user '%s' on this host", word);
		else
			r = sentence_format_part(ret_why, "cannot look up user '%s': %s", word,
						 strerror(-r));
	}
	return r < 0 ? r : -EINVAL;
}

static int add_user(struct policy *policy, const char *word, uid_t uid)
{
	size_t n = policy->n_match_uids;
	int r;

	if ((n & (n - 1)) == 0) {
		uid_t *longer = reallocarray(policy->match_uids, n ? 2 * n : 1, sizeof(*longer));

		if (!longer)
			return -ENOMEM;
		policy->match_uids = longer;
	}
	r = append(&policy->match_user, n, word);
	if (r < 0)
		return r;
	policy->match_uids[policy->n_match_uids++] = uid;
	return 0;
}

static int parse_users(const struct key *key, const char *value,
		       const struct config_lookup *lookup, void *object, char **ret_why)
{
	_cleanup_(free) char *words = strdup(value);
	char *rest = words, *word;
	int r = words ? 0 : -ENOMEM;

	(void)key;
	while (r == 0 && (word = value_take_word(&rest))) {
		uid_t uid;

		r = find_user(word, lookup, &uid, ret_why);
		if (r == 0)
			r = add_user(object, word, uid);
	}
	return r;
}

static void release_users(const struct key *key, void *object)
{
	struct policy *policy = object;

	(void)key;
	free_list(policy->match_user);
	free(policy->match_uids);
}

const struct kind users_kind = { parse_users, release_users, true };
