// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recorded hosts and what is decided there: each folder of tests/trees that has
 * an expect.plan is a case.
 *
 *      proc, sys, links        the host, see tests/trees/unfold
 *      tree                    the name of a folder that has them; what is in
 *                              proc comes on top of it
 *      conf                    a configuration, after the package's own
 *      module                  there is the helper module; with the word
 *                              "cgroup" in it, it can hold cgroups
 *      held                    what is held, in the ledger's words
 *      expect.plan             what follows, as plan_format() writes it
 *
 * GOLDEN_WRITE=1 writes the plans anew, to be read before they are committed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/act/ledger-line.h"
#include "daemon/base/fs.h"
#include "daemon/policy/decide.h"
#include "daemon/sense/kernel.h"
#include "daemon/sense/proc.h"
#include "daemon/sense/topology.h"
#include "module/uapi/pinsafe.h"
#include "tests/unit/tree.h"

#define MAX_CASES	64
#define MAX_HELD	8
#define MAX_TEXT	65536
#define VENDOR_CONF	"conf/pinsafed-default.conf"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct snapshot, snapshot_done);
DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);

static const char *top(void)
{
	return getenv("top_srcdir") ?: ".";
}

/* A file's text, for the caller to free; NULL: not there. */
static char *read_text(int dir_fd, const char *name)
{
	char *text = NULL;

	return fs_read_all(dir_fd, name, MAX_TEXT, &text) < 0 ? NULL : text;
}

/* ---- the host ------------------------------------------------------------ */

static void read_module(int case_fd, struct host_facts *host)
{
	_cleanup_(free) char *words = read_text(case_fd, "module");

	if (!words)
		return;
	host->has_module = true;
	host->module_features = PINSAFE_FEATURE_HOLD;
	host->module_armed = PINSAFE_FEATURE_HOLD;
	if (strstr(words, "cgroup"))
		host->module_features |= PINSAFE_FEATURE_HOLD_CGROUP;
}

static void add_process(int proc_fd, int sys_fd, pid_t pid, struct snapshot *snapshot)
{
	struct process_facts facts = { 0 };
	bool gone = false;

	assert_int_equal(proc_read(proc_fd, sys_fd, (struct process_id){ pid, 0 }, PROC_FULL,
				   &facts, &gone),
			 0);
	if (gone)
		return;
	snapshot->processes = reallocarray(snapshot->processes, snapshot->n_processes + 1,
					   sizeof(facts));
	assert_non_null(snapshot->processes);
	snapshot->processes[snapshot->n_processes++] = facts;
}

