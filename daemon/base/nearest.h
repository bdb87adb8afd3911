/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nearest.h - the name that somebody probably meant
 *
 * Pure; for keys of a configuration and for verbs of a command line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Typing mistakes between two names, case ignored: a character more, less or
 * another, or two neighbours swapped.  SIZE_MAX when they have too little in
 * common to suggest one for the other. */
size_t nearest_distance(const char *typed, const char *name);

/* Is it how the name begins or ends, case ignored: "MatchExe" for MatchExecutable? */
bool nearest_is_half(const char *typed, const char *name);
