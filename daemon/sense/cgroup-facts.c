// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What confining a cgroup would mean.  cpuset.*.effective is there only where
 * the controller is enabled, so the nearest ancestor that has it is asked; the
 * root always has.
 */
#include "daemon/sense/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

/* A line of some twenty for each node, 25 characters each. */
#define NUMA_STAT_MAX (20 * MODEL_NODES * 32)

DEFINE_CLEANUP_EMBEDDED(struct cgroup_facts, cgroup_facts_done);

/* systemd names what is its own by kind; whatever else lies in the hierarchy was
 * made by others, below a delegated unit or beside all units. */
static bool is_unit(const char *path)
{
	static const char *const kinds[] = {
		".service", ".scope", ".slice", ".mount", ".socket", ".swap",
	};
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i]);

		if (length > n && strcmp(path + length - n, kinds[i]) == 0)
			return true;
	}
	return false;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n) {
		if ((p == text || p[-1] == ' ') && strchr(" \n", p[n]))
			return true;
	}
	return false;
}

static bool has_cpuset(int dir_fd)
{
	char text[1024];

	return fs_read(dir_fd, "cgroup.controllers", text, sizeof(text)) >= 0 &&
	       has_word(text, "cpuset");
}

static int read_effective(int dir_fd, const char *name, struct nodeset *ret_set)
{
	char text[8192];
	ssize_t n = fs_read(dir_fd, name, text, sizeof(text));

	return n < 0 ? (int)n : nodeset_parse(text, ret_set);
}

/* Climbs; what no ancestor tells stays empty. */
static void read_cpuset(int sys_fd, const char *path, struct cgroup_facts *facts)
{
	char at[PATH_MAX];

	if (strlen(path) >= sizeof(at))
		return;
	strcpy(at, path);
	for (;;) {
		_cleanup_(close) int fd = cgroup_open(sys_fd, at);
		char *slash = strrchr(at, '/');

		if (fd >= 0 &&
		    read_effective(fd, "cpuset.cpus.effective", &facts->cpus) == 0 &&
		    read_effective(fd, "cpuset.mems.effective", &facts->mems) == 0)
			return;
		if (!slash || !slash[1])
			return;
		slash[slash == at] = '\0';
	}
}

/* ---- memory.numa_stat ---------------------------------------------------- */

static int add_bytes(struct cgroup_facts *facts, unsigned int node, uint64_t bytes)
{
	struct node_bytes *grown;

	if (bytes == 0)
		return 0;
	for (size_t i = 0; i < facts->n_resident; i++) {
		if (facts->resident[i].node == node) {
			facts->resident[i].bytes += bytes;
			return 0;
		}
	}
	grown = reallocarray(facts->resident, facts->n_resident + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	facts->resident = grown;
	facts->resident[facts->n_resident++] = (struct node_bytes){ node, bytes };
	return 0;
}

/* " N0=4096 N1=0" */
static int add_line(struct cgroup_facts *facts, const char *line)
{
	char *end;
	int r = 0;

	while (r == 0 && strncmp(line, " N", 2) == 0) {
		unsigned long node = strtoul(line + 2, &end, 10);

		if (*end != '=' || node >= MODEL_NODES)
			return 0;
		r = add_bytes(facts, (unsigned int)node, strtoull(end + 1, &end, 10));
		line = end;
	}
	return r;
}

static int read_resident(int dir_fd, struct cgroup_facts *facts)
{
	static const char *const kinds[] = { "anon", "file" };
	_cleanup_(free) char *text = NULL;
	ssize_t n = fs_read_all(dir_fd, "memory.numa_stat", NUMA_STAT_MAX, &text);
	int r = 0;

	if (n < 0)
		return n == -ENOMEM ? -ENOMEM : 0;
	facts->has_resident = true;
	for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n"));) {
		for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			size_t length = strlen(kinds[i]);

			if (strncmp(line, kinds[i], length) == 0 && line[length] == ' ')
				r = add_line(facts, line + length);
		}
	}
	return r;
}

/* ---- the whole ----------------------------------------------------------- */

int cgroup_read_facts(int sys_fd, const char *path, struct cgroup_facts *ret_facts)
{
	_cleanup_(cgroup_facts_done) struct cgroup_facts facts = { 0 };
	_cleanup_(close) int fd = cgroup_open(sys_fd, path);
	_cleanup_(close) int root_fd = cgroup_open(sys_fd, "/");
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	facts.path = strdup(path);
	if (!facts.path)
		return -ENOMEM;
	facts.id = st.st_ino;
	facts.is_systemd = is_unit(path);
	/* systemd enables controllers down to its units where it needs them */
	facts.has_cpuset = has_cpuset(facts.is_systemd && root_fd >= 0 ? root_fd : fd);
	read_cpuset(sys_fd, path, &facts);
	r = read_resident(fd, &facts);
	if (r < 0)
		return r;
	*ret_facts = facts;
	facts = (struct cgroup_facts){ 0 };
	return 0;
}
