// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list.c - who pins memory, and is it out of reach
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/safetext.h"
#include "client/verb.h"
#include "client/wording.h"

enum {
	COLUMN_MARK,
	COLUMN_PID,
	COLUMN_COMM,
	COLUMN_CGROUP,
	COLUMN_PINNED,
	COLUMN_NODES,
	COLUMN_DRIVER,
	COLUMN_POLICY,
	COLUMN_ACTION,
	COLUMN_RISK,
	COLUMN_PROOF,
	N_COLUMNS
};

/* The longest words of the columns that are never cut, the minimums of the
 * others and the gaps make 80.  "(mempolicy)" and "(host-off)" may be cut. */
static const struct column columns[N_COLUMNS] = {
	[COLUMN_MARK]	= { "", ALIGN_LEFT, CUT_NEVER, 1 },
	[COLUMN_PID]	= { "PID", ALIGN_RIGHT, CUT_NEVER, 0 },
	[COLUMN_COMM]	= { "COMM", ALIGN_LEFT, CUT_END, 5 },
	[COLUMN_CGROUP]	= { "CGROUP", ALIGN_LEFT, CUT_PATH, 6 },
	[COLUMN_PINNED]	= { "PINNED", ALIGN_RIGHT, CUT_NEVER, 0 },
	[COLUMN_NODES]	= { "NODES", ALIGN_LEFT, CUT_END, 5 },
	[COLUMN_DRIVER]	= { "DRIVER", ALIGN_LEFT, CUT_END, 5 },
	[COLUMN_POLICY]	= { "POLICY", ALIGN_LEFT, CUT_END, 4 },
	[COLUMN_ACTION]	= { "ACTION", ALIGN_LEFT, CUT_END, 9 },
	[COLUMN_RISK]	= { "RISK", ALIGN_LEFT, CUT_NEVER, 0 },
	[COLUMN_PROOF]	= { "PROOF", ALIGN_LEFT, CUT_NEVER, 0 },
};

static bool is_ineffective(const struct facts *target)
{
	return facts_is(target, "proof", "ineffective");
}

static bool is_marked(const struct facts *target)
{
	return facts_bool(target, "exposed") || is_ineffective(target);
}

/* One row per pinner; and who is held, or was let go, though it pins nothing. */
static bool is_listed(const struct request *request, const struct facts *target)
{
	return request->all || facts_bool(target, "pinner") ||
	       facts_bool(target, "exposed") || !facts_is(target, "state", "watched");
}

/* Known to pin, how much is not: "?". */
static void format_pinned(const struct facts *target, char text[SAFETEXT_BYTES_MAX])
{
	uint64_t bytes =
		facts_u64(target, "pinned_bytes") + facts_u64(target, "large_bytes");

	if (bytes > 0)
		safetext_format_bytes(bytes, text);
	else
		strcpy(text, facts_bool(target, "pinner") ? "?" : "-");
}

/* "0-2,5": where its pinned pages are. */
static char *format_nodes(const struct facts *nodes)
{
	char *text = NULL;
	size_t n = facts_length(nodes), size, i, last;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < n; i = last + 1) {
		uint64_t first = facts_u64(facts_at(nodes, i), "node");

		for (last = i; last + 1 < n; last++)
			if (facts_u64(facts_at(nodes, last + 1), "node") !=
			    first + last + 1 - i)
				break;
		fprintf(out, "%s%" PRIu64, i > 0 ? "," : "", first);
		if (last > i)
			fprintf(out, "-%" PRIu64, first + last - i);
	}
	fclose(out);
	return text;
}

/* "-" where there is none */
static int set_name(struct table *table, size_t column, const struct facts *target,
		    const char *name)
{
	const char *text = facts_string(target, name);

	return table_set(table, column, TONE_PLAIN, *text ? text : "-");
}

static enum tone tone_risk(const struct facts *target)
{
	if (!is_marked(target))
		return TONE_PLAIN;
	return facts_is(target, "risk", "corruption") ? TONE_BAD : TONE_WARN;
}

static enum tone tone_proof(const struct facts *target)
{
	if (is_ineffective(target))
		return TONE_BAD;
	return facts_is(target, "proof", "verified") ? TONE_GOOD : TONE_PLAIN;
}

/* host-off is in force for no process and no cgroup in particular. */
static const char *name_cgroup(const struct facts *target)
{
	const char *cgroup = facts_string(target, "cgroup");

	if (*cgroup)
		return cgroup;
	return facts_u64(target, "pid") > 0 ? "-" : "(host)";
}

