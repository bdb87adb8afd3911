/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help.h - how pinsafectl is used, from the verb table
 */
#pragma once

#include "client/verb.h"

/* All verbs, or the one. */
void help_print(const struct verb *verbs, const struct verb *verb);

/* Complains of a bad command line, "what: why" (NULL: no memory), and points to
 * the help of the verb; the exit code. */
int help_refuse(const char *error, const struct verb *verb);
