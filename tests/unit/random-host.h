/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random-host.h - a host out of a seed, with processes, cgroups, holds and all
 *
 * Not likely ones: the point is that every field has some value.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/dump.h"

/* Policies that some of its processes match. */
static const char random_host_config[] =
	"[Daemon]\nMode=enforce\n"
	"[Policy by-cgroup]\nPriority=9\nMatchCGroup=/a/**\nMatchPinnedMin=1M\nAction=hold\n"
	"Scope=cgroup\n"
	"[Policy by-device]\nPriority=5\nMatchDevice=/dev/x*\nAction=bind\nFallback=host-off\n"
	"[Policy rest]\nPriority=0\nMatchPinnedMin=1M\nAction=auto\n";

struct dice {
	unsigned int seed;
};

/* 0 to n - 1. */
static unsigned int dice_throw(struct dice *dice, unsigned int n)
{
	return (unsigned int)rand_r(&dice->seed) % n;
}

static bool dice_coin(struct dice *dice)
{
	return dice_throw(dice, 2);
}

static uint64_t dice_big(struct dice *dice)
{
	uint64_t big = (uint64_t)dice_throw(dice, 1 << 30) << dice_throw(dice, 34);

	return dice_throw(dice, 8) ? big : UINT64_MAX - big;
}

/* NULL now and then, and now and then with bytes that are no UTF-8. */
static char *dice_text(struct dice *dice, const char *prefix)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%s", prefix);

	if (dice_throw(dice, 6) == 0)
		return NULL;
	for (unsigned int left = dice_throw(dice, 8); left > 0; left--)
		text[n++] = (char)(dice_throw(dice, 4) ? 'a' + dice_throw(dice, 3) :
						       1 + dice_throw(dice, 255));
	text[n] = '\0';
	return strdup(text);
}

static struct nodeset dice_set(struct dice *dice, unsigned int below)
{
	struct nodeset set = { 0 };

	for (unsigned int i = 0; i < below; i++) {
		if (dice_coin(dice))
			nodeset_add(&set, i);
	}
	return set;
}

static char *dice_list(struct dice *dice)
{
	struct nodeset set = dice_set(dice, 12);
	char text[64];

	if (dice_coin(dice) || nodeset_format(&set, text, sizeof(text)) < 0)
		return NULL;
	return strdup(text);
}

static struct node_bytes *dice_bytes(struct dice *dice, size_t *ret_n)
{
	size_t n = dice_throw(dice, 4);
	struct node_bytes *list = calloc(n + 1, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = (struct node_bytes){ (unsigned int)i * 2, dice_big(dice) >> 8 };
	*ret_n = n;
	return list;
}

static void random_nodes(struct dice *dice, struct host_facts *host)
{
	host->n_nodes = 1 + dice_throw(dice, 5);
	host->nodes = calloc(host->n_nodes, sizeof(*host->nodes));
	for (size_t i = 0; i < host->n_nodes; i++) {
		struct host_node *node = &host->nodes[i];

		node->node = (unsigned int)i;
		node->cpus = dice_set(dice, 16);
		nodeset_add(&host->nodes_online, node->node);
		if (dice_coin(dice))
			continue;
		node->distances = calloc(host->n_nodes, sizeof(*node->distances));
		for (size_t k = 0; k < host->n_nodes; k++)
			node->distances[k] = k == i ? 10 : 10 + dice_throw(dice, 30);
	}
	host->nodes_memory = dice_set(dice, (unsigned int)host->n_nodes);
	host->nodes_cpu = dice_set(dice, (unsigned int)host->n_nodes);
}

static void random_facts(struct dice *dice, struct host_facts *host)
{
	random_nodes(dice, host);
	host->kernel_release = dice_text(dice, "6.");
	host->kernel_version = dice_text(dice, "6.");
	host->kernel_code = 5 << 16 | dice_throw(dice, 4096);
	host->verdict = (enum verdict)dice_throw(dice, VERDICT_FIXED + 1);
	host->verdict_reason = dice_text(dice, "because ");
	host->balancing = (int)dice_throw(dice, 5) - 1;
	host->balancing_at_start = (int)dice_throw(dice, 5) - 1;
	host->balancing_owner = dice_text(dice, "/etc/");
	host->can_trace = dice_coin(dice);
	host->has_systemd = dice_coin(dice);
	host->has_cgroup2 = dice_coin(dice);
	host->has_pin_counters = dice_coin(dice);
	host->pins_acquired = dice_big(dice);
	host->has_module = dice_coin(dice);
	host->module_missing = dice_text(dice, "");
	host->module_features = dice_big(dice);
	host->module_armed = dice_throw(dice, 64);
	host->module_max_holds = dice_throw(dice, 4096);
}

static void random_devices(struct dice *dice, struct process_facts *facts)
{
	facts->n_devices = dice_throw(dice, 3);
	facts->devices = calloc(facts->n_devices + 1, sizeof(*facts->devices));
	for (size_t i = 0; i < facts->n_devices; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/x%u", dice_throw(dice, 9));
		facts->devices[i] = (struct device_open){
			.path = strdup(path),
			.major = dice_throw(dice, 4096),
			.node = (int)dice_throw(dice, 6) - 1,
		};
	}
}

static struct process_facts random_process(struct dice *dice, int pid)
{
	struct process_facts facts = {
		.id = { pid, dice_big(dice) },
		.comm = "job",
		.uid = dice_throw(dice, 3) * 1000,
		.exe = dice_text(dice, "/usr/bin/"),
		.cgroup = dice_text(dice, "/a/"),
		.cgroup_id = dice_big(dice),
		.threads = dice_throw(dice, 99),
		.vm_pin_bytes = dice_coin(dice) ? dice_big(dice) : 0,
		.uring_bytes = dice_coin(dice) ? dice_big(dice) : 0,
		.pin_rang = dice_coin(dice),
		.driver = dice_text(dice, "drv"),
		.has_sight = dice_coin(dice),
		.large_bytes = dice_big(dice),
		.is_realtime = dice_throw(dice, 6) == 0,
		.has_own_policy = dice_throw(dice, 6) == 0,
		.cpus_allowed = dice_list(dice),
		.mems_allowed = dice_set(dice, 6),
		.has_scan_seq = dice_coin(dice),
		.scan_seq = dice_big(dice),
	};

