// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An account is one number, the time when it is full again: work moves it on by
 * as much as it takes to fill up, and it may be so far ahead of now as an empty
 * account is.
 */
#include "daemon/quota.h"

#define USER_AHEAD_USEC	(QUOTA_USER_USEC * QUOTA_USER_SHARE)
#define ALL_AHEAD_USEC	(QUOTA_ALL_USEC * QUOTA_ALL_SHARE)

static uint64_t wait_usec(uint64_t even_usec, uint64_t ahead_usec, uint64_t now_usec)
{
	return even_usec < now_usec + ahead_usec ? 0 : even_usec - now_usec - ahead_usec + 1;
}

static uint64_t charge(uint64_t even_usec, uint64_t cost_usec, uint64_t now_usec)
{
	return (even_usec > now_usec ? even_usec : now_usec) + cost_usec;
}

/* Who has paid back is as good as unknown. */
static void forget_even(struct quota *quota, uint64_t now_usec)
{
	size_t n = 0;

	for (size_t i = 0; i < quota->n; i++) {
		if (quota->users[i].even_usec > now_usec)
			quota->users[n++] = quota->users[i];
	}
	quota->n = n;
}

static struct quota_user *find_user(struct quota *quota, uid_t uid)
{
	for (size_t i = 0; i < quota->n; i++) {
		if (quota->users[i].uid == uid)
			return &quota->users[i];
	}
	return NULL;
}

uint64_t quota_wait_usec(struct quota *quota, uid_t uid, uint64_t now_usec)
{
	uint64_t all_usec = wait_usec(quota->even_usec, ALL_AHEAD_USEC, now_usec);
	const struct quota_user *user;
	uint64_t own_usec = 0;

	forget_even(quota, now_usec);
	user = find_user(quota, uid);
	if (user)
		own_usec = wait_usec(user->even_usec, USER_AHEAD_USEC, now_usec);
	else if (quota->n == QUOTA_MAX_USERS)
		own_usec = QUOTA_CALL_USEC * QUOTA_USER_SHARE;
	return own_usec > all_usec ? own_usec : all_usec;
}

void quota_charge(struct quota *quota, uid_t uid, uint64_t work_usec, uint64_t now_usec)
{
	struct quota_user *user = find_user(quota, uid);

	if (work_usec < QUOTA_CALL_USEC)
		work_usec = QUOTA_CALL_USEC;
	if (work_usec > QUOTA_USER_USEC)
		work_usec = QUOTA_USER_USEC;
	quota->even_usec = charge(quota->even_usec, work_usec * QUOTA_ALL_SHARE, now_usec);
	if (!user && quota->n < QUOTA_MAX_USERS) {
		user = &quota->users[quota->n++];
		*user = (struct quota_user){ .uid = uid };
	}
	if (user)
		user->even_usec =
			charge(user->even_usec, work_usec * QUOTA_USER_SHARE, now_usec);
}

/* ---- orders that wait for somebody's password ---------------------------------- */

bool quota_take_slot(struct quota_slots *slots, uid_t uid)
{
	size_t own = 0;

	for (size_t i = 0; i < slots->n; i++)
		own += slots->uids[i] == uid;
	if (own >= QUOTA_USER_SLOTS || slots->n == QUOTA_MAX_SLOTS)
		return false;
	slots->uids[slots->n++] = uid;
	return true;
}

void quota_give_slot(struct quota_slots *slots, uid_t uid)
{
	for (size_t i = 0; i < slots->n; i++) {
		if (slots->uids[i] != uid)
			continue;
		slots->uids[i] = slots->uids[--slots->n];
		return;
	}
}
