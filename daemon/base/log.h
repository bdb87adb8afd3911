/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - the one way to say something to the operator
 *
 * Used at the manager's floor and above; leaves and wings return errors and
 * never print.  Goes to the journal with fields where stderr is the journal,
 * else to stderr as "pinsafed: text".  A message that names an event carries a
 * MESSAGE_ID, for which systemd/pinsafe.catalog has advice.  Text is escaped
 * (base/text.h), so that a process' name cannot forge a line; callers need not.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Message ids, 128 bits as the journal wants them; see the catalog. */
#define LOG_ID_TARGET_HELD	"5c1f3b0e7d4a4f2c9a6b1d8e2f7043a1"
#define LOG_ID_TARGET_RELEASED	"8e02a9d4c61b4e07b35f9c7a10d2e6b2"
#define LOG_ID_PIN_OBSERVED	"1b7d6c92f0e34a85a4c8d03e95b16fc3"
#define LOG_ID_INEFFECTIVE	"e49a5b38d2074c1fb06d7e8c31f9a2d4"
#define LOG_ID_MODULE_MISSING	"3d80f1c6b95e42a7910c4be27a6d58e5"
#define LOG_ID_RELOAD_FAILED	"a27c0e91f4d8437db15e6093c8fb42f6"
#define LOG_ID_RELOADED		"6f5b92e8c1a04d3e87d2f40b1c9e7a07"
#define LOG_ID_EVENTS_LOST	"94d3a7c05e1b4862af70c2d96b8e1518"
#define LOG_ID_ACTION_FAILED	"c08e6f1d2b7a4935bc41d5e7f0923a29"
#define LOG_ID_FOREIGN		"7b13d5f8a04e49c6b2c8e7190d64fa3a"
#define LOG_ID_DRIFT		"d2f06c8b71e54a3f9e0b45a7c3189d4b"
#define LOG_ID_RESTORED		"41e9b7a25cd846f0a83f16d09e72c55c"

/* What a message is about, as journal fields MESSAGE_ID, PID (and OBJECT_PID),
 * START_TIME, CGROUP, POLICY, ACTION, REASON; NULL and 0 are left out. */
struct log_fields {
	const char *message_id;
	pid_t pid;
	uint64_t start_ticks;
	const char *cgroup;
	const char *policy;
	const char *action;
	const char *reason;
};

/* program stays the caller's.  Without it: "pinsafed", LOG_INFO, stderr. */
void log_init(const char *program, int max_level);

/* level: LOG_ERR and so on, of <syslog.h>. */
void log_write(int level, const struct log_fields *fields, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));

#define log_error(...)	log_write(3, NULL, __VA_ARGS__)
#define log_warning(...)	log_write(4, NULL, __VA_ARGS__)
#define log_info(...)	log_write(6, NULL, __VA_ARGS__)
#define log_debug(...)	log_write(7, NULL, __VA_ARGS__)
