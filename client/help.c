// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/help.h"

#include <errno.h>
#include <stdio.h>

#include "client/output.h"

static void print_verb(const struct verb *verb)
{
	char usage[64];

	snprintf(usage, sizeof(usage), "%s %s", verb->name, verb->operands);
	printf("  %-28s %s\n", usage, verb->summary);
}

static void print_option(const char *option, const char *summary)
{
	printf("  %-28s %s\n", option, summary);
}

static void print_options(unsigned int takes)
{
	fputs("\nOptions:\n", stdout);
	if (takes & VERB_JSON)
		print_option("    --json", "the answer as one JSON object");
	if (takes & VERB_ALL)
		print_option("-a, --all",
			     "also targets that pin nothing and are not held");
	if (takes & VERB_FOR)
		print_option("    --for TIME", "only for so long, such as 10min");
	if (takes & VERB_CONFIG)
		print_option("    --config DIR", "that of DIR instead of what is installed");
	if (takes & VERB_SNAPSHOT)
		print_option("    --snapshot FILE",
			     "on the host of a snapshot; - is standard input");
	if (takes & VERB_MAX_REMOTE)
		print_option("    --max-remote-pinned PCT",
			     "at most so much far from its device");
	print_option("-q, --quiet", "no answer, only the exit code");
	print_option("-h, --help", "this text; after a verb, its own");
	print_option("-V, --version", "the client's version");
}

static void print_end(unsigned int takes)
{
	if (takes & VERB_COMMAND)
		return;
	fputs("\nTARGET is a process id (or pid:N), a cgroup (/a/b or cgroup:/a/b) or "
	      "unit:NAME.\n"
	      "Exit: 0 yes or done, 1 no, 2 usage, 3 daemon not running, 4 not permitted,\n"
	      "      5 no such target, 64 and above trouble.\n"
	      "Manual: pinsafectl(1).\n",
	      stdout);
}

void help_print(const struct verb *verbs, const struct verb *verb)
{
	unsigned int takes = VERB_JSON | VERB_ALL | VERB_FOR | VERB_CONFIG |
			     VERB_SNAPSHOT | VERB_MAX_REMOTE;

	if (verb) {
		printf("pinsafectl %s %s\n  %s\n", verb->name, verb->operands,
		       verb->summary);
		takes = verb->takes;
	} else {
		fputs("pinsafectl [OPTION...] VERB [OPERAND...]\n"
		      "Keeps NUMA balancing away from pinned memory: questions and orders.\n"
		      "\nVerbs:\n",
		      stdout);
		for (verb = verbs; verb->name; verb++)
			print_verb(verb);
	}
	print_options(takes);
	print_end(takes);
}

int help_refuse(const char *error, const struct verb *verb)
{
	_cleanup_(free) char *next = NULL;

	if (!error)
		return complain_errno("command line", -ENOMEM);
	if (asprintf(&next, "pinsafectl %s%s--help", verb ? verb->name : "",
		     verb ? " " : "") < 0)
		next = NULL;
	return complain_whole(EXIT_USAGE, next, error);
}
