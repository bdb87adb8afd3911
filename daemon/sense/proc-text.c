// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/proc-text.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/fs.h"

/* Numbers of proc(5)'s stat fields that we read; 3 is the one behind comm. */
enum stat_field {
	STAT_STATE = 3,
	STAT_PARENT = 4,
	STAT_START = 22,
	STAT_POLICY = 41,
};

static const char *skip_fields(const char *text, int n)
{
	for (; n > 0; n--) {
		text += strcspn(text, " ");
		text += *text == ' ';
	}
	return text;
}

static int parse_decimal(const char *text, uint64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno != 0 || (*end && !strchr(" \t\n/", *end)) ? -EINVAL : 0;
}

/* comm is all between the first "(" and the last ")": no later field has one. */
int proc_parse_stat(const char *text, struct proc_stat *ret_stat)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct proc_stat stat = { 0 };
	uint64_t parent, policy;
	const char *fields;
	size_t len;

	if (!open || !close || close < open || close[1] != ' ')
		return -EINVAL;
	fields = close + 2;
	if (parse_decimal(skip_fields(fields, STAT_PARENT - STAT_STATE), &parent) < 0 ||
	    parse_decimal(skip_fields(fields, STAT_START - STAT_STATE),
			  &stat.start_ticks) < 0 ||
	    parse_decimal(skip_fields(fields, STAT_POLICY - STAT_STATE), &policy) < 0 ||
	    parent > INT_MAX || policy > UINT_MAX)
		return -EINVAL;
	len = (size_t)(close - open - 1);
	if (len >= sizeof(stat.comm))	/* kernel workers have longer ones */
		len = sizeof(stat.comm) - 1;
	memcpy(stat.comm, open + 1, len);
	stat.parent = (pid_t)parent;
	stat.policy = (unsigned int)policy;
	*ret_stat = stat;
	return 0;
}

/* "Uid:	real	effective	saved	filesystem" */
static int parse_uid(const char *text, uid_t *ret)
{
	const char *value;
	uint64_t uid;
	size_t len;

	value = fs_find_field(text, "Uid", &len);
	if (!value)
		return -EINVAL;
	value += strcspn(value, "\t\n");
	if (*value != '\t' || parse_decimal(value + 1, &uid) < 0 || uid > UINT32_MAX)
		return -EINVAL;
	*ret = (uid_t)uid;
	return 0;
}

/* The kernel's own list, so what is no list is left empty. */
static void parse_mems(const char *text, struct nodeset *set)
{
	const char *value;
	char list[512];
	size_t len;

	value = fs_find_field(text, "Mems_allowed_list", &len);
	if (!value || len >= sizeof(list))
		return;
	memcpy(list, value, len);
	list[len] = '\0';
	nodeset_parse(list, set);
}

static bool has_ipc_lock(const char *text)
{
	const char *value;
	size_t len;

	value = fs_find_field(text, "CapEff", &len);
	return value && strtoull(value, NULL, 16) >> CAP_IPC_LOCK & 1;
}

int proc_parse_status(const char *text, struct proc_status *ret_status)
{
	struct proc_status status = { 0 };
	uint64_t threads, kib;
	int r;

	r = parse_uid(text, &status.uid);
	if (r < 0)
		return r;
	if (fs_find_u64(text, "Threads", &threads) < 0 || threads > UINT_MAX)
		return -EINVAL;
	status.threads = (unsigned int)threads;
	r = fs_find_u64(text, "VmPin", &kib);
	if (r == -EINVAL || (r == 0 && kib > UINT64_MAX / 1024))
		return -EINVAL;
	status.has_memory = r == 0;
	status.vm_pin_bytes = r == 0 ? kib * 1024 : 0;
	status.may_lock_memory = has_ipc_lock(text);
	parse_mems(text, &status.mems_allowed);
	*ret_status = status;
	return 0;
}

const char *proc_parse_cgroup(const char *text, size_t *ret_len)
{
	const char *line, *path;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		path = line + 3;
		*ret_len = strcspn(path, "\n");
		return path;
	}
	return NULL;
}

/* One line of the list behind "UserBufs:", "    0: 0x7f00/4096"; -EINVAL: the
 * list is over.  An empty slot is "<none>" in 6.13 and later, address -1 before. */
static int parse_buffer(const char *line, uint64_t *ret_bytes)
{
	uint64_t address;
	char *end;

	*ret_bytes = 0;
	strtoul(line, &end, 10);
	if (end == line || strncmp(end, ": ", 2) != 0)
		return -EINVAL;
	line = end + 2;
	if (strncmp(line, "<none>", strlen("<none>")) == 0)
		return 0;
	address = strtoull(line, &end, 16);
	if (*end != '/')
		return -EINVAL;
	if (address != UINT64_MAX)
		*ret_bytes = strtoull(end + 1, NULL, 10);
	return 0;
}

/* Buffers that are not listed (somebody had the ring's lock, or the text is cut
 * off) count one page each: it is known that they are there. */
static uint64_t sum_buffers(const char *list, uint64_t count)
{
	uint64_t bytes, sum = 0, i;
	const char *line = strchr(list, '\n');

	for (i = 0; i < count && line; i++, line = strchr(line + 1, '\n')) {
		if (parse_buffer(line + 1, &bytes) < 0)
			break;
		sum += bytes;
	}
	return sum + (count - i) * (uint64_t)sysconf(_SC_PAGESIZE);
}

int proc_parse_ring(const char *text, struct proc_ring *ret_ring)
{
	struct proc_ring ring = { 0 };
	uint64_t count;
	size_t len;

	if (fs_find_u64(text, "UserBufs", &count) < 0 || count > UINT32_MAX)
		return 0;
	if (fs_find_u64(text, "ino", &ring.inode) < 0)
		ring.inode = 0;
	ring.bytes = sum_buffers(fs_find_field(text, "UserBufs", &len), count);
	if (ring.bytes == 0)
		return 0;
	*ret_ring = ring;
	return 1;
}

/* "00400000 bind:0-1 file=..."; a policy with the balancing flag is scanned, and
 * prints as "bind=balancing:0-1", by older kernels as "bind=:0-1" (mpol_to_str()). */
bool proc_parse_own_policy(const char *text)
{
	const char *policy = strchr(text, ' ');

	return policy && strncmp(policy + 1, "default", strlen("default")) != 0 &&
	       !strstr(policy, "balancing:") && !strstr(policy, "=:");
}
