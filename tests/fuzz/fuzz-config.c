/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text is a configuration that reads back from its own format, or a list of
 * errors, each with file and a line that the text has; never both, and then
 * nothing is applied.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int find_user(const char *name, uid_t *ret_uid)
{
	*ret_uid = (unsigned char)name[0];
	return name[0] > 'm' ? -ENOENT : 0;
}

static const struct config_lookup lookup = { .find_user = find_user };

static unsigned int count_lines(const char *text)
{
	unsigned int n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void check_errors(const struct config_errors *errors, const char *text)
{
	for (size_t i = 0; i < errors->n_errors; i++) {
		const struct config_error *error = &errors->errors[i];

		if (strcmp(error->path, "fuzz.conf") != 0 || error->line == 0 ||
		    error->line > count_lines(text) || !error->text[0])
			abort();
	}
}

/* The origins differ, so the lengths of all else are compared. */
static size_t count_characters(const char *text)
{
	size_t n = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		n += *text == ';' ? 0 : length;
		text += length + (text[length] == '\n');
	}
	return n;
}

static void check_config(const struct config *config)
{
	struct config_source source = { .path = "again.conf" };
	_cleanup_(free) char *once = NULL, *twice = NULL;
	struct config_errors errors;
	struct config again;

	if (config_format(config, &once) < 0)
		abort();
	source.text = once;
	if (config_parse(&source, 1, &lookup, &again, &errors) < 0 ||
	    config_format(&again, &twice) < 0)
		abort();
	if (config->n_policies != again.n_policies ||
	    count_characters(once) != count_characters(twice))
		abort();
	config_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) char *text = strndup((const char *)data, size);
	struct config_source source = { .path = "fuzz.conf", .text = text };
	struct config_errors errors = { 0 };
	struct config config, before;
	int r;

	if (!text)
		return 0;
	memset(&config, 0x5a, sizeof(config));
	before = config;
	r = config_parse(&source, 1, &lookup, &config, &errors);
	if ((r == -EINVAL) != (errors.n_errors > 0))
		abort();
	if (r < 0 && memcmp(&config, &before, sizeof(config)) != 0)
		abort();
	check_errors(&errors, text);
	if (r == 0) {
		check_config(&config);
		config_done(&config);
	}
	config_errors_done(&errors);
	return 0;
}
