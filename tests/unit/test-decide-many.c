// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host with ten thousand processes and two hundred policies: the decision is
 * what it is for few, and how long it takes is printed, for whoever wonders.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/decide.h"
#include "module/uapi/pinsafe.h"

#define N_POLICIES	200
#define N_PROCESSES	10000
#define N_CGROUPS	2000	/* five processes each */

DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);

static struct crowd {
	struct config config;
	struct snapshot snapshot;
	struct host_node nodes[2];
	struct process_facts *processes;
	struct cgroup_facts *cgroups;
	struct held *held;
	struct setback *setbacks;
	char (*paths)[64];
	struct device_open device;
	struct decide_input input;
} c;

static void configure(const char *last)
{
	_cleanup_(free) char *text = NULL;
	struct config_source source = { .path = "many.conf" };
	struct config_errors errors;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("[Daemon]\nMode=enforce\n", out);
	for (int i = 1; i < N_POLICIES; i++)
		fprintf(out,
			"[Policy p%d]\nPriority=%d\nMatchCGroup=/team%d.slice/**/job-%d*\n"
			"MatchExecutable=/opt/team%d/*/bin/**\nMatchDevice=/dev/x%d*\n",
			i, i, i % 10, i, i, i);
	fprintf(out, "[Policy all]\n%s", last);
	fclose(out);
	source.text = text;
	assert_int_equal(config_parse(&source, 1, NULL, &c.config, &errors), 0);
}

static void make_host(void)
{
	struct host_facts *host = &c.snapshot.host;

	for (unsigned int i = 0; i < 2; i++) {
		c.nodes[i].node = i;
		nodeset_add(&c.nodes[i].cpus, i);
		nodeset_add(&host->nodes_memory, i);
	}
	host->nodes = c.nodes;
	host->n_nodes = 2;
	host->balancing = 1;
	host->has_systemd = true;
	host->verdict = VERDICT_AFFECTED;
	host->kernel_code = 6 << 16 | 16 << 8;
	host->has_module = true;
	host->module_features = PINSAFE_FEATURE_HOLD | PINSAFE_FEATURE_HOLD_CGROUP;
	host->module_armed = PINSAFE_FEATURE_HOLD;
}

