// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/sorted.h"

size_t sorted_find(const void *key, const void *elements, size_t n, size_t size,
		   int (*compare)(const void *key, const void *element), bool *ret_found)
{
	size_t low = 0, high = n;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int difference = compare(key, (const char *)elements + middle * size);

		if (difference > 0) {
			low = middle + 1;
		} else {
			high = middle;
			*ret_found |= difference == 0;
		}
	}
	return low;
}
