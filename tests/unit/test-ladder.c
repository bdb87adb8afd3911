// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which rung is taken, at the edges of what decides it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/decide.h"
#include "daemon/policy/place.h"
#include "module/uapi/pinsafe.h"

#define MIB			(1ULL << 20)
#define KERNEL(major, minor)	((major) << 16 | (minor) << 8)

DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);
DEFINE_CLEANUP_EMBEDDED(struct trace, trace_done);

static struct scene {
	struct config config;
	struct snapshot snapshot;
	struct host_node nodes[3];
	unsigned int distances[3][3];
	struct process_facts processes[2];
	struct device_open device;
	struct node_bytes pinned[2];
	struct cgroup_facts cgroup;
	struct node_bytes resident[2];
	struct held held[2];
	struct setback setback;
	struct decide_input input;
} s;

static char unit[] = "/system.slice/a.service";

/* Two nodes with CPUs 0-1 and 2-3, an affected kernel that knows how to leave
 * single-node cpusets alone, everything at hand but the module; process 100 of
 * a.service has a device of node 1 open. */
static int setup(void **state)
{
	struct host_facts *host = &s.snapshot.host;

	(void)state;
	memset(&s, 0, sizeof(s));
	config_init(&s.config);
	for (unsigned int i = 0; i < 2; i++) {
		s.nodes[i].node = i;
		nodeset_add(&s.nodes[i].cpus, 2 * i);
		nodeset_add(&s.nodes[i].cpus, 2 * i + 1);
		nodeset_add(&host->nodes_memory, i);
	}
	host->nodes = s.nodes;
	host->n_nodes = 2;
	host->balancing = 1;
	host->verdict = VERDICT_AFFECTED;
	host->kernel_code = KERNEL(6, 16);
	host->can_trace = host->has_systemd = true;
	host->module_features = PINSAFE_FEATURE_HOLD;
	host->module_armed = PINSAFE_FEATURE_HOLD;
	s.device = (struct device_open){ "/dev/x0", 1, 2, 1 };
	s.processes[0] = (struct process_facts){
		.id = { 100, 1 }, .cgroup = unit, .cgroup_id = 7,
		.devices = &s.device, .n_devices = 1, .pinned = s.pinned,
	};
	s.processes[1] = (struct process_facts){ .id = { 101, 1 } };
	s.cgroup = (struct cgroup_facts){
		.path = unit, .id = 7, .is_systemd = true, .has_cpuset = true,
		.has_resident = true, .resident = s.resident,
	};
	s.snapshot.processes = s.processes;
	s.snapshot.n_processes = 1;
	s.snapshot.cgroups = &s.cgroup;
	s.snapshot.n_cgroups = 1;
	s.input = (struct decide_input){
		.config = &s.config,
		.snapshot = &s.snapshot,
		.held = s.held,
		.setbacks = &s.setback,
		.now_usec = 1000000000,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_done(&s.config);
	return 0;
}

static void configure(const char *keys)
{
	struct config_source source = { .path = "ladder.conf" };
	struct config_errors errors;
	char text[512];

	snprintf(text, sizeof(text),
		 "[Daemon]\nMode=enforce\n[Policy x]\nMatchDevice=/dev/x*\n%s\n", keys);
	source.text = text;
	config_done(&s.config);
	assert_int_equal(config_parse(&source, 1, NULL, &s.config, &errors), 0);
}

/* The only item of that action, which must be there. */
static struct plan_item *find_item(struct plan *plan, enum action action)
{
	struct plan_item *found = NULL;

	for (size_t i = 0; i < plan->n_items; i++) {
		if (plan->items[i].action == action && plan->items[i].op != PLAN_WATCH)
			found = &plan->items[i];
	}
	return found;
}

static void assert_taken(enum action action, const char *cpus, const char *mems)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	struct plan_item *item;

	assert_int_equal(policy_decide(&s.input, &plan), 0);
	item = find_item(&plan, action);
	if (!item)
		fail_msg("%s: %s", action_name(action), plan.items[0].reason);
	assert_int_equal(item->op, PLAN_APPLY);
	assert_string_equal(item->cpus ?: "", cpus ?: "");
	assert_string_equal(item->mems ?: "", mems ?: "");
}

static void assert_none(const char *why)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.items[0].op, PLAN_WATCH);
	assert_int_equal(plan.items[0].action, ACTION_NONE);
	if (!strstr(plan.items[0].reason, why))
		fail_msg("\"%s\" is not in \"%s\"", why, plan.items[0].reason);
}

