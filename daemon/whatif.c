// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/whatif.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/text.h"
#include "daemon/policy/decide.h"
#include "daemon/quote.h"

DEFINE_CLEANUP_EMBEDDED(struct plan, plan_done);

/* What is, or would be, the word on a target. */
struct word {
	const char *policy;		/* NULL: none */
	enum action action;
	enum mode mode;
	bool is_exposed;
};

struct change {
	const struct target_id *id;
	const char *comm;		/* NULL: no process, or not known */
	struct word from, to;
	bool has_word;			/* of an action that is not undone */
	const char *reason;
};

/* ---- deciding ------------------------------------------------------------------ */

static int decide(const struct dump *dump, const struct config *config, struct plan *ret_plan)
{
	struct decide_input input = {
		.config = config,
		.snapshot = &dump->snapshot,
		.held = dump->held,
		.n_held = dump->n_held,
		.overrides = dump->overrides,
		.n_overrides = dump->n_overrides,
		.setbacks = dump->setbacks,
		.n_setbacks = dump->n_setbacks,
		.now_usec = dump->now_usec,
		.table_full = dump->table_full,
	};

	return policy_decide(&input, ret_plan);
}

static int compare_facts(const void *key, const void *element)
{
	const struct process_facts *facts = element;

	return process_id_compare(*(const struct process_id *)key, facts->id);
}

static const struct process_facts *find_facts(const struct dump *dump,
					      const struct target_id *id)
{
	if (id->kind != TARGET_PROCESS || dump->snapshot.n_processes == 0)
		return NULL;
	return bsearch(&id->process, dump->snapshot.processes, dump->snapshot.n_processes,
		       sizeof(struct process_facts), compare_facts);
}

static bool is_around(const struct target_id *id, const struct process_facts *facts)
{
	switch (id->kind) {
	case TARGET_PROCESS:
		return process_id_equal(id->process, facts->id);
	case TARGET_CGROUP:
		return id->cgroup_id == facts->cgroup_id;
	case TARGET_HOST:
		break;
	}
	return true;
}

static bool is_undone(const struct plan *plan, const struct process_facts *facts,
		      enum action action)
{
	for (size_t i = 0; i < plan->n_items; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->op == PLAN_UNDO && item->action == action &&
		    is_around(&item->id, facts))
			return true;
	}
	return false;
}

/* The facts were gathered with what is in force; some of that goes. */
static enum scanned scanned_then(const struct dump *dump, const struct plan *plan,
				 const struct process_facts *facts)
{
	struct host_facts host = dump->snapshot.host;	/* its strings are borrowed, */
	struct process_facts then = *facts;		/* these, too */

	if (is_undone(plan, facts, ACTION_HOST_OFF))
		host.balancing |= 1;
	if (is_undone(plan, facts, ACTION_MEMPOLICY))
		then.has_own_policy = false;
	if (is_undone(plan, facts, ACTION_CONFINE))
		then.mems_allowed = (struct nodeset){ 0 };
	return policy_scanned(&host, &then);
}

/* Would the kernel scan it, with no action of ours that keeps it from that? */
static bool is_exposed(const struct dump *dump, const struct plan *plan,
		       const struct plan_item *item)
{
	const struct process_facts *facts = find_facts(dump, &item->id);
	bool is_idle = item->op == PLAN_UNDO || item->action == ACTION_NONE ||
		       item->mode == MODE_AUDIT;

	return facts && is_idle && item->risk != RISK_NONE &&
	       scanned_then(dump, plan, facts) == SCANNED_YES;
}

/* What is undone is the word on the target where there is no other. */
static void take_item(const struct dump *dump, const struct plan *plan,
		      const struct plan_item *item, struct change *change)
{
	const struct process_facts *facts = find_facts(dump, &item->id);

	change->id = &item->id;
	if (facts)
		change->comm = facts->comm;
	if (change->has_word && item->op == PLAN_UNDO)
		return;
	change->has_word |= item->op != PLAN_UNDO;
	change->reason = item->reason;
	change->to = (struct word){
		.policy = item->policy,
		.action = item->op == PLAN_UNDO ? ACTION_NONE : item->action,
		.mode = item->mode,
		.is_exposed = is_exposed(dump, plan, item),
	};
}

static int compare_decided(const void *key, const void *element)
{
	return target_id_compare(key, &((const struct decided *)element)->id);
}

static void take_decided(const struct dump *dump, struct change *change)
{
	const struct decided *decided = NULL;

	if (dump->n_decided > 0)
		decided = bsearch(change->id, dump->decided, dump->n_decided,
				  sizeof(struct decided), compare_decided);
	if (!decided)
		return;
	change->from = (struct word){
		.policy = decided->policy,
		.action = decided->action,
		.mode = decided->mode,
		.is_exposed = decided->is_exposed,
	};
}

