// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Matching remembers two places to go back to: the last "*" and the last "**".
 * That is enough.  An earlier "**" can be forgotten when a later one is reached,
 * because the later one can take over any characters; of two "*" in the same
 * path component the same is true, and in different components the "/" between
 * them fixes both.  So the cost is bounded by a polynomial, where recursion
 * would be exponential.
 */
#include "daemon/base/glob.h"

#include <string.h>

#define WILDCARDS "*?[\\"

/* Where to go on after giving a star one more character. */
struct retry {
	const char *pattern;	/* behind the star; NULL: no star yet */
	const char *text;	/* first character that it does not cover */
};

/* The "]" that ends the class opened at "["; NULL: none.  As in the shell, one
 * right after "[" or "[!" is a member. */
static const char *find_class_end(const char *open)
{
	const char *p = open + 1;

	p += *p == '!' || *p == '^';
	return *p ? strchr(p + 1, ']') : NULL;
}

static bool match_class(const char *open, const char *end, unsigned char c)
{
	const char *p = open + 1;
	bool negate = *p == '!' || *p == '^', found = false;
	unsigned char first, last;

	for (p += negate; p < end; p++) {
		first = last = (unsigned char)*p;
		if (p[1] == '-' && p + 2 < end) {
			last = (unsigned char)p[2];
			p += 2;
		}
		found |= first <= c && c <= last;
	}
	return found != negate;
}

/* Does one element, not a star, match the character?  *ret_next: behind it. */
static bool match_one(const char *pattern, char c, const char **ret_next)
{
	const char *end;

	*ret_next = pattern + 1;
	if (*pattern == '?')
		return c != '/';
	if (*pattern == '[') {
		end = find_class_end(pattern);
		if (end) {
			*ret_next = end + 1;
			return c != '/' && match_class(pattern, end, (unsigned char)c);
		}
	}
	if (*pattern == '\\' && pattern[1])
		*ret_next = ++pattern + 1;
	return *pattern == c;
}

/* One more character for the last star that can take it. */
static bool extend_star(struct retry *star, struct retry *any)
{
	if (star->pattern && *star->text && *star->text != '/') {
		star->text++;
		return true;
	}
	star->pattern = NULL;
	if (!any->pattern || !*any->text)
		return false;
	any->text++;
	return true;
}

bool glob_match(const char *pattern, const char *text)
{
	struct retry star = { 0 }, any = { 0 };
	const char *next;

	while (*text || *pattern) {
		if (pattern[0] == '*' && pattern[1] == '*') {
			pattern += 2;
			any = (struct retry){ pattern, text };
			star.pattern = NULL;
		} else if (*pattern == '*') {
			star = (struct retry){ ++pattern, text };
		} else if (*pattern && *text && match_one(pattern, *text, &next)) {
			pattern = next;
			text++;
		} else if (extend_star(&star, &any)) {
			pattern = star.pattern ? star.pattern : any.pattern;
			text = star.pattern ? star.text : any.text;
		} else {
			return false;
		}
	}
	return true;
}

size_t glob_literal_length(const char *pattern)
{
	return strcspn(pattern, WILDCARDS);
}
