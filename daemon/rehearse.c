// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/rehearse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/text.h"
#include "daemon/conffile.h"
#include "daemon/dump.h"
#include "daemon/whatif.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);
DEFINE_CLEANUP_EMBEDDED(struct dump, dump_done);

static void complain(const char *what, const char *why)
{
	char escaped[1024];

	fprintf(stderr, "pinsafed: %s: %s\n", what, text_escape(why, escaped, sizeof(escaped)));
}

/* To the end, or to a byte more than may be; 0 or negative errno. */
static int read_stream(FILE *in, char **ret_text, size_t *ret_length)
{
	_cleanup_(free) char *text = NULL;
	size_t length = 0, room = 64 * 1024;

	do {
		char *longer = realloc(text, room *= 2);

		if (!longer)
			return -ENOMEM;
		text = longer;
		length += fread(text + length, 1, room - length, in);
	} while (length == room && length <= DUMP_MAX_BYTES);
	if (ferror(in))
		return errno == EISDIR ? -EISDIR : -EIO;
	*ret_text = take_ptr(text);
	*ret_length = length;
	return 0;
}

static int read_snapshot(const char *path, char **ret_text, size_t *ret_length)
{
	_cleanup_(fclose) FILE *file = NULL;

	if (strcmp(path, "-") == 0)
		return read_stream(stdin, ret_text, ret_length);
	file = fopen(path, "re");
	return file ? read_stream(file, ret_text, ret_length) : -errno;
}

/* 0, or what to end with. */
static int load_dump(const char *path, struct dump *ret_dump)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	_cleanup_(free) char *text = NULL, *why = NULL;
	size_t length = 0;
	int r = read_snapshot(path, &text, &length);

	if (r < 0) {
		complain(name, strerror(-r));
		return REHEARSE_NO_SNAPSHOT;
	}
	if (length == 0) {
		complain(name, "empty; \"pinsafectl snapshot\" writes one");
		return REHEARSE_BAD_SNAPSHOT;
	}
	r = dump_parse(text, length, ret_dump, &why);
	if (r < 0)
		complain(name, why ? why : strerror(-r));
	if (r == -EINVAL)
		return REHEARSE_BAD_SNAPSHOT;
	return r < 0 ? REHEARSE_TROUBLE : 0;
}

static int load_config(const char *root, struct config *ret_config)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(free) char *text = NULL;
	int r = conffile_load(root, ret_config, &errors);

	if (r >= 0)
		return 0;
	if (r == -EINVAL && conffile_format_errors(&errors, &text) == 0)
		fputs(text, stderr);
	else
		complain(root ? root : "configuration", strerror(-r));
	return REHEARSE_BAD_CONFIG;
}

int rehearse(const char *snapshot, const char *config_root, bool json)
{
	_cleanup_(config_done) struct config config = { 0 };
	_cleanup_(dump_done) struct dump dump = { 0 };
	size_t exposed = 0;
	int r;

	r = load_config(config_root, &config);
	if (r != 0)
		return r;
	r = load_dump(snapshot, &dump);
	if (r != 0)
		return r;
	r = whatif_write(&dump, &config, json, stdout, &exposed);
	if (r < 0) {
		complain("output", strerror(-r));
		return REHEARSE_TROUBLE;
	}
	return exposed ? REHEARSE_EXPOSED : REHEARSE_SAFE;
}
