// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mempolicy/arch.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int read_regs(pid_t tid, struct user_regs_struct *ret_regs, size_t *ret_size)
{
	struct iovec iov = { ret_regs, sizeof(*ret_regs) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &iov) < 0)
		return -errno;
	*ret_size = iov.iov_len;
	return 0;
}

static int write_regs(pid_t tid, const struct user_regs_struct *regs)
{
	struct user_regs_struct copy = *regs;
	struct iovec iov = { &copy, sizeof(copy) };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

int arch_restore(pid_t tid, const struct arch *arch)
{
	return write_regs(tid, &arch->saved);
}

#if defined(__x86_64__)

const uint8_t arch_call[] = { 0x0f, 0x05 };
const size_t arch_call_size = sizeof(arch_call);
const size_t arch_call_align = 1;

/* The kernel's own, never seen by a program: include/linux/errno.h.  A handler
 * makes it EINTR, without one the call is made again. */
#define ERESTARTNOHAND 514

#define CS_64BIT 0x33

/* signal(7): these fail with EINTR after a stop, where others are restarted; those
 * on sockets where these have a time limit (SO_RCVTIMEO, SO_SNDTIMEO).
 * They have done nothing yet when they do, so that they can be made again; with
 * a time limit, that begins anew.  connect(2) has begun something, and made again
 * it waits for that, which is what the kernel does where there is no limit. */
static bool ends_with_eintr(long call)
{
	static const long calls[] = {
		SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_rt_sigtimedwait,
		SYS_semop, SYS_semtimedop, SYS_msgsnd, SYS_msgrcv, SYS_io_getevents,
		SYS_io_pgetevents, SYS_io_uring_enter, SYS_read, SYS_readv, SYS_recvfrom,
		SYS_recvmsg, SYS_recvmmsg, SYS_accept, SYS_accept4, SYS_write, SYS_writev,
		SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_connect, SYS_preadv2, SYS_pwritev2,
		SYS_splice, SYS_sendfile,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i] == call)
			return true;
	}
	return false;
}

int arch_read(pid_t tid, struct arch *ret_arch)
{
	struct arch arch = { 0 };
	size_t size = 0;
	int r;

	r = read_regs(tid, &arch.saved, &size);
	if (r < 0)
		return r;
	if (size != sizeof(arch.saved) || arch.saved.cs != CS_64BIT)
		return -ENOEXEC;
	if ((long)arch.saved.rax == -EINTR && ends_with_eintr((long)arch.saved.orig_rax))
		arch.saved.rax = (unsigned long)-ERESTARTNOHAND;
	*ret_arch = arch;
	return 0;
}

bool arch_is_in_call(const struct arch *arch)
{
	return (long)arch->saved.orig_rax >= 0;
}

uint64_t arch_counter(const struct arch *arch)
{
	return arch->saved.rip;
}

/* orig_rax -1: nothing to be restarted on the way. */
int arch_prepare(pid_t tid, struct arch *arch, uint64_t call_address, int mode)
{
	struct user_regs_struct regs = arch->saved;

	regs.rip = call_address;
	regs.orig_rax = (unsigned long)-1;
	regs.rax = SYS_set_mempolicy;
	regs.rdi = (unsigned long)mode;
	regs.rsi = 0;
	regs.rdx = 0;
	return write_regs(tid, &regs);
}

int arch_enter(pid_t tid, struct arch *arch, int mode)
{
	(void)tid, (void)arch, (void)mode;
	return 0;
}

/* seccomp runs after this stop, on what is in the registers then; -1, which makes
 * no call, would be judged too, and by many filters with death. */
int arch_evade(pid_t tid, struct arch *arch)
{
	struct user_regs_struct regs;
	size_t size = 0;
	int r;

	(void)arch;
	r = read_regs(tid, &regs, &size);
	if (r < 0)
		return r;
	regs.orig_rax = SYS_read;
	regs.rdi = (unsigned long)-1;
	return write_regs(tid, &regs);
}

int arch_leave(pid_t tid, struct arch *arch, long *ret_result)
{
	struct user_regs_struct regs;
	size_t size = 0;
	int r;

	(void)arch;
	r = read_regs(tid, &regs, &size);
	if (r == 0)
		*ret_result = (long)regs.rax;
	return r;
}

#elif defined(__aarch64__)

const uint8_t arch_call[] = { 0x01, 0x00, 0x00, 0xd4 };	/* svc #0 */
const size_t arch_call_size = sizeof(arch_call);
const size_t arch_call_align = 4;