static int setup(void **state)
{
	(void)state;
	memset(&c, 0, sizeof(c));
	make_host();
	c.processes = calloc(N_PROCESSES, sizeof(*c.processes));
	c.cgroups = calloc(N_CGROUPS, sizeof(*c.cgroups));
	c.held = calloc(N_PROCESSES, sizeof(*c.held));
	c.setbacks = calloc(N_PROCESSES, sizeof(*c.setbacks));
	c.paths = calloc(N_CGROUPS, sizeof(*c.paths));
	c.device = (struct device_open){ "/dev/y0", 1, 2, 1 };
	for (size_t i = 0; i < N_CGROUPS; i++) {
		snprintf(c.paths[i], sizeof(c.paths[i]), "/team%zu.slice/job-%04zu.service",
			 i / 200, i);
		c.cgroups[i] = (struct cgroup_facts){
			.path = c.paths[i], .id = i + 1, .is_systemd = true,
			.has_cpuset = true, .has_resident = true,
		};
	}
	for (size_t i = 0; i < N_PROCESSES; i++) {
		c.processes[i].id = (struct process_id){ (pid_t)i + 1, i };
		c.processes[i].cgroup = c.paths[i / 5];
		c.processes[i].cgroup_id = i / 5 + 1;
		c.processes[i].exe = "/usr/bin/python3.11";
		c.processes[i].devices = &c.device;
		c.processes[i].n_devices = 1;
		c.processes[i].has_sight = true;
		c.processes[i].pin_rang = true;
	}
	c.snapshot.processes = c.processes;
	c.snapshot.n_processes = N_PROCESSES;
	c.snapshot.cgroups = c.cgroups;
	c.snapshot.n_cgroups = N_CGROUPS;
	c.input = (struct decide_input){
		.config = &c.config,
		.snapshot = &c.snapshot,
		.held = c.held,
		.setbacks = c.setbacks,
		.now_usec = 1000000000,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_done(&c.config);
	free(c.processes);
	free(c.cgroups);
	free(c.held);
	free(c.setbacks);
	free(c.paths);
	return 0;
}

/* Number of items of that kind. */
static size_t decide(const char *what, enum plan_op op, enum action action)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	struct timespec from, to;
	size_t n = 0;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(policy_decide(&c.input, &plan), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	print_message("%s: %zu items, %ld ms\n", what, plan.n_items,
		      (to.tv_sec - from.tv_sec) * 1000 +
			      (to.tv_nsec - from.tv_nsec) / 1000000);
	for (size_t i = 0; i < plan.n_items; i++)
		n += plan.items[i].op == op && plan.items[i].action == action;
	return n;
}

static void hold_all_processes(void)
{
	for (size_t i = 0; i < N_PROCESSES; i++)
		c.held[i] = (struct held){
			.id = { .process = c.processes[i].id },
			.action = ACTION_HOLD,
			.policy = "all",
		};
	c.input.n_held = N_PROCESSES;
}

static void hold_all_cgroups(enum action action)
{
	for (size_t i = 0; i < N_CGROUPS; i++)
		c.held[i] = (struct held){
			.id = { TARGET_CGROUP, { 0, 0 }, i + 1, c.paths[i] },
			.action = action,
			.policy = "all",
		};
	c.input.n_held = N_CGROUPS;
}

static void test_processes(void **state)
{
	(void)state;
	configure("Action=auto\n");
	assert_int_equal(decide("hold", PLAN_APPLY, ACTION_HOLD), N_PROCESSES);
	hold_all_processes();
	assert_int_equal(decide("held", PLAN_KEEP, ACTION_HOLD), N_PROCESSES);
	for (size_t i = 0; i < N_PROCESSES; i++)
		c.setbacks[i] = (struct setback){ { .process = c.processes[i].id },
						  ACTION_HOLD, "it was so", 0 };
	c.input.n_setbacks = N_PROCESSES;
	assert_int_equal(decide("set back", PLAN_APPLY, ACTION_CONFINE), N_CGROUPS);
}

static void test_cgroups(void **state)
{
	(void)state;
	configure("Action=auto\nScope=cgroup\n");
	assert_int_equal(decide("hold cgroups", PLAN_APPLY, ACTION_HOLD), N_CGROUPS);
	hold_all_cgroups(ACTION_HOLD);
	assert_int_equal(decide("held cgroups", PLAN_KEEP, ACTION_HOLD), N_CGROUPS);
	c.snapshot.host.verdict = VERDICT_FIXED;
	hold_all_cgroups(ACTION_CONFINE);
	assert_int_equal(decide("confined, to be held", PLAN_KEEP, ACTION_CONFINE), N_CGROUPS);
}

static void test_settings(void **state)
{
	(void)state;
	c.snapshot.host.has_module = false;
	configure("Action=confine bind\n");
	assert_int_equal(decide("confine", PLAN_APPLY, ACTION_CONFINE), N_CGROUPS);
	c.snapshot.n_cgroups = 0;
	assert_int_equal(decide("bind", PLAN_APPLY, ACTION_BIND), N_PROCESSES);
	c.device.node = -1;
	config_done(&c.config);
	configure("Action=auto\nFallback=host-off\n");
	assert_int_equal(decide("fall back", PLAN_WATCH, ACTION_HOST_OFF), N_PROCESSES);
}

/* All in one: whom to ask about a move are all of them, for each. */
static void test_one_cgroup(void **state)
{
	(void)state;
	c.snapshot.host.has_module = false;
	for (size_t i = 0; i < N_PROCESSES; i++) {
		c.processes[i].cgroup = c.paths[0];
		c.processes[i].cgroup_id = 1;
	}
	configure("Action=confine\n");
	assert_int_equal(decide("confine one cgroup", PLAN_APPLY, ACTION_CONFINE), 1);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_processes),
		TEST(test_cgroups),
		TEST(test_settings),
		TEST(test_one_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
