/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nearest.h - the name that somebody probably meant
 */
#pragma once

#include <stddef.h>

/* Single-character edits between two names, case ignored; SIZE_MAX when they
 * have too little in common to suggest one for the other. */
size_t nearest_distance(const char *typed, const char *name);
