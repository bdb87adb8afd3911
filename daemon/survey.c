// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/survey.h"

#include <stdlib.h>

#include "daemon/sense/helper.h"
#include "daemon/sense/pin.h"
#include "daemon/sense/proc.h"

DEFINE_CLEANUP_EMBEDDED(struct process_facts, process_facts_done);
DEFINE_CLEANUP_EMBEDDED(struct pin_walk, pin_walk_done);

static void survey_end(struct survey *survey)
{
	free(survey->pids);
	*survey = (struct survey){ 0 };
}

void survey_begin(struct state *state, bool is_thorough)
{
	struct survey *survey = &state->survey;

	survey_end(survey);
	survey->is_thorough = is_thorough;
	(void)proc_list(state->proc_fd, &survey->pids, &survey->n);
}

bool survey_is_under_way(const struct state *state)
{
	return state->survey.next < state->survey.n;
}

/* One slice is enough to see who needs more: a process that never pinned is
 * done in one, whatever its size. */
static bool has_pins_in_sight(const struct state *state, struct process_id id)
{
	_cleanup_(process_facts_done) struct process_facts facts = { .id = id };
	_cleanup_(pin_walk_done) struct pin_walk walk = { 0 };
	int r = pin_walk_on(state->helper_fd, &walk, &facts);

	return r == PIN_MORE || facts.pinned_bytes || facts.large_bytes;
}

static bool is_to_be_marked(const struct state *state, const struct proc_wanted *wanted,
			    struct process_id *id)
{
	switch (proc_look(state->proc_fd, wanted, id->pid)) {
	case PROC_NO_MEMORY:
		break;
	case PROC_SUSPECT:
		return true;
	case PROC_ORDINARY:
		return state->survey.is_thorough && state_has_sight(state) &&
		       proc_read_start(state->proc_fd, id->pid, &id->start_ticks) >= 0 &&
		       has_pins_in_sight(state, *id);
	}
	return false;
}

/* What is looked for may change on the way: a reload names other devices. */
static struct proc_wanted find_wanted(const struct state *state)
{
	const struct host_facts *host = &state->host;
	struct proc_wanted wanted = {
		/* the counters lag by a second and may then differ either way */
		.unbooked_rings = state->survey.is_thorough || !host->has_pin_counters ||
				  host->pins_acquired > host->pins_released,
	};

	if (state->survey.is_thorough)
		wanted.devices = watch_devices(state->watch, &wanted.n_devices);
	return wanted;
}

void survey_go_on(struct state *state)
{
	struct survey *survey = &state->survey;
	struct proc_wanted wanted;
	uint64_t until_usec;

	if (!survey_is_under_way(state))
		return;
	wanted = find_wanted(state);
	until_usec = state_clock_usec() + SURVEY_USEC;
	for (size_t i = 0; i < SURVEY_BATCH && survey->next < survey->n; i++) {
		struct process_id id = { .pid = survey->pids[survey->next++] };

		if (is_to_be_marked(state, &wanted, &id))
			state_mark(state, id, RING_NONE, NULL);
		if (state_clock_usec() >= until_usec)
			break;
	}
	if (survey->next == survey->n)
		survey_end(survey);
}
