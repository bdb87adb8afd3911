/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever a kernel calls itself: a verdict, with a reason, and no version only
 * where it is unknown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/sense/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free) char *text = strndup((const char *)data, size);
	_cleanup_(free) char *version = NULL;
	const char *reason = NULL;
	enum verdict verdict;
	unsigned int code;

	if (!text)
		return 0;
	verdict = kernel_judge(text, &version, &code, &reason);
	if (!reason || !*reason || (!version && (verdict != VERDICT_UNKNOWN || code != 0)))
		abort();
	return 0;
}
