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
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/keys.h"
#include "daemon/policy/line.h"
#include "daemon/policy/sentence.h"

static const struct config pristine_config = {
	.mode = MODE_AUDIT,
	.verdict = -1,
};

static const struct policy pristine_policy = {
	.priority = 50,
	.ladder = { .rungs = { ACTION_HOLD }, .n = 1 },
	.confine_max_move_bytes = 1ULL << 30,
	.scope = SCOPE_PROCESS,
	.mode = -1,
};

/* A scalar that this file has set, to refuse it a second time. */
struct seen {
	const struct key *key;
	size_t policy;		/* index; 0 for the other sections */
	unsigned int line;
	struct seen *next;
};

struct parser {
	struct config config;
	struct config_errors errors;
	int failed;		/* -ENOMEM: stop caring */
	/* the file being read */
	const char *path;
	const char *rest;	/* of its text */
	unsigned int line;
	struct seen *seen;
};

/* ---- owning ------------------------------------------------------------- */

static void globs_free(char **globs)
{
	for (char **glob = globs; glob && *glob; glob++)
		free(*glob);
	free(globs);
}

static void policy_free_fields(struct policy *policy)
{
	free(policy->name);
	globs_free(policy->match_cgroup);
	globs_free(policy->match_executable);
	globs_free(policy->match_device);
}

void config_init(struct config *config)
{
	*config = pristine_config;
}

void config_done(struct config *config)
{
	for (size_t i = 0; i < config->n_policies; i++)
		policy_free_fields(&config->policies[i]);
	free(config->policies);
	config_init(config);
}

void config_errors_done(struct config_errors *errors)
{
	for (size_t i = 0; i < errors->n_errors; i++) {
		free(errors->errors[i].path);
		free(errors->errors[i].text);
	}
	free(errors->errors);
	*errors = (struct config_errors){};
}

static void forget_seen(struct parser *parser)
{
	while (parser->seen) {
		struct seen *next = parser->seen->next;

		free(parser->seen);
		parser->seen = next;
	}
}

static void parser_done(struct parser *parser)
{
	config_done(&parser->config);
	config_errors_done(&parser->errors);
	forget_seen(parser);
}

DEFINE_CLEANUP_EMBEDDED(struct parser, parser_done);

/* ---- errors ------------------------------------------------------------- */

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
	struct config_errors *errors = &parser->errors;
	_cleanup_(free) char *owned = text;
	_cleanup_(free) char *path = strdup(parser->path);
	struct config_error *longer;

	longer = reallocarray(errors->errors, errors->n_errors + 1, sizeof(*longer));
	if (longer)
		errors->errors = longer;
	if (!longer || !path || !owned) {
		parser->failed = -ENOMEM;
		return;
	}
	longer[errors->n_errors++] = (struct config_error){
		.path = take_ptr(path),
		.line = parser->line,
		.text = take_ptr(owned),
	};
}

/* ---- sections and keys -------------------------------------------------- */

static struct policy *find_policy(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_policies; i++) {
		if (strcmp(config->policies[i].name, name) == 0)
			return &config->policies[i];
	}
	return NULL;
}

static void add_policy(struct parser *parser, const char *name)
{
	struct config *config = &parser->config;
	_cleanup_(free) char *copy = strdup(name);
	struct policy *longer;

	longer = reallocarray(config->policies, config->n_policies + 1, sizeof(*longer));
	if (longer)
		config->policies = longer;
	if (!longer || !copy) {
		parser->failed = -ENOMEM;
		return;
	}
	longer[config->n_policies] = pristine_policy;
	longer[config->n_policies++].name = take_ptr(copy);
}

/* inih tells of a section only with its first key; a policy exists, and a
 * mistyped section is an error, without any. */
static void on_section(struct parser *parser, const char *text)
{
	_cleanup_(free) char *why = NULL;
	const char *name;

	switch (section_parse(text, &name, &why)) {
	case SECTION_DAEMON:
	case SECTION_HOST:
		break;
	case SECTION_POLICY:
		if (!find_policy(&parser->config, name))
			add_policy(parser, name);
		break;
	case SECTION_UNKNOWN:
		add_error(parser, "%s", why ?: "unknown section");
		break;
	}
}

/* True, and an error, when this file has set the key before. */
static bool is_repeated(struct parser *parser, const struct key *key, size_t policy)
{
	struct seen *seen;

	if (key_is_list(key))
		return false;
	for (seen = parser->seen; seen; seen = seen->next) {
		if (seen->key == key && seen->policy == policy) {
			add_error(parser, "%s= is already set in line %u", key->name,
				  seen->line);
			return true;
		}
	}
	seen = malloc(sizeof(*seen));
	if (!seen) {
		parser->failed = -ENOMEM;
		return true;
	}
	*seen = (struct seen){ key, policy, parser->line, parser->seen };
	parser->seen = seen;
	return false;
}

