// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy is a row of keys that must all match.  Two kinds of key:
 *
 * what a process is (its cgroup, its executable), judged at each decision;
 * what it did (opened a device, pinned memory), which stays true of a process
 * that is held for it.  Pins come and go with each buffer, and drivers hide
 * them from us, so whoever let go of a hold at each unpin would give the scanner
 * a go right before the next pin, and flap.  A process that has pinned is one
 * that pins; what holding it longer costs is balancing for its other memory.
 */
#include "daemon/policy/match.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/glob.h"
#include "daemon/policy/decide.h"
#include "daemon/policy/sentence.h"

static bool match_any(char *const *globs, const char *text)
{
	for (; *globs; globs++) {
		if (glob_match(*globs, text))
			return true;
	}
	return false;
}

/* ---- cgroups ------------------------------------------------------------ */

/* A cgroup stands for all below it, as it does for the module.  The kernel
 * shows no path of PATH_MAX or more. */
static bool match_any_ancestor(char *const *globs, const char *path)
{
	char prefix[PATH_MAX];

	if (strlen(path) >= sizeof(prefix))
		return false;
	strcpy(prefix, path);
	for (;;) {
		char *slash = strrchr(prefix, '/');

		if (match_any(globs, prefix))
			return true;
		if (!slash || !slash[1])
			return false;
		slash[slash == prefix] = '\0';	/* "/a/b", "/a", "/" */
	}
}

bool match_cgroup(const struct policy *policy, const char *cgroup)
{
	return !policy->match_cgroup || !cgroup ||
	       match_any_ancestor(policy->match_cgroup, cgroup);
}

static bool is_in(const char *cgroup, const char *ancestor)
{
	size_t length = strlen(ancestor);

	if (strcmp(ancestor, "/") == 0)
		return true;
	return strncmp(cgroup, ancestor, length) == 0 &&
	       (cgroup[length] == '/' || cgroup[length] == '\0');
}

bool match_target(const struct target_id *target, const struct process_facts *facts)
{
	switch (target->kind) {
	case TARGET_PROCESS:
		return process_id_equal(target->process, facts->id);
	case TARGET_CGROUP:
		break;
	case TARGET_HOST:
		return true;
	}
	if (facts->cgroup_id && facts->cgroup_id == target->cgroup_id)
		return true;
	return facts->cgroup && target->cgroup && is_in(facts->cgroup, target->cgroup);
}

/* ---- keys --------------------------------------------------------------- */

static bool is_in_cgroup(const struct policy *policy, const struct process_facts *facts)
{
	if (!facts->cgroup)
		return !policy->match_cgroup;
	return match_cgroup(policy, facts->cgroup);
}

/* The link in /proc says " (deleted)" once a package upgrade has replaced the
 * file; it is the same program. */
static bool is_executable(const struct policy *policy, const struct process_facts *facts)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX];
	size_t length;

	if (!policy->match_executable)
		return true;
	if (!facts->exe || strlen(facts->exe) >= sizeof(path))
		return false;
	strcpy(path, facts->exe);
	length = strlen(path);
	if (length > strlen(deleted) &&
	    strcmp(path + length - strlen(deleted), deleted) == 0)
		path[length - strlen(deleted)] = '\0';
	return match_any(policy->match_executable, path);
}

const struct device_open *match_device(const struct policy *policy,
				       const struct process_facts *facts)
{
	for (size_t i = 0; policy->match_device && i < facts->n_devices; i++) {
		if (match_any(policy->match_device, facts->devices[i].path))
			return &facts->devices[i];
	}
	return NULL;
}

static bool has_device(const struct policy *policy, const struct process_facts *facts)
{
	return !policy->match_device || match_device(policy, facts);
}

/* Without a least size the bell is enough, however little is pinned by now, and
 * a device counts from its open on: some drivers pin in ways nobody can see. */
static bool has_pinned(const struct policy *policy, const struct process_facts *facts)
{
	if (policy->match_pinned_min > 0)
		return process_pinned_bytes(facts) >= policy->match_pinned_min;
	return policy->match_device || facts->pin_rang || process_is_pinner(facts);
}

static const struct predicate {
	const char *key;
	bool (*is_met)(const struct policy *policy, const struct process_facts *facts);
	bool is_deed;		/* what it did, not what it is */
} predicates[] = {
	{ "MatchCGroup", is_in_cgroup, false },
	{ "MatchExecutable", is_executable, false },
	{ "MatchDevice", has_device, true },
	{ "MatchPinnedMin", has_pinned, true },
};

#define N_PREDICATES	(sizeof(predicates) / sizeof(predicates[0]))

/* The first key that does not match, NULL: all do. */
static const char *find_unmet(const struct policy *policy,
			      const struct process_facts *facts, bool is_held_for)
{
	for (size_t i = 0; i < N_PREDICATES; i++) {
		if (is_held_for && predicates[i].is_deed)
			continue;
		if (!predicates[i].is_met(policy, facts))
			return predicates[i].key;
	}
	return NULL;
}

bool match_is_current(const struct policy *policy, const struct process_facts *facts)
{
	return !find_unmet(policy, facts, false);
}

/* ---- finding ------------------------------------------------------------ */

static int add_why(char **why, const struct policy *policy, const char *key)
{
	_cleanup_(free) char *before = take_ptr(*why);
	int n = asprintf(why, "%spolicy %s: %s does not match\n", before ?: "",
			 policy->name, key);

	if (n >= 0)
		return 0;
	*why = NULL;
	return -ENOMEM;
}

int policy_find(const struct config *config, const struct process_facts *facts,
		const char *held_for, const struct policy **ret_policy, char **ret_why)
{
	_cleanup_(free) char *why = NULL;
	const struct policy *policy = config->policies;
	const struct policy *end = policy + config->n_policies;

	for (; policy < end; policy++) {
		bool is_held_for = held_for && strcmp(policy->name, held_for) == 0;
		const char *unmet = find_unmet(policy, facts, is_held_for);

		if (!unmet)
			break;
		if (ret_why && add_why(&why, policy, unmet) < 0)
			return -ENOMEM;
	}
	if (ret_why)
		*ret_why = take_ptr(why);
	*ret_policy = policy < end ? policy : NULL;
	return 0;
}
