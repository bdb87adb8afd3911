// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/act/ledger.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "tests/unit/tree.h"

#define BOOT		"11111111-2222-3333-4444-555555555555"
#define OTHER_BOOT	"99999999-2222-3333-4444-555555555555"
#define HEADER		"pinsafe-ledger 2 " BOOT "\n"

static struct tree tree;

static int setup(void **state)
{
	(void)state;
	tree = tree_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_done(&tree);
	return 0;
}

static struct ledger *open_ledger(void)
{
	struct ledger *ledger = NULL;

	assert_int_equal(ledger_open(tree.fd, BOOT, &ledger), 0);
	return ledger;
}

static void assert_file(const char *expected)
{
	_cleanup_(free) char *text = NULL;

	assert_true(fs_read_all(tree.fd, "ledger", 1 << 20, &text) >= 0);
	assert_string_equal(text, expected);
}

static struct target_id process(pid_t pid)
{
	return (struct target_id){ TARGET_PROCESS, { pid, 10 * (uint64_t)pid }, 0, NULL };
}

static struct target_id cgroup(uint64_t id, const char *path)
{
	return (struct target_id){ TARGET_CGROUP, { 0, 0 }, id, (char *)path };
}

static size_t count_entries(const struct ledger *ledger)
{
	size_t n;

	(void)ledger_entries(ledger, &n);
	return n;
}

/* ---- lines --------------------------------------------------------------- */

static void test_what_is_written(void **state)
{
	struct target_id p = process(100), g = cgroup(7, "/a b/c");
	struct override order = { .id = g, .hold = false, .until_usec = 9000 };
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_int_equal(ledger_record(ledger, ACTION_HOLD, &p, "gpu", 0), 0);
	assert_int_equal(ledger_record(ledger, ACTION_HOLD, &g, NULL, 0), 0);
	assert_int_equal(ledger_set_override(ledger, &order), 0);
	assert_int_equal(ledger_erase(ledger, ACTION_HOLD, &p), 0);
	assert_int_equal(ledger_drop_override(ledger, &g), 0);
	assert_file(HEADER "apply hold process 100 1000 gpu 0 -\n"
			   "apply hold cgroup 7 0 - 0 /a b/c\n"
			   "order release cgroup 7 0 - 9000 /a b/c\n"
			   "undo hold process 100 1000 - 0 -\n"
			   "drop - cgroup 7 0 - 0 /a b/c\n");
	ledger_free(ledger);
}

static void test_what_is_remembered(void **state)
{
	struct target_id p = process(100), g = cgroup(7, "/a b/c");
	struct override order = { .id = p, .hold = true };
	const struct ledger_entry *entry;
	const struct override *orders;
	struct ledger *ledger = open_ledger();
	size_t n;

	(void)state;
	assert_int_equal(ledger_record(ledger, ACTION_HOLD, &p, "gpu", 0), 0);
	assert_int_equal(ledger_record(ledger, ACTION_HOLD, &g, NULL, 0), 0);
	assert_int_equal(ledger_erase(ledger, ACTION_HOLD, &p), 0);
	assert_int_equal(ledger_set_override(ledger, &order), 0);
	order.until_usec = 5;
	assert_int_equal(ledger_set_override(ledger, &order), 0);
	ledger_free(ledger);
	ledger = open_ledger();
	assert_int_equal(ledger_skipped(ledger), 0);
	assert_null(ledger_find(ledger, ACTION_HOLD, &p));
	entry = ledger_find(ledger, ACTION_HOLD, &g);
	assert_non_null(entry);
	assert_string_equal(entry->id.cgroup, "/a b/c");
	assert_null(entry->policy);
	orders = ledger_overrides(ledger, &n);
	assert_int_equal(n, 1);
	assert_true(orders[0].hold);
	assert_int_equal(orders[0].until_usec, 5);
	assert_int_equal(orders[0].id.process.pid, 100);
	ledger_free(ledger);
}