static void see(unsigned int node, uint64_t bytes)
{
	struct process_facts *facts = &s.processes[0];

	facts->has_sight = true;
	s.pinned[facts->n_pinned++] = (struct node_bytes){ node, bytes };
	facts->pinned_bytes += bytes;
}

static void reside(unsigned int node, uint64_t bytes)
{
	s.resident[s.cgroup.n_resident++] = (struct node_bytes){ node, bytes };
}

/* ---- auto ------------------------------------------------------------------ */

static void test_auto_goes_up(void **state)
{
	(void)state;
	configure("Action=auto");
	s.snapshot.host.has_module = true;
	assert_taken(ACTION_HOLD, NULL, NULL);
	s.snapshot.host.module_armed = 0;
	assert_taken(ACTION_CONFINE, "2-3", "1");
	s.snapshot.host.module_armed = PINSAFE_FEATURE_HOLD;
	s.snapshot.host.module_features = PINSAFE_FEATURE_BELL_PIN;
	assert_taken(ACTION_CONFINE, "2-3", "1");
	s.snapshot.host.kernel_code = KERNEL(6, 15) | 255;
	assert_taken(ACTION_BIND, "2-3", NULL);
	s.snapshot.host.verdict = VERDICT_FIXED;
	assert_none("bind: scans go on");
	s.snapshot.host.kernel_code = KERNEL(6, 16);
	assert_taken(ACTION_CONFINE, "2-3", "1");
}

static void test_auto_and_mempolicy(void **state)
{
	(void)state;
	configure("Action=auto mempolicy");
	assert_taken(ACTION_MEMPOLICY, NULL, NULL);
	s.snapshot.host.can_trace = false;
	assert_taken(ACTION_CONFINE, "2-3", "1");
	configure("Action=bind auto mempolicy");
	s.snapshot.host.can_trace = true;
	assert_taken(ACTION_BIND, "2-3", NULL);
}

static void test_auto_never_switches_off(void **state)
{
	(void)state;
	configure("Action=auto");
	s.device.node = -1;
	assert_none("bind: no device");
	configure("Action=auto host-off");
	assert_taken(ACTION_HOST_OFF, NULL, NULL);
}

/* What is named is taken although it does not suffice, and says what it lacks. */
static void test_named_is_taken(void **state)
{
	_cleanup_(trace_done) struct trace trace = { 0 };

	(void)state;
	s.snapshot.host.verdict = VERDICT_FIXED;
	configure("Action=bind");
	assert_taken(ACTION_BIND, "2-3", NULL);
	assert_int_equal(policy_explain(&s.input, &s.processes[0], &trace), 0);
	assert_int_equal(trace.n_steps, 3);
	assert_true(trace.steps[1].is_taken);
	assert_string_equal(trace.steps[1].why,
			    "named by the policy, but scans go on, which does not suffice"
			    " against cost");
}

static void test_fallback(void **state)
{
	(void)state;
	configure("Action=hold\nFallback=host-off");
	assert_taken(ACTION_HOST_OFF, NULL, NULL);
	s.snapshot.host.verdict = VERDICT_UNKNOWN;
	assert_none("hold: there is no pinsafe module");
	s.snapshot.host.verdict = VERDICT_AFFECTED;
	s.snapshot.host.balancing = 3;
	assert_none("host-off: tiering would go on");
	s.snapshot.host.balancing = 2;
	assert_none("host-off: only tiering scans here");
	s.snapshot.host.balancing = 1;
	s.setback = (struct setback){ { .kind = TARGET_HOST }, ACTION_HOST_OFF, "EROFS", 0 };
	s.input.n_setbacks = 1;
	assert_none("host-off: tried without success: EROFS");
}

static void test_nothing_is_needed(void **state)
{
	(void)state;
	configure("Action=hold mempolicy host-off auto\nFallback=host-off");
	s.processes[0].has_own_policy = true;
	assert_none("nothing is needed: own memory policy");
	s.processes[0].has_own_policy = false;
	s.processes[0].is_realtime = true;
	assert_none("nothing is needed: realtime");
	configure("Action=bind");	/* said in so many words where to run */
	assert_taken(ACTION_BIND, "2-3", NULL);
}

