/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * pinsafe.h - the interface of /dev/pinsafe
 *
 * The module is mechanism: it keeps automatic NUMA balancing from starting a
 * scan of a process ("hold"), tells when a process pins memory for long or
 * opens a device ("bell"), and counts pinned pages ("sight").  It decides
 * nothing.
 *
 * Opening needs CAP_SYS_ADMIN, and so does every command, because file
 * descriptors travel.  One open file at a time (EBUSY): there is one policy
 * on a host.  All that a file has set, holds and watches, ends with the last
 * close of that file; who wants it to survive his own death keeps the file
 * elsewhere, in systemd's file descriptor store for example.
 *
 * Shapes: every structure has the same layout for 32-bit and 64-bit callers,
 * pointers are __u64, and fields named "reserved" and unknown flag bits must
 * be zero (EINVAL).  New fields only ever get new commands or feature bits.
 *
 * A process is its thread group, named by pid (of the init pid namespace) and
 * start time; start time is field 22 of /proc/PID/stat as the init time
 * namespace shows it, in clock ticks of USER_HZ since boot.  A pid whose start
 * time differs is another process: ESRCH.
 *
 * Errors common to all commands, and to read(2): EPERM (no CAP_SYS_ADMIN), EFAULT (bad
 * pointer), EINVAL (unknown flag or kind, reserved not zero), ENOTTY (no such
 * command in this version).
 */
#ifndef PINSAFE_UAPI_H
#define PINSAFE_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PINSAFE_DEVICE		"/dev/pinsafe"

/* Versions of this interface that the header describes and still speaks. */
#define PINSAFE_ABI		1
#define PINSAFE_ABI_OLDEST	1

/*
 * PINSAFE_GET_INFO: what this module on this kernel can do.  Constant for as
 * long as the module is loaded.
 */
#define PINSAFE_FEATURE_HOLD		(1ULL << 0)	/* holds of processes */
#define PINSAFE_FEATURE_HOLD_CGROUP	(1ULL << 1)	/* and of cgroup v2 subtrees */
#define PINSAFE_FEATURE_BELL_PIN	(1ULL << 2)
#define PINSAFE_FEATURE_BELL_OPEN	(1ULL << 3)
#define PINSAFE_FEATURE_SIGHT		(1ULL << 4)
#define PINSAFE_FEATURE_CALLER		(1ULL << 5)	/* events name the pinning code */

struct pinsafe_info {
	__u32 abi;			/* newest version spoken */
	__u32 abi_oldest;		/* oldest version still spoken */
	__u64 features;			/* PINSAFE_FEATURE_* */
	__u32 max_holds;		/* size of the process table */
	__u32 max_cgroups;		/* cgroup holds and cgroup watches */
	__u32 max_devices;		/* watched device numbers */
	__u32 max_events;		/* events kept until read */
	char version[32];		/* of the module, as modinfo shows it */
};

/*
 * PINSAFE_GET_COUNTERS: since load, never reset.  "armed" is measured at each
 * call: the module calls functions of its own, with a probe of each kind on
 * them, and looks whether the probe ran.  The kernel can disarm probes behind
 * our back (kernel.ftrace_enabled=0 all, debugfs kprobes/enabled the kprobes); a
 * gate that is not armed refuses nothing.
 */
struct pinsafe_counters {
	__u64 refused_scans;	/* scans that a hold kept from starting */
	__u64 gate_calls;	/* task_numa_work entered, held or not */
	__u64 pin_calls;	/* long-term pin entry points entered */
	__u64 open_calls;	/* watched devices opened */
	__u64 events;		/* events queued */
	__u64 events_lost;	/* not queued, because the queue was full */
	__u64 table_full;	/* holds or bells not taken, table full */
	__u64 missed;		/* sum of nmissed over our kprobes */
	__u64 reaped;		/* entries dropped because the process had gone */
	__u32 holds;		/* entries now held, processes and cgroups */
	__u32 armed;		/* PINSAFE_FEATURE_* bits whose probes fire now */
};

/*
 * Kinds of target.
 */
#define PINSAFE_PROCESS		1	/* pid and start_ticks */
#define PINSAFE_CGROUP		2	/* a cgroup v2 and all below it */

/*
 * PINSAFE_HOLD: from now on no scan starts in the target.  "Now" has an edge:
 * a scan that was past the gate finishes its pass.  The state is DRAINING until
 * the module has seen every such scan end, then HELD; guarantees count from
 * HELD on, and a DRAINED event tells when.  PINSAFE_HOLD_WAIT returns only then
 * (EINTR when a fatal signal came first: the hold stands, still draining).
 * Holding what is held is not an error and changes only the origin.
 *
 * For a cgroup, cgroup_fd is an open directory of the cgroup v2 hierarchy;
 * cgroup_id returns its id (the inode number of the directory).  No reference
 * is kept: a removed cgroup is gone, and its entry with it.  A process belongs
 * to the cgroup of its thread-group leader.
 *
 * The hold of a process survives exec and follows the thread group into other
 * cgroups; fork children are not held, unless their cgroup is.  Where other
 * thread groups run on the same memory (vfork, CLONE_VM), the hold of any of
 * them refuses the scans of all; the hold of a cgroup those of whoever runs on
 * memory that a process in it owns, which is who made it and then an heir.
 *
 * Errors: ESRCH (no such process), EBADF (not a cgroup v2 directory, or that of
 * a cgroup that was removed), ENOSPC (table full), EOPNOTSUPP (feature bit off), EINTR.
 */
