// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/subtrees.h"
#include "tests/unit/tree.h"

DEFINE_CLEANUP_EMBEDDED(struct subtrees, subtrees_done);

static char visited[1024];

static void visit(void *data, const char *path)
{
	(void)data;
	strcat(visited, path);
	strcat(visited, " ");
}

static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the glob names, sorted, in one string. */
static void assert_found(const struct tree *tree, const char *glob, const char *want)
{
	const struct subtrees_visitor visitor = { visit, NULL };
	_cleanup_(subtrees_done) struct subtrees found = { 0 };
	char got[1024] = "";

	visited[0] = '\0';
	assert_int_equal(subtrees_find(tree->fd, glob, &visitor, &found), 0);
	if (found.n > 0)
		qsort(found.paths, found.n, sizeof(*found.paths), order);
	for (size_t i = 0; i < found.n; i++) {
		strcat(got, got[0] ? " " : "");
		strcat(got, found.paths[i]);
	}
	assert_string_equal(got, want);
}

static void test_globs(void **unused)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)unused;
	tree_write(&tree, "a.slice/x1.service/cgroup.procs", "");
	tree_write(&tree, "a.slice/x2.service/cgroup.procs", "");
	tree_write(&tree, "a.slice/y.service/deep/x3.service/cgroup.procs", "");
	tree_write(&tree, "b.slice/cgroup.procs", "");
	assert_found(&tree, "/a.slice/x1.service", "/a.slice/x1.service");
	assert_string_equal(visited, "/ /a.slice ");
	assert_found(&tree, "/a.slice/x*.service", "/a.slice/x1.service /a.slice/x2.service");
	assert_found(&tree, "/*/x?.service", "/a.slice/x1.service /a.slice/x2.service");
	/* what is said of a cgroup is said of all below it */
	assert_found(&tree, "/a.slice/**", "/a.slice");
	assert_found(&tree, "/**", "/");
	assert_found(&tree, "/**/x3.service", "/a.slice/y.service/deep/x3.service");
	assert_found(&tree, "/a.slice/y**", "/a.slice/y.service");
	/* a dot does not hide a cgroup, and the folder itself is not below it */
	tree_write(&tree, "d.slice/.z.service/cgroup.procs", "");
	assert_found(&tree, "/d.slice/*", "/d.slice/.z.service");
	/* a file is no cgroup */
	assert_found(&tree, "/b.slice/*", "");
	/* not there yet: the folder where it would appear is told */
	assert_found(&tree, "/c.slice/z.service", "");
	assert_string_equal(visited, "/ ");
}

static void test_each_once(void **unused)
{
	_cleanup_(subtrees_done) struct subtrees found = { 0 };
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)unused;
	tree_write(&tree, "a/cgroup.procs", "");
	assert_int_equal(subtrees_find(tree.fd, "/a", NULL, &found), 0);
	assert_int_equal(subtrees_find(tree.fd, "/*", NULL, &found), 0);
	assert_int_equal(found.n, 1);
}

static void test_bounded(void **unused)
{
	_cleanup_(subtrees_done) struct subtrees found = { 0 };
	_cleanup_(tree_done) struct tree tree = tree_new();
	char path[64];

	(void)unused;
	for (int i = 0; i <= SUBTREES_MAX_PATHS; i++) {
		snprintf(path, sizeof(path), "d%d/.", i);
		tree_make_parents(&tree, path);
	}
	assert_int_equal(subtrees_find(tree.fd, "/d*", NULL, &found), -E2BIG);
	assert_int_equal(found.n, SUBTREES_MAX_PATHS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests_name("subtrees", tests, NULL, NULL);
}