/* Its memory policy is ours: needed, or it would be taken back. */
static void test_ours_is_not_its_own(void **state)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	(void)state;
	configure("Action=mempolicy");
	s.processes[0].has_own_policy = true;
	s.held[0] = (struct held){
		.id = { .process = { 100, 1 } }, .action = ACTION_MEMPOLICY, .policy = "x",
	};
	s.input.n_held = 1;
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.n_items, 1);
	assert_int_equal(plan.items[0].op, PLAN_KEEP);
	assert_int_equal(plan.items[0].scanned, SCANNED_NO_OWN_POLICY);
}

static void test_containers(void **state)
{
	static char container[] =
		"/system.slice/docker-"
		"5f1d2c3b4a59687766554433221100ffeeddccbbaa99887766554433221100aa.scope";

	(void)state;
	s.processes[0].cgroup = s.cgroup.path = container;
	configure("Action=mempolicy bind confine");
	assert_none("confine: it is in a container");
	configure("Action=mempolicy bind confine host-off");
	assert_taken(ACTION_HOST_OFF, NULL, NULL);
	configure("Action=mempolicy bind confine\nAllowContainers=yes");
	assert_taken(ACTION_MEMPOLICY, NULL, NULL);
	s.snapshot.host.has_module = true;
	configure("Action=hold");
	assert_taken(ACTION_HOLD, NULL, NULL);
}

/* ---- bind ------------------------------------------------------------------ */

static void test_bind_where_the_pins_are(void **state)
{
	(void)state;
	configure("Action=bind");
	see(1, 4 * MIB);
	see(0, 4 * MIB);
	assert_taken(ACTION_BIND, "2-3", NULL);
	s.pinned[1].bytes++;
	assert_none("most of its pinned memory lies on other nodes");
	s.pinned[1].bytes = 0;
	s.processes[0].large_bytes = 4 * MIB;
	assert_taken(ACTION_BIND, "2-3", NULL);
	s.processes[0].large_bytes++;
	assert_none("where its pinned memory lies is not known");
}

static void test_bind_by_auto_wants_all(void **state)
{
	(void)state;
	configure("Action=auto");
	s.snapshot.host.kernel_code = KERNEL(5, 10);
	see(1, 4 * MIB);
	see(0, 1);
	assert_none("bind: it would not run beside all");
	s.processes[0].n_pinned = 1;
	assert_taken(ACTION_BIND, "2-3", NULL);
	s.processes[0].has_sight = false;
	s.processes[0].vm_pin_bytes = 4096;
	assert_none("bind: where its pinned memory lies is not known");
}

static void test_bind_before_it_pinned(void **state)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	(void)state;
	configure("Action=bind");
	s.processes[0].vm_pin_bytes = 4096;
	s.held[0] = (struct held){
		.id = { .process = { 100, 1 } }, .action = ACTION_BIND, .policy = "x",
		.cpus = "2-3",
	};
	s.input.n_held = 1;
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.items[0].op, PLAN_KEEP);
	assert_int_equal(plan.items[0].risk, RISK_COST);
	assert_int_equal(plan.items[0].scanned, SCANNED_YES);
}

static void test_bind_to_a_list(void **state)
{
	(void)state;
	configure("Action=bind\nBindTo=0-1");
	assert_taken(ACTION_BIND, "0-3", NULL);
	configure("Action=bind\nBindTo=2");
	assert_none("bind: node 2 of BindTo= is not online");
	configure("Action=auto\nBindTo=0-1");
	assert_none("bind: on several nodes it does not suffice");
	configure("Action=bind\nBindTo=pinned");
	assert_none("bind: on which node it pins is not known");
	see(0, 1);
	see(1, 1);
	assert_taken(ACTION_BIND, "0-1", NULL);
}

/* Node 2 has memory only; the nearest with CPUs, or the lower of two. */
static void test_nodes_without_cpus(void **state)
{
	static const struct { unsigned int to_0, to_1; const char *cpus; } rows[] = {
		{ 20, 14, "2-3" }, { 14, 20, "0-1" }, { 20, 20, "0-1" },
	};

	(void)state;
	s.nodes[2].node = 2;
	s.snapshot.host.n_nodes = 3;
	s.device.node = 2;
	configure("Action=bind");
	assert_taken(ACTION_BIND, "0-1", NULL);		/* distances not told */
	s.nodes[2].distances = s.distances[2];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.distances[2][0] = rows[i].to_0;
		s.distances[2][1] = rows[i].to_1;
		s.distances[2][2] = 10;
		assert_taken(ACTION_BIND, rows[i].cpus, NULL);
	}
	see(2, 4096);	/* memory there is where it should be */
	assert_taken(ACTION_BIND, "0-1", NULL);
}

