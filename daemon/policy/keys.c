// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/keys.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/nearest.h"
#include "daemon/policy/sentence.h"

#define BLANKS	" \t"

/* ---- kinds of value ----------------------------------------------------- */

static int refuse_word(const struct key *key, const char *value, char **ret_why)
{
	_cleanup_(free) char *names = NULL;
	int r;

	for (const struct word *word = key->words; word->name; word++) {
		_cleanup_(free) char *before = take_ptr(names);

		r = sentence_format_part(&names, "%s%s%s", before ?: "",
					 before ? ", " : "", word->name);
		if (r < 0)
			return r;
	}
	r = sentence_format_part(ret_why, "'%s' is none of: %s", value, names);
	return r < 0 ? r : -EINVAL;
}

static int parse_word(const struct key *key, const char *value, void *field,
		      char **ret_why)
{
	for (const struct word *word = key->words; word->name; word++) {
		if (strcmp(word->name, value) == 0) {
			*(int *)field = word->value;
			return 0;
		}
	}
	return refuse_word(key, value, ret_why);
}

static int parse_flag(const struct key *key, const char *value, void *field,
		      char **ret_why)
{
	int word = 0;
	int r = parse_word(key, value, &word, ret_why);

	if (r == 0)
		*(bool *)field = word;
	return r;
}

static int parse_number(const struct key *key, const char *value, void *field,
			char **ret_why)
{
	char *end;
	long number;
	int r;

	errno = 0;
	number = strtol(value, &end, 10);
	if (end == value || *end || errno || number < key->min || number > key->max) {
		r = sentence_format_part(ret_why, "'%s' is not a number from %ld to %ld",
					 value, key->min, key->max);
		return r < 0 ? r : -EINVAL;
	}
	*(int *)field = (int)number;
	return 0;
}

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

static int parse_bytes(const struct key *key, const char *value, void *field,
		       char **ret_why)
{
	unsigned long long number;
	char *end;
	int shift;
	int r;

	(void)key;
	errno = 0;
	number = strtoull(value, &end, 10);
	shift = find_shift(end);
	if (!isdigit((unsigned char)*value) || shift < 0 || errno ||
	    number > UINT64_MAX >> shift) {
		r = sentence_format_part(ret_why,
					 "'%s' is not a size like 0, 4096, 64K, 1M, 2G", value);
		return r < 0 ? r : -EINVAL;
	}
	*(uint64_t *)field = (uint64_t)number << shift;
	return 0;
}

