// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host.c - what kind of host this is to pinned memory
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/verb.h"
#include "client/wording.h"

static const struct row {
	const char *name;
	const char *label;	/* NULL: has words of its own */
} rows[] = {
	{ "nodes_online", "Nodes" },
	{ "nodes_memory", "with memory" },
	{ "nodes_cpu", "with CPUs" },
	{ "kernel_release", "Release" },
	{ "kernel_version", "Kernel" },
	{ "kernel_verdict", NULL },
	{ "kernel_verdict_reason", NULL },
	{ "balancing", NULL },
	{ "balancing_at_start", NULL },
	{ "balancing_owner", NULL },
	{ "module_version", NULL },
	{ "module_missing", NULL },
	{ "module_abi", NULL },
	{ "probes_armed", NULL },
	{ "pins_acquired", NULL },
	{ "pins_released", NULL },
	{ "pin_counters", NULL },
	{ "cgroup2", "cgroup v2" },
	{ "advice", NULL },
};

static const struct row *find_row(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void print_value(const struct style *style, const char *label, const char *value)
{
	if (strcmp(value, "true") == 0)
		value = "yes";
	else if (strcmp(value, "false") == 0)
		value = "no";
	if (*value)
		sheet_print(style, stdout, label, TONE_PLAIN, value);
}

static void print_plain(const struct facts *host, const struct style *style)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].label)
			print_value(style, rows[i].label,
				    facts_string(host, rows[i].name));
}

static void print_worded(const struct facts *host, const struct style *style)
{
	enum tone kernel_tone, module_tone, drift_tone;
	_cleanup_(free) char *balancing = wording_owned_balancing(host);
	_cleanup_(free) char *drift = wording_drift(host, &drift_tone);
	_cleanup_(free) char *kernel = wording_kernel(host, &kernel_tone);
	_cleanup_(free) char *module = wording_module(host, &module_tone);

	sheet_print(style, stdout, "Verdict", kernel_tone, kernel ? kernel : "?");
	sheet_print(style, stdout, "Balancing", TONE_PLAIN, balancing ? balancing : "?");
	if (drift && *drift)
		sheet_print(style, stdout, "Drift", drift_tone, drift);
	sheet_print(style, stdout, "Module", module_tone, module ? module : "?");
}

/* Whoever pinned, for however short: the kernel counts pages, not owners. */
static void print_pins(const struct facts *host, const struct style *style)
{
	uint64_t taken = facts_u64(host, "pins_acquired");
	uint64_t dropped = facts_u64(host, "pins_released");

	if (!facts_bool(host, "pin_counters"))
		sheet_print(style, stdout, "Pins", TONE_PLAIN,
			    "not counted by this kernel");
	else
		sheet_printf(style, stdout, "Pins", TONE_PLAIN,
			     "%" PRIu64 " pages now; since boot %" PRIu64 " were pinned, "
			     "%" PRIu64 " let go",
			     taken > dropped ? taken - dropped : 0, taken, dropped);
}

/* What a newer daemon knows and this client has no words for. */
static void print_unknown(const char *name, const struct facts *value, void *data)
{
	if (!find_row(name))
		sheet_printf(data, stdout, "", TONE_PLAIN, "%s: %s", name,
			     facts_text(value));
}

static void print_advice(const struct facts *advice, const struct style *style)
{
	size_t i;

	if (facts_length(advice) == 0)
		return;
	putchar('\n');
	sheet_title(style, stdout, TONE_BOLD, "Advice:");
	for (i = 0; i < facts_length(advice); i++)
		sheet_item(style, stdout, facts_text(facts_at(advice, i)));
}

static void print_host(const struct facts *host)
{
	struct style style = output_style();

	print_plain(host, &style);
	print_worded(host, &style);
	print_pins(host, &style);
	facts_each(host, print_unknown, &style);
	print_advice(facts_get(host, "advice"), &style);
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
