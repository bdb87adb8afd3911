/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text is a configuration or a list of errors, each with a line that the
 * text has, and never both.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int count_lines(const char *text)
{
	unsigned int n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) char *text = strndup((const char *)data, size);
	struct config_source source = { .path = "fuzz.conf", .text = text };
	struct config_errors errors = { 0 };
	struct config config;
	int r;

	if (!text)
		return 0;
	r = config_parse(&source, 1, NULL, &config, &errors);
	if (r == 0)
		config_done(&config);
	if ((r == -EINVAL) != (errors.n_errors > 0))
		abort();
	for (size_t i = 0; i < errors.n_errors; i++)
		if (errors.errors[i].line > count_lines(text) || !errors.errors[i].text[0])
			abort();
	config_errors_done(&errors);
	return 0;
}
