// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define NAME_MAX_CHARS	63

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static size_t differs(char a, char b)
{
	return tolower((unsigned char)a) != tolower((unsigned char)b);
}

/* Levenshtein distance, one row at a time: row[j] is the distance between what
 * was read of a and the first j characters of b. */
static size_t count_edits(const char *a, const char *b)
{
	size_t row[NAME_MAX_CHARS + 1];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + differs(a[i - 1], b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

size_t nearest_distance(const char *typed, const char *name)
{
	size_t distance;

	if (strlen(typed) > NAME_MAX_CHARS || strlen(name) > NAME_MAX_CHARS)
		return SIZE_MAX;
	distance = count_edits(typed, name);
	/* A third of the name wrong is a slip, more is another word. */
	return distance <= strlen(name) / 3 + 1 ? distance : SIZE_MAX;
}
