// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "daemon/base/log.h"

bool journal_may_speak(struct target *row, uint64_t now_usec)
{
	if (row->journal_burst == 0 || now_usec >= row->journal_usec + JOURNAL_WINDOW_USEC) {
		row->journal_usec = now_usec;
		row->journal_burst = 0;
	}
	return row->journal_burst < JOURNAL_BURST && ++row->journal_burst;
}

static struct log_fields fields_of(const struct target *row, const char *message_id)
{
	return (struct log_fields){
		.message_id = message_id,
		.pid = row->id.process.pid,
		.start_ticks = row->id.process.start_ticks,
		.cgroup = row->id.cgroup ? row->id.cgroup : row->facts.cgroup,
		.policy = row->policy,
		.action = action_name(row->action),
		.reason = row->reason,
	};
}

/* "process 4711 (train)" or "cgroup /a/b". */
static const char *name_of(const struct target *row, char *name, size_t size)
{
	switch (row->id.kind) {
	case TARGET_PROCESS:
		snprintf(name, size, "process %d (%.*s)", row->id.process.pid, MODEL_COMM,
			 row->facts.comm);
		break;
	case TARGET_CGROUP:
		snprintf(name, size, "cgroup %s", row->id.cgroup ? row->id.cgroup : "?");
		break;
	case TARGET_HOST:
		snprintf(name, size, "this host");
		break;
	}
	return name;
}

/* The last line before silence says so. */
static const char *hush_of(const struct target *row)
{
	return row->journal_burst == JOURNAL_BURST ?
		       " (changes often; no more of it for a minute)" : "";
}

static void say(int level, const char *message_id, struct target *row, enum action action,
		uint64_t now_usec, const char *what)
{
	struct log_fields fields = fields_of(row, message_id);
	char name[256];

	fields.action = action_name(action);
	if (!journal_may_speak(row, now_usec))
		return;
	log_write(level, &fields, "%s %s: %s%s", name_of(row, name, sizeof(name)), what,
		  row->reason ? row->reason : "no reason given", hush_of(row));
}

/* What is so while an action is in force, and when it has ended. */
static const char *sentence_of(enum action action)
{
	switch (action) {
	case ACTION_NONE:
	case ACTION_AUTO:
		break;
	case ACTION_HOLD:
		return "is held";
	case ACTION_MEMPOLICY:
		return "has memory policy local in each thread";
	case ACTION_BIND:
		return "is bound to the CPUs of its node";
	case ACTION_CONFINE:
		return "is confined to a cpuset";
	case ACTION_HOST_OFF:
		return "is not balanced, host-wide";
	}
	return "is watched";
}

static const char *end_of(enum action action)
{
	switch (action) {
	case ACTION_NONE:
	case ACTION_AUTO:
		break;
	case ACTION_HOLD:
		return "is released";
	case ACTION_MEMPOLICY:
		return "has its memory policy back";
	case ACTION_BIND:
		return "has its CPUs back";
	case ACTION_CONFINE:
		return "has its cpuset back";
	case ACTION_HOST_OFF:
		return "is balanced again";
	}
	return "is watched";
}

void journal_applied(struct target *row, enum action action, uint64_t now_usec)
{
	say(LOG_INFO, LOG_ID_TARGET_HELD, row, action, now_usec, sentence_of(action));
}

void journal_would_apply(struct target *row, uint64_t now_usec)
{
	char what[64];

	snprintf(what, sizeof(what), "would get \"%s\" (audit)", action_name(row->action));
	say(LOG_INFO, LOG_ID_TARGET_HELD, row, row->action, now_usec,
	    row->action == ACTION_HOLD ? "would be held (audit)" : what);
}

void journal_undone(struct target *row, enum action action, uint64_t now_usec)
{
	say(LOG_INFO, LOG_ID_TARGET_RELEASED, row, action, now_usec, end_of(action));
}

void journal_pin_observed(struct target *row, uint64_t now_usec)
{
	struct log_fields fields = fields_of(row, LOG_ID_PIN_OBSERVED);
	char name[256];

	if (!journal_may_speak(row, now_usec))
		return;
	log_write(LOG_INFO, &fields, "%s pins memory: %" PRIu64 " kB%s%s",
		  name_of(row, name, sizeof(name)), process_pinned_bytes(&row->facts) / 1024,
		  row->facts.driver ? " through " : "",
		  row->facts.driver ? row->facts.driver : "");
}

static const char *ineffective_of(enum action action)
{
	switch (action) {
	case ACTION_NONE:
	case ACTION_AUTO:
		break;
	case ACTION_HOLD:
		return "is scanned in spite of its hold, the next action of its policy is tried";
	case ACTION_MEMPOLICY:
		return "does not take the memory policy in each thread, the next action of its policy is tried";
	case ACTION_BIND:
		return "does not stay on its CPUs with each thread, the next action of its policy is tried";
	case ACTION_CONFINE:
		return "is not confined by the cpuset that was set, the next action of its policy is tried";
	case ACTION_HOST_OFF:
		return "is scanned in spite of host-off, as it is where bit 1 of kernel.numa_balancing (tiering) is set; the next action of its policy is tried";
	}
	return "is not helped";
}