enum { X_RESULT = 0, X_CALL = 8 };

/* What the kernel takes for the number of the call; -1: none. */
static int write_call(pid_t tid, int call)
{
	struct iovec iov = { &call, sizeof(call) };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_ARM_SYSTEM_CALL, &iov) < 0 ? -errno : 0;
}

static bool is_before_call(pid_t tid, uint64_t counter)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, tid, (void *)counter, NULL);
	return errno == 0 && memcmp(&word, arch_call, arch_call_size) == 0;
}

int arch_read(pid_t tid, struct arch *ret_arch)
{
	struct arch arch = { 0 };
	size_t size = 0;
	int r;

	r = read_regs(tid, &arch.saved, &size);
	if (r < 0)
		return r;
	if (size != sizeof(arch.saved))
		return -ENOEXEC;
	arch.makes_own_call = is_before_call(tid, arch.saved.pc);
	*ret_arch = arch;
	return 0;
}

/* Just behind its call instruction it has come back from one. */
bool arch_is_in_call(const struct arch *arch)
{
	return arch->makes_own_call;
}

uint64_t arch_counter(const struct arch *arch)
{
	return arch->saved.pc;
}

static void make_call(struct user_regs_struct *regs, int call, int argument)
{
	regs->regs[0] = (uint64_t)argument;
	regs->regs[1] = 0;
	regs->regs[2] = 0;
	regs->regs[X_CALL] = (uint64_t)call;
}

int arch_prepare(pid_t tid, struct arch *arch, uint64_t call_address, int mode)
{
	struct user_regs_struct regs = arch->saved;

	if (arch->makes_own_call)
		return 0;
	regs.pc = call_address;
	make_call(&regs, SYS_set_mempolicy, mode);
	return write_regs(tid, &regs);
}

/* The kernel may have made another call of the interrupted one, with the
 * remaining time (restart_syscall): that is the one to stand before again.  x7
 * tells entry from exit here and is not the thread's: the saved one stays. */
static int replace_call(pid_t tid, struct arch *arch, int call, int argument)
{
	struct user_regs_struct regs;
	size_t size = 0;
	int r;

	r = read_regs(tid, &regs, &size);
	if (r < 0)
		return r;
	if (arch->makes_own_call)
		arch->saved.regs[X_CALL] = regs.regs[X_CALL];
	make_call(&regs, call, argument);
	r = write_regs(tid, &regs);
	return r < 0 ? r : write_call(tid, call);
}

int arch_enter(pid_t tid, struct arch *arch, int mode)
{
	return arch->makes_own_call ? replace_call(tid, arch, SYS_set_mempolicy, mode) : 0;
}

int arch_evade(pid_t tid, struct arch *arch)
{
	return replace_call(tid, arch, SYS_read, -1);
}

int arch_leave(pid_t tid, struct arch *arch, long *ret_result)
{
	struct user_regs_struct regs;
	size_t size = 0;
	int r;

	(void)arch;
	r = read_regs(tid, &regs, &size);
	if (r < 0)
		return r;
	*ret_result = (long)regs.regs[X_RESULT];
	return write_call(tid, -1);
}

#else

const uint8_t arch_call[] = { 0 };
const size_t arch_call_size = sizeof(arch_call);
const size_t arch_call_align = 1;

int arch_read(pid_t tid, struct arch *ret_arch)
{
	size_t size = 0;
	int r = read_regs(tid, &ret_arch->saved, &size);

	return r < 0 ? r : -ENOEXEC;
}

bool arch_is_in_call(const struct arch *arch)
{
	(void)arch;
	return false;
}

uint64_t arch_counter(const struct arch *arch)
{
	(void)arch;
	return 0;
}

int arch_prepare(pid_t tid, struct arch *arch, uint64_t call_address, int mode)
{
	(void)tid, (void)arch, (void)call_address, (void)mode;
	return -ENOEXEC;
}

int arch_enter(pid_t tid, struct arch *arch, int mode)
{
	(void)tid, (void)arch, (void)mode;
	return -ENOEXEC;
}

int arch_evade(pid_t tid, struct arch *arch)
{
	(void)tid, (void)arch;
	return -ENOEXEC;
}

int arch_leave(pid_t tid, struct arch *arch, long *ret_result)
{
	(void)tid, (void)arch, (void)ret_result;
	return -ENOEXEC;
}

#endif
