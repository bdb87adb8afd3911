// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line; pinwork.c describes it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static const struct pin_kind *const kinds[] = {
	&pin_none, &pin_uring, &pin_rdma, &pin_odirect, &pin_pinlab,
};

static int usage(const char *what)
{
	fprintf(stderr, "pinwork: bad or missing argument: %s\n", what);
	return -EINVAL;
}

static int parse_kind(struct work *work, char *text)
{
	char *colon = strchr(text, ':');
	size_t i;

	work->kind_argument = NULL;
	if (colon) {
		*colon = '\0';
		work->kind_argument = colon + 1;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(text, kinds[i]->name)) {
			work->kind = kinds[i];
			if (work->kind == &pin_pinlab && work->kind_argument &&
			    !strcmp(work->kind_argument, "memfd"))
				work->shared = true;
			return 0;
		}
	return usage(text);
}

static int parse_place(struct work *work, char *text)
{
	unsigned int node;
	size_t pages;
	char *part;

	for (part = strtok(text, ","); part; part = strtok(NULL, ",")) {
		if (sscanf(part, "%u:%zu", &node, &pages) != 2 || node >= WORK_MAX_NODES)
			return usage(part);
		work->place[node] = pages;
	}
	return 0;
}

static int parse_option(struct options *options, int c, char *arg)
{
	struct work *work = &options->work;

	switch (c) {
	case 'k': return parse_kind(work, strdup(arg));
	case 'p': work->pages = strtoul(arg, NULL, 0); return 0;
	case 'm': work->pages = (strtoul(arg, NULL, 0) << 20) / work->page_bytes; return 0;
	case 'P': work->pin_pages = strtoul(arg, NULL, 0); return 0;
	case 'l': return parse_place(work, strdup(arg));
	case 'T': work->thp = true; return 0;
	case 's': work->shared = true; options->peers = atoi(arg); return 0;
	case 'M': work->mappers = atoi(arg); return 0;
	case 't': work->threads = atoi(arg); return 0;
	case 'c': work->spread = strcmp(arg, "free"); return 0;
	case 'd': work->duty_percent = atoi(arg); return 0;
	case 'R': work->reserve_bytes = strtoul(arg, NULL, 0) << 30; return 0;
	case 'D': options->delay_pin = true; return 0;
	case 'f': work->file = arg; return 0;
	case 'C': options->control = arg; return 0;
	case 'w': options->crowd = atoi(arg); return 0;
	case 'r':
		return sscanf(arg, "%d:%li", &work->target, (long *)&work->target_addr) == 2 ?
			0 : usage(arg);
	case 'S':
		return sscanf(arg, "%d:%d", &options->storm, &options->storm_parallel) >= 1 ?
			0 : usage(arg);
	}
	return usage("unknown option");
}

int options_parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "kind", 1, 0, 'k' }, { "pages", 1, 0, 'p' }, { "mib", 1, 0, 'm' },
		{ "pin-pages", 1, 0, 'P' }, { "place", 1, 0, 'l' }, { "thp", 0, 0, 'T' },
		{ "shared", 1, 0, 's' }, { "mappers", 1, 0, 'M' }, { "threads", 1, 0, 't' },
		{ "cpus", 1, 0, 'c' }, { "duty", 1, 0, 'd' }, { "delay-pin", 0, 0, 'D' },
		{ "reserve-gib", 1, 0, 'R' }, { "file", 1, 0, 'f' }, { "control", 1, 0, 'C' }, { "target", 1, 0, 'r' },
		{ "storm", 1, 0, 'S' }, { "crowd", 1, 0, 'w' }, { }
	};
	struct work *work = &options->work;
	int c, r;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		r = parse_option(options, c, optarg);
		if (r)
			return r;
	}
	if (optind < argc || !work->pages || work->duty_percent < 1 || work->duty_percent > 100 ||
	    options->peers > MAX_PEERS)
		return usage(optind < argc ? argv[optind] : "out of range");
	if (!work->pin_pages)
		work->pin_pages = work->pages;
	return work->pin_pages > work->pages ? usage("--pin-pages") : 0;
}
