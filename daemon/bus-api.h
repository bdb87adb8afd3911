/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bus-api.h - names on the bus, shared by daemon and client
 *
 * org.pinsafe1(5) is the manual.  Facts travel as a{sv} whose keys are the
 * field names of pinsafectl's JSON, so that each is spelled once, in the daemon.
 * Units are in the names: _bytes, _usec (CLOCK_BOOTTIME), _ticks.
 *
 * Properties (all read-only, for everyone):
 *   Version s, Mode s, ModuleVersion s (empty: no module), ModuleMissing s
 *   (why, and the next step), ModuleAbi u, Missing as (what does not work here
 *   and what follows), KernelVerdict s, KernelVerdictReason s,
 *   Balancing i (-1: no such sysctl), ProbesArmed b,
 *   Pinners u, Held u, Mitigated u (held, or another action in force),
 *   Exposed u, Ineffective u, PinnedBytes t, RemotePinnedBytes t (of those whose
 *   device's node is known: on another one),
 *   LastReloadUsec t, LastReloadSuccessful b, LastReloadError s,
 *   StartedUsec t
 *
 * Methods (a target is (uts): pid, start ticks, cgroup; pid 0 names the cgroup)
 *   ListTargets() -> aa{sv}    everyone: own processes; root: all
 *   GetTarget((uts)) -> a{sv}  the owner, or root
 *   GetHost() -> a{sv}         everyone
 *   GetMetrics() -> s          everyone (totals only)
 *   Explain((uts)) -> a(ssbs)  the owner, or root: steps in order, each with
 *                              kind (order, policy, rung, result), name, taken,
 *                              why
 *   DumpSnapshot() -> h        root: facts of the host as JSON, to be read from
 *                              the descriptor to its end
 *   Reload()                   root, or polkit org.pinsafe1.reload
 *   Hold((uts))                root, or polkit org.pinsafe1.hold
 *   Release((uts), t usec)     likewise; usec 0: until the target is gone
 *
 * Signals
 *   TargetChanged((uts), a{sv}), PinObserved((uts), s driver), Reloaded(b, s)
 *
 * Keys of a target: pid i, start_ticks t, comm s, user u, executable s,
 *   cgroup s, policy s, mode s, action s, state s (held, draining, applied
 *   (another action than hold), released, watched), origin s, risk s, scanned s,
 *   proof s, reason s, pinner b, pinned_bytes t, pinned_source s (sight, vmpin,
 *   io_uring, bell, none), large_bytes t, nodes a(ut), driver s, devices a(si)
 *   (path, node), vm_pin_bytes t, uring_bytes t, refused_scans t,
 *   last_refused_usec t, since_usec t, scan_seq t (absent: kernel does not show
 *   it), cpus_allowed s, cpus s and mems s (set by us), exposed b,
 *   known_usec t (of a process: since when it is a target);
 *   of a target that has ended: state s "gone" and nothing else
 *
 * Keys of the host: nodes_online s, nodes_memory s, nodes_cpu s (lists),
 *   kernel_release s, kernel_version s, kernel_verdict s,
 *   kernel_verdict_reason s, balancing i, balancing_at_start i,
 *   balancing_owner s (absent: nobody that can be seen), cgroup2 b, pin_counters b,
 *   pins_acquired t, pins_released t (pages), module_version s,
 *   module_missing s, module_abi u, probes_armed b, advice as
 */
#pragma once

#define PINSAFE_BUS_NAME	"org.pinsafe1"
#define PINSAFE_BUS_PATH	"/org/pinsafe1"
#define PINSAFE_BUS_INTERFACE	"org.pinsafe1.Manager"

#define PINSAFE_ERROR_NO_TARGET	"org.pinsafe1.Error.NoSuchTarget"
#define PINSAFE_ERROR_CONFIG	"org.pinsafe1.Error.BadConfiguration"
#define PINSAFE_ERROR_NO_MODULE	"org.pinsafe1.Error.NoModule"
#define PINSAFE_ERROR_TABLE_FULL	"org.pinsafe1.Error.TableFull"
#define PINSAFE_ERROR_DENIED	"org.freedesktop.DBus.Error.AccessDenied"
#define PINSAFE_ERROR_LIMITS	"org.freedesktop.DBus.Error.LimitsExceeded"
