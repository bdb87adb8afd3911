// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In memory a book (book.h), on disk the lines that lead to it, rewritten as the
 * fewest such lines when there are too many, and at each opening, which also
 * heals a torn last line and drops what another boot left.
 */
#include "daemon/act/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "daemon/act/book.h"
#include "daemon/act/ledger-line.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"

#define NAME		"ledger"
#define NAME_NEW	"ledger.new"
#define NAME_NEWER	"ledger.newer"
#define MAX_BYTES	(64u << 20)	/* far above what rewriting allows */
#define SLACK_LINES	256		/* dead lines that are not worth a rewrite */

struct ledger {
	int dir_fd;
	int fd;			/* of NAME, appending */
	char *header;		/* first line: format and boot */
	size_t n_lines;		/* in the file, without the header */
	unsigned int n_skipped;
	bool was_newer;
	bool is_behind;		/* the file is, by what could not be written */
	struct book book;
};

DEFINE_CLEANUP(struct ledger, ledger_free);

/* ---- writing ------------------------------------------------------------ */

/* fd of the new file, in which all is written and synced. */
static int write_new(const struct ledger *ledger)
{
	_cleanup_(close) int fd = -1;
	_cleanup_(free) char *text = NULL;
	_cleanup_(fclose) FILE *out = NULL;
	size_t length;
	int r;

	out = open_memstream(&text, &length);
	if (!out)
		return -ENOMEM;
	fprintf(out, "%s\n", ledger->header);
	r = book_print(&ledger->book, out);
	if (fflush(out) != 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	fd = openat(ledger->dir_fd, NAME_NEW,
		    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = fs_write_all(fd, text, length);
	if (r < 0)
		return r;
	if (fdatasync(fd) < 0)
		return -errno;
	return take_fd(&fd);
}

static int rewrite(struct ledger *ledger)
{
	_cleanup_(close) int fd = write_new(ledger);

	if (fd < 0)
		return fd;
	if (renameat(ledger->dir_fd, NAME_NEW, ledger->dir_fd, NAME) < 0)
		return -errno;
	if (ledger->fd >= 0)
		close(ledger->fd);
	ledger->fd = take_fd(&fd);
	ledger->n_lines = book_lines(&ledger->book);
	ledger->is_behind = false;
	return 0;
}

/* What got only half onto a full disk is taken off again. */
static int append(struct ledger *ledger, const struct ledger_line *lines, size_t n)
{
	_cleanup_(free) char *text = NULL;
	_cleanup_(fclose) FILE *out = NULL;
	struct stat st;
	size_t length;
	int r;

	out = open_memstream(&text, &length);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = ledger_line_print(out, &lines[i]);
		if (r < 0)
			return r;
	}
	if (fflush(out) != 0)
		return -ENOMEM;
	if (ledger->is_behind && rewrite(ledger) < 0)
		return -ENOTRECOVERABLE;
	if (fstat(ledger->fd, &st) < 0)
		return -ENOTRECOVERABLE;
	r = fs_write_all(ledger->fd, text, length);
	if (r < 0) {
		ledger->is_behind = true;
		(void)!ftruncate(ledger->fd, st.st_size);
		return -ENOTRECOVERABLE;
	}
	ledger->n_lines += n;
	return 0;
}

/* Must it be on disk before what comes after it? */
static bool is_ahead(enum ledger_verb verb)
{
	return verb == LEDGER_APPLY || verb == LEDGER_SAVE || verb == LEDGER_ORDER;
}

/* All of one verb.  What is over is over, though the file cannot be told yet. */
static int add_lines(struct ledger *ledger, const struct ledger_line *lines, size_t n)
{
	int r;

	if (n == 0)
		return 0;
	r = append(ledger, lines, n);
	if (r < 0 && (r != -ENOTRECOVERABLE || is_ahead(lines->verb)))
		return r;
	if (is_ahead(lines->verb) && fdatasync(ledger->fd) < 0)
		return -ENOTRECOVERABLE;
	for (size_t i = 0; i < n; i++) {
		r = book_follow(&ledger->book, &lines[i]);
		if (r < 0)
			return r;
	}
	/* The old file stays good when this fails: nothing is lost but room. */
	if (ledger->n_lines > 2 * book_lines(&ledger->book) + SLACK_LINES)
		(void)rewrite(ledger);
	return 0;
}

static int add_line(struct ledger *ledger, const struct ledger_line *line)
{
	return add_lines(ledger, line, 1);
}

/* ---- reading ------------------------------------------------------------ */

/* Follows all whole lines; without its newline the last one is torn. */
static int follow_text(struct ledger *ledger, char *text, const char *end)
{
	char *newline;

	for (; (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
		struct ledger_line line;
		int r;

		*newline = '\0';
		if (ledger_line_parse(text, &line) < 0) {
			ledger->n_skipped++;
			continue;
		}
		r = book_follow(&ledger->book, &line);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A newer format is not ours to guess: what it tells can be undone by those who wrote
 * it.  Another boot's changes died with that. */
static int load(struct ledger *ledger, const char *boot_id)
{
	_cleanup_(free) char *text = NULL;
	unsigned int format;
	size_t header;
	ssize_t n = fs_read_all(ledger->dir_fd, NAME, MAX_BYTES, &text);

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return (int)n;
	header = ledger_header_parse(text, boot_id, &format);
	if (header == 0)
		return 0;
	ledger->was_newer = format > LEDGER_FORMAT;
	if (ledger->was_newer)
		return renameat(ledger->dir_fd, NAME, ledger->dir_fd, NAME_NEWER) < 0 ? -errno : 0;
	return follow_text(ledger, text + header + 1, text + n);
}

int ledger_open(int dirfd, const char *boot_id, struct ledger **ret_ledger)
{
	_cleanup_(ledger_free) struct ledger *ledger = calloc(1, sizeof(*ledger));
	int r;

	if (!ledger)
		return -ENOMEM;
	ledger->fd = -1;
	ledger->dir_fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	if (ledger->dir_fd < 0)
		return -errno;
	/* Two that rewrite it would each lose what the other one did. */
	if (flock(ledger->dir_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (asprintf(&ledger->header, LEDGER_HEADER " %u %s", LEDGER_FORMAT, boot_id) < 0) {
		ledger->header = NULL;
		return -ENOMEM;
	}
	r = load(ledger, boot_id);
	if (r < 0)
		return r;
	/* On a full disk the one that is there is good, and putting back needs no more. */
	r = rewrite(ledger);
	if (r == -ENOMEM)
		return r;
	ledger->is_behind = r < 0;
	*ret_ledger = take_ptr(ledger);
	return 0;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	book_done(&ledger->book);
	free(ledger->header);
	if (ledger->fd >= 0)
		close(ledger->fd);
	if (ledger->dir_fd >= 0)
		close(ledger->dir_fd);
	free(ledger);
}

/* ---- the interface ------------------------------------------------------ */

bool ledger_was_newer(const struct ledger *ledger)
{
	return ledger->was_newer;
}

bool ledger_is_behind(const struct ledger *ledger)
{
	return ledger->is_behind;
}

unsigned int ledger_skipped(const struct ledger *ledger)
{
	return ledger->n_skipped;
}

int ledger_record(struct ledger *ledger, enum action action, const struct target_id *id,
		  const char *policy, uint64_t since_usec)
{
	struct ledger_line line = {
		.verb = LEDGER_APPLY,
		.action = action,
		.id = *id,
		.policy = policy,
		.when_usec = since_usec,
	};

	return add_line(ledger, &line);
}

int ledger_save(struct ledger *ledger, enum action action, const struct target_id *id,
		const struct saved *saved, size_t n)
{
	_cleanup_(free) struct ledger_line *lines = NULL;

	if (!book_find_entry(&ledger->book, action, id))
		return -ENOENT;
	lines = calloc(n + 1, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		lines[i] = (struct ledger_line){
			.verb = LEDGER_SAVE,
			.action = action,
			.id = *id,
			.name = saved[i].name,
			.before = saved[i].before,
			.ours = saved[i].ours,
		};
	return add_lines(ledger, lines, n);
}

static bool is_confirmed(const struct ledger_entry *entry)
{
	for (size_t i = 0; i < entry->n_saved; i++) {
		if (!entry->saved[i].is_made || entry->saved[i].earlier)
			return false;
	}
	return true;
}

int ledger_confirm(struct ledger *ledger, enum action action, const struct target_id *id)
{
	struct ledger_line line = { .verb = LEDGER_MADE, .action = action, .id = *id };
	const struct ledger_entry *entry = book_find_entry(&ledger->book, action, id);

	if (!entry || is_confirmed(entry))
		return 0;
	return add_line(ledger, &line);
}

int ledger_retract(struct ledger *ledger, enum action action, const struct target_id *id)
{
	struct ledger_line line = { .verb = LEDGER_BACK, .action = action, .id = *id };

	return book_find_entry(&ledger->book, action, id) ? add_line(ledger, &line) : 0;
}

int ledger_forget(struct ledger *ledger, enum action action, const struct target_id *id,
		  const char *name)
{
	struct ledger_line line = {
		.verb = LEDGER_FORGET,
		.action = action,
		.id = *id,
		.name = name,
	};

	if (!ledger_find_saved(book_find_entry(&ledger->book, action, id), name))
		return 0;
	return add_line(ledger, &line);
}

int ledger_erase(struct ledger *ledger, enum action action, const struct target_id *id)
{
	struct ledger_line line = { .verb = LEDGER_UNDO, .action = action, .id = *id };

	if (!book_find_entry(&ledger->book, action, id))
		return 0;
	return add_line(ledger, &line);
}

const struct ledger_entry *ledger_find(const struct ledger *ledger, enum action action,
				       const struct target_id *id)
{
	return book_find_entry(&ledger->book, action, id);
}

const struct saved *ledger_find_saved(const struct ledger_entry *entry, const char *name)
{
	return entry ? book_find_saved(entry, name) : NULL;
}

const struct ledger_entry *ledger_entries(const struct ledger *ledger, size_t *ret_n)
{
	*ret_n = ledger->book.n_entries;
	return ledger->book.entries;
}

int ledger_set_override(struct ledger *ledger, const struct override *override)
{
	struct ledger_line line = {
		.verb = LEDGER_ORDER,
		.hold = override->hold,
		.id = override->id,
		.when_usec = override->until_usec,
	};

	return add_line(ledger, &line);
}

int ledger_drop_override(struct ledger *ledger, const struct target_id *id)
{
	struct ledger_line line = { .verb = LEDGER_DROP, .id = *id };

	if (!book_find_override(&ledger->book, id))
		return 0;
	return add_line(ledger, &line);
}

const struct override *ledger_find_override(const struct ledger *ledger,
					    const struct target_id *id)
{
	return book_find_override(&ledger->book, id);
}

const struct override *ledger_overrides(const struct ledger *ledger, size_t *ret_n)
{
	*ret_n = ledger->book.n_overrides;
	return ledger->book.overrides;
}
