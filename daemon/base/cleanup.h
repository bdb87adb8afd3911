/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cleanup.h - every owned local frees itself
 *
 * An owner is declared with one of the attributes below and handed over with
 * take_fd() or take_ptr(), so that a reader sees where ownership leaves.
 * A type's own free function gets an attribute by DEFINE_CLEANUP().
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* DEFINE_CLEANUP(struct plan, plan_free) makes _cleanup_(plan_free) usable on
 * "struct plan *x"; free functions take NULL. */
#define DEFINE_CLEANUP(type, func)		\
	static inline void func##_p(type **p)	\
	{					\
		if (*p)				\
			func(*p);		\
	}					\
	struct cleanup_needs_semicolon

/* DEFINE_CLEANUP_EMBEDDED(struct config, config_done): same for a value. */
#define DEFINE_CLEANUP_EMBEDDED(type, func)	\
	static inline void func##_p(type *p)	\
	{					\
		func(p);			\
	}					\
	struct cleanup_needs_semicolon

#define _cleanup_(func) __attribute__((cleanup(func##_p)))

static inline void free_p(void *p)
{
	free(*(void **)p);
}

static inline void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclose_p(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void closedir_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define take_ptr(p)				\
	__extension__({				\
		__typeof__(p) *_pp = &(p);	\
		__typeof__(p) _v = *_pp;	\
		*_pp = NULL;			\
		_v;				\
	})

static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}
