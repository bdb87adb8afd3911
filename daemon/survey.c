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
	free(survey->ids);
	*survey = (struct survey){ 0 };
}

void survey_begin(struct state *state)
{
	survey_end(&state->survey);
	if (state_has_sight(state))
		(void)proc_find_all(state->proc_fd, &state->survey.ids, &state->survey.n);
}

/* One slice is enough to see who needs more: a process that never pinned is
 * done in one, whatever its size. */
static void look_at(struct state *state, struct process_id id)
{
	_cleanup_(process_facts_done) struct process_facts facts = { .id = id };
	_cleanup_(pin_walk_done) struct pin_walk walk = { 0 };
	int r = pin_walk_on(state->helper_fd, &walk, &facts);

	if (r == PIN_MORE || facts.pinned_bytes || facts.large_bytes)
		state_mark(state, id, false, NULL);
}

void survey_go_on(struct state *state)
{
	struct survey *survey = &state->survey;
	uint64_t until_usec;

	if (survey->next == survey->n)
		return;
	until_usec = state_clock_usec() + SURVEY_USEC;
	for (size_t i = 0; i < SURVEY_BATCH && survey->next < survey->n; i++) {
		look_at(state, survey->ids[survey->next++]);
		if (state_clock_usec() >= until_usec)
			break;
	}
	if (survey->next == survey->n)
		survey_end(survey);
}
