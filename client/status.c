// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * status.c - is this host protected, on one screen
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/safetext.h"
#include "client/sysfile.h"
#include "client/timespan.h"
#include "client/verb.h"
#include "client/wording.h"

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void print_headline(const struct facts *status, const struct style *style)
{
	enum tone tone;
	_cleanup_(free) char *text = wording_headline(status, &tone);

	sheet_title(style, stdout, tone, text ? text : "?");
	putchar('\n');
}

static void print_daemon(const struct facts *status, const struct style *style)
{
	uint64_t now = now_usec(), start = facts_u64(status, "started_usec");
	bool is_audit = facts_is(status, "mode", "audit");
	char since[32];

	timespan_format(now > start ? now - start : 0, since, sizeof(since));
	sheet_printf(style, stdout, "Daemon", TONE_PLAIN, "pinsafed %s, running for %s",
		     facts_string(status, "version"), since);
	sheet_printf(style, stdout, "Mode", is_audit ? TONE_WARN : TONE_PLAIN, "%s%s",
		     facts_string(status, "mode"),
		     is_audit ? ": nothing is changed" : "");
}

static void print_worded(const struct style *style, const char *label, enum tone tone,
			 const char *text)
{
	sheet_print(style, stdout, label, tone, text ? text : "?");
}

static void print_pinned(const struct facts *status, const struct style *style)
{
	uint64_t remote = facts_u64(status, "remote_pinned_bytes");
	char pinned[SAFETEXT_BYTES_MAX], far[SAFETEXT_BYTES_MAX];

	if (facts_u64(status, "pinned_bytes") == 0)
		return;
	safetext_format_bytes(facts_u64(status, "pinned_bytes"), pinned);
	safetext_format_bytes(remote, far);
	if (remote > 0)
		sheet_printf(style, stdout, "Pinned", TONE_WARN,
			     "%s, %s of it on another node than its device", pinned, far);
	else
		sheet_print(style, stdout, "Pinned", TONE_PLAIN, pinned);
}

static void print_host(const struct facts *status, const struct style *style)
{
	enum tone module_tone, kernel_tone, reload_tone;
	_cleanup_(free) char *module = wording_module(status, &module_tone);
	_cleanup_(free) char *kernel = wording_kernel(status, &kernel_tone);
	_cleanup_(free) char *reload = wording_reload(status, now_usec(), &reload_tone);
	_cleanup_(free) char *counts = wording_counts(status);

	print_worded(style, "Module", module_tone, module);
	print_worded(style, "Kernel", kernel_tone, kernel);
	sheet_print(style, stdout, "Balancing", TONE_PLAIN,
		    wording_balancing(facts_s64(status, "balancing")));
	print_worded(style, "Targets", TONE_PLAIN, counts);
	print_pinned(status, style);
	sheet_print_lines(style, stdout, "Config", reload_tone, reload ? reload : "?");
}

static void print_missing(const struct facts *status, const struct style *style)
{
	const struct facts *missing = facts_get(status, "missing");
	const char *next = wording_next_step(status);
	size_t i;

	if (facts_length(missing) > 0) {
		putchar('\n');
		sheet_title(style, stdout, TONE_BOLD, "Missing on this host:");
	}
	for (i = 0; i < facts_length(missing); i++)
		sheet_item(style, stdout, facts_text(facts_at(missing, i)));
	if (!next)
		return;
	putchar('\n');
	sheet_print(style, stdout, "Next step", TONE_BOLD, next);
}

static void print_screen(const struct facts *status)
{
	struct style style = output_style();

	print_headline(status, &style);
	print_daemon(status, &style);
	print_host(status, &style);
	print_missing(status, &style);
}

static int print_json(const struct facts *status, int exit)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("status");

	if (!answer || facts_set(answer, "running", facts_new_bool(status != NULL)) < 0)
		return complain_errno("status", -ENOMEM);
	if (status && facts_merge(answer, status) < 0)
		return complain_errno("status", -ENOMEM);
	output_json(answer);
	return exit;
}

/* Without the daemon there is little that anyone can say: not more is said. */
static void print_local(const struct request *request)
{
	struct style style = output_style();
	char balancing[32], module[64];
	int has_balancing, has_module;

	has_balancing = sysfile_read(request->proc_root, "sys/kernel/numa_balancing",
				     balancing, sizeof(balancing));
	has_module = sysfile_read(request->sys_root, "module/pinsafe/version", module,
				  sizeof(module));
	sheet_title(&style, stdout, TONE_BAD,
		    "NOT RUNNING: pinsafe protects nothing new");
	putchar('\n');
	sheet_print(&style, stdout, "Balancing", TONE_PLAIN,
		    wording_balancing(has_balancing == 0 ? atoi(balancing) : -1));
	if (has_module == 0)
		sheet_printf(&style, stdout, "Module", TONE_PLAIN, "pinsafe %s is loaded",
			     module);
	else
		sheet_print(&style, stdout, "Module", TONE_PLAIN, "not loaded");
}

static int answer_not_running(const struct request *request)
{
	if (request->quiet)
		return EXIT_NOT_RUNNING;
	if (request->json)
		return print_json(NULL, EXIT_NOT_RUNNING);
	print_local(request);
	return EXIT_NOT_RUNNING;
}

int verb_status(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(facts_free) struct facts *status = NULL;
	int exit;

	exit = bus_open("status", &bus);
	if (!exit)
		exit = bus_ask_status(bus, "status", &status);
	if (exit == EXIT_NOT_RUNNING)
		return answer_not_running(request);
	if (exit)
		return exit;
	exit = wording_works(status) ? EXIT_YES : EXIT_NO;
	if (request->quiet)
		return exit;
	if (request->json)
		return print_json(status, exit);
	print_screen(status);
	return exit;
}
