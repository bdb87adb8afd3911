// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything that a decision looks up is sorted once, so that ten thousand
 * processes and as many holds cost no more than their number.
 */
#include "daemon/policy/decision.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/match.h"
#include "daemon/policy/place.h"

/* ---- by target and action ------------------------------------------------- */

static int compare_keys(const struct target_id *a, enum action x,
			const struct target_id *b, enum action y)
{
	int order = target_id_compare(a, b);

	return order ? order : (x > y) - (x < y);
}

static int compare_held(const void *a, const void *b)
{
	const struct held *const *x = a, *const *y = b;

	return compare_keys(&(*x)->id, (*x)->action, &(*y)->id, (*y)->action);
}

static int compare_setbacks(const void *a, const void *b)
{
	const struct setback *const *x = a, *const *y = b;

	return compare_keys(&(*x)->id, (*x)->action, &(*y)->id, (*y)->action);
}

static int sort_held(struct decision *decision)
{
	const struct decide_input *input = decision->input;

	decision->held = calloc(input->n_held + 1, sizeof(*decision->held));
	if (!decision->held)
		return -ENOMEM;
	for (size_t i = 0; i < input->n_held; i++) {
		decision->held[i] = &input->held[i];
		decision->first_cgroup += input->held[i].id.kind == TARGET_PROCESS;
	}
	decision->n_held = input->n_held;
	qsort(decision->held, decision->n_held, sizeof(*decision->held), compare_held);
	return 0;
}

/* Those that have run out let the rung be tried again. */
static int sort_setbacks(struct decision *decision)
{
	const struct decide_input *input = decision->input;

	decision->setbacks = calloc(input->n_setbacks + 1, sizeof(*decision->setbacks));
	if (!decision->setbacks)
		return -ENOMEM;
	for (size_t i = 0; i < input->n_setbacks; i++) {
		const struct setback *setback = &input->setbacks[i];

		if (setback->until_usec > 0 && setback->until_usec <= input->now_usec)
			continue;
		decision->setbacks[decision->n_setbacks++] = setback;
		if (setback->until_usec > 0)
			plan_wake_at(&decision->plan, setback->until_usec);
	}
	qsort(decision->setbacks, decision->n_setbacks, sizeof(*decision->setbacks),
	      compare_setbacks);
	return 0;
}

const struct held *decision_find_held(const struct decision *decision,
				      const struct target_id *id, enum action action)
{
	const struct held wanted = { .id = *id, .action = action };
	const struct held *key = &wanted;
	const struct held **found = bsearch(&key, decision->held, decision->n_held,
					    sizeof(*decision->held), compare_held);

	return found ? *found : NULL;
}

const struct setback *decision_find_setback(const struct decision *decision,
					    const struct target_id *id,
					    enum action action)
{
	const struct setback wanted = { .id = *id, .action = action };
	const struct setback *key = &wanted;
	const struct setback **found = bsearch(&key, decision->setbacks,
					       decision->n_setbacks,
					       sizeof(*decision->setbacks),
					       compare_setbacks);

	return found ? *found : NULL;
}

/* ---- by cgroup ------------------------------------------------------------ */

/* With "/" before all other characters what is below a cgroup stands behind it,
 * with nothing in between: "/a", "/a/b", "/a-b". */
static int rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : 1 + (unsigned char)c;
}

static int compare_paths(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return rank(*a) - rank(*b);
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct subject *const *x = a, *const *y = b;
	int order = compare_paths((*x)->facts->cgroup, (*y)->facts->cgroup);

	return order ? order : (*x > *y) - (*x < *y);
}

static int sort_by_cgroup(struct decision *decision)
{
	decision->by_cgroup = calloc(decision->n_subjects + 1, sizeof(struct subject *));
	if (!decision->by_cgroup)
		return -ENOMEM;
	for (size_t i = 0; i < decision->n_subjects; i++) {
		if (decision->subjects[i].facts->cgroup)
			decision->by_cgroup[decision->n_by_cgroup++] =
				&decision->subjects[i];
	}
	qsort(decision->by_cgroup, decision->n_by_cgroup, sizeof(struct subject *),
	      compare_cgroups);
	return 0;
}

