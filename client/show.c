// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * show.c - everything on one target
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "client/advice.h"
#include "client/bus.h"
#include "client/output.h"
#include "client/safetext.h"
#include "client/timespan.h"
#include "client/verb.h"
#include "client/wording.h"

struct view {
	const struct facts *target;
	struct style style;
	uint64_t now_usec;
};

static void print_string(const struct view *view, const char *label, const char *name)
{
	const char *value = facts_string(view->target, name);

	if (*value)
		sheet_print(&view->style, stdout, label, TONE_PLAIN, value);
}

static void print_bytes(const struct view *view, const char *label, const char *name,
			const char *note)
{
	uint64_t bytes = facts_u64(view->target, name);
	char text[SAFETEXT_BYTES_MAX];

	if (bytes == 0)
		return;
	safetext_format_bytes(bytes, text);
	sheet_printf(&view->style, stdout, label, TONE_PLAIN, "%s%s", text, note);
}

static void format_ago(const struct view *view, const char *name, char *text, size_t size)
{
	uint64_t at = facts_u64(view->target, name);

	timespan_format(view->now_usec > at ? view->now_usec - at : 0, text, size);
}

static void print_who(const struct view *view)
{
	if (facts_u64(view->target, "pid") > 0) {
		sheet_printf(&view->style, stdout, "Process", TONE_BOLD, "%s (%s)",
			     facts_string(view->target, "pid"),
			     facts_string(view->target, "comm"));
		print_string(view, "Executable", "executable");
		print_string(view, "User", "user");
	}
	print_string(view, "CGroup", "cgroup");
}

static void print_state(const struct view *view)
{
	char ago[32];

	if (facts_u64(view->target, "since_usec") == 0) {
		print_string(view, "State", "state");
		return;
	}
	format_ago(view, "since_usec", ago, sizeof(ago));
	sheet_printf(&view->style, stdout, "State", TONE_PLAIN, "%s for %s, by %s",
		     facts_string(view->target, "state"), ago,
		     facts_string(view->target, "origin"));
}

static void print_refused(const struct view *view)
{
	char ago[32];

	if (!facts_has(view->target, "refused_scans"))
		return;
	if (facts_u64(view->target, "last_refused_usec") == 0) {
		sheet_printf(&view->style, stdout, "Refused", TONE_PLAIN, "%s scans",
			     facts_string(view->target, "refused_scans"));
		return;
	}
	format_ago(view, "last_refused_usec", ago, sizeof(ago));
	sheet_printf(&view->style, stdout, "Refused", TONE_PLAIN,
		     "%s scans, the last %s ago",
		     facts_string(view->target, "refused_scans"), ago);
}

/* What it may use, and what of that is our doing. */
static void print_places(const struct view *view)
{
	const char *cpus = facts_string(view->target, "cpus");
	const char *mems = facts_string(view->target, "mems");

	print_string(view, "CPUs", "cpus_allowed");
	if (!*cpus && !*mems)
		return;
	sheet_printf(&view->style, stdout, "Set by us", TONE_PLAIN, "%s%s%s%s%s",
		     *cpus ? "CPUs " : "", cpus, *cpus && *mems ? ", " : "",
		     *mems ? "memory nodes " : "", mems);
}

static void print_advice(const struct view *view)
{
	_cleanup_(free) char *scanned = advice_scanned(view->target);
	_cleanup_(free) char *remote = advice_remote(view->target);

	if (scanned || remote)
		putchar('\n');
	if (scanned)
		sheet_print(&view->style, stdout, "Advice", TONE_BOLD, scanned);
	if (remote)
		sheet_print(&view->style, stdout, "Advice", TONE_BOLD, remote);
}