static int add_row(struct table *table, const struct facts *target)
{
	_cleanup_(free) char *nodes = format_nodes(facts_get(target, "nodes"));
	_cleanup_(free) char *action = wording_action(target);
	bool is_process = facts_u64(target, "pid") > 0;
	const char *pid = is_process ? facts_string(target, "pid") : "-";
	const char *risk = facts_string(target, "risk");
	const char *proof = facts_string(target, "proof");
	char pinned[SAFETEXT_BYTES_MAX];
	int r;

	if (!nodes || !action)
		return -ENOMEM;
	format_pinned(target, pinned);
	r = table_add_row(table);
	if (r < 0)
		return r;
	r |= table_set(table, COLUMN_MARK, TONE_BAD, is_marked(target) ? "!" : "");
	r |= table_set(table, COLUMN_PID, TONE_PLAIN, pid);
	r |= set_name(table, COLUMN_COMM, target, "comm");
	r |= table_set(table, COLUMN_CGROUP, TONE_PLAIN, name_cgroup(target));
	r |= table_set(table, COLUMN_PINNED, TONE_PLAIN, pinned);
	r |= table_set(table, COLUMN_NODES, TONE_PLAIN, *nodes ? nodes : "-");
	r |= set_name(table, COLUMN_DRIVER, target, "driver");
	r |= set_name(table, COLUMN_POLICY, target, "policy");
	r |= table_set(table, COLUMN_ACTION, TONE_PLAIN, action);
	r |= table_set(table, COLUMN_RISK, tone_risk(target), risk);
	r |= table_set(table, COLUMN_PROOF, tone_proof(target), proof);
	return r ? -ENOMEM : 0;
}

/* How many of the listed are what. */
struct census {
	size_t listed, exposed, ineffective, pending;
};

static struct census count(const struct facts *targets)
{
	struct census census = { .listed = facts_length(targets) };
	size_t i;

	for (i = 0; i < census.listed; i++) {
		const struct facts *target = facts_at(targets, i);

		census.exposed += facts_bool(target, "exposed");
		census.ineffective += is_ineffective(target);
		census.pending += wording_is_pending(target);
	}
	return census;
}

static void print_legend(const struct census *census, const struct style *style)
{
	_cleanup_(free) char *ineffective = NULL, *text = NULL;
	bool has_marks = census->exposed + census->ineffective > 0;

	if (asprintf(&ineffective, ", %zu without effect", census->ineffective) < 0)
		ineffective = NULL;
	if (!ineffective)
		return;

	if (asprintf(&text, "%zu listed, %zu exposed%s%s%s%s", census->listed,
		     census->exposed, census->ineffective > 0 ? ineffective : "",
		     has_marks ? " (!)" : "",
		     census->pending > 0 ? "; in brackets: wanted, not in force" : "",
		     geteuid() != 0 ? "; only your own processes, root sees all" : "") <
	    0)
		text = NULL;
	if (text)
		sheet_title(style, stdout, TONE_DIM, text);
}

/* Who is exposed comes first; else the daemon's order stays. */
static int add_rows(struct table *table, const struct facts *targets, bool marked)
{
	size_t i;
	int r;

	for (i = 0; i < facts_length(targets); i++) {
		const struct facts *target = facts_at(targets, i);

		if (is_marked(target) != marked)
			continue;
		r = add_row(table, target);
		if (r < 0)
			return r;
	}
	return 0;
}

static int print_table(const struct facts *targets)
{
	_cleanup_(table_free) struct table *table = table_new(columns, N_COLUMNS);
	struct census census = count(targets);
	struct style style = output_style();

	if (!table || add_rows(table, targets, true) < 0 ||
	    add_rows(table, targets, false) < 0)
		return complain_errno("list", -ENOMEM);
	table_print(table, &style, stdout);
	print_legend(&census, &style);
	return EXIT_YES;
}

static struct facts *select_listed(const struct request *request,
				   const struct facts *targets)
{
	_cleanup_(facts_free) struct facts *listed = facts_new_list();
	size_t i;

	if (!listed)
		return NULL;
	for (i = 0; i < facts_length(targets); i++) {
		const struct facts *target = facts_at(targets, i);

		if (is_listed(request, target) &&
		    facts_add(listed, facts_share(target)) < 0)
			return NULL;
	}
	return take_ptr(listed);
}

static int print_json(struct facts *targets)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("list");

	if (!answer || facts_set(answer, "targets", facts_share(targets)) < 0)
		return complain_errno("list", -ENOMEM);
	return output_json(answer);
}

int verb_list(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(facts_free) struct facts *targets = NULL, *listed = NULL;
	int exit;

	exit = bus_open("list", &bus);
	if (!exit)
		exit = bus_ask(bus, "list", "ListTargets", &targets);
	if (exit || request->quiet)
		return exit;
	listed = select_listed(request, targets);
	if (!listed)
		return complain_errno("list", -ENOMEM);
	return request->json ? print_json(listed) : print_table(listed);
}
