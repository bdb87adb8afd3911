// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/output.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/safetext.h"
#include "client/verb.h"

#define WIDTH_LEAST	80
#define WIDTH_MOST	1000	/* a terminal that claims more is mistaken */

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static unsigned int find_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return WIDTH_LEAST;
	if (size.ws_col < WIDTH_LEAST || size.ws_col > WIDTH_MOST)
		return WIDTH_LEAST;
	return size.ws_col;
}

struct style output_style(void)
{
	return (struct style){
		.width = find_width(),
		.colour = wants_colour(),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
}

int output_json(struct facts *facts)
{
	const char *json = facts_format(facts);

	if (!json)
		return complain_errno("output", -ENOMEM);
	puts(json);
	return EXIT_YES;
}

static void print_complaint(const char *what, const char *line, size_t len)
{
	_cleanup_(free) char *copy = strndup(line, len);
	_cleanup_(free) char *safe_line = copy ? safetext_escape(copy) : NULL;
	_cleanup_(free) char *safe_what = safetext_escape(what);

	fprintf(stderr, "pinsafectl: %s: %s\n", safe_what ? safe_what : "?",
		safe_line ? safe_line : "?");
}

int complain(int exit, const char *what, const char *next, const char *why)
{
	if (!what)
		return exit;
	fflush(stdout);		/* in the order of speaking */
	do {
		size_t n = strcspn(why, "\n");

		print_complaint(what, why, n);
		why += n;
		why += *why == '\n';
	} while (*why);
	if (next)
		fprintf(stderr, "next step: %s\n", next);
	return exit;
}

int complain_whole(int exit, const char *next, const char *text)
{
	_cleanup_(free) char *escaped = safetext_escape(text);

	fprintf(stderr, "pinsafectl: %s\n", escaped ? escaped : "?");
	if (next)
		fprintf(stderr, "next step: %s\n", next);
	return exit;
}

int complainf(int exit, const char *what, const char *next, const char *format, ...)
{
	_cleanup_(free) char *why = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&why, format, ap);
	va_end(ap);
	if (r < 0)
		why = NULL;
	return complain(exit, what, next, why ? why : format);
}

int complain_errno(const char *what, int error)
{
	return complain(EXIT_TROUBLE, what, NULL, strerror(-error));
}

int output_finish(int exit)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit;
	if (errno == EPIPE)	/* the reader has read enough, as head(1) does */
		return exit;
	return complain(EXIT_TROUBLE, "output", NULL, strerror(errno));
}
