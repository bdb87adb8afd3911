// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/sorted.h"

const char *target_kind_name(enum target_kind kind)
{
	switch (kind) {
	case TARGET_PROCESS:
		return "process";
	case TARGET_CGROUP:
		return "cgroup";
	case TARGET_HOST:
		return "host";
	}
	return "?";
}

const char *action_name(enum action action)
{
	switch (action) {
	case ACTION_NONE:
		return "none";
	case ACTION_HOLD:
		return "hold";
	case ACTION_MEMPOLICY:
		return "mempolicy";
	case ACTION_BIND:
		return "bind";
	case ACTION_CONFINE:
		return "confine";
	case ACTION_HOST_OFF:
		return "host-off";
	case ACTION_AUTO:
		return "auto";
	}
	return "?";
}

const char *scope_name(enum scope scope)
{
	switch (scope) {
	case SCOPE_PROCESS:
		return "process";
	case SCOPE_CGROUP:
		return "cgroup";
	}
	return "?";
}

const char *mode_name(enum mode mode)
{
	switch (mode) {
	case MODE_AUDIT:
		return "audit";
	case MODE_ENFORCE:
		return "enforce";
	}
	return "?";
}

const char *verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_UNKNOWN:
		return "unknown";
	case VERDICT_AFFECTED:
		return "affected";
	case VERDICT_FIXED:
		return "fixed";
	}
	return "?";
}

const char *risk_name(enum risk risk)
{
	switch (risk) {
	case RISK_NONE:
		return "none";
	case RISK_COST:
		return "cost";
	case RISK_CORRUPTION:
		return "corruption";
	}
	return "?";
}

const char *scanned_name(enum scanned scanned)
{
	switch (scanned) {
	case SCANNED_YES:
		return "yes";
	case SCANNED_NO_HELD:
		return "no: held";
	case SCANNED_NO_OWN_POLICY:
		return "no: own memory policy";
	case SCANNED_NO_ONE_NODE:
		return "no: one memory node";
	case SCANNED_NO_SYSCTL:
		return "no: balancing is off";
	case SCANNED_NO_REALTIME:
		return "no: realtime threads only";
	case SCANNED_NO_CPUSET:
		return "no: single-node cpuset";
	}
	return "?";
}

const char *proof_name(enum proof proof)
{
	switch (proof) {
	case PROOF_NONE:
		return "none";
	case PROOF_VERIFIED:
		return "verified";
	case PROOF_IDLE:
		return "idle";
	case PROOF_UNVERIFIED:
		return "unverified";
	case PROOF_INEFFECTIVE:
		return "ineffective";
	}
	return "?";
}

const char *origin_name(enum origin origin)
{
	switch (origin) {
	case ORIGIN_POLICY:
		return "policy";
	case ORIGIN_BELL:
		return "bell";
	case ORIGIN_OVERRIDE:
		return "override";
	}
	return "?";
}

const char *plan_op_name(enum plan_op op)
{
	switch (op) {
	case PLAN_WATCH:
		return "watch";
	case PLAN_APPLY:
		return "apply";
	case PLAN_KEEP:
		return "keep";
	case PLAN_UNDO:
		return "undo";
	}
	return "?";
}

void target_id_done(struct target_id *id)
{
	free(id->cgroup);
	*id = (struct target_id){ 0 };
}

void process_facts_done(struct process_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->n_devices; i++)
		free(facts->devices[i].path);
	free(facts->devices);
	free(facts->pinned);
	free(facts->driver);
	free(facts->exe);
	free(facts->cgroup);
	free(facts->cpus_allowed);
	*facts = (struct process_facts){ 0 };
}

void host_facts_done(struct host_facts *host)
{
	for (size_t i = 0; i < host->n_nodes; i++)
		free(host->nodes[i].distances);
	free(host->nodes);
	free(host->balancing_owner);
	free(host->kernel_release);
	free(host->kernel_version);
	free(host->verdict_reason);
	free(host->module_missing);
	free(host->module_version);
	*host = (struct host_facts){ 0 };
}

void cgroup_facts_done(struct cgroup_facts *facts)
{
	free(facts->path);
	free(facts->resident);
	*facts = (struct cgroup_facts){ 0 };
}

void setback_done(struct setback *setback)
{
	target_id_done(&setback->id);
	free(setback->reason);
	*setback = (struct setback){ 0 };
}

void snapshot_done(struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->n_processes; i++)
		process_facts_done(&snapshot->processes[i]);
	free(snapshot->processes);
	for (i = 0; i < snapshot->n_cgroups; i++)
		cgroup_facts_done(&snapshot->cgroups[i]);
	free(snapshot->cgroups);
	host_facts_done(&snapshot->host);
	*snapshot = (struct snapshot){ 0 };
}

void plan_done(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n_items; i++) {
		target_id_done(&plan->items[i].id);
		free(plan->items[i].cpus);
		free(plan->items[i].mems);
		free(plan->items[i].policy);
		free(plan->items[i].reason);
	}
	free(plan->items);
	*plan = (struct plan){ 0 };
}

int target_id_copy(const struct target_id *id, struct target_id *ret_copy)
{
	struct target_id copy = *id;

	if (id->cgroup) {
		copy.cgroup = strdup(id->cgroup);
		if (!copy.cgroup)
			return -ENOMEM;
	}
	*ret_copy = copy;
	return 0;
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

int process_id_compare(struct process_id a, struct process_id b)
{
	return a.pid != b.pid ? COMPARE(a.pid, b.pid) :
				COMPARE(a.start_ticks, b.start_ticks);
}

int target_id_compare(const struct target_id *a, const struct target_id *b)
{
	if (a->kind != b->kind)
		return COMPARE(a->kind, b->kind);
	switch (a->kind) {
	case TARGET_PROCESS:
		return process_id_compare(a->process, b->process);
	case TARGET_CGROUP:
		return COMPARE(a->cgroup_id, b->cgroup_id);
	case TARGET_HOST:
		break;
	}
	return 0;
}

static int compare_override(const void *key, const void *element)
{
	const struct override *order = element;

	return target_id_compare(key, &order->id);
}

size_t override_find(const struct override *orders, size_t n, const struct target_id *id,
		     bool *ret_found)
{
	return sorted_find(id, orders, n, sizeof(*orders), compare_override, ret_found);
}

int override_compare(const void *a, const void *b)
{
	const struct override *x = a, *y = b;

	return target_id_compare(&x->id, &y->id);
}

/* With sight the count is the word: the bell rings also for what was unpinned
 * long since, but a driver that books VmPin or a ring says "now". */
bool process_is_pinner(const struct process_facts *facts)
{
	if (facts->vm_pin_bytes > 0 || facts->uring_bytes > 0)
		return true;
	if (facts->has_sight)
		return facts->pinned_bytes > 0 || facts->large_bytes > 0;
	return facts->pin_rang;
}

uint64_t process_pinned_bytes(const struct process_facts *facts)
{
	if (facts->has_sight && facts->pinned_bytes > 0)
		return facts->pinned_bytes;
	return facts->vm_pin_bytes > facts->uring_bytes ? facts->vm_pin_bytes :
							  facts->uring_bytes;
}
