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
#define MAX_BYTES	(64u << 20)	/* far above what rewriting allows */
#define SLACK_LINES	256		/* dead lines that are not worth a rewrite */

struct ledger {
	int dir_fd;
	int fd;			/* of NAME, appending */
	char *header;		/* first line: format and boot */
	size_t n_lines;		/* in the file, without the header */
	unsigned int n_skipped;
	struct book book;
};

DEFINE_CLEANUP(struct ledger, ledger_free);

/* ---- writing ------------------------------------------------------------ */

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

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
	r = write_all(fd, text, length);
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
	return 0;
}

/* A line that got only half onto a full disk is taken off again. */
static int append(struct ledger *ledger, const struct ledger_line *line)
{
	_cleanup_(free) char *text = NULL;
	_cleanup_(fclose) FILE *out = NULL;
	struct stat st;
	size_t length;
	int r;

	out = open_memstream(&text, &length);
	if (!out)
		return -ENOMEM;
	r = ledger_line_print(out, line);
	if (r < 0)
		return r;
	if (fflush(out) != 0)
		return -ENOMEM;
	if (fstat(ledger->fd, &st) < 0)
		return -errno;
	r = write_all(ledger->fd, text, length);
	if (r < 0) {
		(void)!ftruncate(ledger->fd, st.st_size);
		return r;
	}
	ledger->n_lines++;
	return 0;
}

static int add_line(struct ledger *ledger, const struct ledger_line *line)
{
	int r;

	r = append(ledger, line);
	if (r < 0)
		return r;
	if (line->verb == LEDGER_APPLY || line->verb == LEDGER_ORDER) {
		if (fdatasync(ledger->fd) < 0)
			return -errno;
	}
	r = book_follow(&ledger->book, line);
	if (r < 0)
		return r;
	/* The old file stays good when this fails: nothing is lost but room. */
	if (ledger->n_lines > 2 * book_lines(&ledger->book) + SLACK_LINES)
		(void)rewrite(ledger);
	return 0;
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

/* Another boot's holds died with it, and a newer format is not ours to guess. */
static int load(struct ledger *ledger)
{
	_cleanup_(free) char *text = NULL;
	size_t header = strlen(ledger->header);
	ssize_t n = fs_read_all(ledger->dir_fd, NAME, MAX_BYTES, &text);

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return (int)n;
	if (strncmp(text, ledger->header, header) != 0 || text[header] != '\n')
		return 0;
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
	if (asprintf(&ledger->header, "pinsafe-ledger 1 %s", boot_id) < 0) {
		ledger->header = NULL;
		return -ENOMEM;
	}
	r = load(ledger);
	if (r < 0)
		return r;
	r = rewrite(ledger);
	if (r < 0)
		return r;
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

unsigned int ledger_skipped(const struct ledger *ledger)
{
	return ledger->n_skipped;
}

int ledger_record(struct ledger *ledger, enum action action, const struct target_id *id,
		  const char *policy)
{
	struct ledger_line line = {
		.verb = LEDGER_APPLY,
		.action = action,
		.id = *id,
		.policy = policy,
	};

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
		.until_usec = override->until_usec,
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
