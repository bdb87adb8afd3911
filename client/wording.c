// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/wording.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/timespan.h"
#include "daemon/base/cleanup.h"

static char *words(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *words(const char *format, ...)
{
	char *text;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	return r < 0 ? NULL : text;
}

static bool has_module(const struct facts *status)
{
	return !facts_is(status, "module_version", "");
}

/* ---- the host ---------------------------------------------------------- */

static char *say_exposed(const struct facts *status, enum tone *ret_tone)
{
	uint64_t exposed = facts_u64(status, "exposed"),
		 pinners = facts_u64(status, "pinners");
	const char *audit = facts_is(status, "mode", "audit")
				    ? "; audit mode: nothing is changed"
				    : "";
	const char *harm = "scans";

	*ret_tone = TONE_WARN;
	if (facts_is(status, "kernel_verdict", "affected")) {
		*ret_tone = TONE_BAD;
		harm = "can corrupt";
	} else if (facts_is(status, "kernel_verdict", "unknown")) {
		harm = "scans, and on this kernel perhaps corrupts,";
	}
	/* Who has a device of a policy open is exposed before any pin is seen. */
	if (exposed > pinners)
		return words("EXPOSED: NUMA balancing %s the memory of %" PRIu64
			     " process%s that pin%s or may pin%s",
			     harm, exposed, exposed == 1 ? "" : "es",
			     exposed == 1 ? "s" : "", audit);
	return words("EXPOSED: NUMA balancing %s the pinned memory of %" PRIu64
		     " of %" PRIu64 " pinner%s%s",
		     harm, exposed, pinners, pinners == 1 ? "" : "s", audit);
}

/* Not every action stops scans: bind keeps threads beside their memory instead. */
static char *say_mitigated(const struct facts *status, const char *sight)
{
	uint64_t pinners = facts_u64(status, "pinners");
	uint64_t held = facts_u64(status, "held");

	return words("PROTECTED: none of %" PRIu64 " pinner%s is exposed (%" PRIu64 " held, "
		     "%" PRIu64 " by another action)%s", pinners, pinners == 1 ? "" : "s",
		     held, facts_u64(status, "mitigated") - held, sight);
}

static char *say_safe(const struct facts *status, enum tone *ret_tone)
{
	uint64_t pinners = facts_u64(status, "pinners");
	uint64_t held = facts_u64(status, "held");
	uint64_t mitigated = facts_u64(status, "mitigated");
	uint64_t done = mitigated > held ? mitigated : held;
	const char *sight = has_module(status) ? "" :
		", as far as can be seen without the module";

	*ret_tone = TONE_GOOD;
	if (facts_s64(status, "balancing") < 0)
		return words("SAFE: this kernel has no NUMA balancing");
	if (facts_s64(status, "balancing") == 0)
		return words("SAFE: NUMA balancing is off, nothing is scanned");
	if (pinners == 0 && done > 0)
		return words("PROTECTED: %" PRIu64 " %s; no pin is seen, as with "
			     "drivers whose pins the kernel does not count", done,
			     done > held ? "taken care of" : "held");
	if (pinners == 0)
		return words("NOTHING TO PROTECT: no process pins memory%s", sight);
	if (mitigated > held)
		return say_mitigated(status, sight);
	if (pinners == 1)
		return words("PROTECTED: the one pinner is not scanned%s", sight);
	return words("PROTECTED: none of %" PRIu64 " pinners is scanned%s", pinners,
		     sight);
}

static bool is_disarmed(const struct facts *status)
{
	return facts_u64(status, "held") > 0 && has_module(status) &&
	       !facts_bool(status, "probes_armed");
}

bool wording_works(const struct facts *status)
{
	return facts_u64(status, "ineffective") == 0 && !is_disarmed(status);
}

/* The worst comes first, and what is not known is not safe. */
char *wording_headline(const struct facts *status, enum tone *ret_tone)
{
	uint64_t ineffective = facts_u64(status, "ineffective");

	if (!facts_has(status, "exposed") || !facts_has(status, "pinners")) {
		*ret_tone = TONE_WARN;
		return words(
			"UNKNOWN: pinsafed does not say whether memory is protected");
	}
	if (ineffective > 0) {
		*ret_tone = TONE_BAD;
		return words("NOT PROTECTED: %" PRIu64 " target%s %s, but scans go on",
			     ineffective, ineffective == 1 ? " is" : "s are",
			     facts_u64(status, "mitigated") > facts_u64(status, "held") ?
			     "taken care of" : "held");
	}
	if (is_disarmed(status)) {
		*ret_tone = TONE_BAD;
		return words(
			"NOT PROTECTED: the kernel has disarmed the module's probes");
	}
	if (facts_u64(status, "exposed") > 0)
		return say_exposed(status, ret_tone);
	return say_safe(status, ret_tone);
}

const char *wording_next_step(const struct facts *status)
{
	if (has_module(status) && !facts_bool(status, "probes_armed"))
		return "sysctl kernel.ftrace_enabled=1; debugfs kprobes/enabled must be 1 too";
	if (facts_u64(status, "ineffective") > 0)
		return "pinsafectl list, then pinsafectl show TARGET, which says why";
	if (facts_u64(status, "exposed") == 0)
		return NULL;
	if (facts_is(status, "mode", "audit"))
		return "pinsafectl list; to protect them set Mode=enforce in pinsafed.conf, "
		       "then pinsafectl reload";
	if (!has_module(status))
		return "load the module, or start what pins by pinsafectl run -- COMMAND; "
		       "pinsafectl explain TARGET says what a policy could do";
	return "pinsafectl list, then pinsafectl explain TARGET, which says why";
}

char *wording_module(const struct facts *status, enum tone *ret_tone)
{
	const char *missing = facts_string(status, "module_missing");

	if (!has_module(status)) {
		*ret_tone = TONE_WARN;
		return words("none%s%s", *missing ? ": " : "", missing);
	}
	*ret_tone = facts_bool(status, "probes_armed") ? TONE_GOOD : TONE_BAD;
	return words("pinsafe %s, ABI %" PRIu64 ", %s",
		     facts_string(status, "module_version"),
		     facts_u64(status, "module_abi"),
		     facts_bool(status, "probes_armed")
			     ? "probes armed"
			     : "probes DISARMED: holds refuse nothing");
}

char *wording_kernel(const struct facts *status, enum tone *ret_tone)
{
	const char *reason = facts_string(status, "kernel_verdict_reason");
	const char *verdict = facts_string(status, "kernel_verdict");

	*ret_tone = facts_is(status, "kernel_verdict", "fixed") ? TONE_GOOD : TONE_WARN;
	return words("%s%s%s", *verdict ? verdict : "unknown", *reason ? ": " : "",
		     reason);
}

char *wording_reload(const struct facts *status, uint64_t now_usec, enum tone *ret_tone)
{
	uint64_t at = facts_u64(status, "last_reload_usec");
	char ago[32];

	*ret_tone = TONE_PLAIN;
	timespan_format(now_usec > at ? now_usec - at : 0, ago, sizeof(ago));
	if (at == 0)
		return words("none");
	if (facts_bool(status, "last_reload_successful"))
		return words("loaded %s ago", ago);
	*ret_tone = TONE_BAD;
	return words("reload FAILED %s ago, what was loaded before is in force:\n%s", ago,
		     facts_string(status, "last_reload_error"));
}

const char *wording_balancing(int64_t balancing)
{
	switch (balancing) {
	case -1:
		return "none in this kernel";
	case 0:
		return "off (kernel.numa_balancing = 0)";
	case 1:
		return "on (kernel.numa_balancing = 1)";
	case 2:
		return "memory tiering only (kernel.numa_balancing = 2)";
	case 3:
		return "on, with memory tiering (kernel.numa_balancing = 3)";
	}
	return "a value of kernel.numa_balancing that this client does not know";
}

/* It is set by us where host-off is in force. */
char *wording_owned_balancing(const struct facts *host)
{
	const char *owner = facts_string(host, "balancing_owner");

	return words("%s%s%s", wording_balancing(facts_s64(host, "balancing")),
		     *owner ? ", set by " : "", owner);
}

char *wording_drift(const struct facts *host, enum tone *ret_tone)
{
	*ret_tone = TONE_PLAIN;
	if (!facts_has(host, "balancing_at_start") ||
	    facts_s64(host, "balancing_at_start") == facts_s64(host, "balancing"))
		return words("%s", "");
	if (!facts_is(host, "balancing_owner", "pinsafed"))
		*ret_tone = TONE_WARN;
	return words("it was %" PRId64 " when pinsafed started",
		     facts_s64(host, "balancing_at_start"));
}

char *wording_counts(const struct facts *status)
{
	uint64_t pinners = facts_u64(status, "pinners"), held = facts_u64(status, "held");
	uint64_t mitigated = facts_u64(status, "mitigated");
	char other[64] = "";

	if (mitigated > held)
		snprintf(other, sizeof(other), "%" PRIu64 " by another action, ",
			 mitigated - held);
	return words("%" PRIu64 " pinner%s, %" PRIu64 " held, %s%" PRIu64 " exposed, "
		     "%" PRIu64 " ineffective", pinners, pinners == 1 ? "" : "s", held, other,
		     facts_u64(status, "exposed"), facts_u64(status, "ineffective"));
}

/* ---- one target -------------------------------------------------------- */

/* "held", "bind is in force": what is done about it. */
static char *say_done(const struct facts *target)
{
	if (facts_is(target, "state", "applied"))
		return words("%s is in force", facts_string(target, "action"));
	return words("held");
}

/* Scanned, and still not exposed: what is done makes scans harmless. */
static char *say_harmless(const struct facts *target, enum tone *ret_tone)
{
	*ret_tone = TONE_WARN;
	if (!facts_is(target, "state", "applied"))
		return words("UNKNOWN: it is scanned, and nothing is said to be done about it");
	return words("MITIGATED: %s keeps it beside its memory; scans go on, and cost time",
		     facts_string(target, "action"));
}

static char *say_unexposed(const struct facts *target, enum tone *ret_tone)
{
	const char *scanned = facts_string(target, "scanned");

	*ret_tone = TONE_GOOD;
	if (facts_is(target, "risk", "none"))
		return words("NOTHING AT RISK");
	if (strncmp(scanned, "no: ", 4) == 0)
		return words("PROTECTED: not scanned (%s)", scanned + 4);
	if (strcmp(scanned, "no") == 0)
		return words("PROTECTED: not scanned");
	if (strcmp(scanned, "yes") == 0)
		return say_harmless(target, ret_tone);
	*ret_tone = TONE_WARN;
	return words("UNKNOWN: whether it is scanned cannot be said");
}

/* The worst comes first; a scan under way is not stopped by a hold. */
char *wording_target(const struct facts *target, enum tone *ret_tone)
{
	_cleanup_(free) char *done = say_done(target);

	*ret_tone = TONE_BAD;
	if (facts_is(target, "proof", "ineffective"))
		return words("NOT PROTECTED: %s, but scans go on", done ? done : "held");
	if (facts_bool(target, "exposed")) {
		if (!facts_is(target, "risk", "corruption"))
			*ret_tone = TONE_WARN;
		return words("EXPOSED: its pinned memory is scanned; risk: %s%s",
			     facts_string(target, "risk"),
			     facts_is(target, "mode", "audit")
				     ? "; audit mode: nothing is changed"
				     : "");
	}
	if (facts_is(target, "state", "draining") && !facts_is(target, "risk", "none")) {
		*ret_tone = TONE_WARN;
		return words("NOT YET PROTECTED: held, while a scan that was under way ends");
	}
	return say_unexposed(target, ret_tone);
}

bool wording_is_pending(const struct facts *target)
{
	return facts_is(target, "state", "watched") && !facts_is(target, "action", "none") &&
	       !facts_is(target, "action", "");
}

char *wording_action(const struct facts *target)
{
	if (facts_is(target, "state", "held"))
		return words("hold");
	if (facts_is(target, "state", "applied"))
		return words("%s", facts_string(target, "action"));
	if (facts_is(target, "state", "draining") || facts_is(target, "state", "released"))
		return words("%s", facts_string(target, "state"));
	if (wording_is_pending(target))
		return words("(%s)", facts_string(target, "action"));
	return words("none");
}
