/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.h - what the operator wants
 *
 * Pure: takes texts, gives a struct config or a list of errors, each with file
 * and line and, where there is one, the nearest valid name.  Who reads the
 * files is manager's business.  All errors are reported, not the first; a
 * configuration with one error is no configuration.  pinsafed.conf(5) is the
 * manual; keys.c is the list of keys.
 */
#pragma once

#include "daemon/model.h"

struct policy {
	char *name;
	int priority;
	char **match_cgroup;		/* globs, NULL-terminated; NULL: any */
	char **match_executable;
	char **match_device;
	uint64_t match_pinned_min;	/* bytes */
	enum action action;
	enum scope scope;
	int mode;			/* enum mode, -1: as [Daemon] */
};

struct config {
	enum mode mode;
	unsigned int sweep_interval_sec;	/* 0: 900 with the module, 30 without */
	bool hold_on_pin_everywhere;
	int verdict;			/* enum verdict, -1: auto */
	struct policy *policies;	/* by priority, higher first, then by name */
	size_t n_policies;
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
		 struct config *ret_config, struct config_errors *ret_errors);

/* The configuration of an empty file: audit, no policy. */
void config_init(struct config *config);

void config_done(struct config *config);
void config_errors_done(struct config_errors *errors);

/* NULL: no such policy. */
const struct policy *config_find_policy(const struct config *config, const char *name);

/* The policy's own Mode, else the daemon's. */
enum mode config_mode(const struct config *config, const struct policy *policy);
