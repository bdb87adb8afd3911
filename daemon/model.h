/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - the nouns that sense, policy and act share
 *
 * Data only: no functions that do anything, no I/O.  The three wings do not
 * know each other; what flows between them are these shapes:
 *
 *      sense --- struct snapshot --->  policy_decide()  --- struct plan ---> act
 *                struct held[] ------>
 *
 * Strings inside are owned by the structure that holds them unless it says
 * otherwise.  Bytes are bytes, times are microseconds of CLOCK_BOOTTIME.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/base/nodeset.h"

#define MODEL_NODES	1024	/* MAX_NUMNODES of x86 and arm64 at most */
#define MODEL_COMM	16	/* TASK_COMM_LEN */

/* ---- identity ---------------------------------------------------------- */

/* A process is pid + start time everywhere (field 22 of /proc/PID/stat): a
 * reused pid is another process. */
struct process_id {
	pid_t pid;
	uint64_t start_ticks;
};

enum target_kind {
	TARGET_PROCESS,
	TARGET_CGROUP,
	TARGET_HOST,
};

/* What an action applies to: one process, a cgroup and all below it, or the
 * whole host (host-off). */
struct target_id {
	enum target_kind kind;
	struct process_id process;	/* TARGET_PROCESS */
	uint64_t cgroup_id;		/* TARGET_CGROUP: inode of its directory */
	char *cgroup;			/* TARGET_CGROUP: path, "/a/b" */
};

/* ---- vocabulary -------------------------------------------------------- */

enum action {
	ACTION_NONE,
	ACTION_HOLD,		/* no scan starts: the module's gate */
	ACTION_MEMPOLICY,	/* MPOL_LOCAL in every thread: never scanned */
	ACTION_BIND,		/* all threads on the CPUs of chosen nodes */
	ACTION_CONFINE,		/* cpuset of its unit or cgroup */
	ACTION_HOST_OFF,	/* kernel.numa_balancing, bit 0 */
	ACTION_AUTO,		/* of a policy only: the mildest that suffices */
};

enum scope {
	SCOPE_PROCESS,
	SCOPE_CGROUP,
};

enum mode {
	MODE_AUDIT,		/* say what would be done */
	MODE_ENFORCE,
};

/* CVE-2022-48797; see sense/kernel.h. */
enum verdict {
	VERDICT_UNKNOWN,
	VERDICT_AFFECTED,
	VERDICT_FIXED,
};

/* What NUMA balancing can do to this target's pinned memory here. */
enum risk {
	RISK_NONE,		/* it pins nothing, or nobody balances */
	RISK_COST,
	RISK_CORRUPTION,
};

/* Does the kernel scan it now; all but YES say why not. */
enum scanned {
	SCANNED_YES,
	SCANNED_NO_HELD,
	SCANNED_NO_OWN_POLICY,	/* every thread has an explicit mempolicy */
	SCANNED_NO_ONE_NODE,	/* the host has one memory node */
	SCANNED_NO_SYSCTL,	/* kernel.numa_balancing is 0, or not there */
	SCANNED_NO_REALTIME,	/* no thread of the fair class */
	SCANNED_NO_CPUSET,	/* single-node cpuset.mems, 6.16 and later */
};

/* How sure we are that an action works. */
enum proof {
	PROOF_NONE,		/* no action to prove */
	PROOF_VERIFIED,		/* refusals rise, scan sequence stands still */
	PROOF_IDLE,		/* nothing to refuse yet */
	PROOF_UNVERIFIED,	/* cannot be seen here */
	PROOF_INEFFECTIVE,	/* scans go on, or the probes are not armed */
};

/* ---- facts (sense -> policy) ------------------------------------------- */

/* An open device node of a process.  A container may have its node anywhere
 * and under any name, so the path is the kernel's name for the number. */
struct device_open {
	char *path;		/* "/dev/x"; what /proc/PID/fd shows, failing that */
	uint32_t major, minor;
	int node;		/* of the device, from sysfs; -1: unknown */
};

/* Bytes per node; nodes without any are not listed. */
struct node_bytes {
	unsigned int node;
	uint64_t bytes;
};

