/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * glob.h - path patterns of the configuration
 *
 *      *        any run of characters without "/"
 *      **       any run of characters
 *      ?        one character that is not "/"
 *      [a-z]    one character of the class that is not "/"; [!a-z]: not of it
 *      \x       x itself
 *
 * Our own, because fnmatch(3) knows no "**" and depends on the locale.  Never
 * slow: a name is chosen by strangers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The whole text matches the whole pattern.  A "[" without its "]" and a "\" at
 * the end stand for themselves. */
bool glob_match(const char *pattern, const char *text);

/* Length of the part of a pattern before its first wildcard. */
size_t glob_literal_length(const char *pattern);
