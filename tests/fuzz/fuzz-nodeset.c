/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is accepted as a list means the same after it was written and read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/nodeset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[65536];
	static struct nodeset set, again;
	_cleanup_(free) char *input = strndup((const char *)data, size);

	if (!input || nodeset_parse(input, &set) < 0)
		return 0;
	if (nodeset_format(&set, text, sizeof(text)) < 0)
		abort();
	if (nodeset_parse(text, &again) < 0 || memcmp(&set, &again, sizeof(set)))
		abort();
	if (nodeset_is_empty(&set) != (nodeset_count(&set) == 0))
		abort();
	return 0;
}
