// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mempolicy/hazard.h"

#include <stdint.h>
#include <sys/ptrace.h>

#include "daemon/mempolicy/arch.h"
#include "daemon/mempolicy/code.h"
#include "daemon/mempolicy/tracee.h"

#define GET_SEQUENCES 0x420f	/* PTRACE_GET_RSEQ_CONFIGURATION, from 5.13 */

/* struct ptrace_rseq_configuration of linux/ptrace.h, which sys/ptrace.h will
 * not have beside it. */
struct sequences {
	uint64_t area;
	uint32_t area_size;
	uint32_t signature;
	uint32_t flags;
	uint32_t pad;
};

#define GET_DISPATCH 0x4211	/* PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, from 6.4 */

/* struct ptrace_sud_config, likewise; mode 0: off. */
struct dispatch {
	uint64_t mode;
	uint64_t selector;
	uint64_t offset;
	uint64_t length;
};

/* linux/rseq.h: of the area, and of what it points to while in a sequence. */
#define AREA_DESCRIPTOR 8

struct descriptor {
	uint32_t version;
	uint32_t flags;
	uint64_t start;
	uint64_t size;
	uint64_t abort;
};

/* A sequence ends in its abort handler when it is interrupted, and the kernel
 * sees to that by where the thread goes on: in our call, not in the sequence, so
 * it would forget.  kernel/rseq.c, rseq_ip_fixup(). */
static bool is_in_sequence(const struct tracer *tracer, const struct arch *arch, uint64_t area)
{
	struct descriptor descriptor;
	uint64_t address = 0;

	if (!area)
		return false;
	if (code_read(tracer->pid_fd, area + AREA_DESCRIPTOR, &address, sizeof(address)) < 0)
		return true;
	if (!address)
		return false;
	if (code_read(tracer->pid_fd, address, &descriptor, sizeof(descriptor)) < 0)
		return true;
	return arch_counter(arch) - descriptor.start < descriptor.size;
}

bool hazard_may_borrow(struct tracer *tracer, pid_t tid, const struct arch *arch)
{
	struct sequences sequences = { 0 };

	if (arch_is_in_call(arch))
		return true;
	if (ptrace((enum __ptrace_request)GET_SEQUENCES, tid, (void *)sizeof(sequences),
		   &sequences) >= 0)
		return !is_in_sequence(tracer, arch, sequences.area);
	if (tracer->has_sequences < 0)
		tracer->has_sequences = code_has_sequences(tracer->pid_fd);
	return !tracer->has_sequences;
}

bool hazard_is_dispatched(pid_t tid)
{
	struct dispatch dispatch = { 0 };

	return ptrace((enum __ptrace_request)GET_DISPATCH, tid, (void *)sizeof(dispatch),
		      &dispatch) >= 0 && dispatch.mode != 0;
}
