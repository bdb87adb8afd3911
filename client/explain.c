// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain.c - how the decision on one target came about
 *
 * The daemon tells the steps in the order in which it looks at things: orders,
 * policies, the rungs of the ladder, the result.  They are shown as they are.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/verb.h"

#define LABEL_SIZE	16

/* "policy" becomes "Policy"; a kind of a newer daemon likewise. */
static void format_label(const char *kind, char label[LABEL_SIZE])
{
	snprintf(label, LABEL_SIZE, "%s", kind);
	label[0] = (char)toupper((unsigned char)label[0]);
}

/* The result is what it names, whatever it is; of other steps it must be said
 * whether they were taken. */
static const char *say_taken(const struct facts *step)
{
	if (facts_is(step, "kind", "result"))
		return "";
	return facts_bool(step, "taken") ? ": yes" : ": no";
}

static enum tone tone_step(const struct facts *step)
{
	if (facts_is(step, "kind", "result"))
		return TONE_BOLD;
	return facts_bool(step, "taken") ? TONE_PLAIN : TONE_DIM;
}

/* before: the step above; its kind is not said again. */
static void print_step(const struct style *style, const struct facts *step,
		       const struct facts *before)
{
	const char *kind = facts_string(step, "kind"), *why = facts_string(step, "why");
	const char *taken = say_taken(step);
	char label[LABEL_SIZE] = "";

	if (!before || !facts_is(before, "kind", kind))
		format_label(kind, label);
	sheet_printf(style, stdout, label, tone_step(step), "%s%s%s%s",
		     facts_string(step, "name"), taken,
		     *why == '\0' ? "" : *taken ? ", " : ": ", why);
}

static void print_steps(const struct facts *steps)
{
	struct style style = output_style();
	const struct facts *before = NULL;
	size_t i;

	for (i = 0; i < facts_length(steps); i++) {
		print_step(&style, facts_at(steps, i), before);
		before = facts_at(steps, i);
	}
}

static int print_json(struct facts *steps)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("explain");

	if (!answer || facts_set(answer, "steps", facts_share(steps)) < 0)
		return complain_errno("explain", -ENOMEM);
	return output_json(answer);
}

int verb_explain(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(facts_free) struct facts *steps = NULL;
	_cleanup_(target_done) struct target target = { 0 };
	const char *operand = request->args[0];
	int exit;

	exit = bus_open_target(request, operand, &bus, &target);
	if (!exit)
		exit = bus_ask_target(bus, operand, "Explain", &target, &steps);
	if (exit || request->quiet)
		return exit;
	if (request->json)
		return print_json(steps);
	print_steps(steps);
	return EXIT_YES;
}
