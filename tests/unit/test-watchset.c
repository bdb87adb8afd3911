// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What bells are told to hold: only what a policy enforces, and the root only
 * by the operator's explicit word.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/watchset.h"
#include "tests/unit/tree.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);
DEFINE_CLEANUP_EMBEDDED(struct subtrees, subtrees_done);

/* Paths where a pin takes the hold, in one string. */
static void assert_cgroups(const struct tree *tree, const char *text, const char *want)
{
	_cleanup_(config_errors_done) struct config_errors errors = { 0 };
	_cleanup_(subtrees_done) struct subtrees found = { 0 };
	_cleanup_(watchset_done) struct watchset set = { 0 };
	_cleanup_(config_done) struct config config = { 0 };
	struct config_source source = { "x", text };
	char got[256] = "";

	if (config_parse(&source, 1, NULL, &config, &errors) < 0)
		fail_msg("%s", errors.errors[0].text);
	assert_int_equal(watchset_find_cgroups(&config, tree->fd, NULL, &found), 0);
	for (size_t i = 0; i < found.n; i++) {
		strcat(got, found.paths[i]);
		strcat(got, " ");
	}
	assert_string_equal(got, want);
	assert_int_equal(watchset_open_cgroups(&set, tree->fd, &found), 0);
	assert_int_equal(set.n_cgroups, found.n);
	assert_int_equal(watchset_has_holds(&set), found.n > 0);
}

#define ENFORCE	"[Daemon]\nMode=enforce\n"
#define P(keys)	"[Policy p]\n" keys "Action=hold\n"

static void test_who_holds(void **unused)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)unused;
	tree_write(&tree, "a/b/cgroup.procs", "");
	tree_write(&tree, "c/cgroup.procs", "");
	assert_cgroups(&tree, ENFORCE P("MatchCGroup=/a/b\n"), "/a/b ");
	assert_cgroups(&tree, ENFORCE P("MatchCGroup=/a/b /c\n"), "/a/b /c ");
	assert_cgroups(&tree, P("MatchCGroup=/a/b\n"), "");			/* audit */
	assert_cgroups(&tree, P("MatchCGroup=/a/b\nMode=enforce\n"), "/a/b ");
	assert_cgroups(&tree, ENFORCE P("MatchCGroup=/a/b\nMode=audit\n"), "");
	assert_cgroups(&tree, ENFORCE "[Policy p]\nMatchCGroup=/a/b\nAction=none\n", "");
	/* the root */
	assert_cgroups(&tree, ENFORCE P("MatchPinnedMin=1M\n"), "");
	assert_cgroups(&tree, ENFORCE P("MatchCGroup=/**\n"), "");
	assert_cgroups(&tree, ENFORCE "HoldOnPin=everywhere\n" P("MatchPinnedMin=1M\n"), "/ ");
	assert_cgroups(&tree, "[Daemon]\nHoldOnPin=everywhere\n" P("MatchPinnedMin=1M\n"), "");
}

#define OF_USER	"user.slice/user-7.slice/user@7.service"

static void test_units(void **unused)
{
	_cleanup_(tree_done) struct tree tree = tree_new();

	(void)unused;
	tree_write(&tree, "system.slice/a.service/w/cgroup.procs", "");
	tree_write(&tree, "system.slice/system-b.slice/b@1.service/cgroup.procs", "");
	tree_write(&tree, "system.slice/docker-1.scope/system.slice/a.service/cgroup.procs", "");
	tree_write(&tree, OF_USER "/app.slice/c.scope/cgroup.procs", "");
	assert_cgroups(&tree, ENFORCE P("MatchUnit=a.service\n"), "/system.slice/a.service ");
	assert_cgroups(&tree, ENFORCE P("MatchUnit=b@*.service c.scope\n"),
		       "/system.slice/system-b.slice/b@1.service /" OF_USER "/app.slice/c.scope ");
	assert_cgroups(&tree, ENFORCE P("MatchUnit=user@7.service\n"), "/" OF_USER " ");
	assert_cgroups(&tree, ENFORCE P("MatchUnit=x.service\n"), "");
	/* both */
	assert_cgroups(&tree, ENFORCE P("MatchUnit=a.service\nMatchCGroup=/system.slice/**\n"),
		       "/system.slice/a.service ");
	assert_cgroups(&tree, ENFORCE P("MatchUnit=a.service\nMatchCGroup=/user.slice\n"), "");
}

static void test_equal(void **unused)
{
	struct pinsafe_watch_device null = { .major = 1, .minor = 3 };
	struct pinsafe_watch_device held = { .major = 1, .minor = 3, .flags = PINSAFE_WATCH_HOLD };
	struct watchset empty = { 0 };
	struct watchset a = { .devices = &null, .n_devices = 1 };
	struct watchset b = { .devices = &held, .n_devices = 1 };

	(void)unused;
	assert_true(watchset_is_equal(&empty, &empty));
	assert_false(watchset_is_equal(&empty, &a));
	assert_true(watchset_is_equal(&a, &a));
	assert_false(watchset_is_equal(&a, &b));
	assert_false(watchset_has_holds(&a));
	assert_true(watchset_has_holds(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_holds),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests_name("watchset", tests, NULL, NULL);
}