static void print_judgement(const struct view *view)
{
	const char *policy = facts_string(view->target, "policy");

	sheet_printf(&view->style, stdout, "Policy", TONE_PLAIN, "%s (%s), action %s",
		     *policy ? policy : "none matches",
		     facts_string(view->target, "mode"),
		     facts_string(view->target, "action"));
	print_string(view, "Reason", "reason");
	print_state(view);
	print_string(view, "Scanned", "scanned");
	print_string(view, "Risk", "risk");
	print_string(view, "Proof", "proof");
	print_refused(view);
	print_string(view, "Scan pass", "scan_seq");
	print_places(view);
}

static const char *explain_source(const struct view *view)
{
	if (facts_is(view->target, "pinned_source", "sight"))
		return ", counted by the module";
	if (facts_is(view->target, "pinned_source", "vmpin"))
		return ", by VmPin, to which not every driver books";
	if (facts_is(view->target, "pinned_source", "io_uring"))
		return ", by the registered buffers of its io_urings";
	return "";
}

static void print_pins(const struct view *view)
{
	const struct facts *nodes = facts_get(view->target, "nodes");
	char bytes[SAFETEXT_BYTES_MAX];
	size_t i;

	if (facts_bool(view->target, "pinner") &&
	    facts_u64(view->target, "pinned_bytes") == 0)
		sheet_print(&view->style, stdout, "Pinned", TONE_PLAIN,
			    "some, how much is not known");
	print_bytes(view, "Pinned", "pinned_bytes", explain_source(view));
	for (i = 0; i < facts_length(nodes); i++) {
		safetext_format_bytes(facts_u64(facts_at(nodes, i), "bytes"), bytes);
		sheet_printf(&view->style, stdout, i == 0 ? "Nodes" : "", TONE_PLAIN,
			     "node %s: %s", facts_string(facts_at(nodes, i), "node"),
			     bytes);
	}
	print_bytes(view, "Large", "large_bytes",
		    " in large folios with a pin, each counted whole");
	print_bytes(view, "VmPin", "vm_pin_bytes", "");
	print_bytes(view, "io_uring", "uring_bytes", " in registered buffers");
	print_string(view, "Driver", "driver");
}

static void print_devices(const struct view *view)
{
	const struct facts *devices = facts_get(view->target, "devices");
	size_t i;

	for (i = 0; i < facts_length(devices); i++) {
		const struct facts *device = facts_at(devices, i);
		const char *label = i == 0 ? "Devices" : "";

		if (facts_s64(device, "node") < 0)
			sheet_print(&view->style, stdout, label, TONE_PLAIN,
				    facts_string(device, "path"));
		else
			sheet_printf(&view->style, stdout, label, TONE_PLAIN,
				     "%s (node %s)", facts_string(device, "path"),
				     facts_string(device, "node"));
	}
}

static void print_target(const struct facts *target)
{
	struct view view = { .target = target, .style = output_style() };
	_cleanup_(free) char *headline = NULL;
	struct timespec now;
	enum tone tone;

	clock_gettime(CLOCK_BOOTTIME, &now);
	view.now_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	headline = wording_target(target, &tone);
	sheet_title(&view.style, stdout, tone, headline ? headline : "?");
	putchar('\n');
	print_who(&view);
	print_judgement(&view);
	print_pins(&view);
	print_devices(&view);
	print_advice(&view);
}

static int print_json(const struct facts *target)
{
	_cleanup_(facts_free) struct facts *answer = facts_new("show");

	if (!answer || facts_merge(answer, target) < 0)
		return complain_errno("show", -ENOMEM);
	return output_json(answer);
}

int verb_show(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(facts_free) struct facts *facts = NULL;
	_cleanup_(target_done) struct target target = { 0 };
	const char *operand = request->args[0];
	int exit;

	exit = bus_open_target(request, operand, &bus, &target);
	if (!exit)
		exit = bus_ask_target(bus, operand, "GetTarget", &target, &facts);
	if (exit || request->quiet)
		return exit;
	if (request->json)
		return print_json(facts);
	print_target(facts);
	return EXIT_YES;
}
