// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/act/ledger.h"
#include "daemon/policy/decide.h"
#include "daemon/sense/helper.h"
#include "daemon/state.h"

#define MAX_MISSING 10

const char *const status_properties[] = {
	"Mode", "ModuleVersion", "ModuleMissing", "ModuleAbi", "Missing",
	"KernelVerdict", "KernelVerdictReason", "Balancing", "ProbesArmed",
	"Pinners", "Held", "Mitigated", "Exposed", "Ineffective", "PinnedBytes",
	"RemotePinnedBytes",
	"LastReloadUsec", "LastReloadSuccessful", "LastReloadError", NULL,
};

/* Bits of *ret_changed: rows of status_properties. */
enum {
	BIT_MODE, BIT_MODULE_VERSION, BIT_MODULE_MISSING, BIT_MODULE_ABI, BIT_MISSING,
	BIT_VERDICT, BIT_VERDICT_REASON, BIT_BALANCING, BIT_PROBES_ARMED,
	BIT_PINNERS, BIT_HELD, BIT_MITIGATED, BIT_EXPOSED, BIT_INEFFECTIVE, BIT_PINNED,
	BIT_REMOTE_PINNED,
	BIT_RELOAD_USEC, BIT_RELOAD_SUCCESSFUL, BIT_RELOAD_ERROR,
};

