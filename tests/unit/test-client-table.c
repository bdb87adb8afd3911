// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "client/table.h"

static const struct column columns[] = {
	{ "PID", ALIGN_RIGHT, CUT_NEVER, 0 },
	{ "COMM", ALIGN_LEFT, CUT_END, 4 },
	{ "CGROUP", ALIGN_LEFT, CUT_PATH, 6 },
	{ "PROOF", ALIGN_LEFT, CUT_NEVER, 0 },
};

/* Collects what is printed. */
struct paper {
	FILE *out;
	char *text;
	size_t size;
	struct style style;
};

static void take_paper(struct paper *paper, unsigned int width)
{
	*paper = (struct paper){ .style = { .width = width } };
	paper->out = open_memstream(&paper->text, &paper->size);
	assert_non_null(paper->out);
}

static void expect_paper(struct paper *paper, const char *expected)
{
	fclose(paper->out);
	assert_string_equal(paper->text, expected);
	free(paper->text);
}

static void add(struct table *table, const char *pid, const char *comm,
		const char *cgroup, const char *proof)
{
	assert_int_equal(table_add_row(table), 0);
	assert_int_equal(table_set(table, 0, TONE_PLAIN, pid), 0);
	assert_int_equal(table_set(table, 1, TONE_PLAIN, comm), 0);
	assert_int_equal(table_set(table, 2, TONE_PLAIN, cgroup), 0);
	assert_int_equal(table_set(table, 3, TONE_BAD, proof), 0);
}

static struct table *two_rows(void)
{
	struct table *table = table_new(columns, 4);

	assert_non_null(table);
	add(table, "7", "train", "/system.slice/train.service", "verified");
	add(table, "4242", "fio", "/a/b", "idle");
	return table;
}

static void test_table_as_wide_as_it_needs(void **state)
{
	_cleanup_(table_free) struct table *table = two_rows();
	struct paper paper;

	(void)state;
	take_paper(&paper, 80);
	table_print(table, &paper.style, paper.out);
	expect_paper(&paper,
		     " PID COMM  CGROUP                      PROOF\n"
		     "   7 train /system.slice/train.service verified\n"
		     "4242 fio   /a/b                        idle\n");
}

static void test_paths_lose_folders_then_their_end(void **state)
{
	_cleanup_(table_free) struct table *table = two_rows();
	struct paper paper;

	(void)state;
	take_paper(&paper, 36);
	table_print(table, &paper.style, paper.out);
	expect_paper(&paper,
		     " PID COMM  CGROUP           PROOF\n"
		     "   7 train ~/train.service  verified\n"
		     "4242 fio   /a/b             idle\n");
	take_paper(&paper, 30);
	table_print(table, &paper.style, paper.out);
	expect_paper(&paper,
		     " PID COMM  CGROUP     PROOF\n"
		     "   7 train train.ser~ verified\n"
		     "4242 fio   /a/b       idle\n");
}

static void test_minimum_widths_stay(void **state)
{
	_cleanup_(table_free) struct table *table = two_rows();
	struct paper paper;

	(void)state;
	take_paper(&paper, 1);
	table_print(table, &paper.style, paper.out);
	expect_paper(&paper,
		     " PID COMM CGROUP PROOF\n"
		     "   7 tra~ train~ verified\n"
		     "4242 fio  /a/b   idle\n");
}

static void test_colour_does_not_move_columns(void **state)
{
	_cleanup_(table_free) struct table *table = table_new(columns, 4);
	struct paper paper;

	(void)state;
	add(table, "1", "a", "", "bad");
	take_paper(&paper, 80);
	paper.style.colour = true;
	table_print(table, &paper.style, paper.out);
	expect_paper(&paper,
		     "\033[1mPID\033[0m \033[1mCOMM\033[0m \033[1mCGROUP\033[0m "
		     "\033[1mPROOF\033[0m\n"
		     "  1 a           \033[1;31mbad\033[0m\n");
}

static void test_cells_are_escaped(void **state)
{
	_cleanup_(table_free) struct table *table = table_new(columns, 4);
	struct paper paper;

	(void)state;
	add(table, "1", "\033[0m\n", "/", "x");
	take_paper(&paper, 80);
	table_print(table, &paper.style, paper.out);
	expect_paper(&paper,
		     "PID COMM      CGROUP PROOF\n"
		     "  1 \\x1b[0m\\n /      x\n");
}

static void test_table_without_rows(void **state)
{
	_cleanup_(table_free) struct table *table = table_new(columns, 4);
	struct paper paper;

	(void)state;
	take_paper(&paper, 80);
	table_print(table, &paper.style, paper.out);
	expect_paper(&paper, "PID COMM CGROUP PROOF\n");
}

static void test_sheet_folds_at_blanks(void **state)
{
	struct paper paper;

	(void)state;
	take_paper(&paper, 24);
	sheet_print(&paper.style, paper.out, "Kernel", TONE_PLAIN, "one two three four");
	sheet_print(&paper.style, paper.out, "CGroup", TONE_PLAIN,
		    "/a/very/long/path/stays/whole yes");
	sheet_print(&paper.style, paper.out, "Empty", TONE_PLAIN, "");
	sheet_printf(&paper.style, paper.out, "Number", TONE_PLAIN, "%d", 7);
	sheet_item(&paper.style, paper.out, "what is missing on it");
	expect_paper(&paper,
		     "     Kernel  one two\n"
		     "             three four\n"
		     "     CGroup  /a/very/long/path/stays/whole\n"
		     "             yes\n"
		     "      Empty  \n"
		     "     Number  7\n"
		     "  - what is missing on\n"
		     "    it\n");
}

static void test_a_name_cannot_pass_for_a_row(void **state)
{
	struct paper paper;

	(void)state;
	take_paper(&paper, 80);
	sheet_print(&paper.style, paper.out, "Process", TONE_PLAIN,
		    "x\n      Proof  verified");
	sheet_print_lines(&paper.style, paper.out, "Reload", TONE_PLAIN,
			  "FAILED:\na:1: \033");
	expect_paper(&paper,
		     "    Process  x\\n      Proof  verified\n"
		     "     Reload  FAILED:\n"
		     "             a:1: \\x1b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_as_wide_as_it_needs),
		cmocka_unit_test(test_paths_lose_folders_then_their_end),
		cmocka_unit_test(test_minimum_widths_stay),
		cmocka_unit_test(test_colour_does_not_move_columns),
		cmocka_unit_test(test_cells_are_escaped),
		cmocka_unit_test(test_table_without_rows),
		cmocka_unit_test(test_sheet_folds_at_blanks),
		cmocka_unit_test(test_a_name_cannot_pass_for_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
