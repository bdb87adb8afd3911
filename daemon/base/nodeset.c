// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/nodeset.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define WORD_BITS (CHAR_BIT * sizeof(unsigned long))

void nodeset_add(struct nodeset *set, unsigned int n)
{
	if (n < NODESET_MAX)
		set->bits[n / WORD_BITS] |= 1UL << (n % WORD_BITS);
}

bool nodeset_has(const struct nodeset *set, unsigned int n)
{
	return n < NODESET_MAX && set->bits[n / WORD_BITS] >> (n % WORD_BITS) & 1;
}

int nodeset_next(const struct nodeset *set, unsigned int from)
{
	size_t i = from / WORD_BITS;
	unsigned long word;

	if (from >= NODESET_MAX)
		return -1;
	word = set->bits[i] & ~0UL << from % WORD_BITS;
	while (word == 0) {
		if (++i == NODESET_MAX / WORD_BITS)
			return -1;
		word = set->bits[i];
	}
	return (int)(i * WORD_BITS) + __builtin_ctzl(word);
}

bool nodeset_is_empty(const struct nodeset *set)
{
	return nodeset_next(set, 0) < 0;
}

bool nodeset_is_subset(const struct nodeset *set, const struct nodeset *of)
{
	size_t i;

	for (i = 0; i < NODESET_MAX / WORD_BITS; i++)
		if (set->bits[i] & ~of->bits[i])
			return false;
	return true;
}

unsigned int nodeset_count(const struct nodeset *set)
{
	unsigned int count = 0;
	size_t i;

	/* Not by a population count, a call where the processor is any: hosts have
	 * few nodes, and most words are 0. */
	for (i = 0; i < NODESET_MAX / WORD_BITS; i++)
		for (unsigned long word = set->bits[i]; word; word &= word - 1)
			count++;
	return count;
}

/* By hand, because strtoul() takes signs and leading white space. */
static int parse_number(const char **text, unsigned int *ret)
{
	unsigned int n = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		n = n * 10 + (unsigned int)(**text - '0');
		if (n >= NODESET_MAX)
			return -ERANGE;
	}
	*ret = n;
	return 0;
}

static int parse_range(const char **text, struct nodeset *set)
{
	unsigned int first, last;
	int r;

	r = parse_number(text, &first);
	if (r < 0)
		return r;
	last = first;
	if (**text == '-') {
		(*text)++;
		r = parse_number(text, &last);
		if (r < 0)
			return r;
	}
	if (last < first)
		return -EINVAL;
	for (; first <= last; first++)
		nodeset_add(set, first);
	return 0;
}

static bool is_end(const char *text)
{
	return !*text || strcmp(text, "\n") == 0;
}

int nodeset_parse(const char *text, struct nodeset *ret_set)
{
	struct nodeset set = { 0 };
	bool more = !is_end(text);
	int r;

	while (more) {
		r = parse_range(&text, &set);
		if (r < 0)
			return r;
		more = *text == ',';
		text += more;
	}
	if (!is_end(text))
		return -EINVAL;
	*ret_set = set;
	return 0;
}

int nodeset_format(const struct nodeset *set, char *text, size_t size)
{
	const char *comma = "";
	int first, last, n;

	if (size == 0)
		return -ENOSPC;
	*text = '\0';
	for (first = nodeset_next(set, 0); first >= 0;
	     first = nodeset_next(set, (unsigned int)last + 1)) {
		for (last = first; nodeset_has(set, (unsigned int)last + 1);)
			last++;
		n = first == last ? snprintf(text, size, "%s%d", comma, first) :
				    snprintf(text, size, "%s%d-%d", comma, first, last);
		if (n < 0 || (size_t)n >= size)
			return -ENOSPC;
		text += n;
		size -= (size_t)n;
		comma = ",";
	}
	return 0;
}
