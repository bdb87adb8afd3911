// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/report.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/utf8.h"
#include "daemon/sense/helper.h"

/* ---- UTF-8 ----------------------------------------------------------------- */

char *report_make_utf8(const char *text)
{
	const char *p = text;
	char *copy = malloc(strlen(text) * 3 + 1), *out = copy;

	if (!copy)
		return NULL;
	while (*p) {
		size_t length = utf8_sequence_length(p);

		memcpy(out, length ? p : "\xef\xbf\xbd", length ? length : 3);
		out += length ? length : 3;
		p += length ? length : 1;
	}
	*out = '\0';
	return copy;
}

/* ---- adding values ----------------------------------------------------------- */

static struct value *add(struct report *report, const char *key, enum value_type type)
{
	struct value *value = &report->values[report->n];

	if (report->n == REPORT_MAX) {
		report->is_short = true;
		return NULL;
	}
	report->n++;
	*value = (struct value){ .key = key, .type = type };
	return value;
}

/* A text that is not known is left out. */
static void add_text(struct report *report, const char *key, const char *text)
{
	char *copy = text ? report_make_utf8(text) : NULL;
	struct value *value = copy ? add(report, key, VALUE_STRING) : NULL;

	if (text && !copy)
		report->is_short = true;
	if (value)
		value->text = copy;
	else
		free(copy);
}

static void add_number(struct report *report, const char *key, enum value_type type,
		       uint64_t number)
{
	struct value *value = add(report, key, type);

	if (value)
		value->number = number;
}

static void add_nodeset(struct report *report, const char *key, const struct nodeset *set)
{
	char text[1024];

	if (nodeset_format(set, text, sizeof(text)) == 0)
		add_text(report, key, text);
}

void report_done(struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		free(report->values[i].text);
	report->n = 0;
}

/* ---- size -------------------------------------------------------------------- */

/* Of lists, each entry with its padding. */
static size_t value_bytes(const struct value *value)
{
	size_t bytes = strlen(value->key) + 32 + (value->text ? strlen(value->text) : 0);

	for (size_t i = 0; value->strings && value->strings[i]; i++)
		bytes += strlen(value->strings[i]) + 8;
	if (value->type == VALUE_NODES)
		bytes += value->facts->n_pinned * 16;
	for (size_t i = 0; value->type == VALUE_DEVICES && i < value->facts->n_devices; i++)
		bytes += strlen(value->facts->devices[i].path) * 3 + 24;
	return bytes;
}

size_t report_bytes(const struct report *report)
{
	size_t bytes = 0;

	for (size_t i = 0; i < report->n; i++)
		bytes += value_bytes(&report->values[i]);
	return bytes;
}

void report_shorten(struct report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++) {
		if (value_bytes(&report->values[i]) <= REPORT_SHORT_BYTES)
			report->values[n++] = report->values[i];
		else
			free(report->values[i].text);
	}
	report->n = n;
}

/* ---- a target ---------------------------------------------------------------- */

static const char *pinned_source(const struct process_facts *facts)
{
	if (facts->has_sight && facts->pinned_bytes)
		return "sight";
	if (facts->vm_pin_bytes && facts->vm_pin_bytes >= facts->uring_bytes)
		return "vmpin";
	if (facts->uring_bytes)
		return "io_uring";
	if (facts->has_sight)
		return "sight";
	return facts->pin_rang ? "bell" : "none";
}

static void add_lists(struct report *report, const struct process_facts *facts)
{
	struct value *nodes = add(report, "nodes", VALUE_NODES);
	struct value *devices = add(report, "devices", VALUE_DEVICES);

	if (nodes)
		nodes->facts = facts;
	if (devices)
		devices->facts = facts;
}

static void add_facts(struct report *report, const struct process_facts *facts)
{
	char comm[MODEL_COMM + 1] = "";

	memcpy(comm, facts->comm, MODEL_COMM);
	add_text(report, "comm", comm);
	add_number(report, "user", VALUE_UINT, facts->uid);
	add_text(report, "executable", facts->exe);
	add_text(report, "cgroup", facts->cgroup);
	add_number(report, "pinner", VALUE_BOOL, process_is_pinner(facts));
	add_number(report, "pinned_bytes", VALUE_BIG, process_pinned_bytes(facts));
	add_text(report, "pinned_source", pinned_source(facts));
	add_number(report, "large_bytes", VALUE_BIG, facts->large_bytes);
	add_text(report, "driver", facts->driver);
	add_number(report, "vm_pin_bytes", VALUE_BIG, facts->vm_pin_bytes);
	add_number(report, "uring_bytes", VALUE_BIG, facts->uring_bytes);
	add_text(report, "cpus_allowed", facts->cpus_allowed);
	if (facts->has_scan_seq)
		add_number(report, "scan_seq", VALUE_BIG, facts->scan_seq);
	add_lists(report, facts);
}

