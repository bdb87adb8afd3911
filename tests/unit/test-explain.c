// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random hosts, policies, processes, orders and setbacks: whatever they are, the
 * plan is in order and does not contradict itself, and the explanation of each
 * process ends in what the plan says of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/decide.h"
#include "module/uapi/pinsafe.h"

#define NOW		(1000ULL * 1000 * 1000)
#define N_ROUNDS	3000
#define N_PROCESSES	6
#define N_CGROUPS	4
#define N_HELD		6	/* at first, */
#define MAX_HELD	64	/* and in the end */
#define N_STEPS		12	/* of two seconds */

DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);

static unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static bool maybe(unsigned int one_in)
{
	return pick(one_in) == 0;
}

/* ---- a host at random ---------------------------------------------------- */

#define CONTAINER	"5f1d2c3b4a59687766554433221100ffeeddccbbaa99887766554433221100aa"

static const char *const cgroups[N_CGROUPS] = {
	"/system.slice/a.service", "/system.slice/a.service/worker",
	"/system.slice/docker-" CONTAINER ".scope", "/user.slice",
};

static struct world {
	struct config config;
	struct snapshot snapshot;
	struct host_node nodes[3];
	struct process_facts processes[N_PROCESSES];
	struct device_open devices[2];
	struct node_bytes pinned[N_PROCESSES];
	struct cgroup_facts cgroups[N_CGROUPS];
	struct node_bytes resident[N_CGROUPS];
	struct held held[MAX_HELD];
	char lists[MAX_HELD][2][32];
	struct setback setbacks[N_HELD];
	struct override orders[2];
	struct decide_input input;
} w;

static void make_host(struct host_facts *host)
{
	static const int kernels[] = { 0, 5 << 16 | 10 << 8, 6 << 16 | 12 << 8,
				       6 << 16 | 17 << 8 };
	size_t n = 1 + pick(3);

	host->nodes = w.nodes;
	host->n_nodes = n;
	for (unsigned int i = 0; i < n; i++) {
		w.nodes[i] = (struct host_node){ .node = i };
		if (i == 0 || !maybe(3))
			nodeset_add(&w.nodes[i].cpus, i);
		nodeset_add(&host->nodes_online, i);
		if (i == 0 || !maybe(4))
			nodeset_add(&host->nodes_memory, i);
	}
	host->balancing = (int)pick(5) - 1;
	host->verdict = pick(3);
	host->kernel_code = (unsigned int)kernels[pick(4)];
	host->can_trace = maybe(2);
	host->has_systemd = maybe(2);
	host->has_module = maybe(2);
	if (host->has_module)
		host->module_features = pick(4);
	host->module_armed = maybe(2) ? PINSAFE_FEATURE_HOLD : 0;
}

static void make_process(unsigned int i)
{
	struct process_facts *facts = &w.processes[i];
	unsigned int cgroup = pick(N_CGROUPS + 1);

	facts->id = (struct process_id){ 100 + (pid_t)i, 7 };
	if (cgroup < N_CGROUPS) {
		facts->cgroup = (char *)cgroups[cgroup];
		facts->cgroup_id = 1 + cgroup;
	}
	facts->vm_pin_bytes = maybe(2) ? 4096 : 0;
	facts->pin_rang = maybe(3);
	if (maybe(2)) {
		facts->has_sight = true;
		w.pinned[i] = (struct node_bytes){ pick(3), 4096 };
		facts->pinned = &w.pinned[i];
		facts->n_pinned = maybe(2);
		facts->pinned_bytes = facts->n_pinned * 4096;
		facts->large_bytes = maybe(4) ? 1 << 21 : 0;
	}
	facts->devices = w.devices;
	facts->n_devices = pick(3);
	facts->is_realtime = maybe(8);
	facts->has_own_policy = maybe(4);
}

