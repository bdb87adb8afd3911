/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator types or a process is called: no control character comes out,
 * valid text stays valid, and an accepted target is one that can be sent. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/safetext.h"
#include "client/target.h"
#include "client/timespan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_text(const char *input)
{
	_cleanup_(free) char *escaped = safetext_escape(input);
	_cleanup_(free) char *once = safetext_utf8(input, strlen(input));
	_cleanup_(free) char *twice = once ? safetext_utf8(once, strlen(once)) : NULL;
	size_t i;

	for (i = 0; escaped && escaped[i]; i++)
		if ((unsigned char)escaped[i] < ' ' || escaped[i] == 0x7f)
			abort();
	if (once && twice && strcmp(once, twice) != 0)
		abort();
	if (escaped && safetext_fit(escaped, safetext_width(escaped)) != strlen(escaped))
		abort();
}

static void try_target(const char *input)
{
	_cleanup_(target_done) struct target target = { 0 };
	const char *why;

	if (target_parse(input, "/c", &target, &why) < 0)
		return;
	switch (target.form) {
	case TARGET_FORM_PID:
		if (target.pid == 0 || target.cgroup)
			abort();
		break;
	case TARGET_FORM_CGROUP:
		if (target.cgroup[0] != '/' || strstr(target.cgroup, "//") ||
		    strstr(target.cgroup, "/../"))
			abort();
		break;
	case TARGET_FORM_UNIT:
		if (!strchr(target.unit, '.') || strchr(target.unit, '/'))
			abort();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) char *input = strndup((const char *)data, size);
	uint64_t number;
	char text[32];

	if (!input)
		return 0;
	try_text(input);
	try_target(input);
	if (target_parse_stat(input, &number) == 0)
		timespan_format(number, text, sizeof(text));
	if (timespan_parse(input, &number) == 0)
		timespan_format(number, text, sizeof(text));
	return 0;
}