/* glob_match() takes a "[" without "]" literally; nobody means that. */
static bool is_closed(const char *glob)
{
	const char *open = strrchr(glob, '[');

	return !open || strchr(open, ']');
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

/* What is wrong with a pattern; NULL: nothing. */
static const char *judge_glob(const char *glob)
{
	if (*glob == '#')
		return "is no pattern; a comment behind a value begins with \" ;\"";
	if (*glob != '/' && strncmp(glob, "**", 2) != 0)
		return "is not an absolute path, nor does it begin with \"**\"";
	if (!is_closed(glob))
		return "has a \"[\" without \"]\"";
	if (has_dots(glob))
		return "has a \".\" or \"..\" in it, which no path has";
	return NULL;
}

static int append_glob(char ***globs, const char *glob)
{
	_cleanup_(free) char *copy = strdup(glob);
	size_t n = 0;
	char **longer;

	while (*globs && (*globs)[n])
		n++;
	longer = reallocarray(*globs, n + 2, sizeof(*longer));
	if (longer)
		*globs = longer;
	if (!longer || !copy)
		return -ENOMEM;
	longer[n] = take_ptr(copy);
	longer[n + 1] = NULL;
	return 0;
}

static int parse_glob(const char *glob, char ***globs, char **ret_why)
{
	const char *why = judge_glob(glob);
	int r;

	if (!why)
		return append_glob(globs, glob);
	r = sentence_format_part(ret_why, "'%s' %s", glob, why);
	return r < 0 ? r : -EINVAL;
}

static int parse_globs(const struct key *key, const char *value, void *field,
		       char **ret_why)
{
	_cleanup_(free) char *words = strdup(value);
	char *rest;
	int r;

	(void)key;
	if (!words)
		return -ENOMEM;
	for (char *word = strtok_r(words, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		r = parse_glob(word, field, ret_why);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the table ---------------------------------------------------------- */

static const struct word modes[] = {
	{ "audit", MODE_AUDIT },
	{ "enforce", MODE_ENFORCE },
	{ NULL, 0 },
};

static const struct word reaches[] = {
	{ "scoped", false },
	{ "everywhere", true },
	{ NULL, 0 },
};

static const struct word verdicts[] = {
	{ "auto", -1 },
	{ "affected", VERDICT_AFFECTED },
	{ "fixed", VERDICT_FIXED },
	{ "unknown", VERDICT_UNKNOWN },
	{ NULL, 0 },
};

static const struct word actions[] = {
	{ "none", ACTION_NONE },
	{ "hold", ACTION_HOLD },
	{ NULL, 0 },
};

static const struct word scopes[] = {
	{ "process", SCOPE_PROCESS },
	{ "cgroup", SCOPE_CGROUP },
	{ NULL, 0 },
};

/* An enum is an int to us: words are stored through one kind of pointer. */
_Static_assert(sizeof(enum mode) == sizeof(int), "enums have the size of int");

#define FIELD(type, field)	offsetof(struct type, field), sizeof(((struct type *)0)->field)

static const struct key keys[] = {
	{ SECTION_DAEMON, "Mode", FIELD(config, mode), parse_word, modes, 0, 0 },
	{ SECTION_DAEMON, "SweepIntervalSec", FIELD(config, sweep_interval_sec),
	  parse_number, NULL, 1, 86400 },
	{ SECTION_DAEMON, "HoldOnPin", FIELD(config, hold_on_pin_everywhere),
	  parse_flag, reaches, 0, 0 },
	{ SECTION_HOST, "KernelVerdict", FIELD(config, verdict), parse_word, verdicts,
	  0, 0 },
	{ SECTION_POLICY, "Priority", FIELD(policy, priority), parse_number, NULL,
	  0, 1000 },
	{ SECTION_POLICY, "MatchCGroup", FIELD(policy, match_cgroup), parse_globs,
	  NULL, 0, 0 },
	{ SECTION_POLICY, "MatchExecutable", FIELD(policy, match_executable),
	  parse_globs, NULL, 0, 0 },
	{ SECTION_POLICY, "MatchDevice", FIELD(policy, match_device), parse_globs,
	  NULL, 0, 0 },
	{ SECTION_POLICY, "MatchPinnedMin", FIELD(policy, match_pinned_min),
	  parse_bytes, NULL, 0, 0 },
	{ SECTION_POLICY, "Action", FIELD(policy, action), parse_word, actions, 0, 0 },
	{ SECTION_POLICY, "Scope", FIELD(policy, scope), parse_word, scopes, 0, 0 },
	{ SECTION_POLICY, "Mode", FIELD(policy, mode), parse_word, modes, 0, 0 },
};

#define N_KEYS	(sizeof(keys) / sizeof(keys[0]))

const struct key *key_find(enum section section, const char *name,
			   const char **ret_nearest)
{
	size_t best = SIZE_MAX;

	*ret_nearest = NULL;
	for (const struct key *key = keys; key < keys + N_KEYS; key++) {
		size_t distance;

		if (key->section != section)
			continue;
		if (strcmp(key->name, name) == 0)
			return key;
		distance = nearest_distance(name, key->name);
		if (distance < best) {
			best = distance;
			*ret_nearest = key->name;
		}
	}
	return NULL;
}

bool key_is_list(const struct key *key)
{
	return key->parse == parse_globs;
}

static void free_globs(char ***globs)
{
	for (char **glob = *globs; glob && *glob; glob++)
		free(*glob);
	free(take_ptr(*globs));
}

int key_set(const struct key *key, const char *value, void *object,
	    const void *pristine, char **ret_why)
{
	void *field = (char *)object + key->offset;

	if (*value)
		return key->parse(key, value, field, ret_why);
	if (key_is_list(key))
		free_globs(field);
	else
		memcpy(field, (const char *)pristine + key->offset, key->size);
	return 0;
}

/* ---- sections ----------------------------------------------------------- */

static const char policy_word[] = "Policy ";

/* Names of policies go into metrics, JSON and the ledger unquoted. */
static bool is_policy_name(const char *name)
{
	return isalnum((unsigned char)*name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_.-") == strlen(name);
}

/* Only the first word can be mistyped: "[Polcy x]". */
static const char *find_nearest_section(const char *text)
{
	static const char *const words[] = { "Daemon", "Host", "Policy" };
	const char *nearest = NULL;
	size_t best = SIZE_MAX;
	char first[64];

	if (strlen(text) >= sizeof(first))
		return NULL;
	first[0] = '\0';
	strncat(first, text, strcspn(text, BLANKS));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t distance = nearest_distance(first, words[i]);

		if (distance < best) {
			best = distance;
			nearest = words[i];
		}
	}
	return nearest;
}

static enum section refuse_section(const char *text, char **ret_why)
{
	const char *nearest = find_nearest_section(text);

	if (!nearest)
		sentence_format_part(ret_why, "unknown section [%s]; there are [Daemon],"
				     " [Host] and [Policy NAME]", text);
	else
		sentence_format_part(ret_why, "unknown section [%s]; did you mean [%s%s]?",
				     text, nearest, strcmp(nearest, "Policy") ? "" : " NAME");
	return SECTION_UNKNOWN;
}

enum section section_parse(const char *text, const char **ret_name, char **ret_why)
{
	*ret_name = NULL;
	*ret_why = NULL;
	if (strcmp(text, "Daemon") == 0)
		return SECTION_DAEMON;
	if (strcmp(text, "Host") == 0)
		return SECTION_HOST;
	if (strncmp(text, policy_word, strlen(policy_word)) != 0)
		return refuse_section(text, ret_why);
	*ret_name = text + strlen(policy_word);
	if (is_policy_name(*ret_name))
		return SECTION_POLICY;
	sentence_format_part(ret_why, "'%s' is not a name for a policy: letters, digits, \"_\","
			     " \".\" and \"-\", the first a letter or digit", *ret_name);
	return SECTION_UNKNOWN;
}
