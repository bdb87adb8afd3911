// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - pinsafectl: questions and orders
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/args.h"
#include "client/help.h"
#include "client/output.h"

static const struct verb verbs[] = {
	{ "status", NULL, "", "is this host protected, and what is missing",
	  VERB_JSON, 0, 0, verb_status },
	{ "list", "ls", "[--all]", "who pins memory: one row per pinner",
	  VERB_JSON | VERB_ALL, 0, 0, verb_list },
	{ "show", NULL, "TARGET", "all facts on one target",
	  VERB_JSON, 1, 1, verb_show },
	{ "explain", NULL, "TARGET", "which rules and why, step by step",
	  VERB_JSON, 1, 1, verb_explain },
	{ "plan", NULL, "[OPTION...]", "what another configuration would change",
	  VERB_JSON | VERB_CONFIG | VERB_SNAPSHOT, 0, 0, verb_plan },
	{ "snapshot", NULL, "", "facts of this host as JSON, for plan",
	  VERB_JSON, 0, 0, verb_snapshot },
	{ "host", NULL, "", "nodes, kernel verdict, balancing, advice",
	  VERB_JSON, 0, 0, verb_host },
	{ "health", NULL, "[OPTION...]", "in one line, for schedulers and monitoring",
	  VERB_JSON | VERB_MAX_REMOTE, 0, 0, verb_health },
	{ "check-config", NULL, "[DIR]", "would pinsafed take this configuration",
	  VERB_JSON, 0, 1, verb_check_config },
	{ "cat-config", NULL, "[DIR]", "every value in force, and where it is set",
	  VERB_JSON, 0, 1, verb_cat_config },
	{ "reload", NULL, "", "read the configuration again",
	  VERB_JSON, 0, 0, verb_reload },
	{ "hold", NULL, "TARGET", "keep NUMA balancing away, whatever the policy",
	  VERB_JSON, 1, 1, verb_hold },
	{ "release", NULL, "TARGET [--for TIME]", "let it be scanned, whatever the policy",
	  VERB_JSON | VERB_FOR, 1, 1, verb_release },
	{ "metrics", NULL, "", "counters, as OpenMetrics text",
	  VERB_JSON, 0, 0, verb_metrics },
	{ "run", NULL, "-- COMMAND...", "start a program that is never scanned",
	  VERB_COMMAND, 1, -1, verb_run },
	{ "version", NULL, "", "versions of client, daemon and module",
	  VERB_JSON, 0, 0, verb_version },
	{ NULL, NULL, NULL, NULL, 0, 0, 0, NULL },
};

int main(int argc, char **argv)
{
	_cleanup_(free) char *error = NULL;
	struct request request;
	int r;

	setlocale(LC_CTYPE, "");	/* what the terminal can show */
	r = args_parse(verbs, argc, argv, &request, &error);
	if (r < 0)
		return help_refuse(error, request.verb);
	request.proc_root = "/proc";
	request.sys_root = "/sys";
	request.daemon_path = PINSAFED_PATH;
	if (request.help)
		help_print(verbs, request.verb);
	else if (request.version)
		puts("pinsafectl " PACKAGE_VERSION);
	else
		r = request.verb->run(&request);
	return output_finish(r);
}
