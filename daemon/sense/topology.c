// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/topology.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define NODE_DIR "devices/system/node"

/* vmstat of a node: some 150 lines. */
#define VMSTAT_SIZE 16384

/* A device sits a few levels below the one that knows its node: the PCI function
 * below two bridges is 5 deep. */
#define MAX_PARENTS 8

static int read_list(int sys_fd, const char *path, struct nodeset *ret_set)
{
	char text[4096];
	ssize_t len = fs_read(sys_fd, path, text, sizeof(text));

	return len < 0 ? (int)len : nodeset_parse(text, ret_set);
}

static int read_set(int sys_fd, const char *name, struct nodeset *ret_set)
{
	char path[128];

	snprintf(path, sizeof(path), NODE_DIR "/%s", name);
	return read_list(sys_fd, path, ret_set);
}

int topology_read_cpus(int sys_fd, struct nodeset *ret_cpus)
{
	return read_list(sys_fd, "devices/system/cpu/online", ret_cpus);
}

static int read_node_pins(int sys_fd, unsigned int node, uint64_t *acquired,
			  uint64_t *released)
{
	char path[64], text[VMSTAT_SIZE];
	uint64_t a, r;
	ssize_t len;

	snprintf(path, sizeof(path), NODE_DIR "/node%u/vmstat", node);
	/* one read(2) has all: sysfs makes a page at once */
	len = fs_read_head(sys_fd, path, text, sizeof(text));
	if (len < 0)
		return (int)len;
	if (fs_find_u64(text, "nr_foll_pin_acquired", &a) < 0 ||
	    fs_find_u64(text, "nr_foll_pin_released", &r) < 0)
		return -EOPNOTSUPP;
	*acquired += a;
	*released += r;
	return 0;
}

int topology_read_pins(int sys_fd, uint64_t *ret_acquired, uint64_t *ret_released)
{
	uint64_t acquired = 0, released = 0;
	struct nodeset online;
	int r, node;

	r = read_set(sys_fd, "online", &online);
	if (r < 0)
		return r;
	for (node = nodeset_next(&online, 0); node >= 0;
	     node = nodeset_next(&online, (unsigned int)node + 1)) {
		r = read_node_pins(sys_fd, (unsigned int)node, &acquired, &released);
		if (r < 0 && r != -ENOENT)	/* went offline meanwhile */
			return r;
	}
	*ret_acquired = acquired;
	*ret_released = released;
	return 0;
}

static int load_sets(int sys_fd, struct host_facts *host)
{
	int r;

	r = read_set(sys_fd, "online", &host->nodes_online);
	if (r < 0)
		return r;
	r = read_set(sys_fd, "has_memory", &host->nodes_memory);
	if (r < 0)
		return r;
	return read_set(sys_fd, "has_cpu", &host->nodes_cpu);
}

/* "10 21 21": one number for each online node, in their order.  Fewer or more
 * mean that one came or went meanwhile: then nothing is known. */
static unsigned int *parse_distances(const char *text, size_t n)
{
	_cleanup_(free) unsigned int *distances = calloc(n, sizeof(*distances));
	char *end;

	for (size_t i = 0; distances && i < n; i++, text = end) {
		unsigned long distance = strtoul(text, &end, 10);

		if (end == text || distance > UINT_MAX)
			return NULL;
		distances[i] = (unsigned int)distance;
	}
	return text[strspn(text, " \n")] ? NULL : take_ptr(distances);
}

/* What it does not tell stays empty: a node may leave between two reads. */
static void read_host_node(int sys_fd, unsigned int number, size_t n_nodes,
			   struct host_node *ret_node)
{
	char path[64], text[8192];

