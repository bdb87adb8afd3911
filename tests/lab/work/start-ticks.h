/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start-ticks.h - when a process started, as /dev/pinsafe wants it; 0: it has gone */
#pragma once

#include <linux/types.h>
#include <stdio.h>
#include <string.h>

static inline __u64 start_ticks(int pid)
{
	unsigned long long ticks = 0;
	char path[64], text[1024], *p;
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	p = strrchr(text, ')');
	if (p)
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		       &ticks);
	return ticks;
}
