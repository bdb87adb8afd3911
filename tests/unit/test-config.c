// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/config.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

#define NO_CONFIG	{ .n_policies = 0 }

static int find_user(const char *name, uid_t *ret_uid)
{
	*ret_uid = 4242;
	return strcmp(name, "alice") == 0 ? 0 : strcmp(name, "far") == 0 ? -EIO : -ENOENT;
}

static const struct config_lookup lookup = { .find_user = find_user };

/* "a b " for a list of a and b. */
static void assert_list(char *const *list, const char *expected)
{
	char text[256] = "";

	for (; *list; list++)
		strcat(strcat(text, *list), " ");
	assert_string_equal(text, expected);
}

static void parse(const char *text, struct config *ret_config)
{
	struct config_source source = { "a.conf", text };
	_cleanup_(config_errors_done) struct config_errors errors = {};
	int r = config_parse(&source, 1, &lookup, ret_config, &errors);

	if (r < 0 && errors.n_errors > 0)
		print_error("a.conf:%u: %s\n", errors.errors[0].line, errors.errors[0].text);
	assert_int_equal(r, 0);
	assert_int_equal(errors.n_errors, 0);
}

/* All errors as "line: text\n", in a buffer of the caller's. */
static void parse_bad(const char *text, char *out, size_t size)
{
	struct config_source source = { "a.conf", text };
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config config = { .sweep_interval_sec = 12345 };
	size_t length = 0;

	assert_int_equal(config_parse(&source, 1, &lookup, &config, &errors), -EINVAL);
	assert_int_equal(config.sweep_interval_sec, 12345);
	assert_true(errors.n_errors > 0);
	for (size_t i = 0; i < errors.n_errors; i++) {
		assert_string_equal(errors.errors[i].path, "a.conf");
		length += (size_t)snprintf(out + length, size - length, "%u: %s\n",
					   errors.errors[i].line, errors.errors[i].text);
		assert_true(length < size);
	}
}

static void assert_error(const char *text, const char *expected)
{
	char errors[4096];

	parse_bad(text, errors, sizeof(errors));
	assert_string_equal(errors, expected);
}

/* ---- what is understood ------------------------------------------------- */

static void test_empty_file_is_the_default(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	struct config init;

	(void)state;
	parse("", &config);
	config_init(&init);
	assert_memory_equal(&config, &init, sizeof(config));
	assert_int_equal(config.mode, MODE_AUDIT);
	assert_int_equal(config.verdict, -1);
	assert_false(config.hold_on_pin_everywhere);
}

static void test_every_key(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;

	(void)state;
	parse("[Daemon]\nMode=enforce\nOnStop=keep\nSweepIntervalSec=60\n"
	      "MetricsTextfile=/a b/c.prom\nHistorySize=7\nHoldOnPin=everywhere\n"
	      "[Host]\nKernelVerdict=fixed\n",
	      &config);
	assert_int_equal(config.mode, MODE_ENFORCE);
	assert_true(config.keep_on_stop);
	assert_int_equal(config.sweep_interval_sec, 60);
	assert_string_equal(config.metrics_textfile, "/a b/c.prom");
	assert_int_equal(config.history_size, 7);
	assert_true(config.hold_on_pin_everywhere);
	assert_int_equal(config.verdict, VERDICT_FIXED);
}

