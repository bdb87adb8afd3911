// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/sentence.h"

DEFINE_CLEANUP_EMBEDDED(struct trace, trace_done);
DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);

const char *trace_kind_name(enum trace_kind kind)
{
	switch (kind) {
	case TRACE_ORDER:
		return "order";
	case TRACE_POLICY:
		return "policy";
	case TRACE_RUNG:
		return "rung";
	case TRACE_RESULT:
		return "result";
	}
	return "?";
}

void trace_done(struct trace *trace)
{
	for (size_t i = 0; i < trace->n_steps; i++) {
		free(trace->steps[i].name);
		free(trace->steps[i].why);
	}
	free(trace->steps);
	*trace = (struct trace){ 0 };
}

/* ---- steps ---------------------------------------------------------------- */

struct trace *explain_trace(const struct decision *decision, const struct subject *subject)
{
	return subject->facts == decision->traced ? decision->trace : NULL;
}

/* Takes why, which is safe to print already; NULL: there was no memory for it. */
static int add_step(struct trace *trace, enum trace_kind kind, const char *name, bool is_taken,
		    char *why)
{
	_cleanup_(free) char *owned = why;
	struct trace_step *step, *longer;

	longer = reallocarray(trace->steps, trace->n_steps + 1, sizeof(*longer));
	if (longer)
		trace->steps = longer;
	if (!longer || !owned)
		return -ENOMEM;
	step = &trace->steps[trace->n_steps++];
	*step = (struct trace_step){ .kind = kind, .is_taken = is_taken, .why = take_ptr(owned) };
	return sentence_format(&step->name, "%s", name);
}

int explain_add(struct trace *trace, enum trace_kind kind, const char *name, bool is_taken,
		const char *why)
{
	char *text;
	int r;

	if (!trace)
		return 0;
	r = sentence_format(&text, "%s", why ?: "");
	return r < 0 ? r : add_step(trace, kind, name, is_taken, text);
}

/* The name stands before what was unmet; a step has a field for it. */
static const char *skip_name(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, "policy ", 7) != 0 || strncmp(line + 7, name, length) != 0 ||
	    strncmp(line + 7 + length, ": ", 2) != 0)
		return line;
	return line + 7 + length + 2;
}

int explain_add_policies(struct trace *trace, const struct config *config,
			 const struct policy *found, const char *unmet)
{
	_cleanup_(free) char *lines = strdup(unmet ?: "");
	char *rest = lines, *line;
	const struct policy *policy = config->policies;

	if (!lines)
		return -ENOMEM;
	for (; (line = strsep(&rest, "\n")) && *line; policy++) {
		int r = add_step(trace, TRACE_POLICY, policy->name, false,
				 strdup(skip_name(line, policy->name)));

		if (r < 0)
			return r;
	}
	return found ? explain_add(trace, TRACE_POLICY, found->name, true, "matches") : 0;
}

int explain_add_result(struct trace *trace, enum action action, const char *reason)
{
	if (!trace)
		return 0;
	return add_step(trace, TRACE_RESULT, action_name(action), action != ACTION_NONE,
			strdup(reason ?: ""));
}

/* ---- the question --------------------------------------------------------- */

static size_t find_place(const struct snapshot *snapshot, struct process_id id)
{
	size_t i = 0;

	while (i < snapshot->n_processes &&
	       process_id_compare(snapshot->processes[i].id, id) < 0)
		i++;
	return i;
}

/* The snapshot with this process in it, and its facts as they are given; strings
 * stay with their owners.  NULL: out of memory. */
static struct process_facts *insert(const struct snapshot *snapshot,
				    const struct process_facts *facts, size_t at, bool is_in)
{
	size_t n = snapshot->n_processes;
	struct process_facts *processes = calloc(n + 1, sizeof(*processes));

	if (!processes)
		return NULL;
	if (at > 0)
		memcpy(processes, snapshot->processes, at * sizeof(*processes));
	processes[at] = *facts;
	if (at + is_in < n)
		memcpy(processes + at + 1, snapshot->processes + at + is_in,
		       (n - at - is_in) * sizeof(*processes));
	return processes;
}

int policy_explain(const struct decide_input *input, const struct process_facts *facts,
		   struct trace *ret_trace)
{
	size_t at = find_place(input->snapshot, facts->id);
	bool is_in = at < input->snapshot->n_processes &&
		     process_id_equal(input->snapshot->processes[at].id, facts->id);
	_cleanup_(free) struct process_facts *processes =
		insert(input->snapshot, facts, at, is_in);
	_cleanup_(trace_done) struct trace trace = { 0 };
	_cleanup_(plan_done) struct plan plan = { 0 };
	struct decide_input with = *input;
	struct snapshot snapshot = *input->snapshot;
	int r;

	if (!processes)
		return -ENOMEM;
	snapshot.processes = processes;
	snapshot.n_processes += !is_in;
	with.snapshot = &snapshot;
	r = explain_decide(&with, &processes[at], &trace, &plan);
	if (r < 0)
		return r;
	*ret_trace = trace;
	trace = (struct trace){ 0 };
	return 0;
}
