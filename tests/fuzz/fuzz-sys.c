/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host by its /sys, its /proc/cmdline and its sysctl.d: the input is cut at form
 * feeds, a part for each file.  Whatever they say, what is read of it hangs together:
 * as many nodes as are online, in order; an owner that is one line of text.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/cgroup.h"
#include "daemon/sense/sysctl.h"
#include "daemon/sense/topology.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

DEFINE_CLEANUP_EMBEDDED(struct host_facts, host_facts_done);
DEFINE_CLEANUP_EMBEDDED(struct cgroup_facts, cgroup_facts_done);

static const char *const folders[] = {
	"sys", "sys/devices", "sys/devices/system", "sys/devices/system/cpu",
	"sys/devices/system/node", "sys/devices/system/node/node0",
	"sys/devices/system/node/node1", "sys/fs", "sys/fs/cgroup", "sys/fs/cgroup/a",
	"sys/fs/cgroup/a/b", "proc", "etc", "etc/sysctl.d", "usr", "usr/lib",
	"usr/lib/sysctl.d",
};

static const char *const files[] = {
	"sys/devices/system/node/online", "sys/devices/system/node/has_memory",
	"sys/devices/system/node/has_cpu", "sys/devices/system/node/node0/cpulist",
	"sys/devices/system/node/node0/distance", "sys/devices/system/node/node0/vmstat",
	"sys/devices/system/node/node1/cpulist", "sys/devices/system/node/node1/distance",
	"sys/devices/system/node/node1/vmstat", "sys/devices/system/cpu/online",
	"sys/fs/cgroup/cgroup.controllers", "sys/fs/cgroup/cpuset.cpus.effective",
	"sys/fs/cgroup/cpuset.mems.effective", "sys/fs/cgroup/a/cgroup.controllers",
	"sys/fs/cgroup/a/cpuset.cpus.effective", "sys/fs/cgroup/a/cpuset.mems.effective",
	"sys/fs/cgroup/a/b/memory.numa_stat", "proc/cmdline", "etc/sysctl.d/9.conf",
	"usr/lib/sysctl.d/8.conf",
};

static char root[] = "/dev/shm/pinsafe-fuzz-XXXXXX";
static int root_fd = -1, sys_fd, proc_fd;

static void remove_root(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlinkat(root_fd, files[i], 0);
	for (size_t i = sizeof(folders) / sizeof(folders[0]); i-- > 0;)
		(void)unlinkat(root_fd, folders[i], AT_REMOVEDIR);
	(void)rmdir(root);
}

static void make_root(void)
{
	if (!mkdtemp(root))
		abort();
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 || atexit(remove_root) != 0)
		abort();
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (mkdirat(root_fd, folders[i], 0700) < 0)
			abort();
	}
	sys_fd = openat(root_fd, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	proc_fd = openat(root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sys_fd < 0 || proc_fd < 0)
		abort();
}

/* Where a part begins; an empty one means that there is no such file. */
struct part {
	const char *text;
	size_t size;
};

static struct part take_part(struct part *input)
{
	const char *end = input->size > 0 ? memchr(input->text, '\f', input->size) : NULL;
	struct part part = { input->text, end ? (size_t)(end - input->text) : input->size };
	size_t taken = part.size + (end != NULL);

	input->text += taken;
	input->size -= taken;
	return part;
}

static void write_file(const char *name, struct part part)
{
	_cleanup_(close) int fd = -1;

	if (part.size == 0) {
		(void)unlinkat(root_fd, name, 0);
		return;
	}
	fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, part.text, part.size) != (ssize_t)part.size)
		abort();
}

/* Most parts are as they were the last time, and files are dear. */
static void write_files(struct part input)
{
	static char *last_text;
	static struct part last = { "", 0 };
	struct part before = last, rest = input;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct part old = take_part(&before), new = take_part(&rest);

		if (old.size != new.size || memcmp(old.text, new.text, new.size) != 0)
			write_file(files[i], new);
	}
	free(last_text);
	last_text = malloc(input.size + 1);
	if (!last_text)
		abort();
	memcpy(last_text, input.text, input.size);
	last = (struct part){ last_text, input.size };
}

static void check_nodes(const struct host_facts *host)
{
	if (host->n_nodes != 0 && host->n_nodes != nodeset_count(&host->nodes_online))
		abort();
	for (size_t i = 0; i < host->n_nodes; i++) {
		if (!nodeset_has(&host->nodes_online, host->nodes[i].node) ||
		    (i > 0 && host->nodes[i].node <= host->nodes[i - 1].node))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(host_facts_done) struct host_facts host = { 0 };
	_cleanup_(cgroup_facts_done) struct cgroup_facts facts = { 0 };
	_cleanup_(free) char *owner = NULL;
	struct nodeset cpus = { 0 };

	if (root_fd < 0)
		make_root();
	write_files((struct part){ (const char *)data, size });
	/* twice, as each sweep does: the second finds what the first left */
	for (int i = 0; i < 2; i++) {
		if (topology_load(sys_fd, &host) == 0)
			check_nodes(&host);
	}
	(void)topology_read_cpus(sys_fd, &cpus);
	(void)cgroup_read_facts(sys_fd, "/a/b", &facts);
	if (sysctl_find_owner(root_fd, proc_fd, 1, &owner) == 0 && owner &&
	    (!*owner || strchr(owner, '\n')))
		abort();
	return 0;
}