static void make_cgroup(unsigned int i)
{
	w.resident[i] = (struct node_bytes){ pick(3), 1ULL << (20 + pick(12)) };
	w.cgroups[i] = (struct cgroup_facts){
		.path = (char *)cgroups[i],
		.id = 1 + i,
		.is_systemd = maybe(2),
		.has_cpuset = !maybe(4),
		.has_resident = !maybe(4),
		.resident = &w.resident[i],
		.n_resident = maybe(2),
	};
}

static struct target_id make_target(void)
{
	unsigned int cgroup = pick(N_CGROUPS);

	if (maybe(2))
		return (struct target_id){ .process = { 100 + (pid_t)pick(N_PROCESSES), 7 } };
	return (struct target_id){
		.kind = TARGET_CGROUP,
		.cgroup_id = 1 + cgroup,
		.cgroup = (char *)cgroups[cgroup],
	};
}

/* An action, and a target that it can have. */
static enum action make_action(struct target_id *ret_id)
{
	static const enum action of_process[] = { ACTION_HOLD, ACTION_MEMPOLICY, ACTION_BIND };
	static const enum action of_cgroup[] = { ACTION_HOLD, ACTION_CONFINE };

	if (maybe(6)) {
		*ret_id = (struct target_id){ .kind = TARGET_HOST };
		return ACTION_HOST_OFF;
	}
	*ret_id = make_target();
	return ret_id->kind == TARGET_PROCESS ? of_process[pick(3)] : of_cgroup[pick(2)];
}

static bool is_in_force(const struct target_id *id, enum action action)
{
	for (size_t i = 0; i < w.input.n_held; i++) {
		if (w.held[i].action == action && target_id_compare(&w.held[i].id, id) == 0)
			return true;
	}
	return false;
}

static void make_held(void)
{
	struct held held = {
		.policy = maybe(4) ? NULL : maybe(2) ? "a" : "b",
		.is_draining = maybe(4),
		.is_foreign = maybe(6),
		.since_usec = NOW - pick(20) * 1000000,
	};

	held.action = make_action(&held.id);
	if (is_in_force(&held.id, held.action))
		return;
	if (held.action == ACTION_HOLD && held.id.kind == TARGET_PROCESS && maybe(3))
		held.origin = ORIGIN_BELL;
	if (held.action == ACTION_BIND || held.action == ACTION_CONFINE)
		held.cpus = maybe(2) ? "0" : "1";
	if (held.action == ACTION_CONFINE)
		held.mems = maybe(2) ? "0" : "1";
	w.held[w.input.n_held++] = held;
}

static void make_config(void)
{
	static const char *const actions[] = {
		"none", "hold", "auto", "bind", "confine", "host-off", "mempolicy auto",
		"confine bind host-off", "bind hold", "hold mempolicy",
	};
	struct config_source source = { .path = "random.conf" };
	struct config_errors errors;
	char text[1024];

	snprintf(text, sizeof(text),
		 "[Daemon]\nMode=%s\n"
		 "[Policy a]\nPriority=9\nMatchDevice=/dev/x*\nAction=%s\nScope=%s\n"
		 "AllowContainers=%s\nFallback=%s\nBindTo=%s\n"
		 "[Policy b]\nAction=%s\nMode=%s\nFallback=%s\nBindTo=%s\nMatchPinnedMin=%u\n",
		 maybe(3) ? "audit" : "enforce", actions[pick(10)],
		 maybe(2) ? "cgroup" : "process", maybe(2) ? "yes" : "no",
		 maybe(2) ? "host-off" : "none", maybe(2) ? "device" : "pinned",
		 actions[pick(10)], maybe(3) ? "audit" : "enforce",
		 maybe(2) ? "host-off" : "none", maybe(2) ? "0-1" : "pinned", pick(2) * 8192);
	source.text = text;
	assert_int_equal(config_parse(&source, 1, NULL, &w.config, &errors), 0);
}