static void add_word(struct report *report, const struct target *row)
{
	add_text(report, "policy", row->policy);
	add_text(report, "mode", mode_name(row->mode));
	add_text(report, "action", action_name(row->action));
	add_text(report, "reason", row->reason);
	add_text(report, "state", target_state_name(row));
	add_text(report, "risk", risk_name(row->shown.risk));
	add_text(report, "scanned", scanned_name(row->shown.scanned));
	add_text(report, "proof", proof_name(row->shown.proof));
	add_number(report, "exposed", VALUE_BOOL, target_is_exposed(row));
}

static void add_setting(struct report *report, const struct target *row)
{
	if (row->shown.applied == ACTION_NONE)
		return;
	add_text(report, "cpus", row->cpus);
	add_text(report, "mems", row->mems);
	if (row->shown.is_held)		/* while one gives way to the other */
		return;
	add_text(report, "origin", origin_name(row->origin));
	add_number(report, "since_usec", VALUE_BIG, row->since_usec);
}

static void add_hold(struct report *report, const struct target *row)
{
	if (!row->shown.is_held)
		return;
	add_text(report, "origin", origin_name(row->origin));
	add_number(report, "refused_scans", VALUE_BIG, row->refused_scans);
	add_number(report, "last_refused_usec", VALUE_BIG, row->last_refused_usec);
	add_number(report, "since_usec", VALUE_BIG, row->since_usec);
}

void report_target(const struct target *row, struct report *ret_report)
{
	struct report *report = ret_report;

	*report = (struct report){ 0 };
	switch (row->id.kind) {
	case TARGET_PROCESS:
		add_number(report, "pid", VALUE_INT, (uint64_t)row->id.process.pid);
		add_number(report, "start_ticks", VALUE_BIG, row->id.process.start_ticks);
		add_facts(report, &row->facts);
		add_number(report, "known_usec", VALUE_BIG, row->known_usec);
		break;
	case TARGET_CGROUP:
		add_number(report, "pid", VALUE_INT, 0);
		add_number(report, "start_ticks", VALUE_BIG, 0);
		add_text(report, "cgroup", row->id.cgroup);
		break;
	case TARGET_HOST:
		add_number(report, "pid", VALUE_INT, 0);
		add_number(report, "start_ticks", VALUE_BIG, 0);
		add_text(report, "cgroup", "");
		break;
	}
	add_word(report, row);
	add_hold(report, row);
	add_setting(report, row);
}

/* ---- the host ---------------------------------------------------------------- */

static void add_module(struct report *report, const struct state *state)
{
	const struct host_facts *host = &state->host;

	add_text(report, "module_version", host->has_module ? host->module_version : "");
	add_text(report, "module_missing", host->has_module ? "" : host->module_missing);
	add_number(report, "module_abi", VALUE_UINT, host->has_module ? host->module_abi : 0);
	add_number(report, "probes_armed", VALUE_BOOL, (uint64_t)state->status.probes_armed);
}

void report_host(const struct state *state, struct report *ret_report)
{
	const struct host_facts *host = &state->host;
	struct report *report = ret_report;
	struct value *advice;

	*report = (struct report){ 0 };
	add_nodeset(report, "nodes_online", &host->nodes_online);
	add_nodeset(report, "nodes_memory", &host->nodes_memory);
	add_nodeset(report, "nodes_cpu", &host->nodes_cpu);
	add_text(report, "kernel_release", host->kernel_release);
	add_text(report, "kernel_version", host->kernel_version);
	add_text(report, "kernel_verdict", state->status.verdict);
	add_text(report, "kernel_verdict_reason", state->status.verdict_reason);
	add_number(report, "balancing", VALUE_INT, (uint64_t)(int64_t)host->balancing);
	add_number(report, "balancing_at_start", VALUE_INT,
		   (uint64_t)(int64_t)host->balancing_at_start);
	add_text(report, "balancing_owner", host->balancing_owner);
	add_number(report, "cgroup2", VALUE_BOOL, host->has_cgroup2);
	add_number(report, "pin_counters", VALUE_BOOL, host->has_pin_counters);
	add_number(report, "pins_acquired", VALUE_BIG, host->pins_acquired);
	add_number(report, "pins_released", VALUE_BIG, host->pins_released);
	add_module(report, state);
	advice = add(report, "advice", VALUE_STRINGS);
	if (advice)
		advice->strings = state->status.missing;
}
