#ifndef SYS_COUNTS_H
#define SYS_COUNTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"

/* One more than the largest status. */
#define COUNTS_STATUSES 70

/* The numbers of a worker. */
enum counts_kind {
	/* Open now. */
	COUNTS_HELLO, /* in the order of enum conn_stage */
	COUNTS_REQUEST,
	COUNTS_RESPONSE,
	COUNTS_DRAIN,
	/* Sums from here on. */
	COUNTS_CONNECTIONS,
	COUNTS_REFUSED_OPEN, /* answered with status 44: limit_open */
	COUNTS_REFUSED_RATE, /* the same: limit_rate and limit_burst */
	COUNTS_REFUSED_ROOM, /* the same: no room in the worker */
	COUNTS_REFUSED_FILES, /* the same: no descriptor */
	COUNTS_DROPPED_OPEN, /* closed without an answer */
	COUNTS_DROPPED_RATE,
	COUNTS_CLOSED_ROOM, /* closed before a request, for a new client */
	COUNTS_LATE_REQUEST, /* after request_timeout_ms */
	COUNTS_LATE_CLIENT, /* took nothing for stall_timeout_ms */
	COUNTS_GEMINI, /* answers by status, which is added to it */
	COUNTS_GOPHER = COUNTS_GEMINI + COUNTS_STATUSES,
	COUNTS_END = COUNTS_GOPHER + COUNTS_STATUSES,
};

#define COUNTS_SUMS COUNTS_CONNECTIONS

/*
 * The numbers of one worker, in memory that only this worker and the master
 * have: a hijacked worker can falsify its own numbers and no others. Without
 * memory it is NULL, and nothing is counted.
 */
struct counts {
	_Atomic uint64_t at[COUNTS_END];
};

/*
 * Made by the master before it forks the worker. Freeing the numbers in a child
 * does not free them in the parent.
 */
MUST_USE struct counts *counts_new(void);
void counts_free(struct counts *counts);

/* Adds to a number, in the worker only; a `step` of -1 subtracts 1. */
static inline void
counts_add(struct counts *counts, enum counts_kind kind, int step)
{
	uint64_t now;

	if (counts == NULL)
		return;
	/* There is one writer, so that no locked instruction is needed. */
	now = atomic_load_explicit(&counts->at[kind], memory_order_relaxed);
	atomic_store_explicit(
	    &counts->at[kind], now + (uint64_t)step, memory_order_relaxed);
}

/* The numbers of several workers together. */
struct counts_total {
	uint64_t at[COUNTS_END];
};

/* Adds the numbers from `from` on; sums only, for a worker that has ended. */
void counts_collect(struct counts_total *total, const struct counts *counts,
    enum counts_kind from);

#endif
