/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * advice.h - what would help one target at its next start
 *
 * Pure.  Some things pinsafe may not or cannot change in a running process: a
 * container's settings belong to its manager, and pinned memory does not move.
 * Then the exact setting is named, for the place where it belongs.
 */
#pragma once

#include "client/facts.h"

/* How it would not be scanned, when it is now and nothing is done about it.  For
 * the caller to free; NULL: there is nothing to advise, or no memory. */
char *advice_scanned(const struct facts *target);

/* How its memory would lie beside its device, when some lies elsewhere; likewise. */
char *advice_remote(const struct facts *target);
