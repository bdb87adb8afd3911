// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/health.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/bus.h"
#include "client/output.h"
#include "client/verb.h"

static int judge(int exit, char line[HEALTH_LINE_MAX], const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int judge(int exit, char line[HEALTH_LINE_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, HEALTH_LINE_MAX, format, ap);
	va_end(ap);
	return exit;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

int health_judge_silence(int exit, char ret_line[HEALTH_LINE_MAX])
{
	switch (exit) {
	case EXIT_NOT_RUNNING:
		return judge(EXIT_TROUBLE, ret_line,
			     "TROUBLE: pinsafed is not running (systemctl start pinsafed)");
	case EXIT_DENIED:
		return judge(EXIT_TROUBLE, ret_line, "TROUBLE: not permitted to ask pinsafed");
	}
	return judge(EXIT_TROUBLE, ret_line,
		     "TROUBLE: pinsafed cannot be asked (pinsafectl status says why)");
}

/* ---- what the daemon said ---------------------------------------------- */

static const char *name_risk(const struct facts *status)
{
	if (facts_is(status, "kernel_verdict", "affected"))
		return "corruption";
	if (facts_is(status, "kernel_verdict", "fixed"))
		return "cost";
	return "cost, perhaps corruption";
}

static int judge_exposed(const struct facts *status, char line[HEALTH_LINE_MAX])
{
	uint64_t n = facts_u64(status, "exposed");

	return judge(EXIT_NO, line, "EXPOSED: %" PRIu64 " process%s scanned; risk: %s%s", n,
		     n == 1 ? " is" : "es are", name_risk(status),
		     facts_is(status, "mode", "audit") ? " (audit)" : "");
}

/* Of all pinned memory, rounded up, so that it is above a limit when the memory
 * is.  The product holds up to 128 PiB. */
static uint64_t find_remote_percent(const struct facts *status)
{
	uint64_t pinned = facts_u64(status, "pinned_bytes");
	uint64_t remote = facts_u64(status, "remote_pinned_bytes");

	if (remote >= pinned)
		return remote > 0 ? 100 : 0;
	return (remote * 100 + pinned - 1) / pinned;
}

static int judge_remote(const struct facts *status, unsigned int max_remote,
			char line[HEALTH_LINE_MAX])
{
	uint64_t percent = find_remote_percent(status);

	if (!facts_has(status, "remote_pinned_bytes") || !facts_has(status, "pinned_bytes"))
		return judge(EXIT_TROUBLE, line,
			     "TROUBLE: pinsafed does not say what is remote (older version?)");
	if (percent <= max_remote)
		return EXIT_YES;
	return judge(EXIT_NO, line,
		     "REMOTE: %" PRIu64 "%% of pinned memory is far from its device (limit %u%%)",
		     percent, max_remote);
}

static int judge_fine(const struct facts *status, char line[HEALTH_LINE_MAX])
{
	uint64_t pinners = facts_u64(status, "pinners");
	const char *reload = "";

	if (facts_u64(status, "last_reload_usec") > 0 &&
	    !facts_bool(status, "last_reload_successful"))
		reload = "; the last reload failed";
	return judge(EXIT_YES, line, "OK: %" PRIu64 " pinner%s, %" PRIu64 " held, none exposed%s",
		     pinners, plural(pinners), facts_u64(status, "held"), reload);
}

static bool is_disarmed(const struct facts *status)
{
	return *facts_string(status, "module_version") && !facts_bool(status, "probes_armed");
}

int health_judge(const struct facts *status, const unsigned int *max_remote,
		 char ret_line[HEALTH_LINE_MAX])
{
	uint64_t ineffective = facts_u64(status, "ineffective");
	int exit;

	if (!facts_has(status, "exposed") || !facts_has(status, "pinners"))
		return judge(EXIT_TROUBLE, ret_line,
			     "TROUBLE: pinsafed does not say what is exposed");
	if (ineffective > 0)
		return judge(EXIT_NO, ret_line,
			     "NOT PROTECTED: scans of %" PRIu64 " target%s go on all the same",
			     ineffective, plural(ineffective));
	if (is_disarmed(status) && facts_u64(status, "held") > 0)
		return judge(EXIT_NO, ret_line,
			     "NOT PROTECTED: the kernel has disarmed the module's probes");
	if (facts_u64(status, "exposed") > 0)
		return judge_exposed(status, ret_line);
	if (is_disarmed(status))
		return judge(EXIT_TROUBLE, ret_line,
			     "TROUBLE: the module's probes are disarmed, nothing can be held");
	exit = max_remote ? judge_remote(status, *max_remote, ret_line) : EXIT_YES;
	return exit ? exit : judge_fine(status, ret_line);
}

/* ---- the verb ----------------------------------------------------------- */

static int print_json(const struct facts *status, const char *line, int exit)
{
	static const char *const names[] = {
		"mode", "kernel_verdict", "pinners", "held", "mitigated", "exposed",
		"ineffective", "pinned_bytes", "remote_pinned_bytes",
	};
	_cleanup_(facts_free) struct facts *answer = facts_new("health");
	size_t i;

	if (!answer || facts_set(answer, "healthy", facts_new_bool(exit == EXIT_YES)) < 0 ||
	    facts_set(answer, "text", facts_new_string(line)) < 0)
		return complain_errno("health", -ENOMEM);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct facts *value = status ? facts_get(status, names[i]) : NULL;

		if (value && facts_set(answer, names[i], facts_share(value)) < 0)
			return complain_errno("health", -ENOMEM);
	}
	output_json(answer);
	return exit;
}

/* Nothing goes to stderr: who asks takes the one line, and finds all in it. */
int verb_health(const struct request *request)
{
	_cleanup_(sd_bus_flush_close_unref) sd_bus *bus = NULL;
	_cleanup_(facts_free) struct facts *status = NULL;
	char line[HEALTH_LINE_MAX];
	int exit;

	exit = bus_open(NULL, &bus);
	if (!exit)
		exit = bus_ask_status(bus, NULL, &status);
	if (exit)
		exit = health_judge_silence(exit, line);
	else
		exit = health_judge(status, request->has_max_remote ?
				    &request->max_remote_percent : NULL, line);
	if (request->quiet)
		return exit;
	if (request->json)
		return print_json(status, line, exit);
	puts(line);
	return exit;
}