static void make_world(void)
{
	memset(&w, 0, sizeof(w));
	make_config();
	make_host(&w.snapshot.host);
	w.devices[0] = (struct device_open){ "/dev/null", 1, 3, -1 };
	w.devices[1] = (struct device_open){ "/dev/x1", 9, 9, (int)pick(4) - 1 };
	w.snapshot.processes = w.processes;
	w.snapshot.n_processes = N_PROCESSES;
	for (unsigned int i = 0; i < N_PROCESSES; i++)
		make_process(i);
	w.snapshot.cgroups = w.cgroups;
	w.snapshot.n_cgroups = N_CGROUPS - pick(2);
	for (unsigned int i = 0; i < N_CGROUPS; i++)
		make_cgroup(i);
	w.input = (struct decide_input){
		.config = &w.config,
		.snapshot = &w.snapshot,
		.held = w.held,
		.setbacks = w.setbacks,
		.overrides = w.orders,
		.now_usec = NOW,
		.table_full = maybe(8),
	};
	for (unsigned int i = pick(N_HELD + 1); i > 0; i--)
		make_held();
	for (unsigned int i = pick(3); i > 0; i--) {
		struct setback *setback = &w.setbacks[w.input.n_setbacks++];

		setback->action = make_action(&setback->id);
		setback->reason = "it was so";
		setback->until_usec = maybe(2) ? 0 : NOW - 5 + pick(10);
	}
	if (maybe(4)) {
		w.orders[0] = (struct override){ make_target(), maybe(2), NOW + 1 };
		w.input.n_overrides = 1;
	}
}

/* ---- what must hold ------------------------------------------------------ */

static int compare_items(const struct plan_item *a, const struct plan_item *b)
{
	int order = target_id_compare(&a->id, &b->id);

	return order ? order : (int)a->action - (int)b->action;
}

static void assert_sane(const struct plan_item *item)
{
	bool is_order = w.input.n_overrides > 0 && !item->policy;

	assert_non_null(item->reason);
	assert_int_not_equal(item->action, ACTION_AUTO);
	if (item->op != PLAN_WATCH)
		assert_int_not_equal(item->action, ACTION_NONE);
	if (item->op == PLAN_APPLY && item->mode == MODE_ENFORCE && !is_order)
		assert_non_null(item->policy);
	if (item->op == PLAN_APPLY && item->action == ACTION_BIND)
		assert_non_null(item->cpus);
	if (item->op == PLAN_APPLY && item->action == ACTION_CONFINE)
		assert_non_null(item->mems);
	if (item->op == PLAN_UNDO || item->op == PLAN_KEEP)
		assert_true(is_in_force(&item->id, item->action));
	if (item->op == PLAN_UNDO)
		assert_int_equal(item->mode, MODE_ENFORCE);
}

/* Who let go of what protects before something else does would open a gap. */
static void assert_no_gap(const struct plan *plan, const struct process_facts *facts)
{
	bool is_undone = false, is_begun = false, is_protected = false;

	for (size_t i = 0; i < plan->n_items; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->id.kind != TARGET_PROCESS ||
		    !process_id_equal(item->id.process, facts->id))
			continue;
		is_undone |= item->op == PLAN_UNDO;
		is_protected |= item->op == PLAN_KEEP;
		is_begun |= item->op == PLAN_APPLY && item->mode == MODE_ENFORCE &&
			    !is_in_force(&item->id, item->action);
	}
	assert_false(is_undone && is_begun && !is_protected);
}

static void assert_explained(const struct plan *plan, const struct process_facts *facts)
{
	const struct trace_step *last;
	struct trace trace;
	bool is_found = false;

	assert_int_equal(policy_explain(&w.input, facts, &trace), 0);
	assert_true(trace.n_steps > 0);
	last = &trace.steps[trace.n_steps - 1];
	for (size_t i = 0; i < trace.n_steps; i++)
		assert_int_equal(trace.steps[i].kind == TRACE_RESULT, &trace.steps[i] == last);
	for (size_t i = 0; i < plan->n_items; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->id.kind != TARGET_PROCESS ||
		    !process_id_equal(item->id.process, facts->id) ||
		    strcmp(item->reason, last->why) != 0)
			continue;
		is_found |= strcmp(last->name, "none") == 0 ||
			    strcmp(last->name, action_name(item->action)) == 0;
	}
	assert_true(is_found);
	trace_done(&trace);
}

