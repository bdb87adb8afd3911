// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/output.h"
#include "client/verb.h"

/* Puts a file in the place of a descriptor; put_back() ends it. */
static int put(int fd, int file)
{
	int kept = dup(fd);

	fflush(NULL);
	assert_true(kept >= 0 && dup2(file, fd) == fd);
	return kept;
}

static void put_back(int fd, int kept)
{
	fflush(NULL);
	dup2(kept, fd);
	close(kept);
}

static void expect_complaint(const char *what, const char *next, const char *why,
			     const char *expected)
{
	_cleanup_(fclose) FILE *paper = tmpfile();
	int kept = put(STDERR_FILENO, fileno(paper)), exit;
	char text[500];

	exit = complain(EXIT_DENIED, what, next, why);
	put_back(STDERR_FILENO, kept);
	rewind(paper);
	text[fread(text, 1, sizeof(text) - 1, paper)] = '\0';
	assert_string_equal(text, expected);
	assert_int_equal(exit, EXIT_DENIED);
}

static void test_complaints(void **state)
{
	(void)state;
	expect_complaint("list", NULL, "no", "pinsafectl: list: no\n");
	expect_complaint("list", "do it", "no", "pinsafectl: list: no\nnext step: do it\n");
	expect_complaint("reload", NULL, "a:1: x\nb:2: y\n",
			 "pinsafectl: reload: a:1: x\npinsafectl: reload: b:2: y\n");
	expect_complaint("\033[2J", NULL, "\033\x9b",
			 "pinsafectl: \\x1b[2J: \\x1b\\x9b\n");
	expect_complaint(NULL, "do it", "no", "");
	expect_complaint("list", NULL, "", "pinsafectl: list: \n");
}

static int open_terminal(unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
		return -1;
	ioctl(fd, TIOCSWINSZ, &size);
	return fd;
}

static struct style style_of(int file)
{
	int kept = put(STDOUT_FILENO, file);
	struct style style = output_style();

	put_back(STDOUT_FILENO, kept);
	return style;
}

static void test_style_of_a_file(void **state)
{
	_cleanup_(close) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	setenv("TERM", "xterm", true);
	assert_false(style_of(null).colour);
	assert_int_equal(style_of(null).width, 80);
}

static void test_style_of_a_terminal(void **state)
{
	_cleanup_(close) int wide = open_terminal(132), narrow = open_terminal(40);

	(void)state;
	if (wide < 0 || narrow < 0)
		skip();
	setenv("TERM", "xterm", true);
	unsetenv("NO_COLOR");
	assert_true(style_of(wide).colour);
	assert_int_equal(style_of(wide).width, 132);
	assert_int_equal(style_of(narrow).width, 80);
	setenv("NO_COLOR", "", true);	/* says nothing, by its convention */
	assert_true(style_of(wide).colour);
	setenv("NO_COLOR", "1", true);
	assert_false(style_of(wide).colour);
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", true);
	assert_false(style_of(wide).colour);
}

static void test_what_did_not_arrive_is_trouble(void **state)
{
	_cleanup_(close) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	_cleanup_(close) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int kept, kept_err, exit;

	(void)state;
	assert_int_equal(output_finish(EXIT_NO), EXIT_NO);
	if (full < 0)
		skip();
	kept_err = put(STDERR_FILENO, null);
	kept = put(STDOUT_FILENO, full);
	fputs("an answer", stdout);
	exit = output_finish(EXIT_YES);
	put_back(STDOUT_FILENO, kept);
	put_back(STDERR_FILENO, kept_err);
	clearerr(stdout);
	assert_int_equal(exit, EXIT_TROUBLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_style_of_a_file),
		cmocka_unit_test(test_style_of_a_terminal),
		cmocka_unit_test(test_what_did_not_arrive_is_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
