// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/verb.h"
#include "daemon/base/cleanup.h"

/* Stands for pinsafed: a script of the test's own. */
static void write_daemon(char path[64], const char *script)
{
	_cleanup_(fclose) FILE *f = NULL;
	int fd;

	strcpy(path, "/tmp/test-client-config-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	assert_int_equal(fchmod(fd, 0700), 0);
}

static const struct verb check_config = { .name = "check-config", .run = verb_check_config };
static const struct verb cat_config = { .name = "cat-config", .run = verb_cat_config };

/* What a verb says on stdout, up to 1000 bytes. */
static int ask_verb(const struct verb *verb, const char *script, const char *dir, bool json,
		    char text[1000])
{
	char daemon[64];
	char *args[] = { (char *)dir, NULL };
	struct request request = {
		.verb = verb, .json = json, .quiet = !json, .args = args, .n_args = dir ? 1 : 0,
		.daemon_path = daemon,
	};
	_cleanup_(close) int stdout_fd = dup(STDOUT_FILENO);
	_cleanup_(fclose) FILE *out = tmpfile();
	int exit;

	write_daemon(daemon, script);
	fflush(stdout);
	dup2(fileno(out), STDOUT_FILENO);
	exit = verb->run(&request);
	fflush(stdout);
	dup2(stdout_fd, STDOUT_FILENO);
	unlink(daemon);
	rewind(out);
	text[fread(text, 1, 999, out)] = '\0';
	return exit;
}

static int ask(const char *script, const char *dir, bool json, char text[1000])
{
	return ask_verb(&check_config, script, dir, json, text);
}

static void test_valid(void **state)
{
	char text[1000];

	(void)state;
	assert_int_equal(
		ask("[ \"$*\" = '--check-config /etc/x' ]", "/etc/x", true, text), 0);
	assert_string_equal(text, "{\n"
			    "  \"schema\":\"pinsafe.check-config/1\",\n"
			    "  \"valid\":true\n"
			    "}\n");
	assert_int_equal(ask("[ \"$*\" = --check-config ]", NULL, false, text), 0);
	assert_string_equal(text, "");
}

static void test_errors_have_file_and_line(void **state)
{
	char text[1000];

	(void)state;
	assert_int_equal(
		ask("echo 'a:b.conf:12: no key: \"Mdoe\"' >&2; echo two errors; exit 1",
		    NULL, true, text),
		1);
	assert_string_equal(text, "{\n"
			    "  \"schema\":\"pinsafe.check-config/1\",\n"
			    "  \"valid\":false,\n"
			    "  \"errors\":[\n"
			    "    {\n"
			    "      \"path\":\"a:b.conf\",\n"
			    "      \"line\":12,\n"
			    "      \"text\":\"no key: \\\"Mdoe\\\"\"\n"
			    "    },\n"
			    "    {\n"
			    "      \"text\":\"two errors\"\n"
			    "    }\n"
			    "  ]\n"
			    "}\n");
	assert_int_equal(ask("echo x; exit 1", NULL, false, text), 1);
}

static void test_trouble_is_not_an_answer(void **state)
{
	char text[1000];

	(void)state;
	assert_int_equal(ask("exit 127", NULL, true, text), EXIT_TROUBLE);
	assert_string_equal(text, "");
	assert_int_equal(ask("kill -9 $$", NULL, false, text), EXIT_TROUBLE);
}

static void test_values_have_their_origin(void **state)
{
	char text[1000];

	(void)state;
	assert_int_equal(ask_verb(&cat_config,
				  "[ \"$*\" = '--cat-config /etc/x' ] && echo 'a: x=y, ignoring' >&2 && "
				  "printf '%s\\n' '[Daemon]' "
				  "'; default' 'Mode=audit' '' '[Policy a=b]' "
				  "'; /etc/x/pinsafed.conf:7' 'MatchUser=x=y ; z'",
				  "/etc/x", true, text), 0);
	assert_string_equal(text, "{\n"
			    "  \"schema\":\"pinsafe.cat-config/1\",\n"
			    "  \"valid\":true,\n"
			    "  \"values\":[\n"
			    "    {\n"
			    "      \"section\":\"Daemon\",\n"
			    "      \"key\":\"Mode\",\n"
			    "      \"value\":\"audit\",\n"
			    "      \"origin\":\"default\"\n"
			    "    },\n"
			    "    {\n"
			    "      \"section\":\"Policy a=b\",\n"
			    "      \"key\":\"MatchUser\",\n"
			    "      \"value\":\"x=y ; z\",\n"
			    "      \"origin\":\"/etc/x/pinsafed.conf:7\"\n"
			    "    }\n"
			    "  ]\n"
			    "}\n");
}

static void test_values_of_a_wrong_configuration(void **state)
{
	char text[1000];

	(void)state;
	assert_int_equal(ask_verb(&cat_config, "echo 'a.conf:12: no key' >&2; exit 1", NULL,
				  true, text), 1);
	assert_non_null(strstr(text, "\"schema\":\"pinsafe.cat-config/1\""));
	assert_non_null(strstr(text, "\"valid\":false"));
	assert_non_null(strstr(text, "\"line\":12"));
	assert_int_equal(ask_verb(&cat_config, "exit 127", NULL, true, text), EXIT_TROUBLE);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_errors_have_file_and_line),
		cmocka_unit_test(test_trouble_is_not_an_answer),
		cmocka_unit_test(test_values_have_their_origin),
		cmocka_unit_test(test_values_of_a_wrong_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
