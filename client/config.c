// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config.c - would pinsafed take this configuration, and what is in it
 *
 * pinsafed itself is asked, so that there is one reader of configurations; no
 * running daemon is needed.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/child.h"
#include "client/output.h"
#include "client/verb.h"

/* "FILE:LINE: TEXT" as a fact; a line of another form is its text alone. */
static struct facts *parse_error(const char *line)
{
	_cleanup_(facts_free) struct facts *error = facts_new_dict();
	const char *number = strchr(line, ':');
	_cleanup_(free) char *path = NULL;
	char *end = NULL;
	unsigned long n;

	while (number && !isdigit((unsigned char)number[1]))
		number = strchr(number + 1, ':');
	n = number ? strtoul(number + 1, &end, 10) : 0;
	if (!error)
		return NULL;
	if (number && strncmp(end, ": ", 2) == 0) {
		path = strndup(line, (size_t)(number - line));
		if (!path || facts_set(error, "path", facts_new_string(path)) < 0 ||
		    facts_set(error, "line", facts_new_u64(n)) < 0)
			return NULL;
		line = end + 2;
	}
	if (facts_set(error, "text", facts_new_string(line)) < 0)
		return NULL;
	return take_ptr(error);
}

static struct facts *parse_errors(char *text)
{
	_cleanup_(facts_free) struct facts *errors = facts_new_list();
	char *rest = text, *line;

	while (errors && (line = strsep(&rest, "\n")))
		if (*line && facts_add(errors, parse_error(line)) < 0)
			return NULL;
	return take_ptr(errors);
}

static int print_errors(const char *verb, char *text)
{
	_cleanup_(facts_free) struct facts *answer = facts_new(verb);

	if (!answer || facts_set(answer, "valid", facts_new_bool(false)) < 0 ||
	    facts_set(answer, "errors", parse_errors(text)) < 0)
		return complain_errno(verb, -ENOMEM);
	output_json(answer);
	return EXIT_NO;
}

static int print_valid(const char *verb, struct facts *values)
{
	_cleanup_(facts_free) struct facts *answer = facts_new(verb);

	if (!answer || facts_set(answer, "valid", facts_new_bool(true)) < 0)
		return complain_errno(verb, -ENOMEM);
	if (values && facts_set(answer, "values", facts_share(values)) < 0)
		return complain_errno(verb, -ENOMEM);
	return output_json(answer);
}

/* ---- the values ---------------------------------------------------------- */

static struct facts *new_value(const char *section, const char *line, const char *origin)
{
	_cleanup_(facts_free) struct facts *value = facts_new_dict();
	const char *equals = strchr(line, '=');
	_cleanup_(free) char *key = strndup(line, (size_t)(equals - line));

	if (!value || !key || facts_set(value, "section", facts_new_string(section)) < 0 ||
	    facts_set(value, "key", facts_new_string(key)) < 0 ||
	    facts_set(value, "value", facts_new_string(equals + 1)) < 0 ||
	    facts_set(value, "origin", facts_new_string(origin)) < 0)
		return NULL;
	return take_ptr(value);
}

static bool is_assignment(const char *line)
{
	size_t len = 0;

	while (isalnum((unsigned char)line[len]))
		len++;
	return len > 0 && line[len] == '=';
}

/* "[SECTION]", and for each value its origin, "; ORIGIN", and "KEY=VALUE".  What
 * else there is, such as a warning, is no value. */
static struct facts *parse_values(char *text)
{
	_cleanup_(facts_free) struct facts *values = facts_new_list();
	const char *section = "", *origin = "";
	char *rest = text, *line;

	while (values && (line = strsep(&rest, "\n"))) {
		size_t len = strlen(line);

		if (strncmp(line, "; ", 2) == 0) {
			origin = line + 2;
		} else if (len >= 2 && line[0] == '[' && line[len - 1] == ']') {
			line[len - 1] = '\0';
			section = line + 1;
		} else if (is_assignment(line)) {
			if (facts_add(values, new_value(section, line, origin)) < 0)
				return NULL;
		}
	}
	return take_ptr(values);
}

static int print_values(const char *verb, char *text)
{
	_cleanup_(facts_free) struct facts *values = parse_values(text);

	return values ? print_valid(verb, values) : complain_errno(verb, -ENOMEM);
}

/* ---- asking -------------------------------------------------------------- */

/* The answer as it comes is for people: then pinsafed takes our place, and this
 * returns on trouble only.  Else it is gathered; 0, 1, or trouble was told. */
static int ask_pinsafed(const struct request *request, const char *option, char **ret_text)
{
	const char *verb = request->verb->name;
	char *argv[] = {
		(char *)request->daemon_path, (char *)option,
		request->n_args > 0 ? request->args[0] : NULL, NULL,
	};
	int status;

	if (!request->json && !request->quiet) {
		execv(argv[0], argv);
		return complainf(EXIT_TROUBLE, verb, "install pinsafed", "%s: %s", argv[0],
				 strerror(errno));
	}
	status = child_read(argv, true, ret_text);
	if (status < 0)
		return complain_errno(verb, status);
	if (status == 127)
		return complainf(EXIT_TROUBLE, verb, "install pinsafed", "%s cannot be run",
				 argv[0]);
	if (status != EXIT_YES && status != EXIT_NO)
		return complainf(EXIT_TROUBLE, verb, NULL, "%s ended with %d", argv[0],
				 status);
	return status;
}

int verb_check_config(const struct request *request)
{
	_cleanup_(free) char *text = NULL;
	int exit = ask_pinsafed(request, "--check-config", &text);

	if (!request->json || exit > EXIT_NO)
		return exit;
	return exit ? print_errors("check-config", text) : print_valid("check-config", NULL);
}

int verb_cat_config(const struct request *request)
{
	_cleanup_(free) char *text = NULL;
	int exit = ask_pinsafed(request, "--cat-config", &text);

	if (!request->json || exit > EXIT_NO)
		return exit;
	return exit ? print_errors("cat-config", text) : print_values("cat-config", text);
}
