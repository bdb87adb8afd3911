// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recorded hosts and what is decided there: each folder of tests/trees that has
 * an expect.plan is a case.
 *
 *      proc, sys, links        the host, see tests/trees/unfold
 *      tree                    the name of a folder that has them; what is here
 *                              comes on top of it
 *      conf                    a configuration, after the package's own
 *      module                  there is the helper module; with the word
 *                              "cgroup" in it, it can hold cgroups; "disarmed":
 *                              its probes do not fire
 *      host                    words: "trace" it may, "systemd" answers,
 *                              "table-full"
 *      sight                   what the module sees of a process, a line each:
 *                              PID [rang] [driver=NAME] [NODE:SIZE]... [large:SIZE]
 *      held                    what is in force:
 *                              ACTION TARGET POLICY [draining] [foreign] [bell]
 *                              [cpus=LIST] [mems=LIST]
 *      setbacks                what did not work: ACTION TARGET UNTIL REASON
 *      orders                  "hold" or "release" TARGET UNTIL
 *      expect.plan             what follows, as plan_format() writes it
 *      expect.explain          and how it came about, for each process
 *
 * TARGET is PID@START, /a/cgroup or "host", UNTIL is in seconds: it is 1000 now.
 * GOLDEN_WRITE=1 writes the expectations anew, to be read before they are
 * committed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/fs.h"
#include "daemon/policy/decide.h"
#include "daemon/sense/cgroup.h"
#include "daemon/sense/kernel.h"
#include "daemon/sense/proc.h"
#include "daemon/sense/topology.h"
#include "module/uapi/pinsafe.h"
#include "tests/unit/tree.h"

#define MAX_CASES	128
#define MAX_LINES	8	/* of held, setbacks, orders */
#define MAX_TEXT	65536
#define VENDOR_CONF	"conf/pinsafed-default.conf"

DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);
DEFINE_CLEANUP_EMBEDDED(struct trace, trace_done);

/* All that is decided on.  Strings of what is in force lie in the texts. */
struct golden {
	struct config config;
	struct snapshot snapshot;
	struct held held[MAX_LINES];
	struct setback setbacks[MAX_LINES];
	struct override orders[MAX_LINES];
	char *texts[3];
	struct decide_input input;
};

static void golden_done(struct golden *golden)
{
	config_done(&golden->config);
	snapshot_done(&golden->snapshot);
	for (size_t i = 0; i < 3; i++)
		free(golden->texts[i]);
}

DEFINE_CLEANUP_EMBEDDED(struct golden, golden_done);

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
	if (!strstr(words, "disarmed"))
		host->module_armed = PINSAFE_FEATURE_HOLD;
	if (strstr(words, "cgroup"))
		host->module_features |= PINSAFE_FEATURE_HOLD_CGROUP;
}

/* A recorded tree has no device nodes, only what the kernel says of them. */
static int find_device_node(const struct tree *tree, int sys_fd, const char *path)
{
	struct dirent **numbers;
	unsigned int major, minor;
	int node = -1;
	int n = scandirat(tree->fd, "sys/dev/char", &numbers, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		_cleanup_(free) char *found = NULL;

		if (sscanf(numbers[i]->d_name, "%u:%u", &major, &minor) == 2 &&
		    topology_find_device_path(sys_fd, major, minor, &found) == 0 &&
		    strcmp(found, path) == 0)
			node = topology_find_device_node(sys_fd, major, minor);
		free(numbers[i]);
	}
	if (n >= 0)
		free(numbers);
	return node;
}

static void add_process(const struct tree *tree, pid_t pid, struct snapshot *snapshot)
{
	_cleanup_(close) int proc_fd = tree_open(tree, "proc");
	_cleanup_(close) int sys_fd = tree_open(tree, "sys");
	struct process_facts facts = { 0 };
	bool gone = false;

	assert_int_equal(proc_read(proc_fd, sys_fd, (struct process_id){ pid, 0 }, PROC_FULL,
				   &facts, &gone),
			 0);
	if (gone)
		return;
	for (size_t i = 0; i < facts.n_devices; i++)
		facts.devices[i].node = find_device_node(tree, sys_fd,
							 facts.devices[i].path);
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
		add_process(tree, atoi(pids[i]->d_name), snapshot);
		free(pids[i]);
	}
	free(pids);
}

/* ---- cgroups --------------------------------------------------------------- */

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Inode numbers differ from run to run, and cgroups stand in their order. */
static uint64_t number_cgroup(const struct snapshot *snapshot, const char *path)
{
	const char *paths[MAX_CASES];
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_processes; i++) {
		if (snapshot->processes[i].cgroup)
			paths[n++] = snapshot->processes[i].cgroup;
	}
	assert_true(n < MAX_CASES);
	qsort(paths, n, sizeof(*paths), compare_strings);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(paths[i], path) == 0)
			return i + 1;
	}
	return MAX_CASES;	/* nobody is in it */
}

