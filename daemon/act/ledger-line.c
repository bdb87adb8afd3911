// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/ledger-line.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const verbs[] = {
	[LEDGER_APPLY] = "apply",
	[LEDGER_UNDO] = "undo",
	[LEDGER_ORDER] = "order",
	[LEDGER_DROP] = "drop",
};

static const char nothing[] = "-";

/* ---- printing ----------------------------------------------------------- */

static const char *second_word(const struct ledger_line *line)
{
	switch (line->verb) {
	case LEDGER_APPLY:
	case LEDGER_UNDO:
		return action_name(line->action);
	case LEDGER_ORDER:
		return line->hold ? "hold" : "release";
	case LEDGER_DROP:
		break;
	}
	return nothing;
}

int ledger_line_print(FILE *out, const struct ledger_line *line)
{
	const struct target_id *id = &line->id;
	bool is_cgroup = id->kind == TARGET_CGROUP;
	const char *path = is_cgroup && id->cgroup ? id->cgroup : nothing;
	const char *policy = line->policy ?: nothing;

	if (strchr(path, '\n') || strpbrk(policy, " \n") || !*policy)
		return -EINVAL;
	fprintf(out, "%s %s %s %" PRIu64 " %" PRIu64 " %s %" PRIu64 " %s\n",
		verbs[line->verb], second_word(line), is_cgroup ? "cgroup" : "process",
		is_cgroup ? id->cgroup_id : (uint64_t)id->process.pid,
		is_cgroup ? 0 : id->process.start_ticks, policy, line->until_usec, path);
	return 0;
}

/* ---- parsing ------------------------------------------------------------ */

static int parse_verb(const char *word, enum ledger_verb *ret_verb)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(word, verbs[i]) == 0) {
			*ret_verb = (enum ledger_verb)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_second_word(const char *word, struct ledger_line *line)
{
	bool is_hold = strcmp(word, "hold") == 0;

	switch (line->verb) {
	case LEDGER_APPLY:
	case LEDGER_UNDO:
		line->action = ACTION_HOLD;
		return strcmp(word, action_name(ACTION_HOLD)) == 0 ? 0 : -EINVAL;
	case LEDGER_ORDER:
		line->hold = is_hold;
		return is_hold || strcmp(word, "release") == 0 ? 0 : -EINVAL;
	case LEDGER_DROP:
		break;
	}
	return strcmp(word, nothing) == 0 ? 0 : -EINVAL;
}

static int parse_number(const char *word, uint64_t max, uint64_t *ret_number)
{
	char *end;

	if (*word < '0' || *word > '9')
		return -EINVAL;
	errno = 0;
	*ret_number = strtoull(word, &end, 10);
	return *end || errno || *ret_number > max ? -EINVAL : 0;
}

static int parse_process(const char *pid, const char *start, struct target_id *id)
{
	uint64_t number;

	id->kind = TARGET_PROCESS;
	if (parse_number(pid, INT_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	id->process.pid = (pid_t)number;
	return parse_number(start, UINT64_MAX, &id->process.start_ticks);
}

static int parse_cgroup(const char *number, char *path, struct target_id *id)
{
	id->kind = TARGET_CGROUP;
	if (strcmp(path, nothing) != 0)
		id->cgroup = path;
	if (id->cgroup && *path != '/')
		return -EINVAL;
	return parse_number(number, UINT64_MAX, &id->cgroup_id);
}

enum { VERB, WORD, KIND, A, B, POLICY, UNTIL, PATH, N_FIELDS };

static int split(char *text, char *fields[N_FIELDS])
{
	for (int i = 0; i < N_FIELDS; i++) {
		fields[i] = i < PATH ? strsep(&text, " ") : text;
		if (!fields[i] || !*fields[i])
			return -EINVAL;
	}
	return 0;
}

int ledger_line_parse(char *text, struct ledger_line *ret_line)
{
	struct ledger_line line = {};
	char *fields[N_FIELDS];

	if (split(text, fields) < 0 || parse_verb(fields[VERB], &line.verb) < 0 ||
	    parse_second_word(fields[WORD], &line) < 0 ||
	    parse_number(fields[UNTIL], UINT64_MAX, &line.until_usec) < 0)
		return -EINVAL;
	if (strcmp(fields[POLICY], nothing) != 0)
		line.policy = fields[POLICY];
	if (strcmp(fields[KIND], "process") == 0) {
		if (parse_process(fields[A], fields[B], &line.id) < 0)
			return -EINVAL;
	} else if (strcmp(fields[KIND], "cgroup") == 0) {
		if (parse_cgroup(fields[A], fields[PATH], &line.id) < 0)
			return -EINVAL;
	} else {
		return -EINVAL;
	}
	*ret_line = line;
	return 0;
}
