// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * metrics.c - the daemon's counters as it writes them for a collector
 */
#include <errno.h>
#include <stdio.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/verb.h"

static int print_json(const struct facts *text)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("metrics");

	if (!answer || facts_set(answer, "openmetrics", facts_share(text)) < 0)
		return complain_errno("metrics", -ENOMEM);
	return output_json(answer);
}

int verb_metrics(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(facts_free) struct facts *text = NULL;
	int exit;

	exit = bus_open("metrics", &bus);
	if (!exit)
		exit = bus_ask(bus, "metrics", "GetMetrics", &text);
	if (exit || request->quiet)
		return exit;
	if (request->json)
		return print_json(text);
	fputs(facts_text(text), stdout);
	return EXIT_YES;
}
