#ifndef MIRROR_POOL_H
#define MIRROR_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "mirror/fetch.h"
#include "mirror/origin.h"
#include "mirror/replica.h"
#include "text/attribute.h"
#include "text/gopheranswer.h"

#define POOL_WIDTH_MAX 16
#define POOL_REDIRECTS_MAX 5

/* A file to be fetched into a part of the copy. */
struct pool_job {
	struct fetch fetch; /* the caller sets its request and limit */
	size_t which; /* for the caller */
	unsigned part; /* number of the part that holds the body */
	/* The kind of a Gopher answer; fetch.meta has an error's message. */
	enum gopheranswer gopher;
	unsigned redirects, tries;
	unsigned refusals; /* answers "slow down" or "not now" */
	struct timespec refused; /* the first time */
	bool cut; /* the answer may be incomplete */
	bool busy;
	bool waits; /* until `until`, before the next attempt */
	struct timespec until;
};

/*
 * Several requests at once.  Redirects within the server are followed, and
 * failed requests are repeated.  A server that answers "not now" is asked again
 * after longer and longer pauses for as long as the patience lasts; one that
 * answers "slow down" for ten times as long, and never before the time that it
 * asks for.
 */
struct pool {
	/* Set by the caller. */
	struct origin *origin;
	/* NULL: bodies are kept in temporary files, until `done` returns. */
	struct replica *replica;
	unsigned width; /* jobs at once */
	unsigned patience_ms; /* see struct fetch */
	struct timespec until; /* the end of the run at the latest */
	/* Accept an answer that ends without close_notify. */
	bool accepts_cut;
	/* Sets the next job; false when there is none at present. */
	bool (*next)(void *context, struct pool_job *job);
	/* Called when a job has ended; its part is still open. */
	void (*done)(void *context, struct pool_job *job);
	/* Whether to follow a redirect; NULL: if it stays within the server. */
	bool (*may_follow)(void *context, struct str request);
	void *context;
	/* Counters. */
	uint64_t requests, bytes;
	/* Private. */
	struct pool_job jobs[POOL_WIDTH_MAX];
	struct timespec pause; /* no request before then */
};

/*
 * Runs until there is no next job and all have ended.  Returns -1 when no
 * further request makes sense: the origin's `error` has the reason.
 */
MUST_USE int pool_run(struct pool *pool);

/*
 * The reason why a job failed, in one line, borrowed from the job or static.
 * NULL when its body is complete, as far as TLS tells.
 */
const char *pool_failure(struct pool_job *job);

#endif
