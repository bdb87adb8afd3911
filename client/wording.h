/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wording.h - facts in the operator's words
 *
 * Pure: facts in (see bus-api.h), text and tone out.  What status and show
 * begin with is decided here, so that it can be tested: an operator must see at
 * once whether he is protected, and "protected" must never be said too early.
 * Texts are for the caller to free; NULL: no memory.
 */
#pragma once

#include <stdint.h>

#include "client/facts.h"
#include "client/table.h"

/* The host in one sentence, from the properties of the manager. */
char *wording_headline(const struct facts *status, enum tone *ret_tone);

/* Does pinsafe do what it says: no hold without effect.  Who is exposed for want
 * of a policy or of a module is not pinsafe's failure. */
bool wording_works(const struct facts *status);

/* What to do about it; NULL: nothing. */
const char *wording_next_step(const struct facts *status);

/* One target in one sentence. */
char *wording_target(const struct facts *target, enum tone *ret_tone);

char *wording_module(const struct facts *status, enum tone *ret_tone);
char *wording_kernel(const struct facts *status, enum tone *ret_tone);
char *wording_reload(const struct facts *status, uint64_t now_usec, enum tone *ret_tone);

/* kernel.numa_balancing, a bit mask; -1: the kernel has none.  Constant. */
const char *wording_balancing(int64_t balancing);

/* The same of the host, with who set it. */
char *wording_owned_balancing(const struct facts *host);

/* What it was when pinsafed started, where it is something else now; "": it is
 * not, or nobody knows. */
char *wording_drift(const struct facts *host, enum tone *ret_tone);

/* How many targets of which kind. */
char *wording_counts(const struct facts *status);

/* What is in force for a target, in a word: "hold", "bind", ..., "draining",
 * "released", "none"; "(bind)": wanted, but not in force. */
char *wording_action(const struct facts *target);

/* Is it wanted, but not in force? */
bool wording_is_pending(const struct facts *target);