static void test_other_devices_tell_too(void **state)
{
	struct device_open devices[] = { { "/dev/x0", 1, 2, -1 }, { "/dev/y", 1, 3, 0 } };

	(void)state;
	s.processes[0].devices = devices;
	s.processes[0].n_devices = 2;
	configure("Action=bind");
	assert_taken(ACTION_BIND, "0-1", NULL);
	devices[0].node = 1;
	assert_taken(ACTION_BIND, "2-3", NULL);
	devices[0].node = 5;	/* not online */
	assert_taken(ACTION_BIND, "0-1", NULL);
}

/* ---- confine --------------------------------------------------------------- */

static void test_confine_moves_little(void **state)
{
	(void)state;
	configure("Action=confine\nConfineMaxMoveBytes=64M");
	reside(1, 4096 * MIB);
	reside(0, 64 * MIB);
	assert_taken(ACTION_CONFINE, "2-3", "1");
	s.resident[1].bytes++;
	assert_none("it would move 64 MiB of memory, more than ConfineMaxMoveBytes=");
	s.resident[1].bytes = 1;
	configure("Action=auto");
	assert_taken(ACTION_BIND, "2-3", NULL);		/* moves nothing */
	s.cgroup.n_resident = 1;
	assert_taken(ACTION_CONFINE, "2-3", "1");
	s.cgroup.has_resident = false;
	configure("Action=confine");
	assert_none("how much memory would move is not known");
}

static void test_confine_never_moves_pins(void **state)
{
	(void)state;
	configure("Action=confine");
	see(1, 4096);
	assert_taken(ACTION_CONFINE, "2-3", "1");
	see(0, 1);
	assert_none("process 100 has pinned memory on other nodes");
	s.processes[0].n_pinned = 1;
	s.processes[0].is_counting = true;	/* there may be more elsewhere */
	assert_none("where process 100 has pinned is not known");
	s.processes[0].is_counting = false;
	s.snapshot.n_processes = 2;
	s.processes[1].cgroup = "/system.slice/a.service/below";
	s.processes[1].cgroup_id = 8;
	s.processes[1].pin_rang = true;
	assert_none("where process 101 has pinned is not known");
	s.processes[1].cgroup = "/system.slice/a.service2";
	assert_taken(ACTION_CONFINE, "2-3", "1");
}

static void test_confine_of_whom(void **state)
{
	(void)state;
	configure("Action=confine");
	s.snapshot.host.has_systemd = false;
	assert_none("systemd, which owns its cgroup, does not answer");
	s.cgroup.is_systemd = false;
	assert_taken(ACTION_CONFINE, "2-3", "1");
	s.cgroup.has_cpuset = false;
	assert_none("the cpuset controller cannot be had");
	s.snapshot.n_cgroups = 0;
	assert_none("nobody has looked at its cgroup yet");
	s.processes[0].cgroup = "/user.slice";
	assert_none("others share its cgroup");
	s.processes[0].cgroup = NULL;
	assert_none("it is in no cgroup of version 2");
}

static bool is_switched_off_first(void)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	bool is_off, is_confined;

	assert_int_equal(policy_decide(&s.input, &plan), 0);
	is_off = find_item(&plan, ACTION_HOST_OFF);
	is_confined = find_item(&plan, ACTION_CONFINE);
	assert_int_not_equal(is_off, is_confined);
	return is_off;
}

static void test_confine_after_balancing(void **state)
{
	struct host_facts *host = &s.snapshot.host;

	(void)state;
	configure("Action=confine");
	host->kernel_code = KERNEL(5, 8) | 255;
	assert_false(is_switched_off_first());
	host->kernel_code = KERNEL(5, 9);
	assert_true(is_switched_off_first());
	host->kernel_code = KERNEL(5, 18) | 255;
	assert_true(is_switched_off_first());
	host->kernel_code = KERNEL(5, 19);
	assert_false(is_switched_off_first());
	host->kernel_code = 0;
	assert_true(is_switched_off_first());
	s.setback = (struct setback){ { .kind = TARGET_HOST }, ACTION_HOST_OFF, "EROFS", 0 };
	s.input.n_setbacks = 1;
	assert_none("balancing cannot be switched off first: EROFS");
	host->balancing = 3;
	assert_none("tiering would scan while memory moves");
	host->balancing = 0;
	assert_taken(ACTION_CONFINE, "2-3", "1");
}

