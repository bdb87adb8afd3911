/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quota.h - how much of the daemon strangers may use
 *
 * An answer costs microseconds on most hosts, and a tenth of a second where
 * thousands pin; root's orders wait behind it.  So each user has an account of
 * the loop's time, filled at a steady pace, and all of them together have one
 * more, because one person can be many users (subuid(5)).  Root has none: nobody
 * asks here for him.
 *
 * The account of all runs out before the table of users is full: each answer
 * counts QUOTA_CALL_USEC at least, and who has paid back is forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* At once, and after that one part in so many of the time. */
#define QUOTA_USER_USEC		(1000ULL * 1000)
#define QUOTA_USER_SHARE	10
#define QUOTA_ALL_USEC		(2000ULL * 1000)
#define QUOTA_ALL_SHARE		5

/* What an answer counts at least: reading the question and sending it are work. */
#define QUOTA_CALL_USEC		(10ULL * 1000)

#define QUOTA_MAX_USERS		256

struct quota_user {
	uid_t uid;
	uint64_t even_usec;	/* what he used is paid back then */
};

struct quota {
	uint64_t even_usec;	/* of all together */
	struct quota_user users[QUOTA_MAX_USERS];
	size_t n;
};

/* 0: this user may ask now; else in so many microseconds, if nobody else does. */
uint64_t quota_wait_usec(struct quota *quota, uid_t uid, uint64_t now_usec);

/* His question, begun at now_usec, took so long.  One that took longer than all
 * that he may have at once counts as that: a tick that was due anyway may have
 * been in it. */
void quota_charge(struct quota *quota, uid_t uid, uint64_t work_usec, uint64_t now_usec);

/* ---- orders that wait for somebody's password ---------------------------------- */

#define QUOTA_USER_SLOTS	4
#define QUOTA_MAX_SLOTS		64

struct quota_slots {
	uid_t uids[QUOTA_MAX_SLOTS];
	size_t n;
};

/* false: he has as many as he may, or all are taken. */
bool quota_take_slot(struct quota_slots *slots, uid_t uid);
void quota_give_slot(struct quota_slots *slots, uid_t uid);
