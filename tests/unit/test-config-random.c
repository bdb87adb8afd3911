// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A right file with the mistakes that people make in editors: lines lost, said
 * twice, moved, joined, indented, cut; words swapped, mistyped; bytes of other
 * encodings.  Each result is a configuration that reads back, or errors that name
 * file and line, and then nothing is applied.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/cleanup.h"
#include "daemon/policy/config.h"

DEFINE_CLEANUP_EMBEDDED(struct config, config_done);
DEFINE_CLEANUP_EMBEDDED(struct config_errors, config_errors_done);

#define ROUNDS		5000
#define MAX_LINES	64

static const char valid[] =
	"# comment\n"
	"[Daemon]\n"
	"Mode=enforce ; why\n"
	"OnStop=keep\n"
	"SweepIntervalSec=60\n"
	"MetricsTextfile=/var/lib/node-exporter/pinsafe.prom\n"
	"HistorySize=5000\n"
	"HoldOnPin=everywhere\n"
	"\n"
	"[Host]\n"
	"KernelVerdict=affected\n"
	"[Policy rdma]\n"
	"Priority=70\n"
	"MatchCGroup=/system.slice/a.service /jobs/**\n"
	"MatchUnit=a@*.service\n"
	"MatchUser=0 1000 alice\n"
	"MatchExecutable=**/bin/x[0-9]\n"
	"MatchDevice=/dev/infiniband/uverbs*\n"
	"MatchDevice=/dev/vfio/**\n"
	"MatchDriver=mlx5_*\n"
	"MatchPinnedMin=1M\n"
	"Action=hold mempolicy bind\n"
	"Scope=cgroup\n"
	"BindTo=0,2-3\n"
	"ConfineMaxMoveBytes=4G\n"
	"AllowContainers=yes\n"
	"Fallback=host-off\n"
	"Mode=audit\n"
	"[Policy others]\n"
	"Action=auto\n";

static int find_user(const char *name, uid_t *ret_uid)
{
	*ret_uid = 7;
	return strcmp(name, "alice") == 0 ? 0 : strcmp(name, "alic") == 0 ? -EIO : -ENOENT;
}

static const struct config_lookup lookup = { .find_user = find_user };

static size_t draw(size_t below)
{
	return (size_t)random() % below;
}

/* ---- edits ----------------------------------------------------------------- */

/* A file in lines, without their newlines. */
struct file {
	char lines[MAX_LINES + 1][512];
	size_t n;
};

static void split(struct file *file, const char *text)
{
	file->n = 0;
	for (; *text && file->n < MAX_LINES; file->n++) {
		size_t length = strcspn(text, "\n");

		memcpy(file->lines[file->n], text, length);
		file->lines[file->n][length] = '\0';
		text += length + (text[length] == '\n');
	}
}

static void join(const struct file *file, char *text)
{
	*text = '\0';
	for (size_t i = 0; i < file->n; i++) {
		strcat(text, file->lines[i]);
		strcat(text, draw(200) ? "\n" : "\r\n");
	}
	if (draw(50) == 0)
		text[draw(strlen(text) + 1)] = '\0';
}

static void edit_lines(struct file *file)
{
	size_t from = draw(file->n), to = draw(file->n);
	char line[sizeof(file->lines[0])];

	switch (draw(3)) {
	case 0:		/* lost */
		memmove(file->lines[from], file->lines[from + 1],
			(file->n - from) * sizeof(file->lines[0]));
		file->n--;
		break;
	case 1:		/* said twice, somewhere */
		if (file->n == MAX_LINES)
			break;
		memcpy(line, file->lines[from], sizeof(line));
		memmove(file->lines[to + 1], file->lines[to],
			(file->n - to) * sizeof(file->lines[0]));
		memcpy(file->lines[to], line, sizeof(line));
		file->n++;
		break;
	case 2:		/* moved */
		memcpy(line, file->lines[from], sizeof(line));
		memcpy(file->lines[from], file->lines[to], sizeof(line));
		memcpy(file->lines[to], line, sizeof(line));
		break;
	}
}

/* Puts text where there are length characters now. */
static void replace(char *line, size_t at, size_t length, const char *text)
{
	size_t rest = strlen(line) - at - length;

	if (at + strlen(text) + rest >= sizeof(((struct file *)0)->lines[0]))
		return;
	memmove(line + at + strlen(text), line + at + length, rest + 1);
	memcpy(line + at, text, strlen(text));
}

