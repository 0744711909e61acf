#ifndef MIRROR_REPORT_H
#define MIRROR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "text/str.h"

/*
 * The progress of a transfer of many files: on a terminal a bar, otherwise a
 * line for each file.  Failures go to standard error, one a line.
 */
struct report {
	const char *verb; /* of `capsule`, before each failure; borrowed */
	bool bar;
	size_t total; /* files to transfer; 0: unknown */
	size_t fetched, removed, restored, failed;
	uint64_t bytes; /* of the files transferred */
	struct timespec began, drawn;
};

void report_begin(struct report *report, const char *verb);

/* A file was fetched or sent, was removed, was restored, or failed. */
void report_fetched(struct report *report, struct str path, uint64_t bytes);
void report_removed(struct report *report, struct str path);
void report_restored(struct report *report, struct str path);
void report_failed(struct report *report, struct str path, const char *why);

/* Reports an event that is not a failure. */
void report_note(struct report *report, struct str path, const char *what);

/* Clears the bar before other output. */
void report_pause(struct report *report);

#endif