static void test_every_key_of_a_policy(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	const struct policy *policy;

	(void)state;
	parse("[Policy x]\nPriority=70\nMatchCGroup=/a/b /c\nMatchUnit=a@*.service b.scope\n"
	      "MatchUser=7 alice\nMatchExecutable=**/python3*\nMatchDevice=/dev/kfd\n"
	      "MatchDriver=mlx5_*\nMatchPinnedMin=2G\nAction=none\nScope=cgroup\n"
	      "BindTo=0,2-3\nConfineMaxMoveBytes=0\nAllowContainers=on\nFallback=host-off\n"
	      "Mode=audit\n",
	      &config);
	policy = config_find_policy(&config, "x");
	assert_non_null(policy);
	assert_int_equal(policy->priority, 70);
	assert_list(policy->match_cgroup, "/a/b /c ");
	assert_list(policy->match_unit, "a@*.service b.scope ");
	assert_list(policy->match_user, "7 alice ");
	assert_int_equal(policy->n_match_uids, 2);
	assert_int_equal(policy->match_uids[0], 7);
	assert_int_equal(policy->match_uids[1], 4242);
	assert_list(policy->match_executable, "**/python3* ");
	assert_list(policy->match_device, "/dev/kfd ");
	assert_list(policy->match_driver, "mlx5_* ");
	assert_int_equal(policy->match_pinned_min, 2ULL << 30);
	assert_int_equal(policy->ladder.rungs[0], ACTION_NONE);
	assert_int_equal(policy->scope, SCOPE_CGROUP);
	assert_int_equal(policy->bind_to, BIND_TO_LIST);
	assert_true(nodeset_has(&policy->bind_nodes, 0));
	assert_false(nodeset_has(&policy->bind_nodes, 1));
	assert_int_equal(nodeset_count(&policy->bind_nodes), 3);
	assert_int_equal(policy->confine_max_move_bytes, 0);
	assert_true(policy->allow_containers);
	assert_true(policy->fallback_host_off);
	assert_int_equal(config_mode(&config, policy), MODE_AUDIT);
}

/* The ladder that "Action=" gives, as "hold bind ". */
static void assert_ladder(const char *value, const char *expected)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	const struct ladder *ladder;
	char text[128], names[128] = "";

	snprintf(text, sizeof(text), "[Policy x]\nAction=%s\n", value);
	parse(text, &config);
	ladder = &config.policies[0].ladder;
	for (size_t i = 0; i < ladder->n; i++)
		strcat(strcat(names, action_name(ladder->rungs[i])), " ");
	assert_string_equal(names, expected);
}

static void test_ladders(void **state)
{
	(void)state;
	assert_ladder("", "auto ");
	assert_ladder("bind\t hold", "bind hold ");
	assert_ladder("auto mempolicy host-off", "auto mempolicy host-off ");
	assert_ladder("hold mempolicy bind confine host-off auto",
		      "hold mempolicy bind confine host-off auto ");
}

static void test_actions_of_a_policy(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	const struct policy *all = NULL, *some = NULL;

	(void)state;
	parse("[Policy all]\n[Policy some]\nAction=hold mempolicy\n", &config);
	all = config_find_policy(&config, "all");
	some = config_find_policy(&config, "some");
	assert_true(policy_has_action(all, ACTION_HOLD));
	assert_true(policy_has_action(all, ACTION_CONFINE));
	assert_true(policy_has_action(all, ACTION_BIND));
	assert_false(policy_has_action(all, ACTION_MEMPOLICY));
	assert_false(policy_has_action(all, ACTION_HOST_OFF));
	assert_false(policy_has_action(all, ACTION_NONE));
	assert_true(policy_has_action(some, ACTION_HOLD));
	assert_true(policy_has_action(some, ACTION_MEMPOLICY));
	assert_false(policy_has_action(some, ACTION_BIND));
}

static void test_empty_policy_acts_in_the_daemons_mode(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	const struct policy *policy;

	(void)state;
	parse("[Policy x]\n[Daemon]\nMode=enforce\n", &config);
	assert_int_equal(config.n_policies, 1);
	policy = &config.policies[0];
	assert_int_equal(policy->priority, 50);
	assert_int_equal(policy->ladder.n, 1);
	assert_int_equal(policy->ladder.rungs[0], ACTION_AUTO);
	assert_int_equal(policy->scope, SCOPE_PROCESS);
	assert_null(policy->match_device);
	assert_int_equal(config_mode(&config, policy), MODE_ENFORCE);
}

