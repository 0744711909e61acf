#ifndef TOOL_FINDING_H
#define TOOL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "text/attribute.h"
#include "text/str.h"

enum finding_format {
	FINDING_TEXT,
	FINDING_JSON,
};

/* The output of findings.  The caller sets the first part. */
struct finding_writer {
	FILE *out;
	enum finding_format format;
	const char *root; /* the capsule's folder, before every path */
	const char *const *ignored; /* names of checks; NULL after the last */

	size_t count, problems; /* of all findings; without notes */
};

struct finding {
	const char *check; /* the name of the check, "dead-link" */
	bool is_note; /* no action is needed */
	struct str path; /* in the capsule: "/docs/a.gmi" */
	size_t line; /* from 1; 0: the whole file, written as 1 */
};

/* For "%.*s" in a finding: a text of the capsule, shortened. */
#define FINDING_ARG(s) (int)((s).len < 240 ? (s).len : 240), (s).at

void finding_begin(struct finding_writer *writer);

/*
 * Writes one finding, whose text names the fault and the remedy, unless its
 * check is ignored.
 *
 * As text: "root/path:line: fault; remedy", with "note: " before a note,
 * on one line; bytes that a terminal should not see become \xHH.  As JSON:
 * one object of an array, on a line of its own, with the members "file",
 * "line", "level" ("problem" or "note"), "check" and "message"; bytes that
 * are not UTF-8 become U+FFFD.
 */
void finding_add(struct finding_writer *writer, const struct finding *finding,
    const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * Ends the output, as text with the line "2 problems, 1 note"; -1 with errno
 * set when it could not all be written.
 */
MUST_USE int finding_end(struct finding_writer *writer);

#endif
