// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/policy/config.h"
#include "daemon/policy/keys.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

#define NO_CONFIG	{ .n_policies = 0 }

static int find_user(const char *name, uid_t *ret_uid)
{
	*ret_uid = 4242;
	return strcmp(name, "alice") == 0 ? 0 : -ENOENT;
}

static const struct config_lookup lookup = { .find_user = find_user };

static struct config parse_all(const struct config_source *sources, size_t n)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config config = NO_CONFIG;
	int r = config_parse(sources, n, &lookup, &config, &errors);

	if (r < 0 && errors.n_errors > 0)
		print_error("%s:%u: %s\n", errors.errors[0].path, errors.errors[0].line,
			    errors.errors[0].text);
	assert_int_equal(r, 0);
	return config;
}

static struct config parse(const char *path, const char *text)
{
	struct config_source source = { path, text };

	return parse_all(&source, 1);
}

/* ---- the same configuration ------------------------------------------------ */

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

static void assert_same_list(char *const *a, char *const *b)
{
	assert_int_equal(a == NULL, b == NULL);
	for (; a && *a; a++, b++)
		assert_same_text(*a, *b);
	assert_true(!b || !*b);
}

static void assert_same_policy(const struct policy *a, const struct policy *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->priority, b->priority);
	assert_same_list(a->match_cgroup, b->match_cgroup);
	assert_same_list(a->match_unit, b->match_unit);
	assert_same_list(a->match_user, b->match_user);
	assert_int_equal(a->n_match_uids, b->n_match_uids);
	if (a->n_match_uids)
		assert_memory_equal(a->match_uids, b->match_uids,
				    a->n_match_uids * sizeof(*a->match_uids));
	assert_same_list(a->match_executable, b->match_executable);
	assert_same_list(a->match_device, b->match_device);
	assert_same_list(a->match_driver, b->match_driver);
	assert_int_equal(a->match_pinned_min, b->match_pinned_min);
	assert_memory_equal(&a->ladder, &b->ladder, sizeof(a->ladder));
	assert_int_equal(a->scope, b->scope);
	assert_int_equal(a->bind_to, b->bind_to);
	assert_memory_equal(&a->bind_nodes, &b->bind_nodes, sizeof(a->bind_nodes));
	assert_int_equal(a->confine_max_move_bytes, b->confine_max_move_bytes);
	assert_int_equal(a->allow_containers, b->allow_containers);
	assert_int_equal(a->fallback_host_off, b->fallback_host_off);
	assert_int_equal(a->mode, b->mode);
}

static void assert_same(const struct config *a, const struct config *b)
{
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->keep_on_stop, b->keep_on_stop);
	assert_int_equal(a->sweep_interval_sec, b->sweep_interval_sec);
	assert_same_text(a->metrics_textfile, b->metrics_textfile);
	assert_int_equal(a->history_size, b->history_size);
	assert_int_equal(a->hold_on_pin_everywhere, b->hold_on_pin_everywhere);
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->n_policies, b->n_policies);
	for (size_t i = 0; i < a->n_policies; i++)
		assert_same_policy(&a->policies[i], &b->policies[i]);
}

static void assert_round_trip(const struct config *config)
{
	_cleanup_(config_done) struct config again = NO_CONFIG;
	_cleanup_(free) char *text = NULL;

	assert_int_equal(config_format(config, &text), 0);
	again = parse("cat", text);
	assert_same(config, &again);
}

/* ---- defaults -------------------------------------------------------------- */

/* What the table of keys calls the default is what nobody's word gives. */
static void test_defaults_are_told_right(void **state)
{
	_cleanup_(config_done) struct config config = parse("a", "[Policy x]\n");
	_cleanup_(free) char *text = NULL;

	(void)state;
	assert_round_trip(&config);
	assert_int_equal(config_format(&config, &text), 0);
	for (const struct key *key = keys; key->name; key++) {
		char line[128];

		snprintf(line, sizeof(line), "\n; default\n%s=%s\n", key->name, key->initial);
		if (!strstr(text, line))
			fail_msg("no%sin\n%s", line, text);
	}
}

/* The file that operators edit shows each key, commented out, at its default. */
static void test_shipped_file_is_at_its_defaults(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG, plain = parse("a", "[Policy example]");
	_cleanup_(free) char *text = NULL, *path = NULL;
	const char *top = getenv("top_srcdir") ?: ".";

	(void)state;
	assert_true(asprintf(&path, "%s/conf/pinsafed.conf", top) > 0);
	assert_true(fs_read_all(AT_FDCWD, path, 65536, &text) > 0);
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		/* "#Key=" and "#[Section]", not "# prose" */
		if (line[0] == '#' && line[1] != ' ' && line[1] != '\n')
			line[0] = '\n';
	}
	config = parse(path, text);
	assert_same(&config, &plain);
	for (const struct key *key = keys; key->name; key++) {
		bool found = false;

		for (size_t i = 0; i < config.n_assignments; i++)
			found |= config.assignments[i].key == key->name;
		if (!found)
			fail_msg("no %s=", key->name);
	}
}

/* ---- origins --------------------------------------------------------------- */

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no\n%sin\n%s", part, text);
}