static void free_list(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

void status_done(struct status *status)
{
	free(status->mode);
	free(status->module_version);
	free(status->module_missing);
	free_list(status->missing);
	free(status->verdict);
	free(status->verdict_reason);
	free(status->last_reload_error);
	*status = (struct status){ 0 };
}

static int set_text(char **field, const char *text, uint32_t bit, uint32_t *changed)
{
	char *copy;

	if (*field && strcmp(*field, text ? text : "") == 0)
		return 0;
	copy = strdup(text ? text : "");
	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	*changed |= 1U << bit;
	return 0;
}

static void set_number(uint32_t *field, uint32_t value, uint32_t bit, uint32_t *changed)
{
	if (*field != value)
		*changed |= 1U << bit;
	*field = value;
}

/* ---- what is missing, and what follows -------------------------------------- */

/* Sentences, none of them owned. */
struct missing {
	const char *list[MAX_MISSING];
	size_t n;
};

static void miss(struct missing *missing, bool is_missing, const char *sentence)
{
	if (is_missing && missing->n < MAX_MISSING)
		missing->list[missing->n++] = sentence;
}

static void find_missing_module(const struct state *state, struct missing *missing)
{
	uint64_t features = state->host.module_features;

	miss(missing, !(features & PINSAFE_FEATURE_HOLD),
	     "holds: the module found no gate in this kernel, nothing can be held");
	miss(missing, !(features & PINSAFE_FEATURE_HOLD_CGROUP),
	     "holds of cgroups: no cgroup v2 for the module, processes are held one by one");
	miss(missing, !(features & PINSAFE_FEATURE_BELL_PIN),
	     "pin bell: pins are found by the sweep only");
	miss(missing, !(features & PINSAFE_FEATURE_BELL_OPEN) && state_hears_opens(state),
	     "open bell: opens of devices are heard by fanotify, those of containers' own nodes are found by the sweep");
	miss(missing, !(features & PINSAFE_FEATURE_BELL_OPEN) && !state_hears_opens(state),
	     "open bell: opens of devices are found by the sweep only");
	miss(missing, !(features & PINSAFE_FEATURE_SIGHT),
	     "sight: pinned bytes are what the kernel books, some drivers book nothing; pins from before the start are not seen");
	miss(missing, (features & PINSAFE_FEATURE_HOLD) && !state->is_armed,
	     "probes: they do not fire, so holds have no effect; set kernel.ftrace_enabled=1");
	miss(missing, state->watches_left_out > 0,
	     "watches: more devices or cgroups than the module has room for, some are held after the bell only");
}

static void find_missing(const struct state *state, struct missing *missing)
{
	*missing = (struct missing){ 0 };
	miss(missing, ledger_is_behind(state->ledger),
	     "ledger: it cannot be written, so nothing but holds is taken and no order; make room in /run");
	miss(missing, state->targets.n_unwatched > 0,
	     "descriptors: too few to watch each process for its end, that of some is seen a minute late; raise LimitNOFILE= of pinsafed.service");
	if (state->helper_fd >= 0) {
		find_missing_module(state, missing);
		return;
	}
	miss(missing, true,
	     "helper module: nothing can be held; pinners are found by sweeps where the kernel books their pins, which some drivers do not do");
	miss(missing, !state_hears_opens(state),
	     "device opens: not heard, devices in use are found by the sweep");
	miss(missing, !state->host.has_pin_counters,
	     "pin counters: this kernel has none, so every sweep interval is swept");
	miss(missing, !state->host.has_cgroup2,
	     "cgroup v2: MatchCGroup and Scope=cgroup match nothing");
}

static bool is_as_before(char *const *before, const struct missing *missing)
{
	size_t i;

	for (i = 0; before && before[i]; i++) {
		if (i >= missing->n || strcmp(before[i], missing->list[i]) != 0)
			return false;
	}
	return before && i == missing->n;
}

static int set_missing(struct status *status, const struct missing *missing,
		       uint32_t *changed)
{
	char **list;

	if (is_as_before(status->missing, missing))
		return 0;
	list = calloc(missing->n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < missing->n; i++) {
		list[i] = strdup(missing->list[i]);
		if (!list[i]) {
			free_list(list);
			return -ENOMEM;
		}
	}
	free_list(status->missing);
	status->missing = list;
	*changed |= 1U << BIT_MISSING;
	return 0;
}

/* ---- the whole --------------------------------------------------------------- */

uint64_t status_remote_bytes(const struct process_facts *facts)
{
	struct nodeset nodes = { 0 };
	uint64_t bytes = 0;

	for (size_t i = 0; i < facts->n_devices; i++) {
		if (facts->devices[i].node >= 0)
			nodeset_add(&nodes, (unsigned int)facts->devices[i].node);
	}
	if (nodeset_is_empty(&nodes))
		return 0;
	for (size_t i = 0; i < facts->n_pinned; i++) {
		if (!nodeset_has(&nodes, facts->pinned[i].node))
			bytes += facts->pinned[i].bytes;
	}
	return bytes;
}

static void set_bytes(uint64_t *field, uint64_t value, uint32_t bit, uint32_t *changed)
{
	if (*field != value)
		*changed |= 1U << bit;
	*field = value;
}

static void count_bytes(const struct state *state, struct status *status, uint32_t *changed)
{
	uint64_t pinned = 0, remote = 0;

	for (size_t i = 0; i < state->targets.n; i++) {
		const struct target *row = state->targets.rows[i];

		pinned += row->shown.pinned_bytes;
		remote += status_remote_bytes(&row->facts);
	}
	set_bytes(&status->pinned_bytes, pinned, BIT_PINNED, changed);
	set_bytes(&status->remote_pinned_bytes, remote, BIT_REMOTE_PINNED, changed);
}

static void count(const struct state *state, struct status *status, uint32_t *changed)
{
	uint32_t pinners = 0, held = 0, mitigated = 0, exposed = 0, ineffective = 0;

	for (size_t i = 0; i < state->targets.n; i++) {
		const struct target *row = state->targets.rows[i];

		if (row->id.kind != TARGET_PROCESS)
			continue;
		pinners += process_is_pinner(&row->facts);
		held += row->shown.is_held;
		mitigated += row->shown.is_held || row->shown.applied != ACTION_NONE;
		exposed += target_is_exposed(row);
		ineffective += row->shown.proof == PROOF_INEFFECTIVE;
	}
	set_number(&status->pinners, pinners, BIT_PINNERS, changed);
	set_number(&status->held, held, BIT_HELD, changed);
	set_number(&status->mitigated, mitigated, BIT_MITIGATED, changed);
	set_number(&status->exposed, exposed, BIT_EXPOSED, changed);
	set_number(&status->ineffective, ineffective, BIT_INEFFECTIVE, changed);
}

static void set_numbers(const struct state *state, struct status *status, uint32_t *changed)
{
	const struct host_facts *host = &state->host;
	int armed = state->helper_fd >= 0 && state->is_armed;

	set_number(&status->module_abi, host->has_module ? host->module_abi : 0,
		   BIT_MODULE_ABI, changed);
	if (status->balancing != host->balancing)
		*changed |= 1U << BIT_BALANCING;
	status->balancing = host->balancing;
	if (status->probes_armed != armed)
		*changed |= 1U << BIT_PROBES_ARMED;
	status->probes_armed = armed;
}

int status_update(struct state *state, uint32_t *ret_changed)
{
	const struct host_facts *host = &state->host;
	struct status *status = &state->status;
	struct missing missing;
	const struct {
		char **field;
		const char *text;
		uint32_t bit;
	} texts[] = {
		{ &status->mode, mode_name(state->config.mode), BIT_MODE },
		{ &status->module_version, host->has_module ? host->module_version : "",
		  BIT_MODULE_VERSION },
		{ &status->module_missing, host->has_module ? "" : host->module_missing,
		  BIT_MODULE_MISSING },
		{ &status->verdict, verdict_name(policy_verdict(&state->config, host)),
		  BIT_VERDICT },
		{ &status->verdict_reason,
		  state->config.verdict >= 0 ? "set by KernelVerdict= in the configuration" :
					       host->verdict_reason,
		  BIT_VERDICT_REASON },
	};

	*ret_changed = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (set_text(texts[i].field, texts[i].text, texts[i].bit, ret_changed) < 0)
			return -ENOMEM;
	}
	find_missing(state, &missing);
	if (set_missing(status, &missing, ret_changed) < 0)
		return -ENOMEM;
	set_numbers(state, status, ret_changed);
	count(state, status, ret_changed);
	count_bytes(state, status, ret_changed);
	return 0;
}

int status_note_reload(struct status *status, uint64_t now_usec, const char *error)
{
	uint32_t changed;

	status->last_reload_usec = now_usec;
	status->last_reload_successful = !error;
	return set_text(&status->last_reload_error, error, BIT_RELOAD_ERROR, &changed);
}

void status_format(const struct state *state, char *text, size_t size)
{
	const struct status *status = &state->status;

	char others[32] = "";

	if (status->mitigated > status->held)
		snprintf(others, sizeof(others), ", %" PRIu32 " otherwise",
			 status->mitigated - status->held);
	snprintf(text, size, "%s: %" PRIu32 " pinners, %" PRIu32 " held%s, %" PRIu32 " exposed%s%s%s",
		 status->mode ? status->mode : "starting", status->pinners, status->held, others,
		 status->exposed, state->helper_fd < 0 ? "; no helper module" : "",
		 status->ineffective ? "; some INEFFECTIVE" : "",
		 state->has_config ? "" : "; BROKEN CONFIGURATION");
}
