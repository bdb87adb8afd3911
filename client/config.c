// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config.c - would pinsafed take this configuration
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

static int print_json(int status, char *text)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("check-config");

	if (!answer || facts_set(answer, "valid", facts_new_bool(status == EXIT_YES)) < 0)
		return complain_errno("check-config", -ENOMEM);
	if (status == EXIT_NO && facts_set(answer, "errors", parse_errors(text)) < 0)
		return complain_errno("check-config", -ENOMEM);
	output_json(answer);
	return status;
}

/* The answer as it comes is for people; else it is gathered first. */
int verb_check_config(const struct request *request)
{
	char *argv[] = {
		(char *)request->daemon_path, (char *)"--check-config",
		request->n_args > 0 ? request->args[0] : NULL, NULL,
	};
	_cleanup_(free) char *text = NULL;
	int status;

	if (!request->json && !request->quiet) {
		execv(argv[0], argv);
		return complainf(EXIT_TROUBLE, "check-config", "install pinsafed",
				 "%s: %s", argv[0], strerror(errno));
	}
	status = child_read(argv, true, &text);
	if (status < 0)
		return complain_errno("check-config", status);
	if (status != EXIT_YES && status != EXIT_NO)
		return complainf(EXIT_TROUBLE, "check-config", NULL, "%s ended with %d",
				 argv[0], status);
	return request->json ? print_json(status, text) : status;
}
