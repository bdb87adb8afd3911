/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wish.h - what should be in force for one process, whatever is in force now
 */
#pragma once

#include "daemon/base/cleanup.h"
#include "daemon/policy/decide.h"

struct decision;
struct subject;

struct wish {
	enum action action;	/* ACTION_NONE: nothing, or nothing can be had */
	enum mode mode;
	bool is_order;
	bool is_exempt;		/* an order or a policy says: nothing is to be done */
	bool is_possible;	/* false: this host cannot carry the order out */
	bool may_pin;		/* it pins, or has one of the policy's devices open */
	bool is_host_off_first;	/* balancing has to be off before confine */
	bool is_hold_refused;	/* the policy would rather hold */
	bool is_beside_pins;	/* bind, confine: to where all its pinned memory is */
	struct target_id target;	/* of the action; its strings are borrowed */
	char *cpus;		/* bind, confine */
	char *mems;		/* confine */
	const struct policy *policy;	/* NULL: none, or an order */
	char *reason;
};

/* 0 or -ENOMEM. */
int wish_decide(const struct decision *decision, const struct subject *subject,
		struct wish *ret_wish);

/* What an order asks for; nothing when it has run out. */
int wish_by_order(const struct decide_input *input, const struct override *order,
		  struct wish *ret_wish);

void wish_done(struct wish *wish);
DEFINE_CLEANUP_EMBEDDED(struct wish, wish_done);

/* NULL: no policy's wish. */
const char *wish_policy_name(const struct wish *wish);

/* Has the order not run out? */
bool wish_order_stands(const struct override *order, uint64_t now_usec);