static void assert_round(void)
{
	_cleanup_(free) char *one = NULL, *two = NULL;
	struct plan plan, again;

	assert_int_equal(policy_decide(&w.input, &plan), 0);
	assert_int_equal(policy_decide(&w.input, &again), 0);
	assert_int_equal(plan_format(&plan, &one), 0);
	assert_int_equal(plan_format(&again, &two), 0);
	assert_string_equal(one, two);
	for (size_t i = 0; i < plan.n_items; i++) {
		assert_sane(&plan.items[i]);
		if (i > 0)
			assert_true(compare_items(&plan.items[i - 1], &plan.items[i]) < 0);
	}
	for (size_t i = 0; i < N_PROCESSES; i++) {
		assert_no_gap(&plan, &w.processes[i]);
		assert_explained(&plan, &w.processes[i]);
	}
	plan_done(&plan);
	plan_done(&again);
}

static unsigned int first_seed(void)
{
	const char *given = getenv("SEED");
	unsigned int first = given ? (unsigned int)strtoul(given, NULL, 0) :
				     (unsigned int)time(NULL);

	print_message("SEED=%u\n", first);
	return first;
}

static void test_random_worlds(void **state)
{
	unsigned int begin = first_seed();

	(void)state;
	for (unsigned int i = 0; i < N_ROUNDS; i++) {
		seed = begin + i;
		make_world();
		assert_round();
		config_done(&w.config);
	}
}

/* ---- plans come true ------------------------------------------------------- */

static struct held *find_held(const struct plan_item *item)
{
	for (size_t i = 0; i < w.input.n_held; i++) {
		if (w.held[i].action == item->action &&
		    target_id_compare(&w.held[i].id, &item->id) == 0)
			return &w.held[i];
	}
	return NULL;
}

/* The target as the world owns it. */
static struct target_id own_target(const struct plan_item *item)
{
	struct target_id id = item->id;

	if (id.kind == TARGET_CGROUP)
		id.cgroup = (char *)cgroups[id.cgroup_id - 1];
	return id;
}

static char *own_list(struct held *held, size_t which, const char *list)
{
	char *own = w.lists[held - w.held][which];

	if (!list)
		return NULL;
	assert_true(strlen(list) < sizeof(w.lists[0][0]));
	memmove(own, list, strlen(list) + 1);	/* may be there already */
	return own;
}

/* What the next look at the processes shows; mems NULL: all. */
static void show(const struct plan_item *item, bool is_applied)
{
	struct nodeset mems = { 0 };

	if (is_applied && item->mems)
		assert_int_equal(nodeset_parse(item->mems, &mems), 0);
	for (size_t i = 0; i < N_PROCESSES; i++) {
		struct process_facts *facts = &w.processes[i];

		if (item->action == ACTION_MEMPOLICY && item->id.kind == TARGET_PROCESS &&
		    process_id_equal(facts->id, item->id.process))
			facts->has_own_policy = is_applied;
		if (item->action == ACTION_CONFINE && facts->cgroup_id == item->id.cgroup_id)
			facts->mems_allowed = mems;
	}
	if (item->action == ACTION_HOST_OFF && is_applied)
		w.snapshot.host.balancing &= ~1;
	else if (item->action == ACTION_HOST_OFF)
		w.snapshot.host.balancing |= 1;
}

