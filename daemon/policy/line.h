/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line.h - does inih read this line as its author meant it?
 *
 * inih cuts lines at 200 and section names at 49 characters, glues an indented
 * line to the value before it, takes "[]" for a section and ignores what stands
 * behind "]", all without a word.  Each line is judged here before inih sees
 * it, so that what inih then parses has one meaning only.  Comments of their own
 * may be of any length: inih does not see them.
 */
#pragma once

#include <stddef.h>

#define LINE_MAX_CHARS		197	/* INI_MAX_LINE 200 less "\r\n" and NUL */
#define LINE_MAX_SECTION	49	/* MAX_SECTION 50 less NUL */

enum line_kind {
	LINE_EMPTY,		/* or a comment */
	LINE_SECTION,
	LINE_KEY,
	LINE_BAD,
	LINE_BAD_SECTION,	/* meant to be one */
};

/* Judges a line, given without its newline.  LINE_SECTION: section has the
 * name.  LINE_BAD and LINE_BAD_SECTION: *ret_why is a constant sentence. */
enum line_kind line_judge(const char *line, size_t length,
			  char section[LINE_MAX_SECTION + 1], const char **ret_why);
