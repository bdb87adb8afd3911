// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sense/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/base/glob.h"

#define DEV "/dev/"

/* /dev/bus/usb/001 is the deepest that udev makes. */
#define MAX_DEPTH 8

DEFINE_CLEANUP_EMBEDDED(struct device_nodes, device_nodes_done);

/* What a walk carries down. */
struct walk {
	char *const *globs;
	size_t n_globs;
	dev_t file_system;
	struct device_nodes *nodes;
};

void device_nodes_done(struct device_nodes *nodes)
{
	size_t i;

	for (i = 0; i < nodes->n_nodes; i++)
		free(nodes->nodes[i].path);
	for (i = 0; i < nodes->n_folders; i++)
		free(nodes->folders[i]);
	free(nodes->nodes);
	free(nodes->folders);
	*nodes = (struct device_nodes){ 0 };
}

static unsigned int count_slashes(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '/';
	return n;
}

/* Can the glob match something in the folder (with its "/" at the end), or in a
 * folder of it? */
static bool may_match_below(const char *glob, const char *folder)
{
	size_t literal = glob_literal_length(glob), len = strlen(folder);

	if (strncmp(glob, folder, literal < len ? literal : len) != 0)
		return false;
	return strstr(glob, "**") || count_slashes(glob) >= count_slashes(folder);
}

static bool any_may_match_below(const struct walk *walk, const char *folder)
{
	size_t i;

	for (i = 0; i < walk->n_globs; i++)
		if (may_match_below(walk->globs[i], folder))
			return true;
	return false;
}

static bool any_matches(const struct walk *walk, const char *path)
{
	size_t i;

	for (i = 0; i < walk->n_globs; i++)
		if (glob_match(walk->globs[i], path))
			return true;
	return false;
}

static int add_folder(struct device_nodes *nodes, const char *path)
{
	_cleanup_(free) char *copy = strdup(path);
	char **grown;

	grown = reallocarray(nodes->folders, nodes->n_folders + 1, sizeof(*grown));
	if (grown)
		nodes->folders = grown;
	if (!copy || !grown)
		return -ENOMEM;
	nodes->folders[nodes->n_folders++] = take_ptr(copy);
	return 0;
}

static int add_node(struct device_nodes *nodes, const char *path, dev_t number)
{
	_cleanup_(free) char *copy = strdup(path);
	struct device_node *grown;

	grown = reallocarray(nodes->nodes, nodes->n_nodes + 1, sizeof(*grown));
	if (grown)
		nodes->nodes = grown;
	if (!copy || !grown)
		return -ENOMEM;
	nodes->nodes[nodes->n_nodes++] = (struct device_node){
		.path = take_ptr(copy),
		.major = major(number),
		.minor = minor(number),
	};
	return 0;
}

static int walk_folder(const struct walk *walk, int parent_fd, const char *name,
		       const char *path);

/* path: of the folder, with "/dev/" before it and "/" behind. */
static int walk_entry(const struct walk *walk, int folder_fd, const char *folder,
		      const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n;

	n = snprintf(path, sizeof(path) - 1, "%s%s", folder, name);
	if (n < 0 || (size_t)n >= sizeof(path) - 1)
		return 0;
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISCHR(st.st_mode) && any_matches(walk, path))
		return add_node(walk->nodes, path + strlen(DEV), st.st_rdev);
	if (!S_ISDIR(st.st_mode) || st.st_dev != walk->file_system)
		return 0;
	strcpy(path + n, "/");
	if (!any_may_match_below(walk, path) || count_slashes(path) > MAX_DEPTH)
		return 0;
	return walk_folder(walk, folder_fd, name, path);
}

static int walk_folder(const struct walk *walk, int parent_fd, const char *name,
		       const char *path)
{
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	int r;

	r = fs_open_dir_stream(parent_fd, name, &dir);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = add_folder(walk->nodes, path[strlen(DEV)] ? path + strlen(DEV) : ".");
	while (r == 0 && (entry = fs_next_entry(dir)))
		r = walk_entry(walk, dirfd(dir), path, entry->d_name);
	return r;
}

int device_nodes_find(int dev_fd, char *const *globs, size_t n_globs,
		      struct device_nodes *ret_nodes)
{
	_cleanup_(device_nodes_done) struct device_nodes nodes = { 0 };
	struct walk walk = { .globs = globs, .n_globs = n_globs, .nodes = &nodes };
	struct stat st;
	int r;

	if (fstat(dev_fd, &st) < 0)
		return -errno;
	walk.file_system = st.st_dev;
	if (any_may_match_below(&walk, DEV)) {
		r = walk_folder(&walk, dev_fd, ".", DEV);
		if (r < 0)
			return r;
	}
	*ret_nodes = nodes;
	nodes = (struct device_nodes){ 0 };
	return 0;
}
