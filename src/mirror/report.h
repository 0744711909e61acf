#ifndef MIRROR_REPORT_H
#define MIRROR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "text/str.h"

/*
 * What a mirror tells while it works: on a terminal a bar that moves, and
 * otherwise a line for each file.  What went wrong is a line on standard
 * error either way.
 */
struct report {
	bool bar;
	size_t total; /* files to come; 0: not known */
	size_t fetched, removed, restored, failed;
	uint64_t bytes; /* of the files fetched */
	struct timespec began, drawn;
};

void report_begin(struct report *report);

/* A file was fetched, was removed, was restored, or failed. */
void report_fetched(struct report *report, struct str path, uint64_t bytes);
void report_removed(struct report *report, struct str path);
void report_restored(struct report *report, struct str path);
void report_failed(struct report *report, struct str path, const char *why);

/* Something worth knowing that is no failure. */
void report_note(struct report *report, struct str path, const char *what);

/* Clears the bar, so that other words may follow. */
void report_pause(struct report *report);

#endif
