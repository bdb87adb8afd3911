// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "client/reply.h"

/* A message needs a connection, but nobody at its other end. */
struct letter {
	sd_bus *bus;
	int other_end;
	sd_bus_message *message;
};

static int take_letter(void **state)
{
	struct letter *letter = calloc(1, sizeof(*letter));
	int fds[2];

	if (!letter || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	letter->other_end = fds[1];
	if (sd_bus_new(&letter->bus) < 0 ||
	    sd_bus_set_fd(letter->bus, fds[0], fds[0]) < 0 ||
	    sd_bus_start(letter->bus) < 0)
		return -1;
	if (sd_bus_message_new_signal(letter->bus, &letter->message, "/x", "x.y", "Z") <
	    0)
		return -1;
	*state = letter;
	return 0;
}

static int drop_letter(void **state)
{
	struct letter *letter = *state;

	sd_bus_message_unref(letter->message);
	sd_bus_close(letter->bus);
	sd_bus_unref(letter->bus);
	close(letter->other_end);
	free(letter);
	return 0;
}

static void seal(sd_bus_message *message)
{
	assert_true(sd_bus_message_seal(message, 1, 0) >= 0);
	assert_true(sd_bus_message_rewind(message, true) >= 0);
}

static void test_dictionary_of_everything(void **state)
{
	sd_bus_message *message = ((struct letter *)*state)->message;
	_cleanup_(facts_free) struct facts *facts = NULL;

	assert_true(sd_bus_message_append(message, "a{sv}", 7, "LastReloadUsec", "t",
					  UINT64_MAX, "balancing", "i", -1, "Held", "u",
					  UINT32_MAX, "armed", "b", 1, "comm", "s",
					  "\033", "Missing", "as", 2, "a", "b", "nodes",
					  "a(ut)", 1, 3, (uint64_t)4096) >= 0);
	seal(message);
	assert_int_equal(reply_read(message, NULL, &facts), 0);
	assert_string_equal(facts_string(facts, "last_reload_usec"),
			    "18446744073709551615");
	assert_int_equal(facts_s64(facts, "balancing"), -1);
	assert_int_equal(facts_u64(facts, "held"), UINT32_MAX);
	assert_true(facts_bool(facts, "armed"));
	assert_string_equal(facts_string(facts, "comm"), "\033");
	assert_string_equal(facts_text(facts_at(facts_get(facts, "missing"), 1)), "b");
	assert_int_equal(facts_u64(facts_at(facts_get(facts, "nodes"), 0), "node"), 3);
	assert_int_equal(facts_u64(facts_at(facts_get(facts, "nodes"), 0), "bytes"),
			 4096);
}

static void test_list_of_dictionaries(void **state)
{
	sd_bus_message *message = ((struct letter *)*state)->message;
	_cleanup_(facts_free) struct facts *facts = NULL;

	assert_true(sd_bus_message_append(message, "aa{sv}", 2, 1, "pid", "i", 1, 1,
					  "pid", "i", 2) >= 0);
	seal(message);
	assert_int_equal(reply_read(message, NULL, &facts), 0);
	assert_int_equal(facts_length(facts), 2);
	assert_int_equal(facts_s64(facts_at(facts, 1), "pid"), 2);
}

static void test_answer_has_the_shape_of_its_method(void **state)
{
	sd_bus_message *message = ((struct letter *)*state)->message;
	_cleanup_(facts_free) struct facts *facts = NULL;

	assert_true(sd_bus_message_append(message, "a(ssbs)", 2, "policy", "a", 0, "MatchUser",
					  "result", "bind", 1, "") >= 0);
	seal(message);
	assert_int_equal(reply_read(message, "Explain", &facts), 0);
	assert_int_equal(facts_length(facts), 2);
	assert_string_equal(facts_string(facts_at(facts, 0), "kind"), "policy");
	assert_string_equal(facts_string(facts_at(facts, 0), "why"), "MatchUser");
	assert_false(facts_bool(facts_at(facts, 0), "taken"));
	assert_string_equal(facts_string(facts_at(facts, 1), "name"), "bind");
	assert_true(facts_bool(facts_at(facts, 1), "taken"));
}

/* What a newer daemon adds must not be lost, nor read as something else. */
static void test_longer_structures_are_lists(void **state)
{
	sd_bus_message *message = ((struct letter *)*state)->message;
	_cleanup_(facts_free) struct facts *facts = NULL;

	assert_true(sd_bus_message_append(message, "a(ssbsu)", 1, "rung", "bind", 1, "x", 7) >=
		    0);
	seal(message);
	assert_int_equal(reply_read(message, "Explain", &facts), 0);
	assert_string_equal(facts_text(facts), "[ [ \"rung\", \"bind\", true, \"x\", 7 ] ]");
}

static void test_unknown_structures_are_lists(void **state)
{
	sd_bus_message *message = ((struct letter *)*state)->message;
	_cleanup_(facts_free) struct facts *facts = NULL;

	assert_true(sd_bus_message_append(message, "a{sv}", 1, "later", "(nqyx)", 1, 2, 3,
					  (int64_t)-4) >= 0);
	seal(message);
	assert_int_equal(reply_read(message, NULL, &facts), 0);
	assert_string_equal(facts_string(facts, "later"), "[ 1, 2, 3, -4 ]");
}

static void test_empty_and_foreign_replies_are_refused(void **state)
{
	sd_bus_message *message = ((struct letter *)*state)->message;
	struct facts *facts = NULL;

	assert_true(sd_bus_message_append(message, "a{us}", 1, 7, "x") >= 0);
	seal(message);
	assert_int_equal(reply_read(message, NULL, &facts), -EBADMSG);
	assert_null(facts);
}

static void test_no_value_is_refused(void **state)
{
	sd_bus_message *message = ((struct letter *)*state)->message;
	struct facts *facts = NULL;

	seal(message);
	assert_int_equal(reply_read(message, NULL, &facts), -EBADMSG);
	assert_null(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dictionary_of_everything,
						take_letter, drop_letter),
		cmocka_unit_test_setup_teardown(test_list_of_dictionaries, take_letter,
						drop_letter),
		cmocka_unit_test_setup_teardown(test_answer_has_the_shape_of_its_method,
						take_letter, drop_letter),
		cmocka_unit_test_setup_teardown(test_longer_structures_are_lists,
						take_letter, drop_letter),
		cmocka_unit_test_setup_teardown(test_unknown_structures_are_lists,
						take_letter, drop_letter),
		cmocka_unit_test_setup_teardown(
			test_empty_and_foreign_replies_are_refused, take_letter,
			drop_letter),
		cmocka_unit_test_setup_teardown(test_no_value_is_refused, take_letter,
						drop_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