/* ---- setbacks -------------------------------------------------------------- */

static void test_setbacks_run_out(void **state)
{
	(void)state;
	configure("Action=bind mempolicy");
	s.setback = (struct setback){ { .process = { 100, 1 } }, ACTION_BIND, "EPERM",
				      s.input.now_usec + 1 };
	s.input.n_setbacks = 1;
	assert_taken(ACTION_MEMPOLICY, NULL, NULL);
	s.setback.until_usec--;
	assert_taken(ACTION_BIND, "2-3", NULL);
	s.setback.until_usec = 0;
	assert_taken(ACTION_MEMPOLICY, NULL, NULL);
	s.setback.id.process.start_ticks = 2;	/* another process */
	assert_taken(ACTION_BIND, "2-3", NULL);
}

static void test_cgroup_that_cannot_be_held(void **state)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	(void)state;
	configure("Action=hold\nScope=cgroup");
	s.snapshot.host.has_module = true;
	s.snapshot.host.module_features |= PINSAFE_FEATURE_HOLD_CGROUP;
	s.setback = (struct setback){ { TARGET_CGROUP, { 0, 0 }, 7, unit }, ACTION_HOLD,
				      "EBUSY", 0 };
	s.input.n_setbacks = 1;
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.n_items, 1);
	assert_int_equal(plan.items[0].op, PLAN_APPLY);
	assert_string_equal(plan.items[0].reason,
			    "policy x: opened /dev/x0; by itself, because its cgroup could"
			    " not be held");
}

/* The policy would rather bind, and can again. */
static void test_hold_as_a_stopgap_gives_way(void **state)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	(void)state;
	configure("Action=bind hold");
	s.snapshot.host.has_module = true;
	s.held[0] = (struct held){
		.id = { .process = { 100, 1 } }, .action = ACTION_HOLD, .policy = "x",
	};
	s.held[1] = s.held[0];
	s.held[1].action = ACTION_BIND;
	s.held[1].cpus = "2-3";
	s.input.n_held = 2;
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.n_items, 2);
	assert_int_equal(plan.items[0].action, ACTION_HOLD);
	assert_int_equal(plan.items[0].op, PLAN_UNDO);
	assert_int_equal(plan.items[1].op, PLAN_KEEP);
}

/* ---- in force ---------------------------------------------------------------- */

/* On process 100, or confine on its unit. */
static struct held *hold(enum action action, const char *cpus)
{
	struct held *held = &s.held[s.input.n_held++];

	*held = (struct held){
		.id = { .process = { 100, 1 } },
		.action = action,
		.policy = "x",
		.cpus = (char *)cpus,
	};
	if (action == ACTION_CONFINE) {
		held->id = (struct target_id){ TARGET_CGROUP, { 0, 0 }, 7, unit };
		held->mems = "1";
	}
	return held;
}

static void set_back(enum action action)
{
	const struct held *held = &s.held[0];

	assert_int_equal(held->action, action);
	s.setback = (struct setback){ held->id, action, "it was so", 0 };
	s.input.n_setbacks = 1;
}

static void assert_plan(const char *expected)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	_cleanup_(free) char *text = NULL;

	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan_format(&plan, &text), 0);
	assert_string_equal(text, expected);
}

#define LINE(op, action, risk, why)						\
	op " process 100@1: mode enforce, action " action ", risk " risk	\
	   ", scanned yes; policy x: opened /dev/x0" why "\n"

/* Bound to both nodes it still faults from one on pages of the other. */
static void test_two_nodes_do_not_protect(void **state)
{
	(void)state;
	configure("Action=bind\nBindTo=0-1");
	hold(ACTION_BIND, "0-3");
	assert_plan(LINE("keep", "bind to CPUs 0-3", "corruption", ""));
	configure("Action=bind\nBindTo=1");
	s.held[0].cpus = "2-3";
	assert_plan(LINE("keep", "bind to CPUs 2-3", "cost", ""));
	see(1, 4096);
	see(0, 1);
	assert_plan(LINE("keep", "bind to CPUs 2-3", "corruption", ""));
}

static void test_new_threads(void **state)
{
	(void)state;
	configure("Action=bind");
	hold(ACTION_BIND, "2-3")->is_draining = true;
	assert_plan(LINE("apply", "bind to CPUs 2-3", "corruption", ""));
	s.held[0].is_draining = false;
	assert_plan(LINE("keep", "bind to CPUs 2-3", "cost", ""));
}