static void test_an_order_is_found(void **state)
{
	struct target_id p = process(100), g = cgroup(7, "/a");
	struct override order = { .id = p, .hold = false, .until_usec = 5 };
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_null(ledger_find_override(ledger, &p));
	assert_int_equal(ledger_set_override(ledger, &order), 0);
	order = (struct override){ .id = g, .hold = true };
	assert_int_equal(ledger_set_override(ledger, &order), 0);
	assert_int_equal(ledger_find_override(ledger, &p)->until_usec, 5);
	assert_true(ledger_find_override(ledger, &g)->hold);
	assert_int_equal(ledger_drop_override(ledger, &p), 0);
	assert_null(ledger_find_override(ledger, &p));
	assert_non_null(ledger_find_override(ledger, &g));
	ledger_free(ledger);
}

static void test_second_record_replaces_the_first(void **state)
{
	struct target_id p = process(100);
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_int_equal(ledger_record(ledger, ACTION_HOLD, &p, "a", 0), 0);
	assert_int_equal(ledger_record(ledger, ACTION_HOLD, &p, "b", 0), 0);
	assert_int_equal(count_entries(ledger), 1);
	assert_string_equal(ledger_find(ledger, ACTION_HOLD, &p)->policy, "b");
	ledger_free(ledger);
}

static void test_erasing_what_is_not_there(void **state)
{
	struct target_id p = process(100);
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_int_equal(ledger_erase(ledger, ACTION_HOLD, &p), 0);
	assert_int_equal(ledger_drop_override(ledger, &p), 0);
	assert_file(HEADER);
	ledger_free(ledger);
}

static void test_path_that_would_break_a_line(void **state)
{
	struct target_id g = cgroup(7, "/a\napply hold process 1 1 - 0 -");
	struct override order = { .id = g, .hold = true };
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_int_equal(ledger_record(ledger, ACTION_HOLD, &g, NULL, 0), -EINVAL);
	assert_int_equal(ledger_set_override(ledger, &order), -EINVAL);
	assert_int_equal(count_entries(ledger), 0);
	assert_file(HEADER);
	ledger_free(ledger);
}

/* ---- settings ------------------------------------------------------------ */

static void save(struct ledger *ledger, const char *name, const char *before, const char *ours)
{
	const struct saved saved = { (char *)name, (char *)before, (char *)ours, NULL, false };
	struct target_id p = process(100);

	assert_int_equal(ledger_save(ledger, ACTION_BIND, &p, &saved, 1), 0);
}

static const struct saved *find(const struct ledger *ledger, const char *name)
{
	struct target_id p = process(100);

	return ledger_find_saved(ledger_find(ledger, ACTION_BIND, &p), name);
}

static void test_settings_are_written(void **state)
{
	struct saved saved[] = {
		{ (char *)"101@7", (char *)"0-7", (char *)"0-3", NULL, false },
		{ (char *)"100@5", (char *)"", (char *)"0-3", NULL, false },
	};
	struct target_id p = process(100), h = { .kind = TARGET_HOST };
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_int_equal(ledger_save(ledger, ACTION_BIND, &p, saved, 2), -ENOENT);
	assert_int_equal(ledger_record(ledger, ACTION_BIND, &p, "gpu", 77), 0);
	assert_int_equal(ledger_save(ledger, ACTION_BIND, &p, saved, 2), 0);
	assert_int_equal(ledger_save(ledger, ACTION_BIND, &p, saved, 0), 0);
	assert_int_equal(ledger_confirm(ledger, ACTION_BIND, &p), 0);
	assert_int_equal(ledger_confirm(ledger, ACTION_BIND, &p), 0);
	assert_int_equal(ledger_record(ledger, ACTION_HOST_OFF, &h, NULL, 0), 0);
	assert_int_equal(ledger_retract(ledger, ACTION_BIND, &p), 0);
	assert_int_equal(ledger_forget(ledger, ACTION_BIND, &p, "101@7"), 0);
	assert_int_equal(ledger_forget(ledger, ACTION_BIND, &p, "101@7"), 0);
	assert_int_equal(ledger_erase(ledger, ACTION_HOST_OFF, &h), 0);
	assert_file(HEADER "apply bind process 100 1000 gpu 77 -\n"
			   "save bind process 100 1000 101@7 0-7 0-3\n"
			   "save bind process 100 1000 100@5 - 0-3\n"
			   "made bind process 100 1000 - 0 -\n"
			   "apply host-off host 0 0 - 0 -\n"
			   "back bind process 100 1000 - 0 -\n"
			   "forget bind process 100 1000 101@7 - -\n"
			   "undo host-off host 0 0 - 0 -\n");
	ledger_free(ledger);
	ledger = open_ledger();
	assert_string_equal(find(ledger, "100@5")->before, "");
	assert_null(find(ledger, "101@7"));
	assert_int_equal(ledger_find(ledger, ACTION_BIND, &p)->since_usec, 77);
	ledger_free(ledger);
}