struct process_facts {
	struct process_id id;
	char comm[MODEL_COMM];	/* as the kernel gives it: any bytes but NUL */
	uid_t uid;		/* effective */
	char *exe;		/* NULL: kernel thread, or not readable */
	char *cgroup;		/* cgroup v2 path, "/a/b"; NULL: not on v2 */
	uint64_t cgroup_id;	/* 0: unknown */
	unsigned int threads;

	/* who pins what; each source is blind to some drivers */
	uint64_t vm_pin_bytes;	/* VmPin of status */
	uint64_t uring_bytes;	/* registered buffers of its own rings, from fdinfo; at least */
	bool pin_rang;		/* the module's pin bell rang */
	char *driver;		/* module or symbol that pinned; NULL: unknown */
	bool is_counting;	/* it may pin more than this shows: a pin, or a count, is
				 * under way */
	bool has_sight;		/* the module has counted: */
	struct node_bytes *pinned;	/* exact, small pages */
	size_t n_pinned;
	uint64_t pinned_bytes;		/* their sum */
	uint64_t large_bytes;		/* mapped from pinned large folios */
	struct device_open *devices;
	size_t n_devices;

	/* what decides whether it is scanned */
	bool is_realtime;	/* all threads */
	bool has_own_policy;	/* all threads looked at */
	char *cpus_allowed;	/* of its first thread, as a list; NULL: unknown */
	struct nodeset mems_allowed;
	bool has_scan_seq;
	uint64_t scan_seq;	/* mm->numa_scan_seq */
};

/* An online node.  distances[i] is to the ith of the host's nodes, as the
 * firmware has it (10: itself); NULL: not told. */
struct host_node {
	unsigned int node;
	struct nodeset cpus;		/* empty: CXL memory, a GPU's memory */
	unsigned int *distances;
};

struct host_facts {
	struct host_node *nodes;	/* sorted by node */
	size_t n_nodes;
	struct nodeset nodes_online;
	struct nodeset nodes_memory;	/* has_memory */
	struct nodeset nodes_cpu;	/* has_cpu */
	char *kernel_release;		/* uname -r */
	char *kernel_version;		/* upstream x.y.z from /proc/version */
	unsigned int kernel_code;	/* x << 16 | y << 8 | min(z, 255); 0: unknown */
	enum verdict verdict;
	char *verdict_reason;		/* one sentence */
	int balancing;			/* sysctl; -1: file is not there */
	int balancing_at_start;		/* when we started, likewise */
	char *balancing_owner;		/* who set it: "/etc/sysctl.d/9.conf:3",
					 * "kernel command line", ...; NULL: nobody
					 * that we can see */
	bool can_trace;			/* we may ptrace: mempolicy */
	bool has_systemd;		/* its bus answers: confine of units */
	bool has_cgroup2;
	bool has_pin_counters;
	uint64_t pins_acquired;		/* nr_foll_pin_acquired, host-wide */
	uint64_t pins_released;
	/* the helper module */
	bool has_module;
	char *module_missing;		/* why not, NULL with the module */
	uint32_t module_abi;
	uint64_t module_features;	/* PINSAFE_FEATURE_* */
	uint32_t module_armed;		/* of these, whose probes fire now */
	uint32_t module_max_holds;	/* processes that its table has room for */
	char *module_version;
};

/* A cgroup that a policy may confine: read only where one could. */
struct cgroup_facts {
	char *path;
	uint64_t id;
	bool is_systemd;	/* a unit's own; else libcgroup's to change */
	bool has_cpuset;	/* its controller can be had here */
	struct nodeset cpus;	/* effective */
	struct nodeset mems;
	bool has_resident;	/* memory.numa_stat is there */
	struct node_bytes *resident;	/* anon and file, shmem among it */
	size_t n_resident;
};

/* What the daemon looked at: the host, the processes that were dirty or are
 * targets, sorted by pid, and cgroups, sorted by path. */
struct snapshot {
	struct host_facts host;
	struct process_facts *processes;
	size_t n_processes;
	struct cgroup_facts *cgroups;
	size_t n_cgroups;
};

/* ---- what is in force now (act -> policy) ------------------------------- */

enum origin {
	ORIGIN_POLICY,		/* we decided it */
	ORIGIN_BELL,		/* taken inside a probe, policy not yet asked */
	ORIGIN_OVERRIDE,	/* pinsafectl hold */
};

/* A change of ours.  For settings (all but hold) it is what the ledger says that
 * we set, compared with what is set. */