static void test_comments_and_blanks(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;

	(void)state;
	parse("; c\n# c\n   ; c\n\t\n[Daemon] ; c\r\nMode = enforce ; c\r\n"
	      "[Policy x]\nMatchDevice= /dev/a\t/dev/b ; c",
	      &config);
	assert_int_equal(config.mode, MODE_ENFORCE);
	assert_string_equal(config.policies[0].match_device[1], "/dev/b");
	assert_null(config.policies[0].match_device[2]);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {
		{ "0", 0 },	      { "4096", 4096 },	    { "64K", 64 << 10 },
		{ "3M", 3 << 20 },    { "2G", 2ULL << 30 }, { "1T", 1ULL << 40 },
		{ "16777215T", 16777215ULL << 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		_cleanup_(config_done) struct config config = NO_CONFIG;
		char text[128];

		snprintf(text, sizeof(text), "[Policy x]\nMatchPinnedMin=%s\n", sizes[i].text);
		parse(text, &config);
		assert_int_equal(config.policies[0].match_pinned_min, sizes[i].bytes);
	}
}

static void test_policies_are_ordered(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;

	(void)state;
	parse("[Policy b]\nPriority=10\n[Policy c]\nPriority=90\n[Policy a]\nPriority=10\n",
	      &config);
	assert_int_equal(config.n_policies, 3);
	assert_string_equal(config.policies[0].name, "c");
	assert_string_equal(config.policies[1].name, "a");
	assert_string_equal(config.policies[2].name, "b");
}

/* ---- several files ------------------------------------------------------ */

static void parse_two(const char *first, const char *second, struct config *ret_config)
{
	struct config_source sources[] = { { "1.conf", first }, { "2.conf", second } };
	struct config_errors errors;

	assert_int_equal(config_parse(sources, 2, &lookup, ret_config, &errors), 0);
}

static void test_later_file_wins(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;

	(void)state;
	parse_two("[Daemon]\nMode=enforce\n[Policy x]\nAction=none\nPriority=3\n",
		  "[Daemon]\nMode=audit\n[Policy x]\nAction=hold\n", &config);
	assert_int_equal(config.mode, MODE_AUDIT);
	assert_int_equal(config.n_policies, 1);
	assert_int_equal(config.policies[0].ladder.rungs[0], ACTION_HOLD);
	assert_int_equal(config.policies[0].priority, 3);
}

static void test_lists_append_and_reset(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	const struct policy *policy;

	(void)state;
	parse_two("[Policy x]\nMatchDevice=/dev/a\nMatchDevice=/dev/b\nMatchCGroup=/a\n"
		  "MatchUser=1 2\nMatchUser=3\nMatchUnit=a.scope\nMatchDriver=a\n",
		  "[Policy x]\nMatchDevice=/dev/c\nMatchCGroup=\nMatchCGroup=/b\n"
		  "MatchUser=\nMatchUser=5\nMatchUnit=\nMatchDriver=b\nMatchDriver=\n",
		  &config);
	policy = &config.policies[0];
	assert_list(policy->match_device, "/dev/a /dev/b /dev/c ");
	assert_list(policy->match_cgroup, "/b ");
	assert_list(policy->match_user, "5 ");
	assert_int_equal(policy->n_match_uids, 1);
	assert_int_equal(policy->match_uids[0], 5);
	assert_null(policy->match_unit);
	assert_null(policy->match_driver);
}

static void test_long_lists(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	char text[65536] = "[Policy x]\n", *end = text + strlen(text);

	(void)state;
	for (int i = 0; i < 1000; i++)
		end += sprintf(end, "MatchUser=%d %d\nMatchDevice=/d%d\n", i, i + 5000, i);
	parse(text, &config);
	assert_int_equal(config.policies[0].n_match_uids, 2000);
	for (unsigned int i = 0; i < 2000; i++)
		assert_int_equal(config.policies[0].match_uids[i], i / 2 + i % 2 * 5000);
	assert_string_equal(config.policies[0].match_device[999], "/d999");
	assert_null(config.policies[0].match_device[1000]);
}

static void test_assignments_are_kept(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	const struct assignment *last;

	(void)state;
	parse_two("[Daemon]\nMode=enforce\n", "\n[Policy x]\nAction= hold ; c\n", &config);
	assert_int_equal(config.n_assignments, 2);
	last = &config.assignments[1];
	assert_string_equal(last->section, "Policy x");
	assert_string_equal(last->key, "Action");
	assert_string_equal(last->value, "hold");
	assert_string_equal(last->path, "2.conf");
	assert_int_equal(last->line, 3);
}

static void test_empty_value_is_the_default(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;

	(void)state;
	parse_two("[Daemon]\nMode=enforce\nSweepIntervalSec=5\n[Host]\nKernelVerdict=fixed\n"
		  "[Policy x]\nPriority=3\nMode=audit\nMatchPinnedMin=1G\nMatchDevice=/dev/a\n",
		  "[Daemon]\nMode=\nSweepIntervalSec=\n[Host]\nKernelVerdict=\n"
		  "[Policy x]\nPriority=\nMode= ; c\nMatchPinnedMin=\nMatchDevice=\n",
		  &config);
	assert_int_equal(config.mode, MODE_AUDIT);
	assert_int_equal(config.sweep_interval_sec, 0);
	assert_int_equal(config.verdict, -1);
	assert_int_equal(config.policies[0].priority, 50);
	assert_int_equal(config.policies[0].mode, -1);
	assert_int_equal(config.policies[0].match_pinned_min, 0);
	assert_null(config.policies[0].match_device);
}

static void test_errors_name_their_file(void **state)
{
	struct config_source sources[] = {
		{ "1.conf", "[Daemon]\nModes=audit\n" },
		{ "2.conf", "\n[Hots]\n" },
	};
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config config;

	(void)state;
	assert_int_equal(config_parse(sources, 2, &lookup, &config, &errors), -EINVAL);
	assert_int_equal(errors.n_errors, 2);
	assert_string_equal(errors.errors[0].path, "1.conf");
	assert_int_equal(errors.errors[0].line, 2);
	assert_string_equal(errors.errors[1].path, "2.conf");
	assert_int_equal(errors.errors[1].line, 2);
}

/* ---- what is refused ---------------------------------------------------- */

static const struct bad {
	const char *text;
	const char *errors;
} bads[] = {
	/* names */
	{ "[Daemon]\nMod=audit\n", "2: unknown key Mod= in [Daemon]; did you mean Mode=?\n" },
	{ "[Daemon]\nmode=audit\n", "2: unknown key mode= in [Daemon]; did you mean Mode=?\n" },
	{ "[Policy x]\nMatchDevise=/dev/a\n",
	  "2: unknown key MatchDevise= in [Policy x]; did you mean MatchDevice=?\n" },
	{ "[Policy x]\nMatchExe=/a\nDevice=/b\nmatchdev=/c\n",
	  "2: unknown key MatchExe= in [Policy x]; did you mean MatchExecutable=?\n"
	  "3: unknown key Device= in [Policy x]; did you mean MatchDevice=?\n"
	  "4: unknown key matchdev= in [Policy x]; did you mean MatchDevice=?\n" },
	{ "[Policy x]\nColour=red\n", "2: unknown key Colour= in [Policy x]\n" },
	{ "[Host]\nMode=audit\n", "2: unknown key Mode= in [Host]; it belongs in [Daemon]\n" },
	{ "[Daemon]\nAction=hold\n",
	  "2: unknown key Action= in [Daemon]; it belongs in [Policy NAME]\n" },
	{ "Mode=audit\n", "1: Mode= stands before the first [section]\n" },
	{ "[Policy x]\nMatchCGroup=/a/../b\n",
	  "2: MatchCGroup=: '/a/../b' has a \".\" or \"..\" in it, which no path has\n" },
	{ "[Policy x]\nMatchDevice=/dev/.\n",
	  "2: MatchDevice=: '/dev/.' has a \".\" or \"..\" in it, which no path has\n" },
	/* sections */
	{ "[Deamon]\n", "1: unknown section [Deamon]; did you mean [Daemon]?\n" },
	{ "[Polcy x]\nAction=hold\n",
	  "1: unknown section [Polcy x]; did you mean [Policy NAME]?\n" },
	{ "[Policy]\n", "1: unknown section [Policy]; did you mean [Policy NAME]?\n" },
	{ "[Zebra]\n",
	  "1: unknown section [Zebra]; there are [Daemon], [Host] and [Policy NAME]\n" },
	{ "[Policy a b]\n", "1: 'a b' is not a name for a policy: letters, digits, \"_\", \".\""
			    " and \"-\", the first a letter or digit\n" },
	{ "[]\n", "1: empty section name\n" },
	{ "[Daemon\n", "1: section without \"]\"\n" },
	{ "[Daemon] Mode=audit\n", "1: text behind the section's \"]\"\n" },
	{ "[Daemon];Mode=audit\n", "1: text behind the section's \"]\"\n" },
	{ "[Daemon ;]\n", "1: \";\" in a section name\n" },
	/* values */
	{ "[Daemon]\nMode=enforced\n", "2: Mode=: 'enforced' is none of: audit, enforce;"
				   " did you mean enforce?\n" },
	{ "[Daemon]\nMode=Audit\n", "2: Mode=: 'Audit' is none of: audit, enforce;"
				" did you mean audit?\n" },
	{ "[Daemon]\nMode=audit # why\n",
	  "2: Mode=: 'audit # why' is none of: audit, enforce\n" },
	{ "[Daemon]\nHoldOnPin=yes\n",
	  "2: HoldOnPin=: 'yes' is none of: scoped, everywhere\n" },
	{ "[Daemon]\nSweepIntervalSec=0\n",
	  "2: SweepIntervalSec=: '0' is not a number from 1 to 86400\n" },
	{ "[Daemon]\nSweepIntervalSec=30s\n",
	  "2: SweepIntervalSec=: '30s' is not a number from 1 to 86400\n" },
	{ "[Policy x]\nPriority=99999999999999999999\n",
	  "2: Priority=: '99999999999999999999' is not a number from 0 to 1000\n" },
	{ "[Policy x]\nPriority=-1\n", "2: Priority=: '-1' is not a number from 0 to 1000\n" },
	{ "[Policy x]\nAction=explode\n",
	  "2: Action=: 'explode' is none of: none, hold, mempolicy, bind, confine, host-off, auto\n" },
	{ "[Policy x]\nMatchPinnedMin=1X\n",
	  "2: MatchPinnedMin=: '1X' is not a size like 0, 4096, 64K, 1M, 2G\n" },
	{ "[Policy x]\nMatchPinnedMin=-1\n",
	  "2: MatchPinnedMin=: '-1' is not a size like 0, 4096, 64K, 1M, 2G\n" },
	{ "[Policy x]\nMatchPinnedMin=16777216T\n",
	  "2: MatchPinnedMin=: '16777216T' is not a size like 0, 4096, 64K, 1M, 2G\n" },
	{ "[Policy x]\nMatchDevice=dev/a\n", "2: MatchDevice=: 'dev/a' is not an absolute path,"
					     " nor does it begin with \"**\"\n" },
	{ "[Policy x]\nMatchDevice=/dev/a[0-9\n",
	  "2: MatchDevice=: '/dev/a[0-9' has a \"[\" without \"]\"\n" },
	{ "[Policy x]\nMatchDevice=/dev/[a-c]-[!z-a]\n",
	  "2: MatchDevice=: '/dev/[a-c]-[!z-a]' has a range from a later to an earlier"
	  " character\n" },
	{ "[Policy x]\nMatchUnit=a*\\\n",
	  "2: MatchUnit=: 'a*\\\\' ends in a backslash; the character itself is written twice\n" },
	{ "[Policy x]\nMatchDevice=/dev/a # why\n",
	  "2: MatchDevice=: '#' is no pattern; a comment behind a value begins with \" ;\"\n" },
	{ "[Daemon]\nMetricsTextfile=pinsafe.prom\n",
	  "2: MetricsTextfile=: 'pinsafe.prom' is not an absolute path that ends in .prom;"
	  " node_exporter reads no other files\n" },
	{ "[Daemon]\nMetricsTextfile=/a/.prom\n",
	  "2: MetricsTextfile=: '/a/.prom' is not an absolute path that ends in .prom;"
	  " node_exporter reads no other files\n" },
	{ "[Daemon]\nHistorySize=100001\n",
	  "2: HistorySize=: '100001' is not a number from 0 to 100000\n" },
	{ "[Daemon]\nHistorySize=+5\n",
	  "2: HistorySize=: '+5' is not a number from 0 to 100000\n" },
	{ "[Daemon]\nOnStop=restor\n",
	  "2: OnStop=: 'restor' is none of: restore, keep; did you mean restore?\n" },
	{ "[Policy x]\nMatchUnit=rdma\n",
	  "2: MatchUnit=: 'rdma' is no name of a unit such as a.service or a.scope\n" },
	{ "[Policy x]\nMatchUnit=a.slice\n",
	  "2: MatchUnit=: 'a.slice' is a slice; those go into MatchCGroup=, with their path\n" },
	{ "[Policy x]\nMatchUnit=/system.slice/a.service\n",
	  "2: MatchUnit=: '/system.slice/a.service' is a path; those go into MatchCGroup=\n" },
	{ "[Policy x]\nMatchDriver=mlx5-ib\n",
	  "2: MatchDriver=: 'mlx5-ib' has a \"-\", where the kernel's names of modules have"
	  " \"_\"\n" },
	{ "[Policy x]\nMatchDriver=/lib/x.ko\n",
	  "2: MatchDriver=: '/lib/x.ko' is a path; a driver is named as lsmod(8) shows it\n" },
	{ "[Policy x]\nMatchUser=alice bob\n", "2: MatchUser=: no user 'bob' on this host\n" },
	{ "[Policy x]\nMatchUser=far\n",
	  "2: MatchUser=: cannot look up user 'far': Input/output error\n" },
	{ "[Policy x]\nMatchUser=4294967295\n",
	  "2: MatchUser=: '4294967295' is no user's number\n" },
	{ "[Policy x]\nMatchUser=0x10\n", "2: MatchUser=: '0x10' is no user's number\n" },
	{ "[Policy x]\nAction=hold none\n",
	  "2: Action=: 'none' stands alone: nothing is tried beside it\n" },
	{ "[Policy x]\nAction=hold bind hold\n", "2: Action=: 'hold' stands there twice\n" },
	{ "[Policy x]\nAction=hold, bind\n",
	  "2: Action=: 'hold,' is none of: none, hold, mempolicy, bind, confine, host-off,"
	  " auto; did you mean hold?\n" },
	{ "[Policy x]\nBindTo=devise\n", "2: BindTo=: 'devise' is none of: device, pinned, or a"
					 " list of nodes like 0,2-3; did you mean device?\n" },
	{ "[Policy x]\nBindTo=0,1024\n", "2: BindTo=: '0,1024' is not a list of nodes like"
					 " 0,2-3, of numbers up to 1023\n" },
	{ "[Policy x]\nBindTo=0, 1\n", "2: BindTo=: '0, 1' is not a list of nodes like"
				       " 0,2-3, of numbers up to 1023\n" },
	{ "[Policy x]\nAllowContainers=maybe\n",
	  "2: AllowContainers=: 'maybe' is none of: yes, no, true, false, on, off, 1, 0\n" },
	{ "[Policy x]\nFallback=hold\n", "2: Fallback=: 'hold' is none of: none, host-off\n" },
	{ "[Policy x]\nConfineMaxMoveBytes=1 G\n", "2: ConfineMaxMoveBytes=: '1 G' is not a size"
						   " like 0, 4096, 64K, 1M, 2G\n" },
	{ "[Policy x]\nMatchDevice=/dev/a\\[ /dev/[]a\n",
	  "2: MatchDevice=: '/dev/[]a' has a \"[\" without \"]\"\n" },
	/* lines */
	{ "[Policy x]\nMatchDevice=/dev/a\r/dev/b\n", "2: control character\n" },
	{ "[Daemon]\n[Policy\nMode=enforce\nAction=hold\n", "2: section without \"]\"\n" },
	{ "[Policy x]\nMatchDevice=/dev/a\n  /dev/b\n",
	  "3: line begins with white space; values do not continue on a next line\n" },
	{ "[Daemon]\n Mode=audit\n",
	  "2: line begins with white space; values do not continue on a next line\n" },
	{ "[Daemon]\nMode\n", "2: neither a [section] nor Key=value\n" },
	{ "[Daemon]\nMode: audit\n", "2: neither a [section] nor Key=value\n" },
	{ "[Daemon]\nMode ;=audit\n", "2: neither a [section] nor Key=value\n" },
	{ "[Daemon]\n=audit\n", "2: neither a [section] nor Key=value\n" },
	{ "[Daemon]\nMode=\033[2Jaudit\n", "2: control character\n" },
	{ "\xef\xbb\xbf[Daemon]\n",
	  "1: line begins with a byte order mark; save the file as plain UTF-8\n" },
	/* names of strangers are shown harmlessly */
	{ "[Daemon]\nM\xc3\xb6" "de=a\n",
	  "2: unknown key M\\xc3\\xb6de= in [Daemon]\n" },
	/* twice */
	{ "[Daemon]\nMode=audit\nMode=enforce\n", "3: Mode= is already set in line 2\n" },
	{ "[Policy x]\nAction=hold\n[Policy y]\nAction=hold\n[Policy x]\nAction=none\n",
	  "6: Action= is already set in line 2\n" },
	{ "[Daemon]\nMode=audit\nMode=enfrce\n",
	  "3: Mode= is already set in line 2\n"
	  "3: Mode=: 'enfrce' is none of: audit, enforce; did you mean enforce?\n" },
	/* below a bad section, too */
	{ "[policy gpu]\nMatchDevise=/dev/x\nAction=hodl\n",
	  "1: unknown section [policy gpu]; did you mean [Policy NAME]?\n"
	  "2: unknown key MatchDevise= in [policy gpu]; did you mean MatchDevice=?\n"
	  "3: Action=: 'hodl' is none of: none, hold, mempolicy, bind, confine, host-off,"
	  " auto; did you mean hold?\n" },
	{ "[Policy bad/name]\nPriority=x\n[daemon]\nPriority=1\n",
	  "1: 'bad/name' is not a name for a policy: letters, digits, \"_\", \".\" and \"-\","
	  " the first a letter or digit\n"
	  "2: Priority=: 'x' is not a number from 0 to 1000\n"
	  "3: unknown section [daemon]; did you mean [Daemon]?\n"
	  "4: unknown key Priority= in [daemon]; it belongs in [Policy NAME]\n" },
	{ "[Host]\n[Policy x\nScope=x\nScop=x\n[Policy y\nScope=process\n",
	  "2: section without \"]\"\n"
	  "3: Scope=: 'x' is none of: process, cgroup\n"
	  "4: unknown key Scop= in [Policy NAME]; did you mean Scope=?\n"
	  "5: section without \"]\"\n" },
	{ "[Policy aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\nMode=on\n",
	  "1: section name of more than 49 characters\n"
	  "2: Mode=: 'on' is none of: audit, enforce\n" },
	{ "[Zebra]\nMode=on\n",
	  "1: unknown section [Zebra]; there are [Daemon], [Host] and [Policy NAME]\n" },
	{ "\xef\xbb\xbf[Daemon]\nMode=on\n",
	  "1: line begins with a byte order mark; save the file as plain UTF-8\n"
	  "2: Mode=: 'on' is none of: audit, enforce\n" },
	{ "\xef\xbb\xbf# x\n[Daemon]\nMode=on\n",
	  "1: line begins with a byte order mark; save the file as plain UTF-8\n"
	  "3: Mode=: 'on' is none of: audit, enforce\n" },
	/* all at once, in order, and a bad line does not spoil the next */
	{ "[Deamon]\nMode=audit\n[Daemon]\nMode=on\nx\n[Policy p]\nActoin=hold\n",
	  "1: unknown section [Deamon]; did you mean [Daemon]?\n"
	  "4: Mode= is already set in line 2\n"
	  "4: Mode=: 'on' is none of: audit, enforce\n"
	  "5: neither a [section] nor Key=value\n"
	  "7: unknown key Actoin= in [Policy p]; did you mean Action=?\n" },
};

static void test_bad_input(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		assert_error(bads[i].text, bads[i].errors);
}

static void test_a_scalar_may_be_in_two_files(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;

	(void)state;
	parse_two("[Policy x]\nAction=none", "[Policy x]\nAction=none", &config);
}

/* inih would cut a longer line without a word; nothing up to here is cut. */
static void test_line_length(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	char path[197 - sizeof("MatchDevice=") + 2], text[512];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	snprintf(text, sizeof(text), "[Policy x]\nMatchDevice=%s\r\n", path);
	assert_error(text, "2: line of more than 197 characters; list keys may be repeated\n");
	snprintf(text, sizeof(text), "[Policy x]\nMatchDevice=%s\nAction=none\n", path);
	parse(text, &config);
	assert_string_equal(config.policies[0].match_device[0], path);
	assert_int_equal(config.policies[0].ladder.rungs[0], ACTION_NONE);
}

static void test_section_length(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;

	(void)state;
	assert_error("[Policy 1234567890123456789012345678901234567890123]\n",
		     "1: section name of more than 49 characters\n");
	parse("[Policy 123456789012345678901234567890123456789012]\nAction=none\n", &config);
	assert_string_equal(config.policies[0].name,
			    "123456789012345678901234567890123456789012");
	assert_int_equal(config.policies[0].ladder.rungs[0], ACTION_NONE);
}

static void test_users_without_anybody_to_ask(void **state)
{
	struct config_source source = { "a", "[Policy x]\nMatchUser=alice\n" };
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config config;

	(void)state;
	assert_int_equal(config_parse(&source, 1, NULL, &config, &errors), -EINVAL);
	assert_string_equal(errors.errors[0].text,
			    "MatchUser=: 'alice': users are not looked up here; use numbers");
}

/* Somebody has given us a picture. */
static void test_errors_have_a_bound(void **state)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config_source source = { "a", NULL };
	static char text[5001];
	struct config config;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "x\n", 2);
	source.text = text;
	assert_int_equal(config_parse(&source, 1, NULL, &config, &errors), -EINVAL);
	assert_int_equal(errors.n_errors, 201);
	assert_int_equal(errors.errors[200].line, 201);
	assert_string_equal(errors.errors[200].text, "and more errors from here on");
}

