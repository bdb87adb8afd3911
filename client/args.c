// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/timespan.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/nearest.h"

/* One pass over argv; the operands gather at argv[1]. */
struct reader {
	const struct verb *verbs;
	struct request *request;
	int argc;
	char **argv;
	int at;			/* the word now looked at */
	int n_operands;		/* with the verb */
	bool is_over;		/* "--" was seen: only operands follow */
	unsigned int given;	/* VERB_* of options that were used */
	char *error;
};

static int refuse(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct reader *reader, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&reader->error, format, ap);
	va_end(ap);
	if (r < 0) {
		reader->error = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

const struct verb *args_find_verb(const struct verb *verbs, const char *name)
{
	const struct verb *verb;

	for (verb = verbs; verb->name; verb++) {
		if (strcmp(verb->name, name) == 0)
			return verb;
		if (verb->alias && strcmp(verb->alias, name) == 0)
			return verb;
	}
	return NULL;
}

const struct verb *args_nearest_verb(const struct verb *verbs, const char *word)
{
	const struct verb *verb, *nearest = NULL;
	size_t best = SIZE_MAX;

	for (verb = verbs; verb->name; verb++) {
		size_t mistakes = nearest_distance(word, verb->name);

		if (mistakes < best) {
			nearest = verb;
			best = mistakes;
		}
	}
	return nearest;
}

static int refuse_verb(struct reader *reader, const char *word)
{
	const struct verb *nearest = args_nearest_verb(reader->verbs, word);

	if (!nearest)
		return refuse(reader, "%s: no such verb", word);
	return refuse(reader, "%s: no such verb; did you mean \"%s\"?", word, nearest->name);
}

static int take_operand(struct reader *reader, char *word)
{
	struct request *request = reader->request;

	reader->argv[1 + reader->n_operands++] = word;
	if (request->verb) {
		if (request->verb->takes & VERB_COMMAND)
			reader->is_over = true;
		return 0;
	}
	request->verb = args_find_verb(reader->verbs, word);
	return request->verb ? 0 : refuse_verb(reader, word);
}

static int take_for(struct reader *reader, const char *value)
{
	int r = timespan_parse(value, &reader->request->for_usec);

	if (r == -ERANGE)
		return refuse(reader, "--for %s: longer than can be counted", value);
	if (r < 0)
		return refuse(reader,
			      "--for %s: not a time; write 90s, 10min, 2h or \"1d 6h\"",
			      value);
	if (reader->request->for_usec == 0)
		return refuse(reader, "--for %s: without a length; leave --for out to "
			      "release until the target is gone", value);
	return 0;
}

static int take_config(struct reader *reader, const char *value)
{
	reader->request->config_dir = value;
	return 0;
}

static int take_snapshot(struct reader *reader, const char *value)
{
	reader->request->snapshot = value;
	return 0;
}

static int take_max_remote(struct reader *reader, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	const char *rest = value + digits;
	long percent = strtol(value, NULL, 10);

	if (digits == 0 || (*rest && strcmp(rest, "%") != 0) || percent > 100)
		return refuse(reader, "--max-remote-pinned %s: not a percentage from 0 to 100",
			      value);
	reader->request->has_max_remote = true;
	reader->request->max_remote_percent = (unsigned int)percent;
	return 0;
}

/* Options with a value, as "--for TIME" or "--for=TIME". */
static const struct valued_option {
	const char *name;
	unsigned int takes;	/* VERB_* */
	const char *missing;
	int (*take)(struct reader *reader, const char *value);
} valued_options[] = {
	{ "--for", VERB_FOR, "a time is missing, such as 10min", take_for },
	{ "--config", VERB_CONFIG, "a folder is missing, such as /etc/pinsafe", take_config },
	{ "--snapshot", VERB_SNAPSHOT, "a file is missing, or - for standard input",
	  take_snapshot },
	{ "--max-remote-pinned", VERB_MAX_REMOTE, "a percentage is missing, such as 10",
	  take_max_remote },
};

#define N_VALUED	(sizeof(valued_options) / sizeof(valued_options[0]))

static const struct valued_option *find_valued(const char *word)
{
	size_t len = strcspn(word, "="), i;

	for (i = 0; i < N_VALUED; i++)
		if (strncmp(word, valued_options[i].name, len) == 0 &&
		    valued_options[i].name[len] == '\0')
			return &valued_options[i];
	return NULL;
}

static int take_valued(struct reader *reader, const struct valued_option *option,
		       const char *word)
{
	const char *value = strchr(word, '=');

	if (value)
		value++;
	else if (reader->at + 1 < reader->argc)
		value = reader->argv[++reader->at];
	if (!value || *value == '\0')
		return refuse(reader, "%s: %s", option->name, option->missing);
	reader->given |= option->takes;
	return option->take(reader, value);
}

/* A word of one dash: letters, each an option. */
static int take_letters(struct reader *reader, const char *word)
{
	struct request *request = reader->request;
	const char *letter;

	for (letter = word + 1; *letter; letter++) {
		switch (*letter) {
		case 'q':
			request->quiet = true;
			break;
		case 'h':
			request->help = true;
			break;
		case 'V':
			request->version = true;
			break;
		case 'a':
			request->all = true;
			reader->given |= VERB_ALL;
			break;
		default:
			return refuse(reader, "%s: no such option", word);
		}
	}
	return 0;
}

static int take_option(struct reader *reader, char *word)
{
	struct request *request = reader->request;
	const struct valued_option *valued = find_valued(word);

	if (word[1] != '-')
		return take_letters(reader, word);
	if (valued)
		return take_valued(reader, valued, word);
	if (strcmp(word, "--quiet") == 0)
		return take_letters(reader, "-q");
	if (strcmp(word, "--help") == 0)
		return take_letters(reader, "-h");
	if (strcmp(word, "--version") == 0)
		return take_letters(reader, "-V");
	if (strcmp(word, "--all") == 0)
		return take_letters(reader, "-a");
	if (strcmp(word, "--json") == 0) {
		request->json = true;
		reader->given |= VERB_JSON;
		return 0;
	}
	return refuse(reader, "%s: no such option", word);
}

static int take_word(struct reader *reader, char *word)
{
	if (reader->is_over || word[0] != '-' || word[1] == '\0')
		return take_operand(reader, word);
	if (strcmp(word, "--") == 0) {
		reader->is_over = true;
		return 0;
	}
	return take_option(reader, word);
}

static const char *option_name(unsigned int option)
{
	size_t i;

	for (i = 0; i < N_VALUED; i++)
		if (valued_options[i].takes & option)
			return valued_options[i].name;
	return option & VERB_JSON ? "--json" : "--all";
}

static int check_options(struct reader *reader)
{
	const struct verb *verb = reader->request->verb;
	unsigned int unknown = reader->given & ~verb->takes;

	if (unknown)	/* the lowest bit: the first of them in verb.h */
		return refuse(reader, "%s: takes no %s", verb->name,
			      option_name(unknown & -unknown));
	return 0;
}

static int check_operands(struct reader *reader)
{
	const struct verb *verb = reader->request->verb;
	int n = reader->request->n_args;

	if (n < verb->min_args)
		return refuse(reader, "%s: %s is missing", verb->name, verb->operands);
	if (verb->max_args >= 0 && n > verb->max_args)
		return refuse(reader, "%s: too many operands, from \"%s\" on", verb->name,
			      reader->request->args[verb->max_args]);
	return 0;
}

static int check(struct reader *reader)
{
	struct request *request = reader->request;
	int r;

	if (request->help || request->version)
		return 0;
	if (!request->verb)
		return refuse(reader, "verb: none given");
	request->args = reader->argv + 2;
	request->n_args = reader->n_operands - 1;
	/* Options between them have been taken out: execvp() must not see what
	 * the rest moved away from. */
	request->args[request->n_args] = NULL;
	r = check_options(reader);
	if (r < 0)
		return r;
	return check_operands(reader);
}

int args_parse(const struct verb *verbs, int argc, char **argv,
	       struct request *ret_request, char **ret_error)
{
	struct reader reader = {
		.verbs = verbs, .request = ret_request, .argc = argc, .argv = argv,
	};
	int r = 0;

	*ret_request = (struct request){ 0 };
	*ret_error = NULL;
	for (reader.at = 1; reader.at < argc && r == 0; reader.at++)
		r = take_word(&reader, argv[reader.at]);
	if (r == 0)
		r = check(&reader);
	if (r < 0)
		*ret_error = take_ptr(reader.error);
	return r;
}