struct held {
	struct target_id id;
	enum action action;
	enum origin origin;
	char *policy;			/* that wanted it; NULL: none, or unknown */
	bool is_draining;		/* not everywhere yet: old scans, new threads */
	bool is_foreign;		/* somebody else has changed it since */
	bool is_reset;			/* is_foreign, but as if nobody asked for anything */
	char *cpus;			/* bind, confine: that we set; else NULL */
	char *mems;			/* confine */
	uint64_t since_usec;
	uint64_t refused_scans;
	uint64_t last_refused_usec;	/* 0: none yet */
};

/* An operator's word on one target; beats every policy until it ends. */
struct override {
	struct target_id id;
	bool hold;		/* false: released */
	uint64_t until_usec;	/* 0: until the target is gone */
};

/* Why an action is not to be tried on a target for the time being; the next rung
 * of the policy's ladder is taken. */
struct setback {
	struct target_id id;
	enum action action;
	char *reason;		/* "Operation not permitted", "somebody else ..." */
	uint64_t until_usec;	/* 0: while the target lives, or until a reload */
};

/* ---- plan (policy -> act) ---------------------------------------------- */

enum plan_op {
	PLAN_WATCH,		/* known, nothing to do */
	PLAN_APPLY,		/* also again, with other cpus or mems */
	PLAN_KEEP,		/* in force, stays so */
	PLAN_UNDO,
};

/* One line per known target, also where nothing changes, and one for each
 * further action in force on it: status, explain and audit read the same plan. */
struct plan_item {
	enum plan_op op;
	struct target_id id;
	struct process_id process;	/* the process this came from */
	enum mode mode;			/* PLAN_UNDO: always MODE_ENFORCE */
	enum action action;		/* wanted; PLAN_UNDO: what is undone */
	char *cpus;			/* bind, confine: to set, as a list; else NULL */
	char *mems;			/* confine */
	enum risk risk;
	enum scanned scanned;		/* before the plan is carried out */
	char *policy;			/* name; NULL: none matched */
	char *reason;			/* one sentence for the operator */
};

struct plan {
	struct plan_item *items;	/* sorted by target, then by action */
	size_t n_items;
	uint64_t next_usec;		/* decide again then, 0: only on events */
};

/* Text forms, as JSON, D-Bus, configuration, the ledger and golden tests spell
 * them: "none", "hold", "host-off"; "process", "cgroup", "host"; "audit",
 * "enforce"; "affected" ...; scanned: "yes", "no: held", ... */
const char *target_kind_name(enum target_kind kind);
const char *action_name(enum action action);
const char *scope_name(enum scope scope);
const char *mode_name(enum mode mode);
const char *verdict_name(enum verdict verdict);
const char *risk_name(enum risk risk);
const char *scanned_name(enum scanned scanned);
const char *proof_name(enum proof proof);
const char *origin_name(enum origin origin);
const char *plan_op_name(enum plan_op op);

/* Free what a structure owns, and zero it. */
void target_id_done(struct target_id *id);
void process_facts_done(struct process_facts *facts);
void host_facts_done(struct host_facts *host);
void cgroup_facts_done(struct cgroup_facts *facts);
void snapshot_done(struct snapshot *snapshot);
void plan_done(struct plan *plan);
void setback_done(struct setback *setback);

/* *ret_copy owns its own strings; 0 or -ENOMEM. */
int target_id_copy(const struct target_id *id, struct target_id *ret_copy);

/* Order for sorting and equality: processes first, by pid and start; cgroups
 * by id; the host.  <0, 0, >0. */
int target_id_compare(const struct target_id *a, const struct target_id *b);

/* Where the order on id is among those sorted by target, or where it would be. */
size_t override_find(const struct override *orders, size_t n, const struct target_id *id,
		     bool *ret_found);
/* That order, for qsort(3). */
int override_compare(const void *a, const void *b);

/* By pid, then by start time; <0, 0, >0. */
int process_id_compare(struct process_id a, struct process_id b);

static inline bool process_id_equal(struct process_id a, struct process_id b)
{
	return a.pid == b.pid && a.start_ticks == b.start_ticks;
}

/* A pinner: some source says that this process pins memory for long.  Opening
 * a device is not pinning. */
bool process_is_pinner(const struct process_facts *facts);

/* The best figure any source gives. */
uint64_t process_pinned_bytes(const struct process_facts *facts);