static void test_origins(void **state)
{
	static const struct config_source sources[] = {
		{ "/usr/a", "[Daemon]\nMode=enforce\nHistorySize=5\n"
			    "[Policy x]\nMatchDevice=/dev/a /dev/b\nMatchUser=7\n" },
		{ "/etc/b\n[", "[Daemon]\nMode=audit\nHistorySize=\n"
			       "[Policy x]\nMatchDevice=/dev/c\nMatchUser=\nAction=hold  bind ; c\n" },
	};
	_cleanup_(config_done) struct config config = parse_all(sources, 2);
	_cleanup_(free) char *text = NULL;

	(void)state;
	assert_round_trip(&config);
	assert_int_equal(config_format(&config, &text), 0);
	assert_has(text, "\n; /etc/b\\x0a[:2\nMode=audit\n");
	assert_has(text, "\n; default again, by /etc/b\\x0a[:3\nHistorySize=1000\n");
	assert_has(text, "\n; /usr/a:5\nMatchDevice=/dev/a /dev/b\n"
			 "; /etc/b\\x0a[:5\nMatchDevice=/dev/c\n");
	assert_has(text, "\n; default again, by /etc/b\\x0a[:6\nMatchUser=\n");
	assert_has(text, "\n; /etc/b\\x0a[:7\nAction=hold  bind\n");
	assert_null(strstr(text, "enforce"));
}

static void test_lists_after_a_reset(void **state)
{
	_cleanup_(config_done) struct config config =
		parse("a", "[Policy x]\nMatchUnit=a.service\nMatchUnit=\nMatchUnit=b.service\n"
			   "MatchUnit=c.service\n");
	_cleanup_(free) char *text = NULL;

	(void)state;
	assert_round_trip(&config);
	assert_int_equal(config_format(&config, &text), 0);
	assert_has(text, "\n; a:4\nMatchUnit=b.service\n; a:5\nMatchUnit=c.service\n");
	assert_null(strstr(text, "a.service"));
}

/* ---- any configuration ----------------------------------------------------- */

static const char *const values[] = {
	"Mode=audit", "Mode=enforce", "Mode=", "OnStop=keep", "OnStop=restore",
	"SweepIntervalSec=7", "SweepIntervalSec=", "MetricsTextfile=/a b/c.prom",
	"MetricsTextfile=", "HistorySize=0", "HistorySize=100000", "HoldOnPin=everywhere",
	NULL,
};

static const char *const host_values[] = { "KernelVerdict=fixed", "KernelVerdict=", NULL };

static const char *const policy_values[] = {
	"Priority=0", "Priority=1000", "Priority=", "MatchCGroup=/a/**  /b", "MatchCGroup=",
	"MatchUnit=a@*.service [a-z]*.scope", "MatchUnit=", "MatchUser=0 alice", "MatchUser=7",
	"MatchUser=", "MatchExecutable=**/\xc3\xa4", "MatchDevice=/dev/a;b\t/dev/c ; d",
	"MatchDevice=", "MatchDriver=mlx5_* [a-c-]x", "MatchDriver=", "MatchPinnedMin=3M",
	"MatchPinnedMin=", "Action=none", "Action=hold bind host-off", "Action=auto mempolicy",
	"Action=", "Scope=cgroup", "Scope=", "BindTo=pinned", "BindTo=0,3-5", "BindTo=1023",
	"BindTo=", "ConfineMaxMoveBytes=0", "ConfineMaxMoveBytes=16777215T",
	"AllowContainers=on", "AllowContainers=0", "Fallback=host-off", "Fallback=none",
	"Mode=audit", "Mode=", NULL,
};

/* Each key is set now and then, a scalar once at most. */
static void write_values(FILE *out, const char *const *list)
{
	const char *last = "";

	for (; *list; list++) {
		size_t length = strcspn(*list, "=") + 1;
		bool is_list = strncmp(*list, "MatchP", 6) && !strncmp(*list, "Match", 5);

		if (random() % 3 || (!is_list && strncmp(*list, last, length) == 0))
			continue;
		fprintf(out, "%s\n", *list);
		last = *list;
	}
}

static void write_file(FILE *out)
{
	fputs("[Daemon]\n", out);
	write_values(out, values);
	fputs("[Host]\n", out);
	write_values(out, host_values);
	for (long n = random() % 5; n > 0; n--) {
		fprintf(out, "[Policy %c%ld]\n", (int)('a' + random() % 6), n);
		write_values(out, policy_values);
	}
}

static char *random_file(void)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	write_file(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_any_configuration_reads_back(void **state)
{
	const char *given = getenv("TEST_SEED");
	unsigned int seed = given ? (unsigned int)strtoul(given, NULL, 0) : (unsigned int)time(NULL);

	(void)state;
	print_message("TEST_SEED=%u\n", seed);
	srandom(seed);
	for (int round = 0; round < 500; round++) {
		_cleanup_(free) char *first = random_file(), *second = random_file();
		struct config_source sources[] = { { "1", first }, { "2", second } };
		_cleanup_(config_done) struct config config = parse_all(sources, 2);

		assert_round_trip(&config);
	}
}

/* Formatted, parsed and formatted, it is the same again: many policies. */
static void test_many_policies(void **state)
{
	_cleanup_(config_done) struct config config = NO_CONFIG;
	_cleanup_(free) char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	assert_non_null(out);
	srandom(1);
	for (int i = 0; i < 1000; i++) {
		fprintf(out, "[Policy p%d]\n", i);
		write_values(out, policy_values);
	}
	assert_int_equal(fclose(out), 0);
	config = parse("many", text);
	assert_int_equal(config.n_policies, 1000);
	assert_round_trip(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_told_right),
		cmocka_unit_test(test_shipped_file_is_at_its_defaults),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_lists_after_a_reset),
		cmocka_unit_test(test_any_configuration_reads_back),
		cmocka_unit_test(test_many_policies),
	};

	return cmocka_run_group_tests_name("config-format", tests, NULL, NULL);
}