static int compare_pids(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_pid(const struct dirent *entry)
{
	return isdigit((unsigned char)entry->d_name[0]);
}

static void read_snapshot(const struct tree *tree, struct snapshot *snapshot)
{
	_cleanup_(close) int proc_fd = tree_open(tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(tree, "sys");
	struct dirent **pids;
	int n;

	assert_int_equal(topology_load(sys_fd, &snapshot->host), 0);
	assert_int_equal(kernel_load(proc_fd, sys_fd, &snapshot->host), 0);
	n = scandirat(tree->fd, "proc", &pids, is_pid, compare_pids);
	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		add_process(proc_fd, sys_fd, atoi(pids[i]->d_name), snapshot);
		free(pids[i]);
	}
	free(pids);
}

/* ---- what is wanted and held ---------------------------------------------- */

static void read_config(int case_fd, struct config *config)
{
	_cleanup_(close) int top_fd = open(top(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(free) char *vendor = read_text(top_fd, VENDOR_CONF);
	_cleanup_(free) char *own = read_text(case_fd, "conf");
	struct config_source sources[] = { { VENDOR_CONF, vendor }, { "conf", own } };
	struct config_errors errors;
	int r;

	assert_non_null(vendor);
	r = config_parse(sources, own ? 2 : 1, NULL, config, &errors);
	for (size_t i = 0; i < errors.n_errors; i++)
		print_error("%s:%u: %s\n", errors.errors[i].path, errors.errors[i].line,
			    errors.errors[i].text);
	assert_int_equal(r, 0);
}

/* Strings of held lie in text. */
static size_t parse_held(const struct tree *tree, char *text, struct held held[MAX_HELD])
{
	char path[PATH_MAX];
	struct stat st;
	size_t n = 0;

	for (char *line; (line = strsep(&text, "\n")) && *line;) {
		struct ledger_line parsed;

		assert_true(n < MAX_HELD);
		assert_int_equal(ledger_line_parse(line, &parsed), 0);
		held[n] = (struct held){
			.id = parsed.id,
			.action = parsed.action,
			.policy = (char *)parsed.policy,
		};
		if (parsed.id.cgroup) {
			snprintf(path, sizeof(path), "sys/fs/cgroup%s", parsed.id.cgroup);
			assert_int_equal(fstatat(tree->fd, path, &st, 0), 0);
			held[n].id.cgroup_id = st.st_ino;
		}
		n++;
	}
	return n;
}

/* ---- a case ---------------------------------------------------------------- */

static struct tree unfold(int case_fd, const char *name)
{
	_cleanup_(free) char *other = read_text(case_fd, "tree");
	char command[PATH_MAX];
	struct tree tree;

	if (!other)
		return tree_unfold(name);
	other[strcspn(other, "\n")] = '\0';
	tree = tree_unfold(other);
	if (faccessat(case_fd, "proc", F_OK, 0) == 0) {
		snprintf(command, sizeof(command), "cd '%s/tests/trees' && ./unfold '%s' '%s'",
			 top(), name, tree.path);
		tree_run(command);
	}
	return tree;
}

static void compare(int case_fd, const char *text)
{
	_cleanup_(free) char *expected = read_text(case_fd, "expect.plan");
	int fd;

	if (!getenv("GOLDEN_WRITE")) {
		assert_string_equal(text, expected);
		return;
	}
	fd = openat(case_fd, "expect.plan", O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int open_case(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tests/trees/%s", top(), name);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void test_case(void **state)
{
	_cleanup_(close) int case_fd = open_case(*state);
	_cleanup_(tree_done) struct tree tree = unfold(case_fd, *state);
	_cleanup_(config_done) struct config config = { .n_policies = 0 };
	_cleanup_(snapshot_done) struct snapshot snapshot = { 0 };
	_cleanup_(plan_done) struct plan plan = { 0 };
	_cleanup_(free) char *held_text = read_text(case_fd, "held");
	_cleanup_(free) char *text = NULL;
	struct held held[MAX_HELD];
	struct decide_input input = {
		.config = &config,
		.snapshot = &snapshot,
		.held = held,
		.now_usec = 1000000000,
	};

	read_config(case_fd, &config);
	read_snapshot(&tree, &snapshot);
	read_module(case_fd, &snapshot.host);
	if (held_text)
		input.n_held = parse_held(&tree, held_text, held);
	assert_int_equal(policy_decide(&input, &plan), 0);
	assert_int_equal(plan_format(&plan, &text), 0);
	compare(case_fd, text);
}

/* ---- all of them ----------------------------------------------------------- */

static int is_case(const struct dirent *entry)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tests/trees/%s/expect.plan", top(), entry->d_name);
	return access(path, F_OK) == 0;
}

int main(void)
{
	static struct CMUnitTest tests[MAX_CASES];
	struct dirent **names;
	char path[PATH_MAX];
	int n, r;

	snprintf(path, sizeof(path), "%s/tests/trees", top());
	n = scandir(path, &names, is_case, alphasort);
	if (n <= 0 || n > MAX_CASES) {
		fprintf(stderr, "%s: no cases, or more than %d\n", path, MAX_CASES);
		return 99;
	}
	for (int i = 0; i < n; i++) {
		tests[i].name = names[i]->d_name;
		tests[i].test_func = test_case;
		tests[i].initial_state = names[i]->d_name;
	}
	r = _cmocka_run_group_tests("golden", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return r;
}
