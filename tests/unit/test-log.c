// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <syslog.h>

#include "daemon/base/fs.h"
#include "daemon/base/log.h"
#include "tests/unit/tree.h"

/* What log_write() says on stderr. */
static void say(int max_level, int level, const char *text, char *out, size_t size)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	struct log_fields fields = { .message_id = LOG_ID_RELOADED, .pid = 7 };
	int saved = dup(STDERR_FILENO), fd;

	fd = openat(tree.fd, "log", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	dup2(fd, STDERR_FILENO);
	log_init("pinsafed", max_level);
	log_write(level, &fields, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	assert_true(fs_read(tree.fd, "log", out, size) >= 0);
}

static void test_plain_lines_without_journal(void **state)
{
	char out[128], stream[64];
	struct stat st;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	say(LOG_INFO, LOG_WARNING, "balancing is on", out, sizeof(out));
	assert_string_equal(out, "pinsafed: balancing is on\n");
	setenv("JOURNAL_STREAM", "8:1", 1);	/* stderr was redirected since */
	say(LOG_INFO, LOG_WARNING, "x", out, sizeof(out));
	assert_string_equal(out, "pinsafed: x\n");
	stat("/tmp", &st);			/* right file system, wrong file */
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, 1ULL);
	setenv("JOURNAL_STREAM", stream, 1);
	say(LOG_INFO, LOG_WARNING, "x", out, sizeof(out));
	assert_string_equal(out, "pinsafed: x\n");
	setenv("JOURNAL_STREAM", "nonsense", 1);
	say(LOG_INFO, LOG_INFO, "y", out, sizeof(out));
	assert_string_equal(out, "pinsafed: y\n");
}

static void test_levels(void **state)
{
	char out[128];

	(void)state;
	say(LOG_INFO, LOG_DEBUG, "details", out, sizeof(out));
	assert_string_equal(out, "");
	say(LOG_DEBUG, LOG_DEBUG, "details", out, sizeof(out));
	assert_string_equal(out, "pinsafed: details\n");
}

static void test_a_name_cannot_forge_a_line(void **state)
{
	char out[128];

	(void)state;
	say(LOG_INFO, LOG_INFO, "held a\npinsafed: all is well\x1b[2J", out, sizeof(out));
	assert_string_equal(out, "pinsafed: held a\\x0apinsafed: all is well\\x1b[2J\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_lines_without_journal),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_a_name_cannot_forge_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