static void test_settings_are_remembered(void **state)
{
	struct target_id p = process(100);
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_int_equal(ledger_record(ledger, ACTION_BIND, &p, "gpu", 77), 0);
	for (const char *c = "cabed"; *c; c++)
		save(ledger, (char[]){ *c, '\0' }, "0-7", "0-3");
	assert_int_equal(ledger_confirm(ledger, ACTION_BIND, &p), 0);
	save(ledger, "a", "0-3", "4-7");	/* another mind, not yet made */
	save(ledger, "f", "0-7", "4-7");	/* new, not yet made */
	save(ledger, "f", "0-7", "2");
	/* another policy changes nothing else */
	assert_int_equal(ledger_record(ledger, ACTION_BIND, &p, "other", 99), 0);
	for (int i = 0; i < 3; i++) {		/* as written, and rewritten */
		const struct ledger_entry *entry = ledger_find(ledger, ACTION_BIND, &p);

		assert_string_equal(entry->policy, "other");
		assert_int_equal(entry->since_usec, 77);
		assert_int_equal(entry->n_saved, 6);
		for (size_t k = 0; k < 6; k++)
			assert_int_equal(entry->saved[k].name[0], 'a' + (int)k);
		assert_string_equal(find(ledger, "a")->before, "0-7");
		assert_string_equal(find(ledger, "a")->ours, "4-7");
		assert_string_equal(find(ledger, "a")->earlier, "0-3");
		assert_true(find(ledger, "a")->is_made);
		assert_true(find(ledger, "b")->is_made);
		assert_null(find(ledger, "b")->earlier);
		assert_false(find(ledger, "f")->is_made);
		assert_string_equal(find(ledger, "f")->earlier, "4-7");
		assert_string_equal(find(ledger, "f")->ours, "2");
		ledger_free(ledger);
		ledger = open_ledger();
	}
	assert_int_equal(ledger_confirm(ledger, ACTION_BIND, &p), 0);
	assert_null(find(ledger, "a")->earlier);
	assert_true(find(ledger, "f")->is_made);
	assert_int_equal(ledger_retract(ledger, ACTION_BIND, &p), 0);
	assert_false(find(ledger, "b")->is_made);
	ledger_free(ledger);
}

static void test_setting_that_would_break_a_line(void **state)
{
	static const struct saved bad[] = {
		{ (char *)"", (char *)"1", (char *)"2", NULL, false },
		{ (char *)"a b", (char *)"1", (char *)"2", NULL, false },
		{ (char *)"a", (char *)"1 3", (char *)"2", NULL, false },
		{ (char *)"a", (char *)"1", (char *)"2\n", NULL, false },
		{ (char *)"a", (char *)"-", (char *)"2", NULL, false },
	};
	struct target_id p = process(100);
	struct ledger *ledger = open_ledger();

	(void)state;
	assert_int_equal(ledger_record(ledger, ACTION_BIND, &p, NULL, 0), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ledger_save(ledger, ACTION_BIND, &p, &bad[i], 1), -EINVAL);
	assert_file(HEADER "apply bind process 100 1000 - 0 -\n");
	ledger_free(ledger);
}

