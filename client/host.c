// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host.c - what kind of host this is to pinned memory
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/verb.h"
#include "client/wording.h"

static const struct row {
	const char *name;
	const char *label;
} rows[] = {
	{ "nodes_online", "Nodes" },
	{ "nodes_memory", "with memory" },
	{ "nodes_cpu", "with CPUs" },
	{ "kernel_release", "Release" },
	{ "kernel_version", "Kernel" },
	{ "kernel_verdict", "Verdict" },
	{ "kernel_verdict_reason", "because" },
	{ "balancing", "Balancing" },
	{ "module_version", "Module" },
	{ "module_missing", "No module" },
	{ "module_abi", "ABI" },
	{ "probes_armed", "Armed" },
	{ "pins_acquired", "Pins taken" },
	{ "pins_released", "and dropped" },
};

static bool has_row(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return true;
	return false;
}

static void print_row(const struct style *style, const struct facts *host, const struct row *row)
{
	const char *value = facts_string(host, row->name);

	if (strcmp(row->name, "balancing") == 0)
		value = wording_balancing(facts_s64(host, row->name));
	else if (strcmp(value, "true") == 0)
		value = "yes";
	else if (strcmp(value, "false") == 0)
		value = "no";
	if (*value)
		sheet_print(style, stdout, row->label, TONE_PLAIN, value);
}

/* What a newer daemon knows and this client has no words for. */
static void print_unknown(const char *name, const struct facts *value, void *data)
{
	if (!has_row(name) && strcmp(name, "advice") != 0)
		sheet_printf(data, stdout, "", TONE_PLAIN, "%s: %s", name, facts_text(value));
}

static void print_host(const struct facts *host)
{
	const struct facts *advice = facts_get(host, "advice");
	struct style style = output_style();
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (facts_has(host, rows[i].name))
			print_row(&style, host, &rows[i]);
	facts_each(host, print_unknown, &style);
	if (facts_length(advice) > 0) {
		putchar('\n');
		sheet_title(&style, stdout, TONE_BOLD, "Advice:");
	}
	for (i = 0; i < facts_length(advice); i++)
		sheet_item(&style, stdout, facts_text(facts_at(advice, i)));
}

static int print_json(const struct facts *host)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("host");

	if (!answer || facts_merge(answer, host) < 0)
		return complain_errno("host", -ENOMEM);
	return output_json(answer);
}

int verb_host(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(facts_free) struct facts *host = NULL;
	int exit;

	exit = bus_open("host", &bus);
	if (!exit)
		exit = bus_ask(bus, "host", "GetHost", &host);
	if (exit || request->quiet)
		return exit;
	if (request->json)
		return print_json(host);
	print_host(host);
	return EXIT_YES;
}
