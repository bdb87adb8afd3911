// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy is a row of keys that must all match.  Two kinds of key:
 *
 * what a process is (its user, unit, cgroup, executable), judged at each decision;
 * what it did (opened a device, pinned memory, by a driver), which stays true of
 * a process that is held for it.  Pins come and go with each buffer, and drivers hide
 * them from us, so whoever let go of a hold at each unpin would give the scanner
 * a go right before the next pin, and flap.  A process that has pinned is one
 * that pins; what holding it longer costs is balancing for its other memory.
 */
#include "daemon/policy/match.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/glob.h"
#include "daemon/base/unit.h"
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

/* A unit stands for all in it, and user@UID.service for that user's units. */
static bool match_any_unit(char *const *globs, const char *path)
{
	char name[UNIT_NAME_SIZE];

	return (unit_of_cgroup(path, name) && match_any(globs, name)) ||
	       (unit_of_user(path, name) && match_any(globs, name));
}

bool match_cgroup(const struct policy *policy, const char *cgroup)
{
	if (!cgroup)
		return true;
	return (!policy->match_cgroup || match_any_ancestor(policy->match_cgroup, cgroup)) &&
	       (!policy->match_unit || match_any_unit(policy->match_unit, cgroup));
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

/* ---- what it is ---------------------------------------------------------- */

static bool is_user(const struct policy *policy, const struct process_facts *facts)
{
	for (size_t i = 0; i < policy->n_match_uids; i++) {
		if (policy->match_uids[i] == facts->uid)
			return true;
	}
	return !policy->match_user;
}

static bool is_in_unit(const struct policy *policy, const struct process_facts *facts)
{
	return !policy->match_unit ||
	       (facts->cgroup && match_any_unit(policy->match_unit, facts->cgroup));
}

static bool is_in_cgroup(const struct policy *policy, const struct process_facts *facts)
{
	return !policy->match_cgroup ||
	       (facts->cgroup && match_any_ancestor(policy->match_cgroup, facts->cgroup));
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

/* ---- what it did --------------------------------------------------------- */

static bool has_driver(const struct policy *policy, const struct process_facts *facts)
{
	return !policy->match_driver ||
	       (facts->driver && match_any(policy->match_driver, facts->driver));
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

/* ---- what it has instead ------------------------------------------------- */

static int tell_other(const char *what, const char *otherwise, char **ret_text)
{
	return what ? sentence_format_part(ret_text, "%s is none of them", what) :
		      sentence_format_part(ret_text, "%s", otherwise);
}

static int tell_user(const struct policy *policy, const struct process_facts *facts,
		     char **ret_text)
{
	(void)policy;
	return sentence_format_part(ret_text, "%u is none of them", (unsigned int)facts->uid);
}

static int tell_unit(const struct policy *policy, const struct process_facts *facts,
		     char **ret_text)
{
	char unit[UNIT_NAME_SIZE], of_user[UNIT_NAME_SIZE];

	(void)policy;
	if (unit_of_user(facts->cgroup, of_user) && unit_of_cgroup(facts->cgroup, unit))
		return sentence_format_part(ret_text, "%s, in %s, is none of them", of_user, unit);
	return tell_other(unit_of_cgroup(facts->cgroup, unit) ? unit : NULL, "it is in no unit",
			  ret_text);
}

static int tell_cgroup(const struct policy *policy, const struct process_facts *facts,
		       char **ret_text)
{
	(void)policy;
	return tell_other(facts->cgroup, "it is in no cgroup of version 2", ret_text);
}

static int tell_executable(const struct policy *policy, const struct process_facts *facts,
			   char **ret_text)
{
	(void)policy;
	return tell_other(facts->exe, "it cannot be told", ret_text);
}

static int tell_driver(const struct policy *policy, const struct process_facts *facts,
		       char **ret_text)
{
	(void)policy;
	return tell_other(facts->driver, "no driver has been seen to pin", ret_text);
}

static int tell_devices(const struct policy *policy, const struct process_facts *facts,
			char **ret_text)
{
	const struct device_open *devices = facts->devices;

	(void)policy;
	if (facts->n_devices > 1)
		return sentence_format_part(ret_text, "%s and %zu more are none of them",
					    devices[0].path, facts->n_devices - 1);
	return tell_other(facts->n_devices ? devices[0].path : NULL, "none is open", ret_text);
}

static int tell_pins(const struct policy *policy, const struct process_facts *facts,
		     char **ret_text)
{
	if (policy->match_pinned_min == 0)
		return sentence_format_part(ret_text, "it pins nothing");
	return sentence_format_part(ret_text, "it pins %" PRIu64 " of %" PRIu64 " bytes",
				    process_pinned_bytes(facts), policy->match_pinned_min);
}

/* ---- keys --------------------------------------------------------------- */

/* What it is comes first: that tells more of why a policy speaks of another than
 * that nothing has been done yet.  Within each kind the cheap ones come first. */
static const struct predicate {
	const char *key;
	bool (*is_met)(const struct policy *policy, const struct process_facts *facts);
	int (*tell)(const struct policy *policy, const struct process_facts *facts,
		    char **ret_text);
	bool is_deed;		/* what it did, not what it is */
} predicates[] = {
	{ "MatchUser", is_user, tell_user, false },
	{ "MatchUnit", is_in_unit, tell_unit, false },
	{ "MatchExecutable", is_executable, tell_executable, false },
	{ "MatchCGroup", is_in_cgroup, tell_cgroup, false },
	{ "MatchPinnedMin", has_pinned, tell_pins, true },
	{ "MatchDriver", has_driver, tell_driver, true },
	{ "MatchDevice", has_device, tell_devices, true },
};

#define N_PREDICATES	(sizeof(predicates) / sizeof(predicates[0]))

/* The first key that does not match, NULL: all do. */
static const struct predicate *find_unmet(const struct policy *policy,
					  const struct process_facts *facts, bool is_held_for)
{
	for (size_t i = 0; i < N_PREDICATES; i++) {
		if (is_held_for && predicates[i].is_deed)
			continue;
		if (!predicates[i].is_met(policy, facts))
			return &predicates[i];
	}
	return NULL;
}

bool match_is_current(const struct policy *policy, const struct process_facts *facts)
{
	return !find_unmet(policy, facts, false);
}

static int format_unmet(const struct predicate *unmet, const struct policy *policy,
			const struct process_facts *facts, char **ret_why)
{
	_cleanup_(free) char *text = NULL;
	int r = unmet->tell(policy, facts, &text);

	return r < 0 ? r : sentence_format(ret_why, "%s: %s", unmet->key, text);
}

int match_explain(const struct policy *policy, const struct process_facts *facts,
		  bool is_held_for, char **ret_why)
{
	const struct predicate *unmet = find_unmet(policy, facts, is_held_for);

	*ret_why = NULL;
	return unmet ? format_unmet(unmet, policy, facts, ret_why) : 0;
}

/* ---- finding ------------------------------------------------------------ */

static int add_why(char **why, const struct policy *policy, const struct process_facts *facts,
		   const struct predicate *unmet)
{
	_cleanup_(free) char *before = take_ptr(*why);
	_cleanup_(free) char *text = NULL;
	int r = format_unmet(unmet, policy, facts, &text);

	if (r < 0)
		return r;
	return sentence_format_part(why, "%spolicy %s: %s\n", before ?: "", policy->name, text);
}

int policy_find(const struct config *config, const struct process_facts *facts,
		const char *held_for, const struct policy **ret_policy, char **ret_why)
{
	_cleanup_(free) char *why = NULL;
	const struct policy *policy = config->policies;
	/* no policies are no list, and NULL takes no offset */
	const struct policy *end = policy ? policy + config->n_policies : NULL;

	for (; policy < end; policy++) {
		bool is_held_for = held_for && strcmp(policy->name, held_for) == 0;
		const struct predicate *unmet = find_unmet(policy, facts, is_held_for);

		if (!unmet)
			break;
		if (ret_why && add_why(&why, policy, facts, unmet) < 0)
			return -ENOMEM;
	}
	if (ret_why)
		*ret_why = take_ptr(why);
	*ret_policy = policy < end ? policy : NULL;
	return 0;
}
