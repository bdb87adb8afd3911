/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodes.h - the character device nodes that globs name
 *
 * "Node" is the device node of mknod(2) here.  Walks only folders that can hold
 * a match, does not follow links and stays on the file system of the dev folder
 * (not into /dev/shm, where anybody may build trees).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct device_node {
	char *path;		/* below the dev folder, "infiniband/uverbs0" */
	uint32_t major, minor;
};

struct device_nodes {
	struct device_node *nodes;
	size_t n_nodes;
	char **folders;		/* looked at, "." first: where a match can appear */
	size_t n_folders;
};

/* Globs start with "/dev/", which stands for dev_fd; others match nothing.  0 or
 * negative errno. */
int device_nodes_find(int dev_fd, char *const *globs, size_t n_globs,
		      struct device_nodes *ret_nodes);
void device_nodes_done(struct device_nodes *nodes);
