// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_CHARS	63
#define MOST_MISTAKES	3
#define HALF_MIN_CHARS	3

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance with neighbours swapped counted as one mistake: "lsit". */
static size_t count_mistakes(const char *a, const char *b)
{
	unsigned char d[NAME_MAX_CHARS + 1][NAME_MAX_CHARS + 1];
	size_t length_a = strlen(a), length_b = strlen(b);

	for (size_t i = 0; i <= length_a; i++)
		d[i][0] = (unsigned char)i;
	for (size_t j = 0; j <= length_b; j++)
		d[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= length_a; i++) {
		for (size_t j = 1; j <= length_b; j++) {
			size_t best = min(d[i - 1][j] + 1u, d[i][j - 1] + 1u);

			best = min(best, d[i - 1][j - 1] + !is_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]))
				best = min(best, d[i - 2][j - 2] + 1u);
			d[i][j] = (unsigned char)best;
		}
	}
	return d[length_a][length_b];
}

size_t nearest_distance(const char *typed, const char *name)
{
	size_t length = strlen(name), allowed = min(length / 3, MOST_MISTAKES), mistakes;

	if (strlen(typed) > NAME_MAX_CHARS || length > NAME_MAX_CHARS)
		return SIZE_MAX;
	mistakes = count_mistakes(typed, name);
	/* A third of the name wrong is a slip, more is another word. */
	return mistakes <= (allowed ? allowed : 1) ? mistakes : SIZE_MAX;
}

bool nearest_is_half(const char *typed, const char *name)
{
	size_t typed_length = strlen(typed), length = strlen(name);

	if (typed_length < HALF_MIN_CHARS || typed_length > length)
		return false;
	return strncasecmp(typed, name, typed_length) == 0 ||
	       strcasecmp(typed, name + length - typed_length) == 0;
}