/* Not fought over, before there is a setback and after. */
static void test_what_others_have_changed(void **state)
{
	(void)state;
	configure("Action=bind mempolicy");
	hold(ACTION_BIND, "0-1")->is_foreign = true;
	assert_plan(LINE("keep", "bind to CPUs 2-3", "corruption", ""));
	set_back(ACTION_BIND);
	assert_plan(LINE("apply", "mempolicy", "corruption", "")
		    LINE("keep", "bind", "corruption",
			 "; somebody else has changed it since"));
	configure("Action=mempolicy");
	assert_plan(LINE("apply", "mempolicy", "corruption", "")
		    LINE("keep", "bind", "corruption", "; until that is in force")
		    "again at 1001000000 usec\n");
}

static void test_for_want_of_anything_better(void **state)
{
	static const char why[] = "; nothing suffices: bind: tried without success: it was so;"
				  " mempolicy: pinsafed may not trace processes here";
	_cleanup_(free) char *expected = NULL;

	(void)state;
	configure("Action=bind mempolicy");
	s.snapshot.host.can_trace = false;
	hold(ACTION_BIND, "2-3");
	set_back(ACTION_BIND);
	assert_true(asprintf(&expected, LINE("keep", "bind", "corruption", "%s%s"), why,
			     "; it stays, for want of anything better") > 0);
	assert_plan(expected);
}

static void test_confined_for_want_of_anything_better(void **state)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	(void)state;
	configure("Action=confine");
	hold(ACTION_CONFINE, "2-3");
	set_back(ACTION_CONFINE);
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.n_items, 2);
	assert_int_equal(plan.items[1].op, PLAN_KEEP);
	assert_string_equal(plan.items[1].reason, "it stays, for want of anything better");
	plan_done(&plan);
	s.input.n_setbacks = 0;		/* refused for another reason: not wanted */
	s.cgroup.has_cpuset = false;
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.items[1].op, PLAN_UNDO);
}

/* That the kernel leaves it alone is our doing. */
static void test_confined_stays_confined(void **state)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	(void)state;
	configure("Action=auto");
	nodeset_add(&s.processes[0].mems_allowed, 1);
	assert_none("nothing is needed: single-node cpuset");
	hold(ACTION_CONFINE, "2-3");
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.n_items, 2);
	assert_int_equal(plan.items[1].op, PLAN_KEEP);
	assert_int_equal(plan.items[1].scanned, SCANNED_NO_CPUSET);
}

/* The first who asks for it is not scanned, the second is. */
static void test_cgroup_tells_the_worst(void **state)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	(void)state;
	configure("Action=confine");
	s.processes[1] = s.processes[0];
	s.processes[1].id.pid = 101;
	s.processes[0].is_realtime = true;
	s.snapshot.n_processes = 2;
	assert_int_equal(policy_decide(&s.input, &plan), 0);
	assert_int_equal(plan.n_items, 3);
	assert_int_equal(plan.items[2].process.pid, 100);
	assert_int_equal(plan.items[2].scanned, SCANNED_YES);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_auto_goes_up),
		TEST(test_auto_and_mempolicy),
		TEST(test_auto_never_switches_off),
		TEST(test_named_is_taken),
		TEST(test_fallback),
		TEST(test_nothing_is_needed),
		TEST(test_ours_is_not_its_own),
		TEST(test_containers),
		TEST(test_bind_where_the_pins_are),
		TEST(test_bind_by_auto_wants_all),
		TEST(test_bind_before_it_pinned),
		TEST(test_bind_to_a_list),
		TEST(test_nodes_without_cpus),
		TEST(test_other_devices_tell_too),
		TEST(test_confine_moves_little),
		TEST(test_confine_never_moves_pins),
		TEST(test_confine_of_whom),
		TEST(test_confine_after_balancing),
		TEST(test_setbacks_run_out),
		TEST(test_cgroup_that_cannot_be_held),
		TEST(test_hold_as_a_stopgap_gives_way),
		TEST(test_two_nodes_do_not_protect),
		TEST(test_new_threads),
		TEST(test_what_others_have_changed),
		TEST(test_for_want_of_anything_better),
		TEST(test_confined_for_want_of_anything_better),
		TEST(test_confined_stays_confined),
		TEST(test_cgroup_tells_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
