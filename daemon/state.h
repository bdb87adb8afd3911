/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what the daemon knows between two ticks
 *
 * Everything that outlives a tick hangs off one struct state, which main opens
 * and the manager's loop owns.  Events only ever write into "dirty" and the
 * "due" flags; the tick (tick.h) turns those into facts, decisions and actions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/act/ledger.h"
#include "daemon/base/cleanup.h"
#include "daemon/model.h"
#include "daemon/policy/config.h"
#include "daemon/quota.h"
#include "daemon/sense/opens.h"
#include "daemon/setback.h"
#include "daemon/status.h"
#include "daemon/targets.h"
#include "daemon/watch.h"

struct bus;
struct unit_manager;

/* From argv; strings live as long as main(). */
struct options {
	const char *proc_root;
	const char *sys_root;
	const char *dev_root;
	const char *fs_root;		/* whose etc/sysctl.d is meant */
	const char *config_root;	/* NULL: the system's folders */
	const char *runtime_dir;
	const char *device;		/* of the helper module */
	const char *bus;		/* "system", "session" or an address */
};

/* What of a process rang; the later ones outweigh the earlier. */
enum ring { RING_NONE, RING_OPEN, RING_PIN };

/* A process that some event pointed at, to be looked at in the next tick. */
struct dirty_process {
	struct process_id id;	/* start_ticks 0: whatever runs there then */
	enum ring ring;
	char *driver;		/* who pinned, as the bell told; NULL: unknown */
};

/* Sorted by pid, so that a storm of bells costs one entry a process. */
struct dirty {
	struct dirty_process *list;
	size_t n;
	size_t n_rung;		/* of them, whose pin bell rang */
	size_t capacity;
	pid_t next;		/* taken from here on */
	uint64_t wait_usec;	/* and not before: no descriptor was free */
};

/* See survey.h. */
struct survey {
	pid_t *pids;
	size_t n;
	size_t next;
	bool is_thorough;
};

/* Changes that actuators tell of; see inforce.h. */
struct held_list {
	struct held *list;
	size_t n;
};

/* Of one action, since start. */
struct action_tally {
	uint64_t applied;
	uint64_t undone;
	uint64_t failed;
	uint64_t foreign;	/* somebody else had changed it */
	uint64_t ineffective;	/* in force, and without effect */
};

/* Since start; for metrics. */
struct tally {
	struct action_tally actions[ACTION_AUTO];
	uint64_t drifts;	/* of kernel.numa_balancing, by somebody else */
	uint64_t ticks;
	uint64_t looked_at;	/* processes */
	uint64_t sweeps;
	uint64_t resyncs;	/* sweeps because events were lost */
	uint64_t events;
	uint64_t events_lost;
	uint64_t tables_full;
	uint64_t actions_failed;
	uint64_t reloads;
	uint64_t told_usec;	/* when the journal was told of lost events */
	uint64_t told_lost;	/* and how many it knows of */
};

struct state {
	const struct options *options;
	int proc_fd;
	int sys_fd;
	int dev_fd;
	int cgroup_fd;		/* root of cgroup v2; -1: none */
	char *cgroup_path;	/* its name, for inotify */
	bool has_live_proc;	/* not a recorded tree: a pid is a process here */
	int helper_fd;		/* -1: no module */
	struct ledger *ledger;
	struct opens *opens;
	const char *opens_missing;	/* why no opens are heard; NULL: they are, */
	bool are_marks_missing;		/* but for nodes that could not be marked */
	struct watch *watch;
	struct bus *bus;
	const struct unit_manager *units;	/* NULL: no systemd to ask */
	struct quota quota;		/* of who asks */
	struct quota_slots waiting_orders;	/* for polkit */

	struct config config;
	bool has_config;	/* one was good since the start */
	struct host_facts host;
	struct targets targets;
	struct dirty dirty;
	struct survey survey;
	struct held_list holds;		/* what is in force, */
	struct held_list settings;	/* by target, then by action */
	struct setbacks setbacks;
	struct cgroup_facts *cgroups;	/* sorted by path; see stock.h */
	size_t n_cgroups;
	uint64_t cgroups_usec;		/* when they were read */
	struct status status;
	struct tally tally;

