// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/text.h"

#define MAX_FIELDS 12
#define MAX_TEXT   1024

static const char *log_program = "pinsafed";
static int log_max_level = LOG_INFO;
static bool log_to_journal;

/* One journal entry while it is put together; "NAME=value" each, owned. */
struct entry {
	struct iovec fields[MAX_FIELDS];
	int n_fields;
};

static void entry_done(struct entry *entry)
{
	while (entry->n_fields > 0)
		free(entry->fields[--entry->n_fields].iov_base);
}

DEFINE_CLEANUP_EMBEDDED(struct entry, entry_done);

/* A field for which there is no memory is left out: the message matters. */
static __attribute__((format(printf, 2, 3))) void
entry_add(struct entry *entry, const char *format, ...)
{
	va_list arguments;
	char *text;
	int len;

	if (entry->n_fields == MAX_FIELDS)
		return;
	va_start(arguments, format);
	len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	entry->fields[entry->n_fields++] = (struct iovec){ text, (size_t)len };
}

static void entry_add_text(struct entry *entry, const char *name, const char *value)
{
	if (value)
		entry_add(entry, "%s=%s", name, value);
}

/* OBJECT_PID makes journald note the target's own unit, so that "journalctl -u"
 * of that unit shows what we did to it. */
static void entry_add_target(struct entry *entry, const struct log_fields *fields)
{
	if (fields->pid > 0) {
		entry_add(entry, "PID=%d", fields->pid);
		entry_add(entry, "OBJECT_PID=%d", fields->pid);
	}
	if (fields->start_ticks > 0)
		entry_add(entry, "START_TIME=%" PRIu64, fields->start_ticks);
	entry_add_text(entry, "CGROUP", fields->cgroup);
	entry_add_text(entry, "POLICY", fields->policy);
	entry_add_text(entry, "ACTION", fields->action);
	entry_add_text(entry, "REASON", fields->reason);
	entry_add_text(entry, "MESSAGE_ID", fields->message_id);
}

static void write_journal(int level, const struct log_fields *fields, const char *text)
{
	_cleanup_(entry_done) struct entry entry = { 0 };

	entry_add(&entry, "MESSAGE=%s", text);
	entry_add(&entry, "PRIORITY=%d", level);
	entry_add(&entry, "SYSLOG_IDENTIFIER=%s", log_program);
	if (fields)
		entry_add_target(&entry, fields);
	sd_journal_sendv(entry.fields, entry.n_fields);
}

/* systemd says in JOURNAL_STREAM what it connected; we look whether stderr is
 * still that, for it may have been redirected since. */
static bool is_journal(int fd, const char *journal_stream)
{
	unsigned long long device, inode;
	struct stat st;

	return journal_stream &&
	       sscanf(journal_stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_init(const char *program, int max_level)
{
	log_program = program;
	log_max_level = max_level;
	log_to_journal = is_journal(STDERR_FILENO, getenv("JOURNAL_STREAM"));
}

void log_write(int level, const struct log_fields *fields, const char *format, ...)
{
	char text[MAX_TEXT], safe[2 * MAX_TEXT];
	va_list arguments;

	if (level > log_max_level)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_escape(text, safe, sizeof(safe));
	if (log_to_journal)
		write_journal(level, fields, safe);
	else
		fprintf(stderr, "%s: %s\n", log_program, safe);
}
