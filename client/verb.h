/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verb.h - what a verb is, and what it is told
 *
 * One row of main.c's table per verb.  A verb prints its answer, complains on
 * stderr, and returns the exit code; it never exits.  pinsafectl(1) is the
 * manual.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_code {
	EXIT_YES = 0,		/* yes, or done */
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_RUNNING = 3,	/* the daemon */
	EXIT_DENIED = 4,
	EXIT_NO_TARGET = 5,
	EXIT_TROUBLE = 64,	/* pinsafe itself, not the question */
};

/* Options that a verb takes beyond --quiet and --help. */
#define VERB_JSON	(1U << 0)	/* --json */
#define VERB_ALL	(1U << 1)	/* -a, --all */
#define VERB_FOR	(1U << 2)	/* --for TIME */
#define VERB_COMMAND	(1U << 3)	/* operands are somebody else's command line */
#define VERB_CONFIG	(1U << 4)	/* --config DIR */
#define VERB_SNAPSHOT	(1U << 5)	/* --snapshot FILE */
#define VERB_MAX_REMOTE	(1U << 6)	/* --max-remote-pinned PCT */

struct request;

struct verb {
	const char *name;
	const char *alias;	/* NULL: none */
	const char *operands;	/* as the help shows them */
	const char *summary;
	unsigned int takes;	/* VERB_* */
	int min_args, max_args;	/* operands; -1: any number */
	int (*run)(const struct request *request);
};

struct request {
	const struct verb *verb;	/* NULL: none given */
	bool json, quiet, all, help, version;
	uint64_t for_usec;	/* 0: not given */
	const char *config_dir;	/* NULL: not given */
	const char *snapshot;	/* NULL: of this host, now; "-": standard input */
	bool has_max_remote;
	unsigned int max_remote_percent;
	char **args;		/* operands, inside argv */
	int n_args;
	const char *proc_root;		/* where the kernel's files are */
	const char *sys_root;
	const char *daemon_path;	/* of the program */
};

int verb_status(const struct request *request);
int verb_list(const struct request *request);
int verb_show(const struct request *request);
int verb_explain(const struct request *request);
int verb_plan(const struct request *request);
int verb_snapshot(const struct request *request);
int verb_host(const struct request *request);
int verb_health(const struct request *request);
int verb_check_config(const struct request *request);
int verb_cat_config(const struct request *request);
int verb_reload(const struct request *request);
int verb_hold(const struct request *request);
int verb_release(const struct request *request);
int verb_metrics(const struct request *request);
int verb_run(const struct request *request);
int verb_version(const struct request *request);