	ret_node->node = number;
	snprintf(path, sizeof(path), "node%u/cpulist", number);
	if (read_set(sys_fd, path, &ret_node->cpus) < 0)
		ret_node->cpus = (struct nodeset){ 0 };
	snprintf(path, sizeof(path), NODE_DIR "/node%u/distance", number);
	if (fs_read(sys_fd, path, text, sizeof(text)) >= 0)
		ret_node->distances = parse_distances(text, n_nodes);
}

/* Those of a load before. */
static void drop_nodes(struct host_facts *host)
{
	for (size_t i = 0; i < host->n_nodes; i++)
		free(host->nodes[i].distances);
	free(take_ptr(host->nodes));
	host->n_nodes = 0;
}

static int load_nodes(int sys_fd, struct host_facts *host)
{
	size_t n = nodeset_count(&host->nodes_online);
	int number = nodeset_next(&host->nodes_online, 0);

	drop_nodes(host);
	host->nodes = calloc(n + 1, sizeof(*host->nodes));
	if (!host->nodes)
		return -ENOMEM;
	for (; number >= 0; number = nodeset_next(&host->nodes_online, (unsigned int)number + 1))
		read_host_node(sys_fd, (unsigned int)number, n, &host->nodes[host->n_nodes++]);
	return 0;
}

static void load_one_node(struct host_facts *host)
{
	host->nodes_online = (struct nodeset){ 0 };
	nodeset_add(&host->nodes_online, 0);
	host->nodes_memory = host->nodes_cpu = host->nodes_online;
	host->has_pin_counters = false;
}

int topology_load(int sys_fd, struct host_facts *host)
{
	int r;

	r = load_sets(sys_fd, host);
	if (r == -ENOENT) {
		load_one_node(host);
		return 0;
	}
	if (r < 0)
		return r;
	r = load_nodes(sys_fd, host);
	if (r < 0)
		return r;
	host->has_pin_counters = topology_read_pins(sys_fd, &host->pins_acquired,
						    &host->pins_released) == 0;
	return 0;
}

static int read_node(int sys_fd, const char *dir, const char *file)
{
	char path[PATH_MAX];
	int64_t node;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (fs_read_s64(sys_fd, path, &node) < 0 || node < 0 || node >= MODEL_NODES)
		return -1;
	return (int)node;
}

/* Nothing there is on a node, nor anything above it. */
static bool is_virtual(int sys_fd, const char *dir)
{
	static const char virtual[] = "../../devices/virtual/";
	char link[PATH_MAX];

	return fs_read_link(sys_fd, dir, link, sizeof(link)) > 0 &&
	       strncmp(link, virtual, strlen(virtual)) == 0;
}

/* The kernel takes "..", behind a symbolic link, for the parent of what the link
 * leads to: so the path climbs the device tree. */
int topology_find_device_node(int sys_fd, uint32_t major, uint32_t minor)
{
	char dir[64 + MAX_PARENTS * sizeof("/..")];
	int node = -1, len, i;

	len = snprintf(dir, sizeof(dir), "dev/char/%u:%u", major, minor);
	if (is_virtual(sys_fd, dir))
		return -1;
	for (i = 0; node < 0 && i < MAX_PARENTS; i++) {
		node = read_node(sys_fd, dir, "numa_node");
		if (node < 0)
			node = read_node(sys_fd, dir, "device/numa_node");
		len += snprintf(dir + len, sizeof(dir) - (size_t)len, "/..");
	}
	return node;
}

int topology_find_device_path(int sys_fd, uint32_t major, uint32_t minor, char **ret_path)
{
	char path[64], text[4096];
	const char *name;
	ssize_t n;
	size_t len;

	snprintf(path, sizeof(path), "dev/char/%u:%u/uevent", major, minor);
	n = fs_read(sys_fd, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	name = strstr(text, "DEVNAME=");
	if (!name)
		return -ENOENT;
	name += strlen("DEVNAME=");
	len = strcspn(name, "\n");
	n = asprintf(ret_path, "/dev/%.*s", (int)len, name);
	return n < 0 ? -ENOMEM : 0;
}
