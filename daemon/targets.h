/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * targets.h - the table of known targets
 *
 * A row for each process that pins, opened a device of ours, is held or was
 * ordered about, and for each cgroup that is held as a whole.  Rows hold what
 * was last seen, what policy said of it, what is in force, and the proof.
 * Processes leave the table when they exit: one epoll descriptor gathers the
 * pidfds, so that the loop watches one thing.
 *
 * Pidfds leave a share of the descriptors to everything else: who has so many
 * processes must not keep us from looking at those of others.  Those beyond are
 * looked at now and then, which finds them gone; see exits.h.
 */
#pragma once

#include "daemon/model.h"
#include "daemon/sense/pin.h"

/* A bell rings before the pages are pinned, and an open is told before there is a
 * descriptor of it; so the process is looked at again a little later, and its bell
 * armed again then.  Each ring doubles the wait: growth is noticed, a chatty process
 * costs little. */
struct again {
	uint64_t at_usec;	/* 0: only at the next sweep */
	uint64_t wait_usec;
};

/* What looks told of scans; see proof.h. */
struct scan_mark {
	bool is_set;
	struct scan_position position;
	uint64_t moved_usec;	/* last time it moved while held; 0: never */
};

/* State as operators see it; a change of any is published. */
struct shown {
	bool is_held;
	bool is_draining;
	bool is_released;	/* by an operator's order */
	enum action applied;	/* in force besides a hold; ACTION_NONE: none */
	bool is_settling;	/* that is not everywhere yet: new threads */
	enum plan_op op;
	enum proof proof;
	enum scanned scanned;	/* now, our own action counted in */
	enum risk risk;
	uint64_t pinned_bytes;
};

struct target {
	struct target_id id;
	struct process_facts facts;	/* TARGET_PROCESS, as last looked at */
	int pidfd;

	/* what policy said */
	enum mode mode;
	enum action action;
	char *policy;			/* NULL: none matched */
	char *reason;
	enum scanned scanned_bare;	/* were no action of ours in force */

	/* what is in force: the hold on it or on a cgroup above it */
	struct shown shown;
	struct shown published;
	bool is_published;
	enum origin origin;
	uint64_t since_usec;
	uint64_t refused_scans;
	uint64_t last_refused_usec;
	struct scan_mark scan;
	char *cpus;			/* of what is applied; NULL: none */
	char *mems;
	uint64_t settling_usec;		/* since when it is settling; 0: it is not */
	struct pin_walk walk;		/* a count of its pins under way */

	struct again again;
	uint64_t known_usec;		/* a process: since when it is a target */
	uint64_t looked_usec;		/* 0: not yet */
	int failed;			/* negative errno of the last action */
	int told_failed;		/* of these, the last in the journal */
	bool was_observed;		/* its pin is in the journal */
	unsigned int journal_burst;
	uint64_t journal_usec;
};

struct targets {
	struct target **rows;		/* sorted by target_id_compare() */
	size_t n;
	size_t capacity;
	uint64_t again_usec;		/* no row's again.at_usec is earlier; 0: none has one */
	size_t n_unwatched;		/* processes whose exit nothing tells */
	int exit_fd;			/* epoll of all pidfds; -1: not watched */
};

/* watch_exits: pids are processes of this host. */
int targets_init(struct targets *targets, bool watch_exits);
void targets_done(struct targets *targets);

/* NULL: not known. */
struct target *targets_find(const struct targets *targets, const struct target_id *id);
struct target *targets_find_process(const struct targets *targets, struct process_id id);

/* Index of the first row of a process of that pid, of which there can be several:
 * one that lives and those that have ended. */
size_t targets_find_pid(const struct targets *targets, pid_t pid);

/* Descriptors that pidfds leave free: a quarter of RLIMIT_NOFILE, and so many at
 * most: the folders of all cgroups that the module watches are open at once. */
#define TARGETS_SPARE_FDS	512

/* Is this a process whose exit is to be told, and for want of descriptors is not? */
bool target_is_unwatched(const struct targets *targets, const struct target *row);

/* Finds or adds, copying id; one that is unwatched may be watched from now on.
 * 0; 1: a process, and it is gone; -ENOMEM. */
int targets_add(struct targets *targets, const struct target_id *id, struct target **ret_row);

void targets_drop(struct targets *targets, struct target *row);

/* Which processes have exited, at most room, each told once; number. */
size_t targets_read_exits(struct targets *targets, struct process_id *ids, size_t room);

/* Is the process of this row in the cgroup or below it? */
bool target_is_in_cgroup(const struct target *row, const char *cgroup);

/* Risk not none, scanned now, and nothing of ours in force that helps: where a
 * process is bound, scans go on, but its memory is where its threads are. */
bool target_is_exposed(const struct target *row);

/* "held", "draining", "applied", "released", "watched". */
const char *target_state_name(const struct target *row);

static inline struct target_id target_id_of_process(struct process_id id)
{
	return (struct target_id){ .kind = TARGET_PROCESS, .process = id };
}
