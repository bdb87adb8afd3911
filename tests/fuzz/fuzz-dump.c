// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot is refused with a reason, or can be decided on and written, and what
 * was written reads the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/dump.h"
#include "daemon/whatif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);
DEFINE_CLEANUP_EMBEDDED(struct dump, dump_done);

static const char policies[] =
	"[Daemon]\nMode=enforce\n"
	"[Policy a]\nMatchCGroup=/a/**\nAction=bind confine hold\nScope=cgroup\n"
	"[Policy b]\nMatchPinnedMin=1\nAction=auto\nFallback=host-off\n";

static char *write_dump(const struct dump *dump)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out || dump_write(dump, out) < 0 || fclose(out) != 0)
		abort();
	return text;
}

static void check_plan(const struct dump *dump)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	struct config_source source = { "x", policies };
	_cleanup_(free) char *text = NULL;
	size_t length, exposed;
	FILE *out = open_memstream(&text, &length);

	if (!out || config_parse(&source, 1, NULL, &config, &errors) < 0 ||
	    whatif_write(dump, &config, true, out, &exposed) < 0 || fclose(out) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) char *why = NULL, *once = NULL, *twice = NULL;
	_cleanup_(dump_done) struct dump dump = { 0 }, again = { 0 };

	if (dump_parse((const char *)data, size, &dump, &why) < 0) {
		if (!why || !*why)
			abort();
		return 0;
	}
	check_plan(&dump);
	once = write_dump(&dump);
	if (dump_parse(once, strlen(once), &again, &why) < 0)
		abort();
	twice = write_dump(&again);
	if (strcmp(once, twice) != 0)
		abort();
	return 0;
}