static bool is_known(const struct snapshot *snapshot, const char *path)
{
	for (size_t i = 0; i < snapshot->n_cgroups; i++) {
		if (strcmp(snapshot->cgroups[i].path, path) == 0)
			return true;
	}
	return false;
}

static int compare_cgroup_paths(const void *a, const void *b)
{
	const struct cgroup_facts *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void read_cgroups(const struct tree *tree, struct snapshot *snapshot)
{
	_cleanup_(close) int sys_fd = tree_open(tree, "sys");

	snapshot->cgroups = calloc(snapshot->n_processes + 1, sizeof(*snapshot->cgroups));
	assert_non_null(snapshot->cgroups);
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		struct process_facts *facts = &snapshot->processes[i];
		struct cgroup_facts *cgroup = &snapshot->cgroups[snapshot->n_cgroups];

		if (!facts->cgroup || !facts->cgroup_id)
			continue;
		facts->cgroup_id = number_cgroup(snapshot, facts->cgroup);
		if (is_known(snapshot, facts->cgroup) ||
		    cgroup_read_facts(sys_fd, facts->cgroup, cgroup) < 0)
			continue;
		cgroup->id = facts->cgroup_id;
		snapshot->n_cgroups++;
	}
	qsort(snapshot->cgroups, snapshot->n_cgroups, sizeof(*snapshot->cgroups),
	      compare_cgroup_paths);
}

/* ---- what the module sees --------------------------------------------------- */

static uint64_t parse_size(const char *text)
{
	char *unit;
	uint64_t size = strtoull(text, &unit, 10);

	return size << (*unit == 'G' ? 30 : *unit == 'M' ? 20 : *unit == 'K' ? 10 : 0);
}

static void see(struct process_facts *facts, const char *word)
{
	const char *colon = strchr(word, ':');

	if (strcmp(word, "rang") == 0) {
		facts->pin_rang = true;
		return;
	}
	if (strncmp(word, "driver=", 7) == 0) {
		facts->driver = strdup(word + 7);
		return;
	}
	assert_non_null(colon);
	facts->has_sight = true;
	if (strncmp(word, "large:", 6) == 0) {
		facts->large_bytes = parse_size(colon + 1);
		return;
	}
	facts->pinned = reallocarray(facts->pinned, facts->n_pinned + 1,
				     sizeof(*facts->pinned));
	assert_non_null(facts->pinned);
	facts->pinned[facts->n_pinned] = (struct node_bytes){
		(unsigned int)atoi(word), parse_size(colon + 1),
	};
	facts->pinned_bytes += facts->pinned[facts->n_pinned++].bytes;
}

static void read_sight(int case_fd, struct snapshot *snapshot)
{
	_cleanup_(free) char *text = read_text(case_fd, "sight");
	char *rest = text, *line, *word;

	while ((line = strsep(&rest, "\n")) && *line) {
		pid_t pid = atoi(strsep(&line, " "));
		size_t i = 0;

		while (i < snapshot->n_processes && snapshot->processes[i].id.pid != pid)
			i++;
		assert_true(i < snapshot->n_processes);
		while ((word = strsep(&line, " ")))
			see(&snapshot->processes[i], word);
	}
}

/* ---- what is wanted and in force --------------------------------------------- */

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

static enum action parse_action(const char *word)
{
	int action = ACTION_NONE;

	while (action < ACTION_AUTO && strcmp(action_name(action), word) != 0)
		action++;
	return action;
}

static struct target_id parse_target(const struct snapshot *snapshot, char *word)
{
	struct target_id id = { .kind = TARGET_HOST };

	if (*word == '/') {
		id.kind = TARGET_CGROUP;
		id.cgroup = word;
		id.cgroup_id = number_cgroup(snapshot, word);
	} else if (strcmp(word, "host") != 0) {
		id.kind = TARGET_PROCESS;
		assert_int_equal(sscanf(word, "%d@%" SCNu64, &id.process.pid,
					&id.process.start_ticks),
				 2);
	}
	return id;
}

static uint64_t parse_until(const char *word)
{
	return strtoull(word, NULL, 10) * 1000000;
}

static void parse_held_word(char *word, struct held *held)
{
	if (strcmp(word, "draining") == 0)
		held->is_draining = true;
	else if (strcmp(word, "foreign") == 0)
		held->is_foreign = true;
	else if (strcmp(word, "bell") == 0)
		held->origin = ORIGIN_BELL;
	else if (strncmp(word, "cpus=", 5) == 0)
		held->cpus = word + 5;
	else if (strncmp(word, "mems=", 5) == 0)
		held->mems = word + 5;
	else
		fail_msg("held: %s?", word);
}