/* ---- what another time left ---------------------------------------------- */

static void test_foreign_ledgers_are_empty(void **state)
{
	static const char line[] = "apply hold process 100 1000 gpu 0 -\n";
	static const char *const headers[] = {
		"pinsafe-ledger 2 " OTHER_BOOT "\n",
		"pinsafe-ledger 3 " BOOT "\n",
		"pinsafe-ledger 0 " BOOT "\n",
		"pinsafe-ledger 12 " BOOT "\n",
		"pinsafe-ledger 2 " BOOT "x\n",
		"",
		"pinsafe",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		char text[256];
		struct ledger *ledger;

		snprintf(text, sizeof(text), "%s%s", headers[i], line);
		tree_write(&tree, "ledger", text);
		ledger = open_ledger();
		assert_int_equal(count_entries(ledger), 0);
		assert_file(HEADER);
		ledger_free(ledger);
	}
}

/* Holds only, and nothing on since when. */
static void test_newer_format_is_kept_aside(void **state)
{
	static const char newer[] = "pinsafe-ledger 10 " BOOT "\nsomething else\n";
	struct ledger *ledger;
	char text[128] = "";

	(void)state;
	tree_write(&tree, "ledger", newer);
	ledger = open_ledger();
	assert_true(ledger_was_newer(ledger));
	assert_int_equal(count_entries(ledger), 0);
	ledger_free(ledger);
	assert_file(HEADER);
	assert_true(fs_read(tree.fd, "ledger.newer", text, sizeof(text)) > 0);
	assert_string_equal(text, newer);
	tree_write(&tree, "ledger", "pinsafe-ledger 3 " OTHER_BOOT "\n");
	ledger = open_ledger();
	assert_false(ledger_was_newer(ledger));
	ledger_free(ledger);
}

static void test_format_1_is_read(void **state)
{
	static const char text[] = "pinsafe-ledger 1 " BOOT "\n"
				   "apply hold process 100 1000 gpu 0 -\n"
				   "order hold cgroup 7 0 - 9 /a\n";
	struct target_id p = process(100), g = cgroup(7, "/a");
	struct ledger *ledger;

	(void)state;
	tree_write(&tree, "ledger", text);
	ledger = open_ledger();
	assert_int_equal(ledger_skipped(ledger), 0);
	assert_string_equal(ledger_find(ledger, ACTION_HOLD, &p)->policy, "gpu");
	assert_int_equal(ledger_find_override(ledger, &g)->until_usec, 9);
	assert_file(HEADER "apply hold process 100 1000 gpu 0 -\n"
			   "order hold cgroup 7 0 - 9 /a\n");
	ledger_free(ledger);
}

static void test_nonsense_is_skipped_and_counted(void **state)
{
	static const char text[] =
		HEADER "apply hold process 100 1000 gpu 0 -\n"
		       "apply hold process 0 1000 gpu 0 -\n"
		       "apply hold process 99999999999 1000 gpu 0 -\n"
		       "apply hold process -5 1000 gpu 0 -\n"
		       "apply hold process 5 18446744073709551616 gpu 0 -\n"
		       "apply none process 100 1000 gpu 0 -\n"
		       "order keep process 100 1000 - 0 -\n"
		       "save bind process 100 1000 a 0 1 2\n"
		       "save bind process 100 1000 a 0\n"
		       "save auto process 100 1000 a 0 1\n"
		       "apply hold cgroup 7 0 - 0 relative\n"
		       "apply hold thread 7 0 - 0 -\n"
		       "apply hold  process 7 0 - 0 -\n"
		       "apply hold process 7 0 - 0\n"
		       "\n"
		       "\377\376\n"
		       "apply hold process 101 1010 - 0 -\n";
	struct ledger *ledger;

	(void)state;
	tree_write(&tree, "ledger", text);
	ledger = open_ledger();
	assert_int_equal(count_entries(ledger), 2);
	assert_int_equal(ledger_skipped(ledger), 15);
	assert_file(HEADER "apply hold process 100 1000 gpu 0 -\n"
			   "apply hold process 101 1010 - 0 -\n");
	ledger_free(ledger);
}