	bool is_sweep_due;
	bool has_rung;		/* a bell's process waits for the next decision */
	bool are_nodes_due;	/* device nodes came or went */
	bool is_watch_due;	/* cgroups too */
	bool are_targets_due;	/* what is held may have changed */
	bool are_settings_due;	/* to be read back */
	bool is_armed;		/* the gate's probe fires, as last measured */
	bool is_table_full;	/* of the module, or was a short while ago */
	uint64_t table_usec;	/* see then whether it still is; 0: not yet full */
	uint64_t table_refused;	/* places it had refused when last looked at */
	uint64_t now_usec;	/* of the tick */
	uint64_t decide_usec;	/* a bell's hold or an override runs out then */
	uint64_t decided_usec;	/* the last decision was made then, by */
	uint64_t effort_usec;	/* state_clock_usec(), and took so long */
	uint64_t unwatched_usec;	/* look at targets without a pidfd then, if any */
	bool has_told_unwatched;	/* in the journal, once */
	uint64_t strangers_usec;	/* look at held processes without a row then */
	uint64_t look_usec;	/* prove holds then; 0: nothing to prove */
	uint64_t sweep_usec;	/* sweep then */
	uint64_t swept_usec;	/* the last sweep, */
	uint64_t swept_pins;	/* and the host-wide counter at it */
	uint64_t thorough_usec;	/* the last one that was thorough */
	bool do_pins_stand;	/* at the last poll, some were not released */
	int balancing;		/* of the host, as last seen, or as we made it */
	struct nodeset cpus;	/* that are online, as last seen; empty: unknown */
	uint64_t cpus_usec;	/* when they were last found to be others; 0: never */
	uint64_t drift_usec;	/* see then whether somebody else changed it */
	uint64_t metrics_usec;	/* write the file then; 0: no file */
	int metrics_error;	/* of the last time; 0: none */
	size_t look_cursor;	/* whose scan sequence is read next */
	size_t watches_left_out;	/* for which the module has no room */
};

/* Opens the roots and the ledger, and loads what does not change; 0, or
 * negative errno with the culprit in *ret_what (constant or from options). */
int state_open(struct state *state, const struct options *options, const char **ret_what);
void state_done(struct state *state);

DEFINE_CLEANUP_EMBEDDED(struct state, state_done);

/* Looks for the module, on a descriptor kept for us (-1: none) or by opening
 * the device.  0: there (state->helper_fd); negative errno: why not. */
int state_open_helper(struct state *state, int kept_fd);

/* Can the module count pinned pages here? */
bool state_has_sight(const struct state *state);

/* Are opens of devices that policies name heard by fanotify, or by nobody? */
bool state_hears_opens(const struct state *state);

/* Host-wide facts that may have changed, read where they are wanted: a vmstat
 * per node is too dear for each tick. */
void state_refresh_balancing(struct state *state);
void state_refresh_pins(struct state *state);

/* What the host lets us do: ptrace(2), and ask systemd. */
void state_refresh_rights(struct state *state);

/* One process to look at; driver as the pin bell told it, or NULL.  Never fails:
 * without memory the whole host is swept. */
void state_mark(struct state *state, struct process_id id, enum ring ring, const char *driver);

/* All known targets. */
void state_mark_targets(struct state *state);

/* Moves one to the caller, who owns its driver string; false: there is none.  Whose
 * pin bell rang comes first: it is scanned until it is held.  Goes round by pid, so
 * that one that is marked again and again has to wait for its likes. */
bool state_take_dirty(struct state *state, struct dirty_process *ret_dirty);

/* CLOCK_BOOTTIME. */
uint64_t state_now_usec(void);

/* CLOCK_MONOTONIC: how long a tick works, never what it decides. */
uint64_t state_clock_usec(void);

/* The earlier of two times, 0 being never. */
static inline uint64_t time_earlier(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* Has a tick something to do now?  Asked after each message that anybody sends, so
 * without a walk through the targets. */
bool state_has_work(const struct state *state, uint64_t now_usec);

/* When a tick has something to do without any event; 0: never. */
uint64_t state_next_usec(const struct state *state);
