// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - the queue behind read(2)
 *
 * A ring of fixed size, allocated at load.  Writers are probes and workers and
 * only append, under pinsafe_lock.  A full ring drops the new record and
 * counts: what was dropped before a record that found room again is kept in
 * that record (lost_before), what was dropped after the last one in lost_tail.
 * So the reader gets its LOST event at the place where the gap is.
 *
 * One reader at a time (read_mutex); he alone removes, and only after the copy
 * to user space has succeeded.  Addresses are turned into names here, by the
 * reader: too slow and too deep for a probe.  A module that was unloaded
 * meanwhile leaves the name empty.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "private.h"

static struct pinsafe_record *ring;
static unsigned int head, count;	/* oldest record, how many */
static u64 lost_tail;
static DECLARE_WAIT_QUEUE_HEAD(readers);
static DEFINE_MUTEX(read_mutex);

/* From any context, under pinsafe_lock; pinsafe_kick() has to follow. */
bool pinsafe_event_add(const struct pinsafe_record *record)
{
	struct pinsafe_record *slot;

	lockdep_assert_held(&pinsafe_lock);
	if (count == PINSAFE_MAX_EVENTS) {
		lost_tail++;
		atomic64_inc(&pinsafe_counts.events_lost);
		return false;
	}
	slot = &ring[(head + count) % PINSAFE_MAX_EVENTS];
	*slot = *record;
	slot->time_ns = ktime_get_boottime_ns();
	slot->lost_before = lost_tail;
	lost_tail = 0;
	WRITE_ONCE(count, count + 1);
	atomic64_inc(&pinsafe_counts.events);
	return true;
}

void pinsafe_event_wake(void)
{
	wake_up_interruptible(&readers);
}

bool pinsafe_event_pending(void)
{
	return READ_ONCE(count) || READ_ONCE(lost_tail);
}

/*
 * The oldest event without removing it; a gap before a record is an event of
 * its own.  False: none.
 */
static bool event_peek(struct pinsafe_record *ret_record)
{
	unsigned long flags;
	bool found;
	u64 lost;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	lost = count ? ring[head].lost_before : lost_tail;
	found = count;
	if (found && !lost)
		*ret_record = ring[head];
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
	if (!lost)
		return found;
	memset(ret_record, 0, sizeof(*ret_record));
	ret_record->type = PINSAFE_EVENT_LOST;
	ret_record->time_ns = ktime_get_boottime_ns();
	ret_record->lost_before = lost;
	return true;
}

/* Removes what event_peek() returned; of a gap only what it told. */
static void event_remove(const struct pinsafe_record *record)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	if (record->type != PINSAFE_EVENT_LOST) {
		head = (head + 1) % PINSAFE_MAX_EVENTS;
		WRITE_ONCE(count, count - 1);
	} else if (count) {
		ring[head].lost_before -= record->lost_before;
	} else {
		lost_tail -= record->lost_before;
	}
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
}

/*
 * "symbol" or "symbol [module]" for a return address.  A call may be the last
 * instruction of its function, hence minus one.
 */
static void name_frame(unsigned long frame, char *ret_symbol, char *ret_module,
		       size_t size)
{
	char text[160], *bracket;

	scnprintf(text, sizeof(text), "%ps", (void *)(frame - 1));
	bracket = strchr(text, ' ');
	if (bracket) {
		*bracket++ = '\0';
		bracket[strcspn(bracket, "] ")] = '\0';
		strscpy(ret_module, bracket + 1, size);
	}
	if (strncmp(text, "0x", 2))
		strscpy(ret_symbol, text, size);
}

static void name_caller(const struct pinsafe_record *record,
			struct pinsafe_event *event)
{
	char symbol[sizeof(event->caller)] = "";
	unsigned int i;

	if (record->frame_count)
		name_frame(record->frames[0], event->caller, event->module,
			   sizeof(event->caller));
	for (i = 1; i < record->frame_count && !event->module[0]; i++)
		name_frame(record->frames[i], symbol, event->module,
			   sizeof(symbol));
}

static void event_fill(const struct pinsafe_record *record,
		       struct pinsafe_event *event)
{
	BUILD_BUG_ON(sizeof(event->caller) != sizeof(event->module));
	memset(event, 0, sizeof(*event));
	event->type = record->type;
	event->flags = record->flags;
	event->time_ns = record->time_ns;
	event->pid = record->pid;
	event->kind = record->key.kind;
	event->start_ticks = record->key.start_ticks;
	event->cgroup_id = record->cgroup_id;
	event->major = MAJOR(record->device);
	event->minor = MINOR(record->device);
	if (record->type == PINSAFE_EVENT_LOST)
		event->lost = record->lost_before;
	else
		name_caller(record, event);
}

static ssize_t read_events(char __user *buffer, size_t size)
{
	struct pinsafe_record record;
	struct pinsafe_event event;
	ssize_t done = 0;

	while (size - done >= sizeof(event) && event_peek(&record)) {
		event_fill(&record, &event);
		if (copy_to_user(buffer + done, &event, sizeof(event)))
			return done ? done : -EFAULT;
		event_remove(&record);
		done += sizeof(event);
	}
	return done;
}

ssize_t pinsafe_event_read(char __user *buffer, size_t size, bool nonblock)
{
	ssize_t r;

	if (size < sizeof(struct pinsafe_event))
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&read_mutex))
			return -ERESTARTSYS;
		r = read_events(buffer, size);
		mutex_unlock(&read_mutex);
		if (r)
			return r;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(readers, pinsafe_event_pending()))
			return -ERESTARTSYS;
	}
}

__poll_t pinsafe_event_poll(struct file *file, poll_table *table)
{
	poll_wait(file, &readers, table);
	return pinsafe_event_pending() ? EPOLLIN | EPOLLRDNORM : 0;
}

void pinsafe_event_clear(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pinsafe_lock, flags);
	head = 0;
	count = 0;
	lost_tail = 0;
	raw_spin_unlock_irqrestore(&pinsafe_lock, flags);
}

int pinsafe_event_init(void)
{
	ring = kvcalloc(PINSAFE_MAX_EVENTS, sizeof(*ring), GFP_KERNEL);
	return ring ? 0 : -ENOMEM;
}

void pinsafe_event_done(void)
{
	kvfree(ring);
}