/* Whatever stands in a file: errors or a configuration, never both or neither. */
static void test_noise(void **state)
{
	static const char *const words[] = {
		"[", "]", "Daemon", "Policy a", "Mode", "=", "audit", "\n", "\n", ";", "#",
		" ", "\t", "MatchDevice", "/dev/*", "[a", "\r", "Priority", "5", "\\", "\x80",
	};
	unsigned int seed = (unsigned int)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 2000; round++) {
		_cleanup_(config_done) struct config config = NO_CONFIG;
		_cleanup_(config_errors_done) struct config_errors errors = {};
		char text[512] = "";
		struct config_source source = { "noise", text };
		int r;

		for (int n = 0; n < 30; n++)
			strcat(text, words[random() % (long)(sizeof(words) / sizeof(words[0]))]);
		r = config_parse(&source, 1, &lookup, &config, &errors);
		assert_true(r == 0 || r == -EINVAL);
		assert_int_equal(r == 0, errors.n_errors == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_file_is_the_default),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_every_key_of_a_policy),
		cmocka_unit_test(test_ladders),
		cmocka_unit_test(test_actions_of_a_policy),
		cmocka_unit_test(test_empty_policy_acts_in_the_daemons_mode),
		cmocka_unit_test(test_comments_and_blanks),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_policies_are_ordered),
		cmocka_unit_test(test_later_file_wins),
		cmocka_unit_test(test_lists_append_and_reset),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_assignments_are_kept),
		cmocka_unit_test(test_empty_value_is_the_default),
		cmocka_unit_test(test_errors_name_their_file),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_a_scalar_may_be_in_two_files),
		cmocka_unit_test(test_line_length),
		cmocka_unit_test(test_section_length),
		cmocka_unit_test(test_users_without_anybody_to_ask),
		cmocka_unit_test(test_errors_have_a_bound),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