static void apply(const struct plan_item *item)
{
	const struct policy *policy = item->policy ?
		config_find_policy(&w.config, item->policy) : NULL;
	struct held *held = find_held(item);

	if (!held)
		held = &w.held[w.input.n_held++];
	assert_true(w.input.n_held <= MAX_HELD);
	*held = (struct held){
		.id = own_target(item),
		.action = item->action,
		.policy = policy ? policy->name : NULL,
		.cpus = own_list(held, 0, item->cpus),
		.mems = own_list(held, 1, item->mems),
		.since_usec = w.input.now_usec,
	};
	show(item, true);
}

static void undo(const struct plan_item *item)
{
	struct held *held = find_held(item);

	show(item, false);
	held->action = ACTION_AUTO;	/* none: of nothing any more */
}

static void compact(void)
{
	size_t n = 0;

	for (size_t i = 0; i < w.input.n_held; i++) {
		struct held held = w.held[i];

		if (held.action == ACTION_AUTO)
			continue;
		w.held[n] = held;
		w.held[n].cpus = own_list(&w.held[n], 0, held.cpus);
		w.held[n].mems = own_list(&w.held[n], 1, held.mems);
		n++;
	}
	w.input.n_held = n;
}

/* Number of changes. */
static size_t carry_out(void)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	size_t n = 0;

	assert_int_equal(policy_decide(&w.input, &plan), 0);
	for (size_t i = 0; i < plan.n_items; i++) {
		const struct plan_item *item = &plan.items[i];

		if (item->mode != MODE_ENFORCE ||
		    (item->op != PLAN_APPLY && item->op != PLAN_UNDO))
			continue;
		n++;
		if (item->op == PLAN_APPLY)
			apply(item);
		else
			undo(item);
	}
	compact();
	return n;
}

/* What drained has drained, what others changed they leave alone from here on. */
static void calm(void)
{
	struct host_facts *host = &w.snapshot.host;

	for (size_t i = 0; i < w.input.n_held; i++) {
		w.held[i].is_draining = w.held[i].is_foreign = false;
		w.held[i].cpus = own_list(&w.held[i], 0, w.held[i].cpus);
		w.held[i].mems = own_list(&w.held[i], 1, w.held[i].mems);
		if (w.held[i].action == ACTION_HOST_OFF && host->balancing > 0)
			host->balancing &= ~1;
	}
}

/* If what is planned is done each time, there is nothing left to do soon: no two
 * rungs take turns. */
static void test_worlds_settle(void **state)
{
	unsigned int begin = first_seed();

	(void)state;
	for (unsigned int i = 0; i < N_ROUNDS; i++) {
		size_t changes = 0;

		seed = begin + i;
		make_world();
		calm();
		for (int step = 0; step < N_STEPS; step++) {
			changes = carry_out();
			w.input.now_usec += 2000000;
		}
		if (changes > 0)
			fail_msg("SEED=%u does not settle", seed);
		config_done(&w.config);
	}
}

/* A process that is not in the snapshot is explained as if it were. */
static void test_stranger(void **state)
{
	struct process_facts facts = { .id = { 103, 9 }, .vm_pin_bytes = 4096 };
	struct trace trace;

	(void)state;
	seed = 1;
	make_world();
	w.input.n_overrides = w.input.n_held = w.input.n_setbacks = 0;
	assert_int_equal(policy_explain(&w.input, &facts, &trace), 0);
	assert_int_equal(trace.steps[trace.n_steps - 1].kind, TRACE_RESULT);
	assert_non_null(strstr(trace.steps[trace.n_steps - 1].why, "pins 4 KiB"));
	assert_int_equal(w.snapshot.n_processes, N_PROCESSES);
	trace_done(&trace);
	config_done(&w.config);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(trace_kind_name(TRACE_ORDER), "order");
	assert_string_equal(trace_kind_name(TRACE_POLICY), "policy");
	assert_string_equal(trace_kind_name(TRACE_RUNG), "rung");
	assert_string_equal(trace_kind_name(TRACE_RESULT), "result");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_worlds),
		cmocka_unit_test(test_worlds_settle),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
