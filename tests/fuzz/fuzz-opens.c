/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a queue of fanotify holds, its pids are pids, each once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/opens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) void *events = malloc(size ? size : 1);
	struct open_events opened = { 0 };
	size_t i, j;

	if (!events)
		return 0;
	memcpy(events, data, size);
	opens_parse_events(events, size, &opened);
	for (i = 0; i < opened.n_pids; i++)
		for (j = 0; j <= i; j++)
			if (opened.pids[i] <= 0 ||
			    (j < i && opened.pids[j] == opened.pids[i]))
				abort();
	free(opened.pids);
	return 0;
}
