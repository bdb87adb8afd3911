// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/act/ledger-line.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const verbs[] = {
	[LEDGER_APPLY] = "apply",
	[LEDGER_SAVE] = "save",
	[LEDGER_MADE] = "made",
	[LEDGER_BACK] = "back",
	[LEDGER_FORGET] = "forget",
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
	case LEDGER_SAVE:
	case LEDGER_MADE:
	case LEDGER_BACK:
	case LEDGER_FORGET:
	case LEDGER_UNDO:
		return action_name(line->action);
	case LEDGER_ORDER:
		return line->hold ? "hold" : "release";
	case LEDGER_DROP:
		break;
	}
	return nothing;
}

/* Up to and with its blank, what says which target it is. */
static void print_target(FILE *out, const struct target_id *id)
{
	switch (id->kind) {
	case TARGET_PROCESS:
		fprintf(out, "process %d %" PRIu64 " ", id->process.pid,
			id->process.start_ticks);
		break;
	case TARGET_CGROUP:
		fprintf(out, "cgroup %" PRIu64 " 0 ", id->cgroup_id);
		break;
	case TARGET_HOST:
		fprintf(out, "host 0 0 ");
		break;
	}
}

static bool is_word(const char *text)
{
	return *text && !strpbrk(text, " \n");
}

/* A value of a setting as the file has it; NULL: it cannot. */
static const char *spell_value(const char *value)
{
	if (!value || !*value)
		return nothing;
	return is_word(value) && strcmp(value, nothing) != 0 ? value : NULL;
}

static int print_setting(FILE *out, const struct ledger_line *line)
{
	const char *before = spell_value(line->before), *ours = spell_value(line->ours);

	if (!before || !ours || !is_word(line->name))
		return -EINVAL;
	fprintf(out, "%s %s ", verbs[line->verb], second_word(line));
	print_target(out, &line->id);
	fprintf(out, "%s %s %s\n", line->name, before, ours);
	return 0;
}

static int print_other(FILE *out, const struct ledger_line *line)
{
	const char *path = line->id.kind == TARGET_CGROUP ? line->id.cgroup : NULL;
	const char *policy = line->policy ?: nothing;

	if ((path && strchr(path, '\n')) || !is_word(policy))
		return -EINVAL;
	fprintf(out, "%s %s ", verbs[line->verb], second_word(line));
	print_target(out, &line->id);
	fprintf(out, "%s %" PRIu64 " %s\n", policy, line->when_usec, path ?: nothing);
	return 0;
}

static bool is_of_setting(enum ledger_verb verb)
{
	return verb == LEDGER_SAVE || verb == LEDGER_FORGET;
}

int ledger_line_print(FILE *out, const struct ledger_line *line)
{
	return is_of_setting(line->verb) ? print_setting(out, line) : print_other(out, line);
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

/* Those that leave something to undo. */
static int parse_action(const char *word, enum action *ret_action)
{
	for (enum action action = ACTION_HOLD; action < ACTION_AUTO; action++) {
		if (strcmp(word, action_name(action)) == 0) {
			*ret_action = action;
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
	case LEDGER_SAVE:
	case LEDGER_MADE:
	case LEDGER_BACK:
	case LEDGER_FORGET:
	case LEDGER_UNDO:
		return parse_action(word, &line->action);
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

enum {
	VERB, WORD, KIND, A, B,
	POLICY, WHEN, PATH,
	NAME = POLICY, BEFORE, OURS,
	N_FIELDS,
};

static int parse_target(char *fields[N_FIELDS], struct target_id *id)
{
	if (strcmp(fields[KIND], target_kind_name(TARGET_PROCESS)) == 0)
		return parse_process(fields[A], fields[B], id);
	if (strcmp(fields[KIND], target_kind_name(TARGET_CGROUP)) == 0) {
		id->kind = TARGET_CGROUP;
		return parse_number(fields[A], UINT64_MAX, &id->cgroup_id);
	}
	id->kind = TARGET_HOST;
	return strcmp(fields[KIND], target_kind_name(TARGET_HOST)) == 0 ? 0 : -EINVAL;
}

/* The text behind what "nothing" stands for. */
static const char *read_value(const char *field)
{
	return strcmp(field, nothing) == 0 ? "" : field;
}

static int parse_setting(char *fields[N_FIELDS], struct ledger_line *line)
{
	line->name = fields[NAME];
	if (line->verb == LEDGER_SAVE) {
		line->before = read_value(fields[BEFORE]);
		line->ours = read_value(fields[OURS]);
	}
	return strchr(fields[OURS], ' ') ? -EINVAL : 0;
}

static int parse_other(char *fields[N_FIELDS], struct ledger_line *line)
{
	if (strcmp(fields[POLICY], nothing) != 0)
		line->policy = fields[POLICY];
	if (line->id.kind == TARGET_CGROUP && strcmp(fields[PATH], nothing) != 0) {
		if (*fields[PATH] != '/')
			return -EINVAL;
		line->id.cgroup = fields[PATH];
	}
	return parse_number(fields[WHEN], UINT64_MAX, &line->when_usec);
}

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
	int r;

	if (split(text, fields) < 0 || parse_verb(fields[VERB], &line.verb) < 0 ||
	    parse_second_word(fields[WORD], &line) < 0 || parse_target(fields, &line.id) < 0)
		return -EINVAL;
	r = is_of_setting(line.verb) ? parse_setting(fields, &line) : parse_other(fields, &line);
	if (r == 0)
		*ret_line = line;
	return r;
}

size_t ledger_header_parse(const char *text, const char *boot_id, unsigned int *ret_format)
{
	size_t length = strlen(boot_id);
	unsigned int format = 0;
	int end = 0;

	if (sscanf(text, LEDGER_HEADER " %u %n", &format, &end) != 1 || format == 0)
		return 0;
	if (strncmp(text + end, boot_id, length) != 0 || text[(size_t)end + length] != '\n')
		return 0;
	*ret_format = format;
	return (size_t)end + length;
}
