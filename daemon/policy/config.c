// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/keys.h"

#define MAX_ERRORS	200

const struct config config_pristine = {
	.mode = MODE_AUDIT,
	.history_size = 1000,
	.verdict = -1,
};

const struct policy policy_pristine = {
	.priority = 50,
	.ladder = { .rungs = { ACTION_AUTO }, .n = 1 },
	.scope = SCOPE_PROCESS,
	.bind_to = BIND_TO_DEVICE,
	.confine_max_move_bytes = 1ULL << 30,
	.mode = -1,
};

/* ---- owning ------------------------------------------------------------- */

void config_init(struct config *config)
{
	*config = config_pristine;
}

static void policy_done(struct policy *policy)
{
	keys_reset(SECTION_POLICY, policy);
	free(policy->name);
}

static void assignment_done(struct assignment *assignment)
{
	free(assignment->section);
	free(assignment->value);
	free(assignment->path);
}

void config_done(struct config *config)
{
	for (size_t i = 0; i < config->n_policies; i++)
		policy_done(&config->policies[i]);
	free(config->policies);
	for (size_t i = 0; i < config->n_assignments; i++)
		assignment_done(&config->assignments[i]);
	free(config->assignments);
	keys_reset(SECTION_DAEMON, config);
	keys_reset(SECTION_HOST, config);
	config_init(config);
}

void config_errors_done(struct config_errors *errors)
{
	for (size_t i = 0; i < errors->n_errors; i++) {
		free(errors->errors[i].path);
		free(errors->errors[i].text);
	}
	free(errors->errors);
	*errors = (struct config_errors){};
}

int config_errors_add(struct config_errors *errors, const char *path, unsigned int line,
		      const char *text)
{
	_cleanup_(free) char *path_copy = NULL, *text_copy = NULL;
	struct config_error *longer;

	if (errors->n_errors > MAX_ERRORS)
		return 0;
	if (errors->n_errors == MAX_ERRORS)
		text = "and more errors from here on";
	path_copy = strdup(path);
	text_copy = strdup(text);
	longer = reallocarray(errors->errors, errors->n_errors + 1, sizeof(*longer));
	if (longer)
		errors->errors = longer;
	if (!longer || !path_copy || !text_copy)
		return -ENOMEM;
	longer[errors->n_errors++] = (struct config_error){
		.path = take_ptr(path_copy),
		.line = line,
		.text = take_ptr(text_copy),
	};
	return 0;
}

/* ---- looking up --------------------------------------------------------- */

const struct policy *config_find_policy(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_policies; i++) {
		if (strcmp(config->policies[i].name, name) == 0)
			return &config->policies[i];
	}
	return NULL;
}

static bool is_named(const struct policy *policy, enum action action)
{
	for (size_t i = 0; i < policy->ladder.n; i++) {
		if (policy->ladder.rungs[i] == action)
			return true;
	}
	return false;
}

/* What works on a running program by ptrace, and what everybody pays for, have
 * to be named. */
bool policy_has_action(const struct policy *policy, enum action action)
{
	switch (action) {
	case ACTION_HOLD:
	case ACTION_BIND:
	case ACTION_CONFINE:
		return is_named(policy, action) || is_named(policy, ACTION_AUTO);
	case ACTION_NONE:
	case ACTION_MEMPOLICY:
	case ACTION_HOST_OFF:
	case ACTION_AUTO:
		break;
	}
	return is_named(policy, action);
}

enum mode config_mode(const struct config *config, const struct policy *policy)
{
	return policy->mode >= 0 ? (enum mode)policy->mode : config->mode;
}
