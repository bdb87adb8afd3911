// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * subtrees.c - walking a hierarchy along a glob
 *
 * One component of the glob a level, so that "/system.slice/x*.service" reads
 * two folders and not the host's.  Only behind a component with "**" in it are
 * all folders visited and matched as a whole.
 */
#include "daemon/subtrees.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/base/glob.h"

#define MAX_DEPTH 32

struct search {
	const char *glob;
	const struct subtrees_visitor *visitor;
	struct subtrees *found;
	unsigned int visits;
	char path[PATH_MAX];
};

int subtrees_add(struct subtrees *subtrees, const char *path)
{
	_cleanup_(free) char *copy = NULL;
	char **paths;

	for (size_t i = 0; i < subtrees->n; i++) {
		if (strcmp(subtrees->paths[i], path) == 0)
			return 0;
	}
	if (subtrees->n == SUBTREES_MAX_PATHS)
		return -E2BIG;
	copy = strdup(path);
	paths = realloc(subtrees->paths, (subtrees->n + 1) * sizeof(*paths));
	if (paths)
		subtrees->paths = paths;
	if (!copy || !paths)
		return -ENOMEM;
	subtrees->paths[subtrees->n++] = take_ptr(copy);
	return 0;
}

void subtrees_done(struct subtrees *subtrees)
{
	for (size_t i = 0; i < subtrees->n; i++)
		free(subtrees->paths[i]);
	free(subtrees->paths);
	*subtrees = (struct subtrees){ 0 };
}

static int add_here(struct search *search)
{
	return subtrees_add(search->found, search->path[0] ? search->path : "/");
}

/* Appends "/name"; the length to cut back to, or negative errno. */
static ssize_t path_enter(struct search *search, const char *name, size_t length)
{
	size_t old = strlen(search->path);

	if (old + 1 + length >= sizeof(search->path))
		return -ENAMETOOLONG;
	search->path[old] = '/';
	memcpy(search->path + old + 1, name, length);
	search->path[old + 1 + length] = '\0';
	return (ssize_t)old;
}

static int search_component(struct search *search, int dir_fd, const char *rest,
			    unsigned int depth);
static int search_deep(struct search *search, int dir_fd, unsigned int depth);

/* rest NULL: deep below a "**". */
static int enter(struct search *search, int dir_fd, const char *name, const char *rest,
		 unsigned int depth)
{
	_cleanup_(close) int fd = fs_open_dir(dir_fd, name);
	ssize_t old;
	int r;

	if (fd < 0)		/* came and went, or is a file */
		return 0;
	if (depth == MAX_DEPTH || ++search->visits > SUBTREES_MAX_VISITS)
		return -E2BIG;
	old = path_enter(search, name, strlen(name));
	if (old < 0)
		return 0;
	r = rest ? search_component(search, fd, rest, depth + 1) :
		   search_deep(search, fd, depth + 1);
	search->path[old] = '\0';
	return r;
}

/* Enters each child folder that matches pattern; NULL: all. */
static int enter_children(struct search *search, int dir_fd, const char *pattern,
			  const char *rest, unsigned int depth)
{
	_cleanup_(closedir) DIR *dir = NULL;
	struct dirent *entry;
	int r;

	r = fs_open_dir_stream(dir_fd, ".", &dir);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	while ((entry = fs_next_entry(dir))) {
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (pattern && !glob_match(pattern, entry->d_name))
			continue;
		r = enter(search, dir_fd, entry->d_name, rest, depth);
		if (r < 0)
			return r;
	}
	return 0;
}

static void visit_here(struct search *search)
{
	const struct subtrees_visitor *visitor = search->visitor;

	if (visitor)
		visitor->visit(visitor->data, search->path[0] ? search->path : "/");
}

static int search_deep(struct search *search, int dir_fd, unsigned int depth)
{
	if (glob_match(search->glob, search->path))
		return add_here(search);
	visit_here(search);
	return enter_children(search, dir_fd, NULL, NULL, depth);
}

static int search_component(struct search *search, int dir_fd, const char *rest,
			    unsigned int depth)
{
	char pattern[NAME_MAX + 1];
	size_t length;

	rest += strspn(rest, "/");
	if (*rest == '\0' || strcmp(rest, "**") == 0)
		return add_here(search);
	length = strcspn(rest, "/");
	if (length > NAME_MAX)
		return 0;
	memcpy(pattern, rest, length);
	pattern[length] = '\0';
	if (strstr(pattern, "**"))
		return search_deep(search, dir_fd, depth);
	visit_here(search);
	if (glob_literal_length(pattern) == length)
		return enter(search, dir_fd, pattern, rest + length, depth);
	return enter_children(search, dir_fd, pattern, rest + length, depth);
}

int subtrees_find(int cgroup_fd, const char *glob, const struct subtrees_visitor *visitor,
		  struct subtrees *subtrees)
{
	struct search search = {
		.glob = glob,
		.visitor = visitor,
		.found = subtrees,
	};

	return search_component(&search, cgroup_fd, glob, 0);
}
