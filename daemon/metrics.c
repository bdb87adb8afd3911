// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sense/helper.h"
#include "daemon/state.h"

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# TYPE pinsafe_%s %s\n# HELP pinsafe_%s %s\n", name, type, name, help);
}

static void gauge(FILE *out, const char *name, uint64_t value, const char *help)
{
	family(out, name, "gauge", help);
	fprintf(out, "pinsafe_%s %" PRIu64 "\n", name, value);
}

/* A counter's sample has a suffix that its family has not. */
static void counter(FILE *out, const char *name, uint64_t value, const char *help)
{
	family(out, name, "counter", help);
	fprintf(out, "pinsafe_%s_total %" PRIu64 "\n", name, value);
}

static void put_build(FILE *out, const struct state *state)
{
	const struct host_facts *host = &state->host;

	family(out, "build", "info", "Versions of daemon and helper module.");
	fprintf(out, "pinsafe_build_info{version=\"%s\",module=\"%s\"} 1\n", PACKAGE_VERSION,
		host->has_module && host->module_version ? host->module_version : "");
	family(out, "kernel", "info", "Verdict on CVE-2022-48797 for this kernel.");
	fprintf(out, "pinsafe_kernel_info{verdict=\"%s\"} 1\n",
		state->status.verdict ? state->status.verdict : "unknown");
}

static void put_targets(FILE *out, const struct state *state)
{
	static const char *const states[] = { "held", "draining", "applied", "released", "watched" };
	const struct targets *targets = &state->targets;

	family(out, "targets", "gauge", "Known processes by state.");
	for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++) {
		size_t n = 0;

		for (size_t i = 0; i < targets->n; i++)
			n += targets->rows[i]->id.kind == TARGET_PROCESS &&
			     strcmp(target_state_name(targets->rows[i]), states[s]) == 0;
		fprintf(out, "pinsafe_targets{state=\"%s\"} %zu\n", states[s], n);
	}
	gauge(out, "pinners", state->status.pinners, "Processes that pin memory.");
	gauge(out, "exposed", state->status.exposed,
	      "Pinners whose memory NUMA balancing scans now.");
	gauge(out, "ineffective", state->status.ineffective,
	      "Processes whose action is in force and without effect.");
	gauge(out, "mitigated", state->status.mitigated,
	      "Processes that are held or have another action in force.");
	gauge(out, "remote_pinned_bytes", state->status.remote_pinned_bytes,
	      "Pinned memory on another node than the devices of its process.");
}

/* A row for each action, so that alerts need not wait for the first one. */
static void put_actions(FILE *out, const struct state *state)
{
	static const struct {
		const char *name;
		size_t offset;
		const char *help;
	} counters[] = {
		{ "actions_applied", offsetof(struct action_tally, applied), "Actions applied." },
		{ "actions_undone", offsetof(struct action_tally, undone), "Actions undone." },
		{ "actions_refused", offsetof(struct action_tally, failed),
		  "Actions that could not be carried out." },
		{ "actions_foreign", offsetof(struct action_tally, foreign),
		  "Actions given up because somebody else changed what they had set." },
		{ "actions_ineffective", offsetof(struct action_tally, ineffective),
		  "Actions that were in force and without effect." },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		family(out, counters[i].name, "counter", counters[i].help);
		for (int action = ACTION_HOLD; action < ACTION_AUTO; action++) {
			const char *tally = (const char *)&state->tally.actions[action];

			fprintf(out, "pinsafe_%s_total{action=\"%s\"} %" PRIu64 "\n",
				counters[i].name, action_name((enum action)action),
				*(const uint64_t *)(tally + counters[i].offset));
		}
	}
}

static uint64_t bytes_on_node(const struct targets *targets, unsigned int node)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < targets->n; i++) {
		const struct process_facts *facts = &targets->rows[i]->facts;

		for (size_t k = 0; k < facts->n_pinned; k++)
			bytes += facts->pinned[k].node == node ? facts->pinned[k].bytes : 0;
	}
	return bytes;
}

static void put_pinned(FILE *out, const struct state *state)
{
	const struct nodeset *nodes = &state->host.nodes_memory;
	uint64_t bytes = 0;

	family(out, "pinned_node_bytes", "gauge",
	       "Pinned memory of known processes per node, where the module can see it.");
	for (int node = nodeset_next(nodes, 0); node >= 0;
	     node = nodeset_next(nodes, (unsigned int)node + 1))
		fprintf(out, "pinsafe_pinned_node_bytes{node=\"%d\"} %" PRIu64 "\n", node,
			bytes_on_node(&state->targets, (unsigned int)node));
	for (size_t i = 0; i < state->targets.n; i++)
		bytes += state->targets.rows[i]->shown.pinned_bytes;
	gauge(out, "pinned_bytes", bytes, "Pinned memory of known processes, best figure.");
}