void journal_ineffective(struct target *row, enum action action, uint64_t now_usec)
{
	struct log_fields all = { .message_id = LOG_ID_INEFFECTIVE };

	if (row)
		say(LOG_WARNING, LOG_ID_INEFFECTIVE, row, action, now_usec,
		    ineffective_of(action));
	else
		log_write(LOG_ERR, &all,
			  "holds have no effect: the module's probes do not fire; see that kernel.ftrace_enabled is 1 and debugfs kprobes/enabled too");
}

void journal_effective_again(void)
{
	struct log_fields all = { .message_id = LOG_ID_INEFFECTIVE };

	log_write(LOG_NOTICE, &all, "holds are in effect again: the module's probes fire");
}

/* How an errno of an action reads to an operator. */
static const char *explain(enum action action, int error)
{
	if (action != ACTION_HOLD)
		return strerror(-error);
	switch (-error) {
	case ENOSPC:
		return "the module's table is full; hold a cgroup instead (Scope=cgroup), or load the module with a larger one";
	case EPERM:
	case EACCES:
		return "not permitted; the service lacks CAP_SYS_ADMIN or access to the device";
	case EOPNOTSUPP:
		return "the module cannot do this on this kernel";
	default:
		return strerror(-error);
	}
}

void journal_action_failed(struct target *row, const struct plan_item *item, int error,
			   const char *why, uint64_t now_usec)
{
	struct log_fields fields = fields_of(row, LOG_ID_ACTION_FAILED);
	bool is_undo = item->op == PLAN_UNDO;
	char name[256];

	if (row->told_failed == error || !journal_may_speak(row, now_usec))
		return;
	row->told_failed = error;
	fields.action = action_name(item->action);
	fields.reason = why[0] ? why : explain(item->action, error);
	log_write(LOG_ERR, &fields, "cannot %s%s %s: %s", is_undo ? "undo " : "",
		  action_name(item->action), name_of(row, name, sizeof(name)), fields.reason);
}

void journal_foreign(struct target *row, enum action action, uint64_t now_usec)
{
	struct log_fields fields = fields_of(row, LOG_ID_FOREIGN);
	char name[256];

	if (!journal_may_speak(row, now_usec))
		return;
	fields.action = action_name(action);
	log_write(LOG_WARNING, &fields,
		  "%s: somebody else has changed what %s had set; left as it is, and not set again before a reload",
		  name_of(row, name, sizeof(name)), action_name(action));
}

void journal_drift(const struct host_facts *host, int before)
{
	struct log_fields fields = { .message_id = LOG_ID_DRIFT };

	log_write(LOG_WARNING, &fields,
		  "kernel.numa_balancing was changed from %d to %d, not by pinsafed%s%s", before,
		  host->balancing, host->balancing_owner ? "; that is the value of " : "",
		  host->balancing_owner ? host->balancing_owner : "");
}

void journal_module(const struct host_facts *host)
{
	struct log_fields fields = { .message_id = LOG_ID_MODULE_MISSING };

	if (host->has_module)
		log_info("helper module %s, interface %u", host->module_version,
			 host->module_abi);
	else
		log_write(LOG_WARNING, &fields,
			  "works without the helper module, so nothing can be held: %s",
			  host->module_missing ? host->module_missing : "not there");
}

void journal_behind(const struct state *state)
{
	log_warning("%s/ledger cannot be written: make room there; nothing but holds is taken until then",
		    state->options->runtime_dir);
}

void journal_ledger(const struct state *state)
{
	const struct ledger *ledger = state->ledger;

	if (ledger_was_newer(ledger))
		log_warning("the ledger is of a newer pinsafed: kept as %s/ledger.newer; what it tells of stays set until that version finds it as \"ledger\" and is stopped, or until the next boot",
			    state->options->runtime_dir);
	if (ledger_skipped(ledger) > 0)
		log_warning("%u lines of the ledger make no sense, ignoring",
			    ledger_skipped(ledger));
	if (ledger_is_behind(ledger))
		journal_behind(state);
}

void journal_events_lost(struct tally *tally, uint64_t now_usec)
{
	struct log_fields fields = { .message_id = LOG_ID_EVENTS_LOST };

	if (tally->told_usec && now_usec < tally->told_usec + JOURNAL_WINDOW_USEC)
		return;
	log_write(LOG_WARNING, &fields,
		  "%" PRIu64 " events were lost, looking at the whole host again",
		  tally->events_lost - tally->told_lost);
	tally->told_usec = now_usec;
	tally->told_lost = tally->events_lost;
}

void journal_reloaded(const struct config *config)
{
	struct log_fields fields = { .message_id = LOG_ID_RELOADED };

	log_write(LOG_INFO, &fields, "configuration loaded: mode %s, %zu policies",
		  mode_name(config->mode), config->n_policies);
}

void journal_reload_failed(const char *errors, bool has_config)
{
	struct log_fields fields = { .message_id = LOG_ID_RELOAD_FAILED };
	char line[1024];

	log_write(LOG_ERR, &fields, "configuration not loaded, %s:",
		  has_config ? "the old one stays in force" :
			       "nothing is held or released until it is mended");
	while (*errors) {
		size_t length = strcspn(errors, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, errors);
		log_write(LOG_ERR, &fields, "%s", line);
		errors += length + (errors[length] == '\n');
	}
}
