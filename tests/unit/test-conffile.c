// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/conffile.h"
#include "tests/unit/tree.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

static void assert_loads(const struct tree *tree, enum mode mode, unsigned int sweep)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };

	assert_true(conffile_load(tree->path, &config, &errors) >= 0);
	assert_int_equal(config.mode, mode);
	assert_int_equal(config.sweep_interval_sec, sweep);
}

static void assert_fails(const struct tree *tree, const char *what)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	_cleanup_(free) char *text = NULL;

	assert_int_equal(conffile_load(tree->path, &config, &errors), -EINVAL);
	assert_int_equal(conffile_format_errors(&errors, &text), 0);
	if (!strstr(text, what))
		fail_msg("\"%s\" does not name \"%s\"", text, what);
}

static void test_order(void **unused)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)unused;
	assert_loads(&tree, MODE_AUDIT, 0);		/* nothing there */
	tree_write(&tree, "pinsafed.conf", "[Daemon]\nMode=enforce\nSweepIntervalSec=5\n");
	assert_loads(&tree, MODE_ENFORCE, 5);
	tree_write(&tree, "pinsafed.conf.d/20-b.conf", "[Daemon]\nSweepIntervalSec=20\n");
	tree_write(&tree, "pinsafed.conf.d/10-a.conf", "[Daemon]\nSweepIntervalSec=10\n");
	assert_loads(&tree, MODE_ENFORCE, 20);
	tree_write(&tree, "pinsafed.conf.d/30-c.txt", "[Daemon]\nSweepIntervalSec=30\n");
	tree_write(&tree, "pinsafed.conf.d/.40.conf", "[Daemon]\nSweepIntervalSec=40\n");
	assert_loads(&tree, MODE_ENFORCE, 20);
}

static void test_counts_what_it_reads(void **unused)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct config config = { 0 };

	(void)unused;
	assert_int_equal(conffile_load(tree.path, &config, &errors), 0);
	config_done(&config);
	tree_write(&tree, "pinsafed.conf", "");
	tree_write(&tree, "pinsafed.conf.d/10-a.conf", "[Daemon]\nMode=audit\n");
	assert_int_equal(conffile_load(tree.path, &config, &errors), 2);
	config_done(&config);
}

static void test_mask(void **unused)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)unused;
	tree_write(&tree, "pinsafed.conf.d/10-a.conf", "[Daemon]\nSweepIntervalSec=10\n");
	tree_link(&tree, "pinsafed.conf.d/20-b.conf", "/dev/null");
	assert_loads(&tree, MODE_AUDIT, 10);
}

static void test_errors(void **unused)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	int fd;

	(void)unused;
	tree_write(&tree, "pinsafed.conf", "[Daemon]\nMode=on\n");
	assert_fails(&tree, "pinsafed.conf:2: ");
	tree_write(&tree, "pinsafed.conf", "");
	tree_link(&tree, "pinsafed.conf.d/10-gone.conf", "nowhere");
	assert_fails(&tree, "10-gone.conf: No such file");
	assert_int_equal(unlinkat(tree.fd, "pinsafed.conf.d/10-gone.conf", 0), 0);
	tree_make_parents(&tree, "pinsafed.conf.d/20-folder.conf/.");
	assert_fails(&tree, "20-folder.conf: not a regular file");
	assert_int_equal(unlinkat(tree.fd, "pinsafed.conf.d/20-folder.conf", AT_REMOVEDIR), 0);
	fd = openat(tree.fd, "pinsafed.conf.d/30-nul.conf", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "[Daemon]\n\0Mode=x\n", 17), 17);
	close(fd);
	assert_fails(&tree, "30-nul.conf:2: contains a NUL byte");
	assert_int_equal(unlinkat(tree.fd, "pinsafed.conf.d/30-nul.conf", 0), 0);
	tree_link(&tree, "pinsafed.conf.d/40-zero.conf", "/dev/zero");
	assert_fails(&tree, "40-zero.conf: not a regular file");
}

static void test_no_folder(void **unused)
{
	struct config_errors errors = { 0 };
	struct config config;

	(void)unused;
	assert_int_equal(conffile_load("/nonexistent/folder", &config, &errors), -ENOENT);
	assert_int_equal(errors.n_errors, 0);
}

/* One that is yet to be put in place. */
static void test_one_file(void **unused)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	_cleanup_(tree_done) struct tree tree = tree_new();
	char path[PATH_MAX];

	(void)unused;
	tree_write(&tree, "new", "[Daemon]\nSweepIntervalSec=7\n");
	tree_write(&tree, "pinsafed.conf", "[Daemon]\nMode=on\n");
	snprintf(path, sizeof(path), "%s/new", tree.path);
	assert_int_equal(conffile_load(path, &config, &errors), 1);
	assert_int_equal(config.sweep_interval_sec, 7);
}

/* root is the one user that every host has. */
static void test_users_are_looked_up(void **unused)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)unused;
	tree_write(&tree, "pinsafed.conf", "[Policy x]\nMatchUser=root\n");
	assert_int_equal(conffile_load(tree.path, &config, &errors), 1);
	assert_int_equal(config.policies[0].n_match_uids, 1);
	assert_int_equal(config.policies[0].match_uids[0], 0);
	tree_write(&tree, "pinsafed.conf", "[Policy x]\nMatchUser=no.such.user.of.pinsafe\n");
	assert_fails(&tree, "pinsafed.conf:2: MatchUser=: no user 'no.such.user.of.pinsafe'");
}

static void test_files_are_told(void **unused)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(free) char *text = NULL, *expected = NULL;

	(void)unused;
	tree_write(&tree, "pinsafed.conf.d/20-b.conf", "");
	tree_link(&tree, "pinsafed.conf.d/10-a.conf", "/dev/null");
	assert_int_equal(conffile_format_files(tree.path, &text), 0);
	assert_true(asprintf(&expected,
			     "%s/pinsafed.conf: not there\n%s/pinsafed.conf.d/10-a.conf: masked\n"
			     "%s/pinsafed.conf.d/20-b.conf: read\n",
			     tree.path, tree.path, tree.path) > 0);
	assert_string_equal(text, expected);
	free(take_ptr(text));
	assert_int_equal(conffile_format_files("/nonexistent/folder", &text), -ENOENT);
}

/* All that is wrong at once, and nothing is taken. */
static void test_nothing_is_half_applied(void **unused)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct config config = { .history_size = 12345 };

	(void)unused;
	tree_write(&tree, "pinsafed.conf", "[Daemon]\nHistorySize=5\n");
	tree_write(&tree, "pinsafed.conf.d/10-a.conf", "[Daemon]\nHistorySize=x\n");
	tree_write(&tree, "pinsafed.conf.d/20-b.conf", "\n\nx\n");
	assert_int_equal(conffile_load(tree.path, &config, &errors), -EINVAL);
	assert_int_equal(config.history_size, 12345);
	assert_int_equal(errors.n_errors, 2);
	assert_non_null(strstr(errors.errors[1].path, "20-b.conf"));
	assert_int_equal(errors.errors[1].line, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_counts_what_it_reads),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_one_file),
		cmocka_unit_test(test_users_are_looked_up),
		cmocka_unit_test(test_files_are_told),
		cmocka_unit_test(test_nothing_is_half_applied),
	};

	return cmocka_run_group_tests_name("conffile", tests, NULL, NULL);
}
