// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only file that knows inih.  inih reads line by line through read_line(),
 * which judges each line first (line.h) and gives inih an empty one in place of
 * a bad one, so that the rest of the file is still checked:
 *
 *      text --read_line()--> inih --on_value()--> key_set() --> struct config
 *              |                       |              |
 *              +------ errors ---------+--------------+
 */
#include "daemon/policy/config.h"

#include <errno.h>
#include <ini.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/keys.h"
#include "daemon/policy/line.h"
#include "daemon/policy/sentence.h"

/* Where a policy is; sections of one name are one policy. */
struct place {
	const char *name;	/* the policy's own */
	size_t index;
};

/* For each key the last assignment, as its index + 1. */
struct last {
	size_t of[KEYS_MAX];
};

struct parser {
	const struct config_lookup *lookup;
	struct config config;
	struct config_errors errors;
	int failed;		/* -ENOMEM: stop caring */
	void *places;		/* tsearch(3) tree of struct place */
	struct last *last;	/* [0]: [Daemon] and [Host]; [i + 1]: policy i */
	/* the file being read */
	const char *path;
	const char *rest;	/* of its text */
	unsigned int line;
	size_t before;		/* assignments of the files before it */
	/* the section being read */
	bool in_section;
	enum section section;
	const char *guessed;	/* its name, where the line was no section for inih */
	size_t policy;		/* index; of SECTION_POLICY */
};

static void parser_done(struct parser *parser)
{
	config_done(&parser->config);
	config_errors_done(&parser->errors);
	tdestroy(parser->places, free);
	free(parser->last);
}

DEFINE_CLEANUP_EMBEDDED(struct parser, parser_done);

/* Room for one more than n.  It is a power of two, so what grows one by one is
 * not moved each time. */
static int make_room(void **array, size_t n, size_t size)
{
	void *longer;

	if ((n & (n - 1)) != 0)
		return 0;
	longer = reallocarray(*array, n ? 2 * n : 1, size);
	if (!longer)
		return -ENOMEM;
	*array = longer;
	return 0;
}

#define MAKE_ROOM(array, n)						\
	__extension__({							\
		void *_array = (array);					\
		int _r = make_room(&_array, (n), sizeof(*(array)));	\
									\
		(array) = _array;					\
		_r;							\
	})

#define add_error(parser, ...)						\
	do {								\
		char *_text = NULL;					\
									\
		(void)sentence_format(&_text, __VA_ARGS__);		\
		take_error(parser, _text);				\
	} while (0)

/* Takes text, which is NULL when there was no memory for it. */
static void take_error(struct parser *parser, char *text)
{
	_cleanup_(free) char *owned = text;

	if (!owned || config_errors_add(&parser->errors, parser->path, parser->line, owned) < 0)
		parser->failed = -ENOMEM;
}

/* ---- sections ----------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

static int append_policy(struct parser *parser, const char *name)
{
	struct config *config = &parser->config;
	_cleanup_(free) struct place *place = malloc(sizeof(*place));
	_cleanup_(free) char *copy = strdup(name);

	if (!place || !copy || MAKE_ROOM(config->policies, config->n_policies) < 0 ||
	    MAKE_ROOM(parser->last, config->n_policies + 1) < 0)
		return -ENOMEM;
	*place = (struct place){ copy, config->n_policies };
	if (!tsearch(place, &parser->places, compare_places))
		return -ENOMEM;
	take_ptr(place);
	config->policies[config->n_policies] = policy_pristine;
	config->policies[config->n_policies++].name = take_ptr(copy);
	parser->last[config->n_policies] = (struct last){};
	return 0;
}

/* Goes on in the policy of that name, a new one if need be. */
static void enter_policy(struct parser *parser, const char *name)
{
	struct place wanted = { .name = name };
	struct place **found = tfind(&wanted, &parser->places, compare_places);
	int r;

	parser->policy = found ? (*found)->index : parser->config.n_policies;
	if (found)
		return;
	r = append_policy(parser, name);
	if (r < 0) {
		parser->failed = r;
		parser->section = SECTION_UNKNOWN;
	}
}

