/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever stands in /proc/PID, what is read out of it keeps its promises. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/proc-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
	if (!promise)
		abort();
}

static void check_stat(const char *text)
{
	struct proc_stat stat;

	if (proc_parse_stat(text, &stat) < 0)
		return;
	require(memchr(stat.comm, '\0', sizeof(stat.comm)) != NULL);
	require(stat.parent >= 0);
}

static void check_status(const char *text)
{
	struct proc_status status;

	if (proc_parse_status(text, &status) < 0)
		return;
	require(status.has_memory || status.vm_pin_bytes == 0);
	require(status.vm_pin_bytes % 1024 == 0);
}

static void check_cgroup(const char *text)
{
	const char *path;
	size_t len;

	path = proc_parse_cgroup(text, &len);
	if (!path)
		return;
	require(*path == '/' && path + len <= text + strlen(text));
	require(memchr(path, '\n', len) == NULL);
}

static void check_ring(const char *text)
{
	struct proc_ring ring = { 0 };

	require(proc_parse_ring(text, &ring) == (ring.bytes > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) char *text = strndup((const char *)data, size);

	if (!text)
		return 0;
	check_stat(text);
	check_status(text);
	check_cgroup(text);
	check_ring(text);
	require(!proc_parse_own_policy(text) || strchr(text, ' '));
	return 0;
}
