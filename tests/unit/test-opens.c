// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/fanotify.h>

#include "daemon/sense/opens.h"
#include "tests/unit/fake-fanotify.h"
#include "tests/unit/tree.h"

/* Events as read(2) gives them, with an information record behind each that
 * leaves the next one aligned to 4 only. */
struct queue {
	_Alignas(struct fanotify_event_metadata) unsigned char bytes[1024];
	size_t len;
};

static void queue_add(struct queue *queue, int pid, uint64_t mask, uint8_t version)
{
	struct fanotify_event_metadata event = {
		.event_len = sizeof(event) + 28,
		.metadata_len = sizeof(event),
		.vers = version,
		.mask = mask,
		.fd = FAN_NOFD,
		.pid = pid,
	};

	memcpy(queue->bytes + queue->len, &event, sizeof(event));
	queue->len += event.event_len;
}

static void test_each_opener_once(void **state)
{
	struct open_events opened = { 0 };
	struct queue queue = { .len = 0 };

	(void)state;
	queue_add(&queue, 7, FAN_OPEN, FANOTIFY_METADATA_VERSION);
	queue_add(&queue, 9, FAN_OPEN, FANOTIFY_METADATA_VERSION);
	queue_add(&queue, 7, FAN_OPEN, FANOTIFY_METADATA_VERSION);
	queue_add(&queue, 0, FAN_OPEN, FANOTIFY_METADATA_VERSION);	/* other pid ns */
	assert_int_equal(opens_parse_events(queue.bytes, queue.len, &opened), 0);
	assert_int_equal(opened.n_pids, 2);
	assert_int_equal(opened.pids[0], 7);
	assert_int_equal(opened.pids[1], 9);
	assert_false(opened.overflow);

	/* a second read adds to it */
	queue.len = 0;
	queue_add(&queue, 0, FAN_Q_OVERFLOW, FANOTIFY_METADATA_VERSION);
	queue_add(&queue, 11, FAN_OPEN, FANOTIFY_METADATA_VERSION);
	assert_int_equal(opens_parse_events(queue.bytes, queue.len, &opened), 0);
	assert_int_equal(opened.n_pids, 3);
	assert_true(opened.overflow);
	free(opened.pids);
}

static void test_broken_events(void **state)
{
	struct open_events opened = { 0 };
	struct queue queue = { .len = 0 };

	(void)state;
	queue_add(&queue, 7, FAN_OPEN, FANOTIFY_METADATA_VERSION + 1);
	assert_int_equal(opens_parse_events(queue.bytes, queue.len, &opened), -EPROTO);
	queue.len = 0;
	queue_add(&queue, 7, FAN_OPEN, FANOTIFY_METADATA_VERSION);
	assert_int_equal(opens_parse_events(queue.bytes, queue.len - 1, &opened), 0);
	assert_int_equal(opened.n_pids, 0);
	assert_int_equal(opens_parse_events(queue.bytes, 3, &opened), 0);
	free(opened.pids);
}

static void test_numbers_are_sorted_and_unique(void **state)
{
	_cleanup_(close) int dev_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *globs[] = { "/dev/zero", "/dev/null", "/dev/[zn][eu][rl][ol]" };
	_cleanup_(free) struct device_number *devices = NULL;
	size_t n;

	(void)state;
	assert_int_equal(opens_find_devices(dev_fd, (char **)globs, 3, &devices, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(devices[0].minor, 3);
	assert_int_equal(devices[1].minor, 5);
}

DEFINE_CLEANUP(struct opens, opens_free);

/* Nodes need root, so folders and files stand in: inotify tells them not apart. */
static void test_notices_what_comes_and_goes(void **state)
{
	_cleanup_(tree_done) struct tree tree = tree_new();
	_cleanup_(opens_free) struct opens *opens = NULL;
	const char *globs[] = { "/dev/infiniband/uverbs*" };
	const char *others[] = { "/dev/vfio/*" };
	const char *why = "unset";

	(void)state;
	assert_int_equal(opens_new(tree.fd, false, &opens, &why), 0);
	assert_null(why);
	assert_int_equal(opens_fanotify_fd(opens), -1);
	assert_true(opens_inotify_fd(opens) >= 0);
	assert_int_equal(opens_watch(opens, (char **)globs, 1), 0);
	assert_int_equal(opens_read_nodes(opens), 0);

	tree_write(&tree, "infiniband/first", "");
	assert_int_equal(opens_read_nodes(opens), 1);
	assert_int_equal(opens_watch(opens, (char **)globs, 1), 0);
	assert_int_equal(opens_read_nodes(opens), 0);
	tree_write(&tree, "infiniband/uverbs0", "");		/* in the new folder */
	assert_int_equal(opens_read_nodes(opens), 1);
	assert_int_equal(opens_read_nodes(opens), 0);

	/* no longer named, no longer watched */
	assert_int_equal(opens_watch(opens, (char **)others, 1), 0);
	opens_read_nodes(opens);
	tree_write(&tree, "infiniband/uverbs1", "");
	assert_int_equal(opens_read_nodes(opens), 0);
}

/* One of two is one too few: who opens the other is not heard. */
static void test_tells_of_a_node_without_a_mark(void **state)
{
	_cleanup_(close) int dev_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(opens_free) struct opens *opens = NULL;
	const char *globs[] = { "/dev/null", "/dev/zero" };
	const char *why = "unset";

	(void)state;
	assert_int_equal(opens_new(dev_fd, true, &opens, &why), 0);
	assert_null(why);
	assert_int_equal(opens_watch(opens, (char **)globs, 2), 2);
	fake_fanotify.refused = "null";
	fake_fanotify.error = ENODEV;
	assert_int_equal(opens_watch(opens, (char **)globs, 2), -ENODEV);
	fake_fanotify.error = ENOENT;			/* gone meanwhile */
	assert_int_equal(opens_watch(opens, (char **)globs, 2), 1);
	fake_fanotify.refused = NULL;
	assert_int_equal(opens_watch(opens, (char **)globs, 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_opener_once),
		cmocka_unit_test(test_broken_events),
		cmocka_unit_test(test_numbers_are_sorted_and_unique),
		cmocka_unit_test(test_notices_what_comes_and_goes),
		cmocka_unit_test(test_tells_of_a_node_without_a_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