/* What stands below a bad section is judged as of the one that was probably meant:
 * with the error that there is, nothing of it can come into force.  As a policy it
 * has the bad name, which no other has. */
static void guess_section(struct parser *parser, const char *text, const char **ret_name)
{
	parser->section = section_guess(text, ret_name);
	if (parser->section == SECTION_POLICY)
		enter_policy(parser, text);
}

/* inih tells of a section only with its first key; a policy exists, and a
 * mistyped section is an error, without any. */
static void on_section(struct parser *parser, const char *text)
{
	_cleanup_(free) char *why = NULL;
	const char *name;

	parser->in_section = true;
	parser->guessed = NULL;
	parser->section = section_parse(text, &name, &why);
	switch (parser->section) {
	case SECTION_DAEMON:
	case SECTION_HOST:
		break;
	case SECTION_POLICY:
		enter_policy(parser, name);
		break;
	case SECTION_UNKNOWN:
		add_error(parser, "%s", why ?: "unknown section");
		guess_section(parser, text, &name);
		break;
	}
}

/* ---- keys --------------------------------------------------------------- */

/* The keys below a section that inih is not shown are not judged by the one before. */
static void leave_section(struct parser *parser, const char *line, size_t length)
{
	_cleanup_(free) char *text = strndup(line, length);

	parser->in_section = true;
	if (text)
		guess_section(parser, text + strspn(text, "\xef\xbb\xbf \t\r["), &parser->guessed);
	else
		parser->failed = -ENOMEM;
}

static int record(struct parser *parser, const char *section, const struct key *key,
		  const char *value)
{
	struct config *config = &parser->config;
	struct assignment assignment = {
		.section = strdup(section),
		.key = key->name,
		.value = strdup(value),
		.path = strdup(parser->path),
		.line = parser->line,
	};

	if (!assignment.section || !assignment.value || !assignment.path ||
	    MAKE_ROOM(config->assignments, config->n_assignments) < 0) {
		free(assignment.section);
		free(assignment.value);
		free(assignment.path);
		return -ENOMEM;
	}
	config->assignments[config->n_assignments++] = assignment;
	return 0;
}

/* True, and an error, when this file has set the key before. */
static bool is_repeated(struct parser *parser, const struct key *key, size_t last)
{
	if (key_is_list(key) || last <= parser->before)
		return false;
	add_error(parser, "%s= is already set in line %u", key->name,
		  parser->config.assignments[last - 1].line);
	return true;
}

static void set_value(struct parser *parser, const char *section, const struct key *key,
		      const char *value)
{
	bool of_policy = parser->section == SECTION_POLICY;
	struct config *config = &parser->config;
	void *object = of_policy ? (void *)&config->policies[parser->policy] : (void *)config;
	size_t *last = &parser->last[of_policy ? parser->policy + 1 : 0].of[key - keys];
	_cleanup_(free) char *why = NULL;
	int r = 0;

	if (!is_repeated(parser, key, *last)) {
		r = record(parser, section, key, value);
		*last = config->n_assignments;
	}
	if (r == 0)
		r = key_set(key, value, parser->lookup, object, &why);
	if (r == -EINVAL)
		add_error(parser, "%s=: %s", key->name, why);
	else if (r < 0)
		parser->failed = r;
}

static void refuse_key(struct parser *parser, const char *section, const char *name,
		       const char *nearest)
{
	const char *elsewhere = key_find_section(name);

	add_error(parser, "unknown key %s= in [%s]%s%s%s", name, section,
		  elsewhere ? "; it belongs in [" : nearest ? "; did you mean " : "",
		  elsewhere ?: nearest ?: "", elsewhere ? "]" : nearest ? "=?" : "");
}