static size_t find_first(const struct decision *decision, const char *path)
{
	size_t from = 0, to = decision->n_by_cgroup;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_paths(decision->by_cgroup[middle]->facts->cgroup, path) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct members decision_members(const struct decision *decision,
				const struct target_id *cgroup)
{
	struct members members = { .decision = decision, .cgroup = cgroup };

	if (cgroup->cgroup && strcmp(cgroup->cgroup, "/") != 0)
		members.next = find_first(decision, cgroup->cgroup);
	return members;
}

/* A cgroup whose path is not known is found by its id, among all. */
struct subject *members_next(struct members *members)
{
	const struct decision *decision = members->decision;

	while (members->next < decision->n_by_cgroup) {
		struct subject *subject = decision->by_cgroup[members->next++];

		if (match_target(members->cgroup, subject->facts))
			return subject;
		if (members->cgroup->cgroup)
			break;
	}
	return NULL;
}

static int compare_path_with_facts(const void *path, const void *facts)
{
	return strcmp(path, ((const struct cgroup_facts *)facts)->path);
}

const struct cgroup_facts *decision_find_cgroup(const struct decision *decision,
						const char *path)
{
	const struct snapshot *snapshot = decision->input->snapshot;

	if (snapshot->n_cgroups == 0)
		return NULL;
	return bsearch(path, snapshot->cgroups, snapshot->n_cgroups,
		       sizeof(*snapshot->cgroups), compare_path_with_facts);
}

/* ---- who pins in a cgroup ------------------------------------------------- */

/* A node that is not there any more is as good as not known. */
static pid_t *find_slot(const struct host_facts *host, unsigned int node,
			struct cgroup_pins *pins)
{
	for (size_t i = 0; i < host->n_nodes; i++) {
		if (host->nodes[i].node == node)
			return &pins->on_node[i];
	}
	return &pins->unknown;
}

static void add_pins(const struct host_facts *host, const struct process_facts *facts,
		     struct cgroup_pins *pins)
{
	const struct nodeset nowhere = { 0 };

	if (!pins->unknown &&
	    (facts->is_counting || place_split(facts, &nowhere).unknown > 0))
		pins->unknown = facts->id.pid;
	for (size_t i = 0; facts->has_sight && i < facts->n_pinned; i++) {
		pid_t *slot = find_slot(host, facts->pinned[i].node, pins);

		if (facts->pinned[i].bytes > 0 && !*slot)
			*slot = facts->id.pid;
	}
}

const struct cgroup_pins *decision_find_pins(const struct decision *decision,
					     const struct cgroup_facts *cgroup)
{
	const struct snapshot *snapshot = decision->input->snapshot;
	struct cgroup_pins *pins = &decision->pins[cgroup - snapshot->cgroups];
	const struct target_id id = {
		.kind = TARGET_CGROUP,
		.cgroup_id = cgroup->id,
		.cgroup = cgroup->path,
	};
	struct members members = decision_members(decision, &id);
	const struct subject *subject;

	if (pins->on_node)
		return pins;
	pins->on_node = calloc(snapshot->host.n_nodes + 1, sizeof(*pins->on_node));
	if (!pins->on_node)
		return NULL;
	while ((subject = members_next(&members)))
		add_pins(&snapshot->host, subject->facts, pins);
	return pins;
}

/* ---- what is in force ----------------------------------------------------- */

bool decision_is_effective(const struct held *held)
{
	return held && !held->is_draining && !held->is_foreign;
}

static bool is_text_same(const char *a, const char *b)
{
	return strcmp(a ?: "", b ?: "") == 0;
}

bool decision_is_same(const struct held *held, const char *cpus, const char *mems)
{
	if (held->is_foreign)
		return true;
	return is_text_same(held->cpus, cpus) && is_text_same(held->mems, mems);
}

bool decision_is_granted(const struct decision *decision, const struct subject *subject)
{
	const struct wish *wish = &subject->wish;

	switch (wish->target.kind) {
	case TARGET_PROCESS:
		return decision_is_effective(subject->own[wish->action]);
	case TARGET_CGROUP:
		return subject->around[wish->action];
	case TARGET_HOST:
		break;
	}
	return decision_is_effective(decision->host_off);
}

/* Bit 0 of kernel.numa_balancing is what host-off has cleared. */
static void find_host_off(struct decision *decision)
{
	const struct target_id host = { .kind = TARGET_HOST };

	decision->bare = decision->input->snapshot->host;
	decision->host_off = decision_find_held(decision, &host, ACTION_HOST_OFF);
	if (decision_is_effective(decision->host_off) && decision->bare.balancing >= 0)
		decision->bare.balancing |= 1;
}

/* ---- subjects ------------------------------------------------------------- */

static void find_own(const struct decision *decision, struct subject *subject)
{
	const struct target_id id = {
		.kind = TARGET_PROCESS,
		.process = subject->facts->id,
	};

	for (int action = ACTION_HOLD; action < ACTION_AUTO; action++)
		subject->own[action] = decision_find_held(decision, &id, action);
}

static int add_subjects(struct decision *decision)
{
	const struct snapshot *snapshot = decision->input->snapshot;

	decision->subjects = calloc(snapshot->n_processes + 1, sizeof(struct subject));
	if (!decision->subjects)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->n_processes; i++) {
		decision->subjects[i].facts = &snapshot->processes[i];
		find_own(decision, &decision->subjects[i]);
	}
	decision->n_subjects = snapshot->n_processes;
	return 0;
}

static void find_around(struct decision *decision)
{
	for (size_t i = decision->first_cgroup; i < decision->n_held; i++) {
		const struct held *held = decision->held[i];
		struct members members = decision_members(decision, &held->id);
		struct subject *subject;

		if (held->id.kind != TARGET_CGROUP || !decision_is_effective(held))
			continue;
		while ((subject = members_next(&members))) {
			if (!subject->around[held->action])
				subject->around[held->action] = held;
		}
	}
}

int decision_init(struct decision *decision, const struct decide_input *input)
{
	int r;

	decision->input = input;
	r = sort_held(decision) ?:
	    sort_setbacks(decision) ?:
	    add_subjects(decision) ?:
	    sort_by_cgroup(decision);
	if (r < 0)
		return r;
	decision->pins = calloc(input->snapshot->n_cgroups + 1, sizeof(*decision->pins));
	if (!decision->pins)
		return -ENOMEM;
	find_host_off(decision);
	find_around(decision);
	return 0;
}

void decision_done(struct decision *decision)
{
	for (size_t i = 0; i < decision->n_subjects; i++)
		wish_done(&decision->subjects[i].wish);
	for (size_t i = 0; decision->pins && i < decision->input->snapshot->n_cgroups; i++)
		free(decision->pins[i].on_node);
	free(decision->pins);
	free(decision->subjects);
	free(decision->by_cgroup);
	free(decision->held);
	free(decision->setbacks);
	plan_done(&decision->plan);
}
