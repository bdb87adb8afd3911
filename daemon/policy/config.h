/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.h - what the operator wants
 *
 * Pure: takes texts, gives a struct config or a list of errors, each with file
 * and line and, where there is one, the nearest valid name.  Who reads the
 * files is manager's business.  All errors are reported, not the first; a
 * configuration with one error is no configuration.  pinsafed.conf(5) is the
 * manual; keys.c is the list of keys, value.c knows how values read.
 */
#pragma once

#include "daemon/model.h"

enum bind_to {
	BIND_TO_DEVICE,		/* node of a device that it has open */
	BIND_TO_PINNED,		/* node with most of its pinned bytes */
	BIND_TO_LIST,
};

/* The actions of a policy, to be tried in this order: each further one is what
 * to fall to when those before cannot be had or do not work. */
struct ladder {
	enum action rungs[ACTION_AUTO + 1];
	size_t n;			/* at least 1 */
};

/* Lists are NULL-terminated; NULL: any. */
struct policy {
	char *name;
	int priority;
	char **match_cgroup;		/* globs of paths */
	char **match_unit;		/* globs of names, "rdma@*.service" */
	char **match_user;		/* names and numbers, as given, */
	uid_t *match_uids;		/* and what they are here; side by side */
	size_t n_match_uids;
	char **match_executable;
	char **match_device;
	char **match_driver;		/* globs of modules that pinned */
	uint64_t match_pinned_min;	/* bytes */
	struct ladder ladder;
	enum scope scope;
	enum bind_to bind_to;
	struct nodeset bind_nodes;	/* BIND_TO_LIST */
	uint64_t confine_max_move_bytes;
	bool allow_containers;
	bool fallback_host_off;
	int mode;			/* enum mode, -1: as [Daemon] */
};

/* Where a value of the configuration comes from, for cat-config. */
struct assignment {
	char *section;			/* "Daemon", "Policy accelerators" */
	const char *key;
	char *value;			/* as written; "" resets */
	char *path;
	unsigned int line;
};

struct config {
	enum mode mode;
	bool keep_on_stop;		/* settings; holds end with the daemon's stop */
	unsigned int sweep_interval_sec;	/* 0: 900 with the module, 30 without */
	char *metrics_textfile;		/* NULL: none */
	unsigned int history_size;	/* events */
	bool hold_on_pin_everywhere;
	int verdict;			/* enum verdict, -1: auto */
	struct policy *policies;	/* by priority, higher first, then by name */
	size_t n_policies;
	struct assignment *assignments;	/* in reading order */
	size_t n_assignments;
};

/* Names that only the host knows.  NULL functions: names are errors. */
struct config_lookup {
	/* 0; -ENOENT: there is no such user; negative errno: cannot tell */
	int (*find_user)(const char *name, uid_t *ret_uid);
};

struct config_source {
	const char *path;		/* for messages */
	const char *text;		/* whole file; who reads it refuses NUL bytes */
};

/* Texts are printable ASCII, whatever the file contains. */
struct config_error {
	char *path;
	unsigned int line;
	char *text;
};

struct config_errors {
	struct config_error *errors;
	size_t n_errors;
};

/* Sources in reading order, later values win.  0; -EINVAL: see *ret_errors, and
 * *ret_config is untouched; -ENOMEM.  *ret_errors is always set. */
int config_parse(const struct config_source *sources, size_t n_sources,
		 const struct config_lookup *lookup, struct config *ret_config,
		 struct config_errors *ret_errors);

/* What config_parse() gave, as one file that reads back to the same, defaults
 * too.  Before each "Key=value" stands its origin: "; PATH:LINE", "; default", or
 * "; default again, by PATH:LINE".  0 or -ENOMEM. */
int config_format(const struct config *config, char **ret_text);

/* The configuration of an empty file: audit, no policy. */
void config_init(struct config *config);

void config_done(struct config *config);
void config_errors_done(struct config_errors *errors);

/* Line 0: of the file as a whole.  Beyond 200 errors one more says so: nobody
 * reads on, and they have to fit into a bus message.  0 or -ENOMEM. */
int config_errors_add(struct config_errors *errors, const char *path, unsigned int line,
		      const char *text);

/* NULL: no such policy. */
const struct policy *config_find_policy(const struct config *config, const char *name);

/* Is the action one of the policy's, "auto" standing for those it may choose? */
bool policy_has_action(const struct policy *policy, enum action action);

/* The policy's own Mode, else the daemon's. */
enum mode config_mode(const struct config *config, const struct policy *policy);