/* inih's handler: always 1, because our errors are richer than its own. */
static int on_value(void *user, const char *section, const char *name,
		    const char *value)
{
	struct parser *parser = user;
	const struct key *key;
	const char *nearest;

	if (!parser->in_section) {
		add_error(parser, "%s= stands before the first [section]", name);
		return 1;
	}
	if (parser->section == SECTION_UNKNOWN)
		return 1;	/* which has been said */
	key = key_find(parser->section, name, &nearest);
	if (key)
		set_value(parser, section, key, value);
	else
		refuse_key(parser, parser->guessed ?: section, name, nearest);
	return 1;
}

/* ---- reading ------------------------------------------------------------ */

/* Hands a line to inih, without its newline. */
static void copy_line(struct parser *parser, const char *line, size_t length, char *buf,
		      size_t size)
{
	if (length > size - 2) {
		add_error(parser, "line too long for this build of inih");
		return;
	}
	memcpy(buf, line, length);
	buf[length] = '\0';
}

static void on_line(struct parser *parser, const char *line, size_t length, char *buf,
		    size_t size)
{
	char section[LINE_MAX_SECTION + 1];
	const char *why;

	switch (line_judge(line, length, section, &why)) {
	case LINE_EMPTY:
		break;
	case LINE_SECTION:
		on_section(parser, section);
		copy_line(parser, line, length, buf, size);
		break;
	case LINE_KEY:
		copy_line(parser, line, length, buf, size);
		break;
	case LINE_BAD_SECTION:
		leave_section(parser, line, length);
		add_error(parser, "%s", why);
		break;
	case LINE_BAD:
		add_error(parser, "%s", why);
		break;
	}
}

/* inih's reader, in the manner of fgets(): the next line, or an empty one where
 * the line is bad. */
static char *read_line(char *buf, int size, void *user)
{
	struct parser *parser = user;
	const char *line = parser->rest;
	size_t length = strcspn(line, "\n");

	if (!*line || parser->failed || size < 2)
		return NULL;
	parser->rest += length + (line[length] == '\n');
	parser->line++;
	buf[0] = '\0';
	on_line(parser, line, length, buf, (size_t)size);
	return strcat(buf, "\n");
}

static void parse_source(struct parser *parser, const struct config_source *source)
{
	int r;

	parser->path = source->path;
	parser->rest = source->text;
	parser->line = 0;
	parser->before = parser->config.n_assignments;
	parser->in_section = false;
	r = ini_parse_stream(read_line, parser, on_value, parser);
	if (r == -2)
		parser->failed = -ENOMEM;
	else if (r > 0)	/* line_judge() lets nothing through that inih refuses */
		add_error(parser, "inih cannot parse line %d", r);
}

static int compare_policies(const void *a, const void *b)
{
	const struct policy *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int parse_sources(struct parser *parser, const struct config_source *sources, size_t n)
{
	parser->last = calloc(1, sizeof(*parser->last));
	if (!parser->last)
		return -ENOMEM;
	for (size_t i = 0; i < n && !parser->failed; i++)
		parse_source(parser, &sources[i]);
	if (parser->failed)
		return parser->failed;
	return parser->errors.n_errors > 0 ? -EINVAL : 0;
}

int config_parse(const struct config_source *sources, size_t n_sources,
		 const struct config_lookup *lookup, struct config *ret_config,
		 struct config_errors *ret_errors)
{
	_cleanup_(parser_done) struct parser parser = {
		.lookup = lookup,
		.config = config_pristine,
	};
	int r = parse_sources(&parser, sources, n_sources);

	*ret_errors = (struct config_errors){};
	if (r == -EINVAL) {
		*ret_errors = parser.errors;
		parser.errors = (struct config_errors){};
	}
	if (r < 0)
		return r;
	if (parser.config.n_policies > 0)
		qsort(parser.config.policies, parser.config.n_policies,
		      sizeof(*parser.config.policies), compare_policies);
	*ret_config = parser.config;
	config_init(&parser.config);
	return 0;
}