	facts.pinned = dice_bytes(dice, &facts.n_pinned);
	for (size_t i = 0; i < facts.n_pinned; i++)
		facts.pinned_bytes += facts.pinned[i].bytes;
	random_devices(dice, &facts);
	facts.comm[0] = (char)(1 + dice_throw(dice, 255));
	return facts;
}

static int random_host_compare_cgroups(const void *a, const void *b)
{
	return strcmp(((const struct cgroup_facts *)a)->path,
		      ((const struct cgroup_facts *)b)->path);
}

static void random_cgroups(struct dice *dice, struct snapshot *snapshot)
{
	snapshot->cgroups = calloc(snapshot->n_processes + 1, sizeof(*snapshot->cgroups));
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		const char *path = snapshot->processes[i].cgroup;
		struct cgroup_facts *cgroup = &snapshot->cgroups[snapshot->n_cgroups];
		bool is_known = !path || dice_coin(dice);

		for (size_t k = 0; k < snapshot->n_cgroups && !is_known; k++)
			is_known = strcmp(snapshot->cgroups[k].path, path) == 0;
		if (is_known)
			continue;
		snapshot->n_cgroups++;
		cgroup->path = strdup(path);
		cgroup->id = dice_big(dice);
		cgroup->is_systemd = dice_coin(dice);
		cgroup->has_cpuset = dice_coin(dice);
		cgroup->cpus = dice_set(dice, 16);
		cgroup->mems = dice_set(dice, 6);
		cgroup->has_resident = dice_coin(dice);
		cgroup->resident = dice_bytes(dice, &cgroup->n_resident);
	}
	qsort(snapshot->cgroups, snapshot->n_cgroups, sizeof(*snapshot->cgroups),
	      random_host_compare_cgroups);
}

static struct target_id random_target(struct dice *dice, const struct snapshot *snapshot)
{
	const struct process_facts *facts =
		&snapshot->processes[dice_throw(dice, (unsigned int)snapshot->n_processes)];
	struct target_id id = { .kind = TARGET_PROCESS, .process = facts->id };

	if (facts->cgroup && dice_throw(dice, 3) == 0)
		id = (struct target_id){
			.kind = TARGET_CGROUP,
			.cgroup_id = facts->cgroup_id,
			.cgroup = strdup(facts->cgroup),
		};
	return id;
}

static void random_changes(struct dice *dice, struct dump *dump)
{
	dump->n_held = dice_throw(dice, 6);
	dump->held = calloc(dump->n_held + 1, sizeof(*dump->held));
	for (size_t i = 0; i < dump->n_held; i++)
		dump->held[i] = (struct held){
			.id = random_target(dice, &dump->snapshot),
			.action = (enum action)(ACTION_HOLD + dice_throw(dice, 4)),
			.origin = (enum origin)dice_throw(dice, ORIGIN_OVERRIDE + 1),
			.policy = dice_text(dice, "by-"),
			.is_draining = dice_coin(dice),
			.cpus = dice_list(dice),
			.since_usec = dice_big(dice),
		};
	dump->n_overrides = dice_throw(dice, 3);
	dump->overrides = calloc(dump->n_overrides + 1, sizeof(*dump->overrides));
	for (size_t i = 0; i < dump->n_overrides; i++)
		dump->overrides[i] = (struct override){
			.id = random_target(dice, &dump->snapshot),
			.hold = dice_coin(dice),
			.until_usec = dice_coin(dice) ? dice_big(dice) : 0,
		};
	qsort(dump->overrides, dump->n_overrides, sizeof(*dump->overrides), override_compare);
	/* one order a target */
	if (dump->n_overrides == 2 &&
	    override_compare(&dump->overrides[0], &dump->overrides[1]) == 0)
		target_id_done(&dump->overrides[--dump->n_overrides].id);
	dump->n_setbacks = dice_throw(dice, 2);
	dump->setbacks = calloc(dump->n_setbacks + 1, sizeof(*dump->setbacks));
	for (size_t i = 0; i < dump->n_setbacks; i++)
		dump->setbacks[i] = (struct setback){
			.id = random_target(dice, &dump->snapshot),
			.action = ACTION_HOLD,
			.reason = dice_text(dice, "why "),
		};
}

/* For the caller to dump_done(). */
static struct dump random_host(unsigned int seed)
{
	struct dice dice = { seed };
	struct dump dump = { .now_usec = dice_big(&dice), .table_full = dice_coin(&dice) };
	struct snapshot *snapshot = &dump.snapshot;

	random_facts(&dice, &snapshot->host);
	snapshot->n_processes = 1 + dice_throw(&dice, 20);
	snapshot->processes = calloc(snapshot->n_processes, sizeof(*snapshot->processes));
	for (size_t i = 0; i < snapshot->n_processes; i++)
		snapshot->processes[i] = random_process(&dice, (int)(100 + i));
	random_cgroups(&dice, snapshot);
	random_changes(&dice, &dump);
	dump.hostname = dice_text(&dice, "host");
	dump.version = dice_text(&dice, "1.");
	return dump;
}