static void edit_text(char *line)
{
	static const char *const texts[] = {
		" ", "\t", "=", "==", "[", "]", "[]", "#", " ;", ";", "\\", "-", "*", "**", "/",
		"\r", "\x1b[2J", "\xc3\xa4", "\xff", "\xef\xbb\xbf", "0", "9999999999999999999999",
		"-1", "none", "auto", "Mode", "Policy ", "%s%n", "alic", "bob", ",", "1023", "1024",
	};
	static char run[190];
	size_t at = draw(strlen(line) + 1), length = draw(strlen(line) - at + 1);

	memset(run, 'a', sizeof(run) - 1);
	switch (draw(4)) {
	case 0:
		replace(line, at, 0, texts[draw(sizeof(texts) / sizeof(texts[0]))]);
		break;
	case 1:
		replace(line, at, length > 3 ? 3 : length,
			texts[draw(sizeof(texts) / sizeof(texts[0]))]);
		break;
	case 2:
		replace(line, at, length, "");
		break;
	case 3:
		replace(line, at, 0, run + draw(sizeof(run) - 1));
		break;
	}
}

static void edit(struct file *file)
{
	for (size_t n = 1 + draw(3); n > 0 && file->n > 0; n--) {
		if (draw(2))
			edit_lines(file);
		else
			edit_text(file->lines[draw(file->n)]);
	}
}

/* ---- what must hold -------------------------------------------------------- */

static unsigned int count_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n + 1;
}

static void check_errors(const struct config_errors *errors, const char *text)
{
	assert_true(errors->n_errors > 0);
	for (size_t i = 0; i < errors->n_errors; i++) {
		const struct config_error *error = &errors->errors[i];

		assert_string_equal(error->path, "edited.conf");
		assert_in_range(error->line, 1, count_lines(text));
		assert_true(i == 0 || error->line >= errors->errors[i - 1].line);
		for (const char *p = error->text; *p; p++)
			assert_in_range(*p, ' ', '~');
		assert_true(error->text[0]);
	}
}

/* Without the comments, which tell of other files. */
static char *values_of(const struct config *config)
{
	_cleanup_(free) char *text = NULL;
	char *values, *rest, *line;

	assert_int_equal(config_format(config, &text), 0);
	rest = text;
	values = calloc(1, strlen(text) + 2);
	assert_non_null(values);
	while ((line = strsep(&rest, "\n"))) {
		if (*line != ';')
			strcat(strcat(values, line), "\n");
	}
	return values;
}

static void check_config(const struct config *config)
{
	_cleanup_(free) char *once = NULL, *twice = NULL, *text = NULL;
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(config_done) struct config again = { .n_policies = 0 };
	struct config_source source = { "again.conf", NULL };

	assert_int_equal(config_format(config, &text), 0);
	source.text = text;
	assert_int_equal(config_parse(&source, 1, &lookup, &again, &errors), 0);
	once = values_of(config);
	twice = values_of(&again);
	assert_string_equal(once, twice);
}

/* 1: still right. */
static int check(const char *text)
{
	struct config_source source = { "edited.conf", text };
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config config, before;
	int r;

	memset(&config, 0xa5, sizeof(config));
	before = config;
	r = config_parse(&source, 1, &lookup, &config, &errors);
	if (r == 0) {
		assert_int_equal(errors.n_errors, 0);
		check_config(&config);
		config_done(&config);
		return 1;
	}
	assert_int_equal(r, -EINVAL);
	assert_memory_equal(&config, &before, sizeof(config));
	check_errors(&errors, text);
	return 0;
}

static void test_edits(void **state)
{
	const char *given = getenv("TEST_SEED");
	unsigned int seed = given ? (unsigned int)strtoul(given, NULL, 0) : (unsigned int)time(NULL);
	int right = 0;

	(void)state;
	print_message("TEST_SEED=%u\n", seed);
	srandom(seed);
	assert_int_equal(check(valid), 1);
	for (int round = 0; round < ROUNDS; round++) {
		static char text[(MAX_LINES + 1) * 514];
		static struct file file;

		split(&file, valid);
		edit(&file);
		join(&file, text);
		right += check(text);
	}
	/* both ways are trodden */
	assert_in_range(right, ROUNDS / 20, ROUNDS - ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
	};

	return cmocka_run_group_tests_name("config-random", tests, NULL, NULL);
}
