/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * args.h - the command line as a request
 *
 * Pure: looks at its arguments only and never prints.  Options may stand before
 * and after the verb; "--" ends them.  From a verb with VERB_COMMAND on, the
 * first operand ends them too, so that the command keeps its own options.
 */
#pragma once

#include "client/verb.h"

/* Verbs end with a row whose name is NULL.  Operands are moved to the front of
 * argv, where ret_request->args points.  0; -EINVAL: *ret_error says "what:
 * why", for the caller to free; -ENOMEM. */
int args_parse(const struct verb *verbs, int argc, char **argv,
	       struct request *ret_request, char **ret_error);

/* The verb of that name or alias, or NULL. */
const struct verb *args_find_verb(const struct verb *verbs, const char *name);

/* The verb whose name takes the fewest typing mistakes to become the word, or
 * NULL: none is close enough to be what was meant. */
const struct verb *args_nearest_verb(const struct verb *verbs, const char *word);
