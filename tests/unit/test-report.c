// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "daemon/report.h"

static void assert_utf8(const char *text, const char *want)
{
	_cleanup_(free) char *got = report_make_utf8(text);

	assert_string_equal(got, want);
}

#define BAD "\xef\xbf\xbd"

static void test_utf8(void **unused)
{
	(void)unused;
	assert_utf8("", "");
	assert_utf8("python3", "python3");
	assert_utf8("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8d\x8e", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8d\x8e");
	assert_utf8("a\xffz", "a" BAD "z");
	assert_utf8("\xc3", BAD);			/* cut off */
	assert_utf8("\xe2\x82", BAD BAD);
	assert_utf8("\xc0\xaf", BAD BAD);		/* too long for "/" */
	assert_utf8("\xe0\x80\xaf", BAD BAD BAD);
	assert_utf8("\xed\xa0\x80", BAD BAD BAD);	/* a surrogate */
	assert_utf8("\xf4\x90\x80\x80", BAD BAD BAD BAD);	/* beyond U+10FFFF */
}

/* A decoder of its own, by arithmetic. */
static int is_valid(const unsigned char *p)
{
	while (*p) {
		unsigned int n = *p < 0x80 ? 0 : *p >> 5 == 6 ? 1 : *p >> 4 == 14 ? 2 :
				 *p >> 3 == 30 ? 3 : 9;
		unsigned int code = n == 0 ? *p : *p & (0x3fU >> n);

		if (n == 9)
			return 0;
		for (p++; n > 0 && *p >> 6 == 2; n--)
			code = code << 6 | (*p++ & 0x3f);
		if (n > 0 || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
			return 0;
	}
	return 1;
}

static void test_whatever_comes(void **unused)
{
	unsigned int seed = (unsigned int)time(NULL);
	char text[17] = "";

	(void)unused;
	print_message("seed %u\n", seed);
	for (int round = 0; round < 20000; round++) {
		_cleanup_(free) char *got = NULL;

		for (size_t i = 0; i < sizeof(text) - 1; i++)
			text[i] = (char)((rand_r(&seed) & 1) ? 0xc0 | (rand_r(&seed) & 0x3f) :
							       1 + rand_r(&seed) % 255);
		got = report_make_utf8(text);
		assert_true(is_valid((const unsigned char *)got));
	}
}

static const struct value *find(const struct report *report, const char *key)
{
	for (size_t i = 0; i < report->n; i++) {
		if (strcmp(report->values[i].key, key) == 0)
			return &report->values[i];
	}
	return NULL;
}

static void test_target(void **unused)
{
	_cleanup_(report_done) struct report report = { 0 };
	struct target row = {
		.id = { .kind = TARGET_PROCESS, .process = { 7, 70 } },
		.facts = { .id = { 7, 70 }, .vm_pin_bytes = 4096, .has_scan_seq = true },
		.shown = { .risk = RISK_COST, .scanned = SCANNED_YES },
		.reason = (char *)"because",
		.known_usec = 5,
	};

	(void)unused;
	memset(row.facts.comm, 'x', MODEL_COMM);	/* the kernel may fill it */
	report_target(&row, &report);
	assert_false(report.is_short);
	assert_int_equal(strlen(find(&report, "comm")->text), MODEL_COMM);
	assert_int_equal(find(&report, "exposed")->number, 1);
	assert_string_equal(find(&report, "pinned_source")->text, "vmpin");
	assert_string_equal(find(&report, "state")->text, "watched");
	assert_non_null(find(&report, "scan_seq"));
	assert_int_equal(find(&report, "known_usec")->number, 5);
	assert_null(find(&report, "executable"));	/* not known: not said */
	assert_null(find(&report, "refused_scans"));	/* not held */
}

static void test_cgroup(void **unused)
{
	_cleanup_(report_done) struct report report = { 0 };
	struct target row = {
		.id = { .kind = TARGET_CGROUP, .cgroup = (char *)"/a" },
		.shown = { .is_held = true },
	};

	(void)unused;
	report_target(&row, &report);
	assert_int_equal(find(&report, "pid")->number, 0);
	assert_string_equal(find(&report, "cgroup")->text, "/a");
	assert_null(find(&report, "known_usec"));
	assert_string_equal(find(&report, "state")->text, "held");
	assert_non_null(find(&report, "refused_scans"));
}

static void test_host(void **unused)
{
	_cleanup_(report_done) struct report report = { 0 };
	struct target row = {
		.id = { .kind = TARGET_HOST },
		.shown = { .applied = ACTION_HOST_OFF },
	};

	(void)unused;
	report_target(&row, &report);
	assert_int_equal(find(&report, "pid")->number, 0);
	assert_string_equal(find(&report, "cgroup")->text, "");
	assert_string_equal(find(&report, "state")->text, "applied");
}

/* What a user makes as long as he likes goes, who it is stays. */
static void test_shorten(void **unused)
{
	_cleanup_(report_done) struct report report = { 0 };
	struct device_open devices[] = { { .path = (char[]){ "/dev/infiniband/uverbs0" } } };
	struct target row = { .id.kind = TARGET_PROCESS, .id.process = { 7, 8 } };
	char path[4096];
	size_t before;

	(void)unused;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	row.facts.exe = row.facts.cgroup = path;
	row.facts.devices = devices;
	row.facts.n_devices = 1;
	report_target(&row, &report);
	before = report_bytes(&report);
	assert_true(before > 2 * sizeof(path));
	assert_non_null(find(&report, "executable"));
	report_shorten(&report);
	assert_true(report_bytes(&report) < before - 2 * sizeof(path) + 200);
	assert_null(find(&report, "executable"));
	assert_null(find(&report, "cgroup"));
	assert_non_null(find(&report, "pid"));
	assert_non_null(find(&report, "start_ticks"));
	assert_non_null(find(&report, "comm"));
	assert_non_null(find(&report, "action"));
	assert_non_null(find(&report, "devices"));
	before = report_bytes(&report);
	devices[0].path = path;
	assert_true(report_bytes(&report) > before + 3 * 4000);
	report_shorten(&report);
	assert_null(find(&report, "devices"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_whatever_comes),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_shorten),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
