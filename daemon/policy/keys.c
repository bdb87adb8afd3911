// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/policy/keys.h"

#include <ctype.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/nearest.h"
#include "daemon/policy/sentence.h"
#include "daemon/policy/value.h"

/* ---- the table ---------------------------------------------------------- */

static const struct word modes[] = {
	{ "audit", MODE_AUDIT },
	{ "enforce", MODE_ENFORCE },
	{ NULL, 0 },
};

static const struct word on_stop[] = {
	{ "restore", false },
	{ "keep", true },
	{ NULL, 0 },
};

static const struct word reaches[] = {
	{ "scoped", false },
	{ "everywhere", true },
	{ NULL, 0 },
};

static const struct word verdicts[] = {
	{ "auto", -1 },
	{ "affected", VERDICT_AFFECTED },
	{ "fixed", VERDICT_FIXED },
	{ "unknown", VERDICT_UNKNOWN },
	{ NULL, 0 },
};

static const struct word actions[] = {
	{ "none", ACTION_NONE },
	{ "hold", ACTION_HOLD },
	{ "mempolicy", ACTION_MEMPOLICY },
	{ "bind", ACTION_BIND },
	{ "confine", ACTION_CONFINE },
	{ "host-off", ACTION_HOST_OFF },
	{ "auto", ACTION_AUTO },
	{ NULL, 0 },
};

static const struct word scopes[] = {
	{ "process", SCOPE_PROCESS },
	{ "cgroup", SCOPE_CGROUP },
	{ NULL, 0 },
};

static const struct word binds[] = {
	{ "device", BIND_TO_DEVICE },
	{ "pinned", BIND_TO_PINNED },
	{ NULL, 0 },
};

static const struct word fallbacks[] = {
	{ "none", false },
	{ "host-off", true },
	{ NULL, 0 },
};

/* systemd's, so that nobody has to look up ours */
static const struct word booleans[] = {
	{ "yes", true },  { "no", false },  { "true", true }, { "false", false },
	{ "on", true },	  { "off", false }, { "1", true },    { "0", false },
	{ NULL, 0 },
};

#define FIELD(type, field)	offsetof(struct type, field), sizeof(((struct type *)0)->field)
/* fields that lie side by side and are one key's */
#define FIELDS(type, first, last)					\
	offsetof(struct type, first),					\
	offsetof(struct type, last) + sizeof(((struct type *)0)->last) -	\
	offsetof(struct type, first)

const struct key keys[] = {
	{ SECTION_DAEMON, "Mode", FIELD(config, mode), &word_kind, "audit", modes, 0, 0 },
	{ SECTION_DAEMON, "OnStop", FIELD(config, keep_on_stop), &flag_kind, "restore",
	  on_stop, 0, 0 },
	{ SECTION_DAEMON, "SweepIntervalSec", FIELD(config, sweep_interval_sec),
	  &number_kind, "", NULL, 1, 86400 },
	{ SECTION_DAEMON, "MetricsTextfile", FIELD(config, metrics_textfile), &prom_kind,
	  "", NULL, 0, 0 },
	{ SECTION_DAEMON, "HistorySize", FIELD(config, history_size), &number_kind,
	  "1000", NULL, 0, 100000 },
	{ SECTION_DAEMON, "HoldOnPin", FIELD(config, hold_on_pin_everywhere), &flag_kind,
	  "scoped", reaches, 0, 0 },
	{ SECTION_HOST, "KernelVerdict", FIELD(config, verdict), &word_kind, "auto",
	  verdicts, 0, 0 },
	{ SECTION_POLICY, "Priority", FIELD(policy, priority), &number_kind, "50", NULL,
	  0, 1000 },
	{ SECTION_POLICY, "MatchCGroup", FIELD(policy, match_cgroup), &paths_kind, "",
	  NULL, 0, 0 },
	{ SECTION_POLICY, "MatchUnit", FIELD(policy, match_unit), &units_kind, "", NULL,
	  0, 0 },
	{ SECTION_POLICY, "MatchUser", FIELDS(policy, match_user, n_match_uids),
	  &users_kind, "", NULL, 0, 0 },
	{ SECTION_POLICY, "MatchExecutable", FIELD(policy, match_executable), &paths_kind,
	  "", NULL, 0, 0 },
	{ SECTION_POLICY, "MatchDevice", FIELD(policy, match_device), &paths_kind, "",
	  NULL, 0, 0 },
	{ SECTION_POLICY, "MatchDriver", FIELD(policy, match_driver), &drivers_kind, "",
	  NULL, 0, 0 },
	{ SECTION_POLICY, "MatchPinnedMin", FIELD(policy, match_pinned_min), &bytes_kind,
	  "0", NULL, 0, 0 },
	{ SECTION_POLICY, "Action", FIELD(policy, ladder), &ladder_kind, "auto", actions,
	  0, 0 },
	{ SECTION_POLICY, "Scope", FIELD(policy, scope), &word_kind, "process", scopes,
	  0, 0 },
	{ SECTION_POLICY, "BindTo", FIELDS(policy, bind_to, bind_nodes), &bind_kind,
	  "device", binds, 0, 0 },
	{ SECTION_POLICY, "ConfineMaxMoveBytes", FIELD(policy, confine_max_move_bytes),
	  &bytes_kind, "1G", NULL, 0, 0 },
	{ SECTION_POLICY, "AllowContainers", FIELD(policy, allow_containers), &flag_kind,
	  "no", booleans, 0, 0 },
	{ SECTION_POLICY, "Fallback", FIELD(policy, fallback_host_off), &flag_kind, "none",
	  fallbacks, 0, 0 },
	{ SECTION_POLICY, "Mode", FIELD(policy, mode), &word_kind, "", modes, 0, 0 },
	{ .name = NULL },
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= KEYS_MAX, "KEYS_MAX is too small");

