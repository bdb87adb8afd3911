/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - a made-up host for one test
 *
 * A folder below $TMPDIR, filled by the test or from tests/trees, and removed at
 * its end:
 *
 *      _cleanup_(tree_done) struct tree tree = tree_new();
 *      tree_write(&tree, "proc/7/stat", "7 (x) S ...");
 */
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/cleanup.h"

struct tree {
	char path[PATH_MAX / 4];
	int fd;
};

static inline void tree_run(const char *command)
{
	assert_int_equal(system(command), 0);
}

static inline struct tree tree_new(void)
{
	const char *parent = getenv("TMPDIR");
	struct tree tree;

	snprintf(tree.path, sizeof(tree.path), "%s/pinsafe-test.XXXXXX",
		 parent ? parent : "/tmp");
	assert_non_null(mkdtemp(tree.path));
	tree.fd = open(tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree.fd >= 0);
	return tree;
}

/* A copy of tests/trees/NAME with its links made. */
static inline struct tree tree_unfold(const char *name)
{
	const char *root = getenv("top_srcdir");
	struct tree tree = tree_new();
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "cd '%s/tests/trees' && ./unfold '%s' '%s'",
		 root ? root : ".", name, tree.path);
	tree_run(command);
	return tree;
}

static inline void tree_done(struct tree *tree)
{
	char command[PATH_MAX];

	close(tree->fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", tree->path);
	tree_run(command);
}

DEFINE_CLEANUP_EMBEDDED(struct tree, tree_done);

static inline int tree_open(const struct tree *tree, const char *path)
{
	int fd = openat(tree->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline void tree_make_parents(const struct tree *tree, const char *path)
{
	char parent[PATH_MAX];
	const char *slash;

	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		mkdirat(tree->fd, parent, 0700);
	}
}

static inline void tree_write(const struct tree *tree, const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd;

	tree_make_parents(tree, path);
	fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	tree_make_parents(tree, path);
	assert_int_equal(symlinkat(target, tree->fd, path), 0);
}

/* From here on no file grows, as on a full disk; and again as before.  What is as short
 * as a sysctl can still be written. */
static inline void disk_fill(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 2;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static inline void disk_free(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
