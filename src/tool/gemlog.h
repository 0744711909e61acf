#ifndef TOOL_GEMLOG_H
#define TOOL_GEMLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/sink.h"
#include "text/attribute.h"
#include "text/str.h"

/* A page of a log: a link whose label begins with its date. */
struct gemlog_entry {
	struct str name; /* of the file, not encoded */
	struct str date; /* "2026-11-29" */
	struct str title; /* one line */
};

/*
 * Writes the index page `index` to `out` with a line for the entry: before the
 * first dated link that is not newer, so that the newest comes first.  In an
 * index without dated links, the line is a paragraph of its own before the
 * first link, or at the end.  All other bytes stay, and the line ends as the
 * first line of the index does.  Returns -1 with errno set when `out` fails.
 */
MUST_USE int gemlog_add(
    struct sink *out, struct str index, const struct gemlog_entry *entry);

#endif