/* ---- keys --------------------------------------------------------------- */

const struct key *key_find(enum section section, const char *name,
			   const char **ret_nearest)
{
	size_t best = SIZE_MAX;

	*ret_nearest = NULL;
	for (const struct key *key = keys; key->name; key++) {
		size_t distance;

		if (key->section != section)
			continue;
		if (strcmp(key->name, name) == 0)
			return key;
		distance = nearest_is_half(name, key->name) ? 0 :
			   nearest_distance(name, key->name);
		if (distance < best) {
			best = distance;
			*ret_nearest = key->name;
		}
	}
	return NULL;
}

static const char *const section_names[] = {
	[SECTION_DAEMON] = "Daemon",
	[SECTION_HOST] = "Host",
	[SECTION_POLICY] = "Policy NAME",
};

const char *key_find_section(const char *name)
{
	for (const struct key *key = keys; key->name; key++) {
		if (strcmp(key->name, name) == 0)
			return section_names[key->section];
	}
	return NULL;
}

bool key_is_list(const struct key *key)
{
	return key->kind->is_list;
}

static void reset(const struct key *key, void *object)
{
	const void *pristine = key->section == SECTION_POLICY ? (const void *)&policy_pristine :
								(const void *)&config_pristine;

	if (key->kind->release)
		key->kind->release(key, object);
	memcpy((char *)object + key->offset, (const char *)pristine + key->offset, key->size);
}

int key_set(const struct key *key, const char *value, const struct config_lookup *lookup,
	    void *object, char **ret_why)
{
	if (*value)
		return key->kind->parse(key, value, lookup, object, ret_why);
	reset(key, object);
	return 0;
}

void keys_reset(enum section section, void *object)
{
	for (const struct key *key = keys; key->name; key++) {
		if (key->section == section)
			reset(key, object);
	}
}

/* ---- sections ----------------------------------------------------------- */

static const char policy_word[] = "Policy ";

/* Names of policies go into metrics, JSON and the ledger unquoted. */
static bool is_policy_name(const char *name)
{
	return isalnum((unsigned char)*name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_.-") == strlen(name);
}

/* Only the first word can be mistyped: "[Polcy x]". */
enum section section_guess(const char *text, const char **ret_name)
{
	static const char *const words[] = { "Daemon", "Host", "Policy" };
	enum section nearest = SECTION_UNKNOWN;
	size_t best = SIZE_MAX, length = strcspn(text, " \t;]");
	char first[64] = "";

	if (length < sizeof(first))
		memcpy(first, text, length);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t distance = nearest_distance(first, words[i]);

		if (distance < best) {
			best = distance;
			nearest = (enum section)i;
		}
	}
	*ret_name = nearest == SECTION_UNKNOWN ? NULL : section_names[nearest];
	return nearest;
}

static enum section refuse_section(const char *text, char **ret_why)
{
	const char *nearest;

	if (section_guess(text, &nearest) == SECTION_UNKNOWN)
		sentence_format_part(ret_why, "unknown section [%s]; there are [Daemon],"
				     " [Host] and [Policy NAME]", text);
	else
		sentence_format_part(ret_why, "unknown section [%s]; did you mean [%s]?",
				     text, nearest);
	return SECTION_UNKNOWN;
}

enum section section_parse(const char *text, const char **ret_name, char **ret_why)
{
	*ret_name = NULL;
	*ret_why = NULL;
	if (strcmp(text, "Daemon") == 0)
		return SECTION_DAEMON;
	if (strcmp(text, "Host") == 0)
		return SECTION_HOST;
	if (strncmp(text, policy_word, strlen(policy_word)) != 0)
		return refuse_section(text, ret_why);
	*ret_name = text + strlen(policy_word);
	if (is_policy_name(*ret_name))
		return SECTION_POLICY;
	sentence_format_part(ret_why, "'%s' is not a name for a policy: letters, digits, \"_\","
			     " \".\" and \"-\", the first a letter or digit", *ret_name);
	return SECTION_UNKNOWN;
}