static void put_module(FILE *out, const struct state *state)
{
	struct pinsafe_counters counters = { 0 };

	gauge(out, "module_loaded", state->helper_fd >= 0, "1: the helper module is there.");
	gauge(out, "probes_armed", state->helper_fd >= 0 && state->is_armed,
	      "1: the module's probes fire.");
	if (state->helper_fd < 0 || helper_read_counters(state->helper_fd, &counters) < 0)
		return;
	counter(out, "refused_scans", counters.refused_scans, "Scans that a hold refused.");
	counter(out, "gate_calls", counters.gate_calls, "Scans that asked to start.");
	counter(out, "pin_calls", counters.pin_calls, "Long-term pins seen by the module.");
	counter(out, "open_calls", counters.open_calls, "Opens of watched devices.");
	counter(out, "module_events_lost", counters.events_lost,
		"Events that the module's queue had no room for.");
	counter(out, "module_table_full", counters.table_full,
		"Holds or bells that the module's table had no room for.");
	counter(out, "module_missed", counters.missed, "Times a probe could not run.");
	gauge(out, "module_holds", counters.holds, "Entries held, processes and cgroups.");
}

static void put_daemon(FILE *out, const struct state *state)
{
	const struct tally *tally = &state->tally;

	gauge(out, "last_reload_successful", (uint64_t)state->status.last_reload_successful,
	      "1: the configuration in force is the one on disk at the last reload.");
	counter(out, "reloads", tally->reloads, "Configurations put in force.");
	counter(out, "ticks", tally->ticks, "Times the daemon looked, decided and acted.");
	counter(out, "looks", tally->looked_at, "Processes looked at.");
	counter(out, "sweeps", tally->sweeps, "Looks at the whole host.");
	counter(out, "resyncs", tally->resyncs, "Sweeps because events were lost.");
	counter(out, "events", tally->events, "Events taken in.");
	counter(out, "events_lost", tally->events_lost, "Events lost.");
	counter(out, "tables_full", tally->tables_full,
		"Times the module had no room for a hold.");
	counter(out, "actions_failed", tally->actions_failed,
		"Actions that could not be carried out.");
}

static void put_host(FILE *out, const struct state *state)
{
	const struct host_facts *host = &state->host;

	gauge(out, "numa_balancing_enabled", host->balancing > 0,
	      "1: kernel.numa_balancing is not 0.");
	counter(out, "numa_balancing_drifts", state->tally.drifts,
		"Times somebody else changed kernel.numa_balancing.");
	if (!host->has_pin_counters)
		return;
	counter(out, "host_pins_acquired_pages", host->pins_acquired,
		"Pages pinned on this host by anybody, for however short.");
	counter(out, "host_pins_released_pages", host->pins_released,
		"Pages unpinned on this host.");
}

int metrics_format(const struct state *state, char **ret_text)
{
	size_t length;
	FILE *out = open_memstream(ret_text, &length);

	if (!out)
		return -ENOMEM;
	put_build(out, state);
	put_targets(out, state);
	put_actions(out, state);
	put_pinned(out, state);
	put_module(out, state);
	put_daemon(out, state);
	put_host(out, state);
	fprintf(out, "# EOF\n");
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

/* ---- the file ---------------------------------------------------------------------- */

static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0)
			return -errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Everyone may read it, whatever the umask of a service. */
static int write_file(const char *path, const char *text)
{
	_cleanup_(close) int fd = -1;

	/* The folder may be another's, who could leave a FIFO or a link there. */
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0)
		return -errno;
	return write_all(fd, text);
}

static int replace_file(const char *path, const char *text)
{
	_cleanup_(free) char *temporary = NULL;
	int r;

	if (asprintf(&temporary, "%s.tmp", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	r = write_file(temporary, text);
	if (r >= 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

void metrics_write(struct state *state, uint64_t now_usec)
{
	const char *path = state->config.metrics_textfile;
	_cleanup_(free) char *text = NULL;
	int r;

	if (!path) {
		state->metrics_usec = 0;
		return;
	}
	if (state->metrics_usec > now_usec)
		return;
	state->metrics_usec = now_usec + METRICS_WRITE_USEC;
	state_refresh_pins(state);
	r = metrics_format(state, &text);
	if (r >= 0)
		r = replace_file(path, text);
	if (r < 0 && r != state->metrics_error)
		log_warning("cannot write %s: %s; see MetricsTextfile= in pinsafed.conf(5), ignoring",
			    path, strerror(-r));
	state->metrics_error = r;
}