static bool is_same_policy(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* In which mode nothing is done is all the same. */
static bool is_change(const struct word *from, const struct word *to)
{
	return !is_same_policy(from->policy, to->policy) || from->action != to->action ||
	       (from->mode != to->mode && to->action != ACTION_NONE) ||
	       from->is_exposed != to->is_exposed;
}

static bool is_now_exposed(const struct change *change)
{
	return change->to.is_exposed && !change->from.is_exposed;
}

/* ---- telling --------------------------------------------------------------------- */

static void write_json_word(FILE *out, const char *name, const struct word *word)
{
	fprintf(out, ",\"%s\":{\"policy\":", name);
	quote_write(out, word->policy);
	fprintf(out, ",\"action\":\"%s\",\"mode\":\"%s\",\"exposed\":%s}",
		action_name(word->action), mode_name(word->mode),
		word->is_exposed ? "true" : "false");
}

static void write_json_target(FILE *out, const struct target_id *id)
{
	fprintf(out, "{\"kind\":\"%s\"", target_kind_name(id->kind));
	switch (id->kind) {
	case TARGET_PROCESS:
		fprintf(out, ",\"pid\":%d,\"start_ticks\":%llu", id->process.pid,
			(unsigned long long)id->process.start_ticks);
		break;
	case TARGET_CGROUP:
		fputs(",\"cgroup\":", out);
		quote_write(out, id->cgroup);
		break;
	case TARGET_HOST:
		break;
	}
	fputc('}', out);
}

static void write_json_change(FILE *out, const struct change *change, bool is_first)
{
	fputs(is_first ? "\n{\"target\":" : ",\n{\"target\":", out);
	write_json_target(out, change->id);
	if (change->comm) {
		fputs(",\"comm\":", out);
		quote_write(out, change->comm);
	}
	write_json_word(out, "from", &change->from);
	write_json_word(out, "to", &change->to);
	fputs(",\"reason\":", out);
	quote_write(out, change->reason);
	fputc('}', out);
}

static void write_escaped(FILE *out, const char *text)
{
	char escaped[4096];

	fputs(text_escape(text, escaped, sizeof(escaped)), out);
}

static void write_target(FILE *out, const struct change *change)
{
	switch (change->id->kind) {
	case TARGET_PROCESS:
		fprintf(out, "process %d (", change->id->process.pid);
		write_escaped(out, change->comm ? change->comm : "?");
		fputc(')', out);
		break;
	case TARGET_CGROUP:
		fputs("cgroup ", out);
		write_escaped(out, change->id->cgroup);
		break;
	case TARGET_HOST:
		fputs("this host", out);
		break;
	}
}

/* "hold (rdma, audit)", "none". */
static void write_word(FILE *out, const struct word *word)
{
	fputs(action_name(word->action), out);
	if (!word->policy && word->action == ACTION_NONE)
		return;
	fputs(" (", out);
	write_escaped(out, word->policy ? word->policy : "no policy");
	if (word->mode == MODE_AUDIT && word->action != ACTION_NONE)
		fputs(", audit", out);
	fputc(')', out);
}

static void write_change(FILE *out, const struct change *change)
{
	write_target(out, change);
	fputs(": ", out);
	write_word(out, &change->from);
	fputs(" -> ", out);
	write_word(out, &change->to);
	if (is_now_exposed(change))
		fputs(", EXPOSED", out);
	else if (change->from.is_exposed && !change->to.is_exposed)
		fputs(", no longer exposed", out);
	/* the plan's reasons are safe to print */
	fprintf(out, "\n    %s\n", change->reason ? change->reason : "no reason given");
}

/* ---- the whole ------------------------------------------------------------------- */

/* One target: the items from *i on that are about it. */
static struct change take_target(const struct dump *dump, const struct plan *plan, size_t *i)
{
	struct change change = { .id = &plan->items[*i].id };

	take_decided(dump, &change);
	for (; *i < plan->n_items; ++*i) {
		if (target_id_compare(&plan->items[*i].id, change.id) != 0)
			break;
		take_item(dump, plan, &plan->items[*i], &change);
	}
	return change;
}

static size_t write_changes(const struct dump *dump, const struct plan *plan, bool json,
			    FILE *out, size_t *ret_exposed)
{
	size_t n = 0;

	*ret_exposed = 0;
	for (size_t i = 0; i < plan->n_items;) {
		struct change change = take_target(dump, plan, &i);

		if (!is_change(&change.from, &change.to))
			continue;
		*ret_exposed += is_now_exposed(&change);
		if (json)
			write_json_change(out, &change, n == 0);
		else
			write_change(out, &change);
		n++;
	}
	return n;
}

int whatif_write(const struct dump *dump, const struct config *config, bool json, FILE *out,
		 size_t *ret_exposed)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	size_t n;
	int r = decide(dump, config, &plan);

	if (r < 0)
		return r;
	if (json)
		fputs("{\"schema\":\"pinsafe.plan/1\",\"changes\":[", out);
	n = write_changes(dump, &plan, json, out, ret_exposed);
	if (json)
		fprintf(out, "],\"exposed\":%zu}\n", *ret_exposed);
	else if (n == 0)
		fputs("nothing changes\n", out);
	else
		fprintf(out, "%zu change%s, %zu would become exposed\n", n, n == 1 ? "" : "s",
			*ret_exposed);
	return fflush(out) != 0 || ferror(out) ? -EIO : 0;
}