#define PINSAFE_HOLD_WAIT	(1U << 0)

struct pinsafe_hold {
	__u32 kind;		/* in: PINSAFE_PROCESS, PINSAFE_CGROUP */
	__u32 flags;		/* in: PINSAFE_HOLD_WAIT */
	__s32 pid;		/* in: process */
	__s32 cgroup_fd;	/* in: cgroup */
	__u64 start_ticks;	/* in: process */
	__u64 cgroup_id;	/* out: cgroup */
	__u32 state;		/* out: PINSAFE_STATE_* */
	__u32 reserved;
};

/*
 * PINSAFE_RELEASE: the target may be scanned again, within about one second.
 * A cgroup is named by its id, so that one whose directory cannot be reached
 * any more can still be released.  Errors: ESRCH (no such process: a hold that
 * it had is gone or goes within ten seconds), ENOENT (not held).
 */
struct pinsafe_release {
	__u32 kind;
	__s32 pid;
	__u64 start_ticks;
	__u64 cgroup_id;
	__u64 reserved;
};

/*
 * PINSAFE_LIST: everything held, in no order.  entries points to an array of
 * capacity entries; count returns how many are held, which may be more than
 * capacity: then ask again with more room.
 */
#define PINSAFE_STATE_DRAINING	1
#define PINSAFE_STATE_HELD	2

#define PINSAFE_ORIGIN_ORDER	1	/* PINSAFE_HOLD */
#define PINSAFE_ORIGIN_PIN	2	/* taken inside the pin bell */
#define PINSAFE_ORIGIN_OPEN	3	/* taken inside the open bell */

struct pinsafe_entry {
	__u32 kind;
	__u32 state;
	__u32 origin;
	__s32 pid;		/* process */
	__u64 start_ticks;	/* process */
	__u64 cgroup_id;	/* cgroup: its id; process: id of its cgroup now */
	__u64 refused_scans;	/* since the hold was taken */
	__u64 last_refused_ns;	/* CLOCK_BOOTTIME of the last, 0: none yet */
	__u64 held_ns;		/* CLOCK_BOOTTIME of the hold */
};

struct pinsafe_list {
	__u64 entries;		/* in: struct pinsafe_entry * */
	__u32 capacity;		/* in */
	__u32 count;		/* out */
};

/*
 * PINSAFE_WATCH: replaces, as a whole, what is watched; with both counts zero
 * it ends all watching.  Either all of it takes effect or nothing.
 *
 * A device number in the set rings the open bell at each open(2) of such a
 * character device, whatever the name of its node.  The pin bell rings for
 * every process on the host with or without cgroups in the set; a cgroup in
 * the set says that in it and below it the pin takes the hold inside the bell.
 * PINSAFE_WATCH_HOLD on a device does the same for an open.
 *
 * Errors: EBADF (a cgroup_fd as with HOLD), E2BIG (over max_devices or
 * max_cgroups), EOPNOTSUPP.
 */
#define PINSAFE_WATCH_HOLD	(1U << 0)

struct pinsafe_watch_device {
	__u32 major;
	__u32 minor;
	__u32 flags;		/* PINSAFE_WATCH_HOLD */
	__u32 reserved;
};

struct pinsafe_watch_cgroup {
	__s32 cgroup_fd;
	__u32 flags;		/* PINSAFE_WATCH_HOLD, required */
};

struct pinsafe_watch {
	__u64 devices;		/* in: struct pinsafe_watch_device * */
	__u64 cgroups;		/* in: struct pinsafe_watch_cgroup * */
	__u32 device_count;
	__u32 cgroup_count;
	__u64 reserved;
};

/*
 * PINSAFE_REARM: let the bells ring again for a process that has rung.  Each
 * bell rings once per thread group until then, however often it pins, whichever
 * of the watched devices it opens; and once more at the first pin or open that
 * takes the hold: a bell that has taken it does not again after a RELEASE.
 * Errors: ESRCH, ENOENT (it has not rung).
 */
struct pinsafe_rearm {
	__s32 pid;
	__u32 reserved;
	__u64 start_ticks;
};

/*
 * read(2) returns whole events, oldest first, as many as fit (EINVAL: not even
 * one fits); it blocks, or returns EAGAIN with O_NONBLOCK, while there is none.
 * poll(2) says POLLIN when there is one.
 *
 * PINSAFE_EVENT_LOST stands where events were dropped: whoever reads it must
 * look at the whole host again.  PINSAFE_EVENT_TABLE_FULL: a bell could not
 * record its process; it was not held and may ring again.
 *
 * caller is the symbol that called the pin entry point, module the module it
 * lies in, or if it is of the kernel itself the module that called it in turn;
 * empty where the kernel cannot tell.  DRAINED names its target by kind and pid
 * and start_ticks, or cgroup_id.
 */
