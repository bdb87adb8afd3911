/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sorted.h - arrays that are kept sorted
 *
 * What is looked up for each target must not be searched for linearly: a host
 * with thousands of targets has thousands of holds and ledger entries too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where key is among the n elements of that size, or where it would have to be
 * inserted; *ret_found says which.  compare() gets key and an element, and may
 * see fewer fields of an element than the array is sorted by: the place is then
 * the first of those that are equal.  NULL is an empty array. */
size_t sorted_find(const void *key, const void *elements, size_t n, size_t size,
		   int (*compare)(const void *key, const void *element), bool *ret_found);
