// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/timespan.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define USEC_PER_MSEC	1000ULL
#define USEC_PER_SEC	(1000 * USEC_PER_MSEC)
#define USEC_PER_MINUTE	(60 * USEC_PER_SEC)
#define USEC_PER_HOUR	(60 * USEC_PER_MINUTE)
#define USEC_PER_DAY	(24 * USEC_PER_HOUR)
#define USEC_PER_WEEK	(7 * USEC_PER_DAY)

static const struct unit {
	const char *name;
	uint64_t usec;
} units[] = {
	{ "us", 1 },			{ "usec", 1 },
	{ "ms", USEC_PER_MSEC },	{ "msec", USEC_PER_MSEC },
	{ "s", USEC_PER_SEC },		{ "sec", USEC_PER_SEC },
	{ "second", USEC_PER_SEC },	{ "seconds", USEC_PER_SEC },
	{ "m", USEC_PER_MINUTE },	{ "min", USEC_PER_MINUTE },
	{ "minute", USEC_PER_MINUTE },	{ "minutes", USEC_PER_MINUTE },
	{ "h", USEC_PER_HOUR },		{ "hr", USEC_PER_HOUR },
	{ "hour", USEC_PER_HOUR },	{ "hours", USEC_PER_HOUR },
	{ "d", USEC_PER_DAY },		{ "day", USEC_PER_DAY },
	{ "days", USEC_PER_DAY },	{ "w", USEC_PER_WEEK },
	{ "week", USEC_PER_WEEK },	{ "weeks", USEC_PER_WEEK },
};

/* The unit that *text begins with, and past it; 0: none. */
static uint64_t take_unit(const char **text)
{
	size_t len = 0, i;

	while (isalpha((unsigned char)(*text)[len]))
		len++;
	if (len == 0)
		return USEC_PER_SEC;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) == len &&
		    memcmp(units[i].name, *text, len) == 0) {
			*text += len;
			return units[i].usec;
		}
	}
	return 0;
}

static int take_number(const char **text, uint64_t *ret)
{
	uint64_t n = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(**text - '0'), &n))
			return -ERANGE;
	}
	*ret = n;
	return 0;
}

static void skip_space(const char **text)
{
	while (isspace((unsigned char)**text))
		(*text)++;
}

int timespan_parse(const char *text, uint64_t *ret_usec)
{
	uint64_t sum = 0, n, unit;
	int r;

	skip_space(&text);
	do {
		r = take_number(&text, &n);
		if (r < 0)
			return r;
		skip_space(&text);
		unit = take_unit(&text);
		if (unit == 0)
			return -EINVAL;
		if (__builtin_mul_overflow(n, unit, &n) ||
		    __builtin_add_overflow(sum, n, &sum))
			return -ERANGE;
		skip_space(&text);
	} while (*text);
	*ret_usec = sum;
	return 0;
}

void timespan_format(uint64_t usec, char *text, size_t size)
{
	static const struct unit steps[] = {
		{ "d", USEC_PER_DAY }, { "h", USEC_PER_HOUR }, { "min", USEC_PER_MINUTE },
		{ "s", USEC_PER_SEC },
	};
	const size_t last = sizeof(steps) / sizeof(steps[0]) - 1;
	uint64_t rest;
	size_t i;

	for (i = 0; i < last && usec < steps[i].usec; i++)
		;
	rest = usec % steps[i].usec;
	if (i == last || rest < steps[i + 1].usec)
		snprintf(text, size, "%" PRIu64 "%s", usec / steps[i].usec,
			 steps[i].name);
	else
		snprintf(text, size, "%" PRIu64 "%s %" PRIu64 "%s", usec / steps[i].usec,
			 steps[i].name, rest / steps[i + 1].usec, steps[i + 1].name);
}