/* Cut at every byte: each line that is whole is known, no other is. */
static void test_torn_at_any_byte(void **state)
{
	static const char text[] = HEADER "apply hold process 1 10 a 0 -\n"
					  "apply hold cgroup 2 0 b 0 /x y\n"
					  "apply hold process 3 30 - 0 -\n";
	const char *cut = text + strlen(HEADER);

	(void)state;
	for (; *cut; cut++) {
		_cleanup_(free) char *torn = strndup(text, (size_t)(cut - text));
		struct ledger *ledger;
		size_t whole = 0;

		for (const char *p = text + strlen(HEADER); p < cut; p++)
			whole += *p == '\n';
		tree_write(&tree, "ledger", torn);
		ledger = open_ledger();
		assert_int_equal(count_entries(ledger), whole);
		assert_int_equal(ledger_skipped(ledger), 0);
		ledger_free(ledger);
		/* and what is written next is not glued to the torn line */
		ledger = open_ledger();
		assert_int_equal(ledger_record(ledger, ACTION_HOLD,
					       &(struct target_id){ .process = { 9, 90 } },
					       NULL, 0),
				 0);
		ledger_free(ledger);
		ledger = open_ledger();
		assert_int_equal(count_entries(ledger), whole + 1);
		ledger_free(ledger);
	}
}

/* ---- as a whole ---------------------------------------------------------- */

/* Random changes, opened again now and then: never one too many or too few. */
static void test_random_changes(void **state)
{
	unsigned int seed = (unsigned int)time(NULL);
	bool known[8] = { false };
	struct ledger *ledger = open_ledger();

	(void)state;
	print_message("seed %u\n", seed);
	srandom(seed);
	for (int round = 0; round < 3000; round++) {
		int i = (int)(random() % 8);
		struct target_id p = process(i + 1);

		known[i] = random() % 2;
		if (known[i])
			assert_int_equal(ledger_record(ledger, ACTION_HOLD, &p, "x", 0), 0);
		else
			assert_int_equal(ledger_erase(ledger, ACTION_HOLD, &p), 0);
		if (random() % 50 == 0) {
			ledger_free(ledger);
			ledger = open_ledger();
		}
		for (int k = 0; k < 8; k++) {
			p = process(k + 1);
			assert_int_equal(!!ledger_find(ledger, ACTION_HOLD, &p), known[k]);
		}
	}
	ledger_free(ledger);
}

static void test_stays_short(void **state)
{
	struct target_id p = process(100);
	struct ledger *ledger = open_ledger();
	struct stat st;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(ledger_record(ledger, ACTION_HOLD, &p, "gpu", 0), 0);
		assert_int_equal(ledger_erase(ledger, ACTION_HOLD, &p), 0);
	}
	assert_int_equal(fstatat(tree.fd, "ledger", &st, 0), 0);
	assert_true(st.st_size < 32 * 1024);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(faccessat(tree.fd, "ledger.new", F_OK, 0), -1);
	ledger_free(ledger);
}

static void test_no_runtime_directory(void **state)
{
	struct ledger *ledger;

	(void)state;
	assert_int_equal(ledger_open(-1, BOOT, &ledger), -EBADF);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_written),
		TEST(test_what_is_remembered),
		TEST(test_an_order_is_found),
		TEST(test_second_record_replaces_the_first),
		TEST(test_erasing_what_is_not_there),
		TEST(test_path_that_would_break_a_line),
		TEST(test_settings_are_written),
		TEST(test_settings_are_remembered),
		TEST(test_setting_that_would_break_a_line),
		TEST(test_foreign_ledgers_are_empty),
		TEST(test_newer_format_is_kept_aside),
		TEST(test_format_1_is_read),
		TEST(test_nonsense_is_skipped_and_counted),
		TEST(test_torn_at_any_byte),
		TEST(test_random_changes),
		TEST(test_stays_short),
		TEST(test_no_runtime_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