static void parse_held(struct golden *golden, char *line)
{
	struct held *held = &golden->held[golden->input.n_held++];
	char *word;

	held->action = parse_action(strsep(&line, " "));
	held->id = parse_target(&golden->snapshot, strsep(&line, " "));
	held->policy = strsep(&line, " ");
	held->since_usec = golden->input.now_usec;
	while ((word = strsep(&line, " ")))
		parse_held_word(word, held);
}

static void parse_setback(struct golden *golden, char *line)
{
	struct setback *setback = &golden->setbacks[golden->input.n_setbacks++];

	setback->action = parse_action(strsep(&line, " "));
	setback->id = parse_target(&golden->snapshot, strsep(&line, " "));
	setback->until_usec = parse_until(strsep(&line, " "));
	setback->reason = line;
}

static void parse_order(struct golden *golden, char *line)
{
	struct override *order = &golden->orders[golden->input.n_overrides++];

	order->hold = strcmp(strsep(&line, " "), "hold") == 0;
	order->id = parse_target(&golden->snapshot, strsep(&line, " "));
	order->until_usec = parse_until(line);
}

/* text is the golden's to free. */
static void parse_lines(struct golden *golden, char *text,
			void (*parse)(struct golden *golden, char *line))
{
	char *line;

	for (size_t n = 0; (line = strsep(&text, "\n")) && *line; n++) {
		assert_true(n < MAX_LINES);
		parse(golden, line);
	}
}

static void read_host(int case_fd, struct golden *golden)
{
	_cleanup_(free) char *words = read_text(case_fd, "host");

	read_module(case_fd, &golden->snapshot.host);
	if (!words)
		return;
	golden->snapshot.host.can_trace = strstr(words, "trace");
	golden->snapshot.host.has_systemd = strstr(words, "systemd");
	golden->input.table_full = strstr(words, "table-full");
}

static void read_case(int case_fd, const struct tree *tree, struct golden *golden)
{
	golden->input = (struct decide_input){
		.config = &golden->config,
		.snapshot = &golden->snapshot,
		.held = golden->held,
		.overrides = golden->orders,
		.setbacks = golden->setbacks,
		.now_usec = 1000000000,
	};
	read_config(case_fd, &golden->config);
	read_snapshot(tree, &golden->snapshot);
	read_host(case_fd, golden);
	read_cgroups(tree, &golden->snapshot);
	read_sight(case_fd, &golden->snapshot);
	golden->texts[0] = read_text(case_fd, "held");
	golden->texts[1] = read_text(case_fd, "setbacks");
	golden->texts[2] = read_text(case_fd, "orders");
	parse_lines(golden, golden->texts[0], parse_held);
	parse_lines(golden, golden->texts[1], parse_setback);
	parse_lines(golden, golden->texts[2], parse_order);
	qsort(golden->orders, golden->input.n_overrides, sizeof(golden->orders[0]),
	      override_compare);
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
	if (faccessat(case_fd, "proc", F_OK, 0) == 0 ||
	    faccessat(case_fd, "sys", F_OK, 0) == 0) {
		snprintf(command, sizeof(command), "cd '%s/tests/trees' && ./unfold '%s' '%s'",
			 top(), name, tree.path);
		tree_run(command);
	}
	return tree;
}

static void compare(int case_fd, const char *name, const char *text)
{
	_cleanup_(free) char *expected = read_text(case_fd, name);
	int fd;

	if (!getenv("GOLDEN_WRITE")) {
		assert_string_equal(text, expected);
		return;
	}
	fd = openat(case_fd, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void print_trace(FILE *out, const struct process_facts *facts,
			const struct trace *trace)
{
	fprintf(out, "process %d@%" PRIu64 "\n", facts->id.pid, facts->id.start_ticks);
	for (size_t i = 0; i < trace->n_steps; i++) {
		const struct trace_step *step = &trace->steps[i];

		fprintf(out, "%s %s: %s; %s\n", trace_kind_name(step->kind), step->name,
			step->is_taken ? "yes" : "no", step->why);
	}
}

static char *explain(const struct golden *golden)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < golden->snapshot.n_processes; i++) {
		const struct process_facts *facts = &golden->snapshot.processes[i];
		_cleanup_(trace_done) struct trace trace = { 0 };

		assert_int_equal(policy_explain(&golden->input, facts, &trace), 0);
		print_trace(out, facts, &trace);
	}
	fclose(out);
	return text;
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
	_cleanup_(golden_done) struct golden golden = { 0 };
	_cleanup_(plan_done) struct plan plan = { 0 };
	_cleanup_(free) char *text = NULL, *explained = NULL;

	read_case(case_fd, &tree, &golden);
	assert_int_equal(policy_decide(&golden.input, &plan), 0);
	assert_int_equal(plan_format(&plan, &text), 0);
	compare(case_fd, "expect.plan", text);
	if (faccessat(case_fd, "expect.explain", F_OK, 0) < 0)
		return;
	explained = explain(&golden);
	compare(case_fd, "expect.explain", explained);
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