static void set_value(struct parser *parser, const struct key *key,
		      struct policy *policy, const char *value)
{
	_cleanup_(free) char *why = NULL;
	size_t index = policy ? (size_t)(policy - parser->config.policies) : 0;
	int r;

	if (is_repeated(parser, key, index))
		return;
	if (policy)
		r = key_set(key, value, policy, &pristine_policy, &why);
	else
		r = key_set(key, value, &parser->config, &pristine_config, &why);
	if (r == -EINVAL)
		add_error(parser, "%s=: %s", key->name, why);
	else if (r < 0)
		parser->failed = r;
}

static void refuse_key(struct parser *parser, const char *section, const char *name,
		       const char *nearest)
{
	if (nearest)
		add_error(parser, "unknown key %s= in [%s]; did you mean %s=?", name,
			  section, nearest);
	else
		add_error(parser, "unknown key %s= in [%s]", name, section);
}

/* inih's handler: always 1, because our errors are richer than its own. */
static int on_value(void *user, const char *section, const char *name,
		    const char *value)
{
	struct parser *parser = user;
	struct policy *policy = NULL;
	const char *policy_name, *nearest;
	_cleanup_(free) char *why = NULL;
	enum section kind;
	const struct key *key;

	if (!*section) {
		add_error(parser, "%s= stands before the first [section]", name);
		return 1;
	}
	kind = section_parse(section, &policy_name, &why);
	if (kind == SECTION_UNKNOWN)
		return 1;	/* on_section() has said so */
	if (kind == SECTION_POLICY) {
		policy = find_policy(&parser->config, policy_name);
		if (!policy)
			return 1;	/* no memory for it */
	}
	key = key_find(kind, name, &nearest);
	if (key)
		set_value(parser, key, policy, value);
	else
		refuse_key(parser, section, name, nearest);
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

/* inih's reader, in the manner of fgets(): the next line, or an empty one where
 * the line is bad. */
static char *read_line(char *buf, int size, void *user)
{
	struct parser *parser = user;
	const char *line = parser->rest;
	size_t length = strcspn(line, "\n");
	char section[LINE_MAX_SECTION + 1];
	enum line_kind kind;
	const char *why;

	if (!*line || parser->failed || size < 2)
		return NULL;
	parser->rest += length + (line[length] == '\n');
	parser->line++;
	buf[0] = '\0';
	kind = line_judge(line, length, section, &why);
	if (kind == LINE_BAD)
		add_error(parser, "%s", why);
	if (kind == LINE_SECTION)
		on_section(parser, section);
	if (kind == LINE_SECTION || kind == LINE_KEY)
		copy_line(parser, line, length, buf, (size_t)size);
	return strcat(buf, "\n");
}

static void parse_source(struct parser *parser, const struct config_source *source)
{
	int r;

	parser->path = source->path;
	parser->rest = source->text;
	parser->line = 0;
	r = ini_parse_stream(read_line, parser, on_value, parser);
	if (r == -2)
		parser->failed = -ENOMEM;
	else if (r > 0)	/* line_judge() lets nothing through that inih refuses */
		add_error(parser, "inih cannot parse line %d", r);
	forget_seen(parser);
}

static int compare_policies(const void *a, const void *b)
{
	const struct policy *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

int config_parse(const struct config_source *sources, size_t n_sources,
		 const struct config_lookup *lookup, struct config *ret_config,
		 struct config_errors *ret_errors)
{
	_cleanup_(parser_done) struct parser parser = { .config = pristine_config };

	(void)lookup;
	*ret_errors = (struct config_errors){};
	for (size_t i = 0; i < n_sources && !parser.failed; i++)
		parse_source(&parser, &sources[i]);
	if (parser.failed)
		return parser.failed;
	if (parser.errors.n_errors > 0) {
		*ret_errors = parser.errors;
		parser.errors = (struct config_errors){};
		return -EINVAL;
	}
	if (parser.config.n_policies > 0)
		qsort(parser.config.policies, parser.config.n_policies,
		      sizeof(*parser.config.policies), compare_policies);
	*ret_config = parser.config;
	config_init(&parser.config);
	return 0;
}

/* ---- looking up --------------------------------------------------------- */

const struct policy *config_find_policy(const struct config *config, const char *name)
{
	return find_policy(config, name);
}

bool policy_has_action(const struct policy *policy, enum action action)
{
	for (size_t i = 0; i < policy->ladder.n; i++) {
		if (policy->ladder.rungs[i] == action)
			return true;
	}
	return false;
}

enum mode config_mode(const struct config *config, const struct policy *policy)
{
	return policy->mode >= 0 ? (enum mode)policy->mode : config->mode;
}