#define PINSAFE_EVENT_PIN		1
#define PINSAFE_EVENT_OPEN		2
#define PINSAFE_EVENT_DRAINED		3
#define PINSAFE_EVENT_LOST		4
#define PINSAFE_EVENT_TABLE_FULL	5

#define PINSAFE_EVENT_HELD	(1U << 0)	/* flag: the bell took the hold */

struct pinsafe_event {
	__u32 type;
	__u32 flags;
	__u64 time_ns;		/* CLOCK_BOOTTIME */
	__s32 pid;		/* PIN: of the process whose memory is pinned */
	__u32 kind;		/* DRAINED: kind of the target */
	__u64 start_ticks;
	__u64 cgroup_id;
	__u32 major;		/* OPEN: the device */
	__u32 minor;
	__u64 lost;		/* LOST: how many were dropped here */
	char caller[56];
	char module[56];
};

/*
 * PINSAFE_SIGHT: pinned pages of one process, by slices.  The first call has
 * cursor 0; each call looks at about "budget" bytes of address space that has
 * page tables (0: the module's choice, 1 GiB; holes cost nothing), adds what it
 * saw to the nodes, and returns the cursor for the next call, or 0 when it was
 * the last.  mmap_lock is held for reading, 128 MiB at a time.  Nothing is
 * faulted in and nothing of ours stays on the target.  What the process maps
 * meanwhile is seen or not.
 *
 * A 4 KiB page is pinned when its references exceed its mappings by the pin
 * bias (1024), so for small pages the number is exact unless 1,024 short
 * references meet.  A large folio has one count: one pinned page makes all its
 * mapped pages count, so they are reported apart.  extra_pages is counted only
 * with PINSAFE_SIGHT_EXTRA: small anonymous pages with more references than
 * their mappings explain, which is what a get_user_pages() driver leaves; an
 * indication, no proof.
 *
 * A process that never pinned (MMF_HAS_PINNED) costs one look, unless
 * PINSAFE_SIGHT_EXTRA is given: get_user_pages() does not set that mark.  Nor
 * does memfd_pin_folios(), which pins pages of a file: of a process that called
 * it while this file was open the module remembers it, for as long as it lives
 * and REARM or not, and counts the pages of which it maps.
 * Every call also returns where the scanner stands: mm->numa_scan_seq, which
 * moves only when a whole pass ends (an hour at a terabyte), and
 * mm->numa_scan_offset, which moves with each scan and which /proc does not
 * show.  Both stand still while a hold works.  With PINSAFE_SIGHT_SCAN that is
 * all: no page is looked at, nodes and node_count are not used.
 *
 * Errors: ESRCH, E2BIG (node_count below the highest possible node number + 1),
 * EOPNOTSUPP, EINTR.
 */
#define PINSAFE_SIGHT_EXTRA	(1U << 0)
#define PINSAFE_SIGHT_SCAN	(1U << 1)

struct pinsafe_sight_node {
	__u64 pinned_pages;	/* 4 KiB (base) pages in pinned small folios */
	__u64 large_pages;	/* base pages mapped from pinned large folios */
	__u64 large_folios;
	__u64 extra_pages;
};

struct pinsafe_sight {
	__s32 pid;
	__u32 flags;
	__u64 start_ticks;
	__u64 cursor;		/* in, out: address */
	__u64 budget;		/* in: bytes */
	__u64 nodes;		/* in: struct pinsafe_sight_node *, added to */
	__u32 node_count;	/* in: length of that array */
	__u32 scan_seq;		/* out: passes that the scanner has ended */
	__u64 scan_offset;	/* out: address where its next scan begins */
	__u64 lock_ns;		/* out: longest hold of mmap_lock in this call */
};

#define PINSAFE_IOC		0xB9

#define PINSAFE_GET_INFO	_IOR(PINSAFE_IOC, 0x00, struct pinsafe_info)
#define PINSAFE_GET_COUNTERS	_IOR(PINSAFE_IOC, 0x01, struct pinsafe_counters)
#define PINSAFE_HOLD		_IOWR(PINSAFE_IOC, 0x02, struct pinsafe_hold)
#define PINSAFE_RELEASE		_IOW(PINSAFE_IOC, 0x03, struct pinsafe_release)
#define PINSAFE_LIST		_IOWR(PINSAFE_IOC, 0x04, struct pinsafe_list)
#define PINSAFE_WATCH		_IOW(PINSAFE_IOC, 0x05, struct pinsafe_watch)
#define PINSAFE_REARM		_IOW(PINSAFE_IOC, 0x06, struct pinsafe_rearm)
#define PINSAFE_SIGHT		_IOWR(PINSAFE_IOC, 0x07, struct pinsafe_sight)

#endif /* PINSAFE_UAPI_H */
