// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CVE-2022-48797, kernel bugzilla 215616: a scan races a failed migration, the
 * pinned page becomes read-only, the next write goes to a copy, and the device
 * goes on with the original.
 *
 *  - came with 09854ba94c6a ("mm: do_wp_page() simplification"), 5.9
 *  - fixed by 80d47f5de5e3 ("mm: don't try to NUMA-migrate COW pages that have
 *    other uses"), 5.17-rc5; in stable 5.10.102, 5.15.25, 5.16.11
 *
 * So an upstream release decides.  Distributions:
 *
 *  - Debian names it behind its own name: "6.1.0-56-amd64 ... Debian 6.1.192-2"
 *  - Ubuntu names it in /proc/version_signature, third word
 *  - others put a revision behind the number ("5.14.0-362.el9", "5.10.199-190.amzn2",
 *    "5.14.21-150500.55", "5.15.0-200.131.el8uek") and backport what they see
 *    fit: unknown, unless the fix was there when they branched off.  Who builds
 *    his own kernel puts a word there: "5.10.101-mine", "6.1.50+".
 */
#include "daemon/sense/kernel.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/fs.h"
#include "daemon/sense/cgroup.h"

#define BANNER_SIZE 4096
#define FINAL	    UINT_MAX

struct release {
	unsigned int number[3];
	unsigned int candidate;	/* 4: -rc4; FINAL */
	bool has_revision;	/* of a packager */
};

static const char said_old[] =
	"releases before 5.9 do not have the bug of CVE-2022-48797";
static const char said_affected[] =
	"this release has the bug of CVE-2022-48797: device-pinned memory can silently "
	"lose writes while NUMA balancing is on; 5.10.102, 5.15.25, 5.16.11 and 5.17 "
	"have the fix";
static const char said_fixed[] =
	"this release has the fix of CVE-2022-48797 (5.10.102, 5.15.25, 5.16.11, 5.17 and "
	"later)";
static const char said_vendor[] =
	"this distribution's kernel number does not tell which fixes it has; ask its maker "
	"about CVE-2022-48797 and set KernelVerdict= in section [Host]";
static const char said_nothing[] =
	"the kernel does not name its release; find out whether it has the fix of "
	"CVE-2022-48797 and set KernelVerdict= in section [Host]";

/* Newest first; a row is valid from its release on.  5.11 to 5.14 ended before
 * the fix. */
static const struct verdict_range {
	struct release from;
	enum verdict verdict;
	const char *reason;
} ranges[] = {
	{ { { 5, 17, 0 }, 5, false }, VERDICT_FIXED, said_fixed },
	{ { { 5, 17, 0 }, 0, false }, VERDICT_AFFECTED, said_affected },
	{ { { 5, 16, 11 }, 0, false }, VERDICT_FIXED, said_fixed },
	{ { { 5, 16, 0 }, 0, false }, VERDICT_AFFECTED, said_affected },
	{ { { 5, 15, 25 }, 0, false }, VERDICT_FIXED, said_fixed },
	{ { { 5, 11, 0 }, 0, false }, VERDICT_AFFECTED, said_affected },
	{ { { 5, 10, 102 }, 0, false }, VERDICT_FIXED, said_fixed },
	{ { { 5, 9, 0 }, 0, false }, VERDICT_AFFECTED, said_affected },
	{ { { 0, 0, 0 }, 0, false }, VERDICT_FIXED, said_old },
};

/* "6.12.117+deb12", "5.17.0-rc4-mine", "6.17~rc4-1", "5.14.0-362.el9" */
static int parse_release(const char *text, struct release *ret_release)
{
	struct release release = { .candidate = FINAL };
	unsigned long n;
	char *end;
	int i;

	for (i = 0; i < 3 && isdigit((unsigned char)*text); i++) {
		n = strtoul(text, &end, 10);
		if (n > UINT16_MAX)
			return -EINVAL;
		release.number[i] = (unsigned int)n;
		text = end;
		if (*text == '.' && i < 2)
			text++;
	}
	if (i < 2)
		return -EINVAL;
	if ((strncmp(text, "-rc", 3) == 0 || strncmp(text, "~rc", 3) == 0) &&
	    isdigit((unsigned char)text[3]))
		release.candidate = (unsigned int)strtoul(text + 3, &end, 10);
	else
		release.has_revision = (*text == '-' || *text == '.') &&
				       isdigit((unsigned char)text[1]);
	*ret_release = release;
	return 0;
}

static bool is_before(const struct release *a, const struct release *b)
{
	int i;

	for (i = 0; i < 3; i++)
		if (a->number[i] != b->number[i])
			return a->number[i] < b->number[i];
	return a->candidate < b->candidate;
}

static const char *skip_word(const char *text)
{
	text += strcspn(text, " \n");
	return text + (*text == ' ');
}

/* Where a distribution names the upstream release that it is made of. */
static const char *find_upstream(const char *text)
{
	const char *build = strstr(text, ") #"), *signature = strstr(text, "\nUbuntu ");

	if (signature)
		return skip_word(skip_word(signature + 1));
	build = build ? strstr(build, " Debian ") : NULL;
	return build ? build + strlen(" Debian ") : NULL;
}

static int parse_banner(const char *text, struct release *ret_release)
{
	static const char start[] = "Linux version ";
	const char *upstream = find_upstream(text);

	if (upstream && parse_release(upstream, ret_release) == 0) {
		ret_release->has_revision = false;
		return 0;
	}
	if (strncmp(text, start, strlen(start)) != 0)
		return -EINVAL;
	return parse_release(text + strlen(start), ret_release);
}

static const struct verdict_range *find_range(const struct release *release)
{
	const struct verdict_range *range = ranges;

	while (is_before(release, &range->from))
		range++;
	return range;
}

static char *format_release(const struct release *release)
{
	char rc[16] = "", *text;
	int n;

	if (release->candidate != FINAL)
		snprintf(rc, sizeof(rc), "-rc%u", release->candidate);
	n = asprintf(&text, "%u.%u.%u%s", release->number[0], release->number[1],
		     release->number[2], rc);
	return n < 0 ? NULL : text;
}

enum verdict kernel_judge(const char *proc_version, char **ret_version,
			  unsigned int *ret_code, const char **ret_reason)
{
	const struct verdict_range *range;
	struct release release;
	unsigned int patch;

	*ret_version = NULL;
	*ret_code = 0;
	*ret_reason = said_nothing;
	if (parse_banner(proc_version, &release) < 0)
		return VERDICT_UNKNOWN;
	patch = release.number[2] < 255 ? release.number[2] : 255;
	*ret_version = format_release(&release);
	*ret_code = release.number[0] << 16 | release.number[1] << 8 | patch;
	*ret_reason = said_vendor;
	range = find_range(&release);
	if (release.has_revision && range != ranges)
		return VERDICT_UNKNOWN;
	*ret_reason = range->reason;
	return range->verdict;
}

int kernel_read_balancing(int proc_fd)
{
	uint64_t value;
	int r = fs_read_u64(proc_fd, "sys/kernel/numa_balancing", &value);

	if (r < 0 && r != -ENOENT && r != -EINVAL)
		return KERNEL_BALANCING_UNREAD;
	/* Bits that a later kernel knows are on for us: no scan is claimed to be off. */
	return r < 0 || value > INT_MAX ? -1 : (int)value;
}

int kernel_read_boot_id(int proc_fd, char ret_id[37])
{
	char text[38];
	ssize_t len;

	len = fs_read(proc_fd, "sys/kernel/random/boot_id", text, sizeof(text));
	if (len < 0)
		return (int)len;
	if (strcspn(text, "\n") != 36)
		return -EINVAL;
	memcpy(ret_id, text, 36);
	ret_id[36] = '\0';
	return 0;
}

static int read_release(int proc_fd, char **ret_release)
{
	char *text;
	ssize_t len;

	len = fs_read_all(proc_fd, "sys/kernel/osrelease", BANNER_SIZE, &text);
	if (len < 0)
		return (int)len;
	text[strcspn(text, "\n")] = '\0';
	*ret_release = text;
	return 0;
}

/* Both texts, as kernel_judge() wants them. */
static int read_banner(int proc_fd, char *text, size_t size)
{
	ssize_t len;

	len = fs_read(proc_fd, "version", text, size);
	if (len < 0)
		return (int)len;
	if (fs_read(proc_fd, "version_signature", text + len, size - (size_t)len) < 0)
		text[len] = '\0';
	return 0;
}

int kernel_load(int proc_fd, int sys_fd, struct host_facts *host)
{
	_cleanup_(free) char *release = NULL, *version = NULL, *reason = NULL;
	char banner[BANNER_SIZE];
	unsigned int code;
	const char *said;
	enum verdict verdict;
	int r;

	r = read_banner(proc_fd, banner, sizeof(banner));
	if (r < 0)
		return r;
	r = read_release(proc_fd, &release);
	if (r < 0)
		return r;
	verdict = kernel_judge(banner, &version, &code, &said);
	reason = strdup(said);
	if (!reason || (code && !version))
		return -ENOMEM;
	host->verdict = verdict;
	host->kernel_code = code;
	host->kernel_release = take_ptr(release);
	host->kernel_version = take_ptr(version);
	host->verdict_reason = take_ptr(reason);
	host->balancing = kernel_read_balancing(proc_fd);
	if (host->balancing == KERNEL_BALANCING_UNREAD)
		host->balancing = -1;
	host->has_cgroup2 = cgroup_is_mounted(sys_fd);
	return 0;
}
