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

/* Something to be fetched into a part of the copy. */
struct pool_job {
	struct fetch fetch; /* its request and limit are the caller's */
	size_t which; /* the caller's own */
	unsigned part; /* number of the part that holds the body */
	/* The kind of a Gopher answer; fetch.meta has an error's message. */
	enum gopheranswer gopher;
	unsigned redirects, tries;
	bool busy;
	bool waits; /* before it is asked again */
	struct timespec until;
};

/*
 * Several requests at once.  Redirects within the server are followed, what
 * failed is tried again, and a server that says "slow down" is given time,
 * more each time.
 */
struct pool {
	/* The caller fills what is here. */
	struct origin *origin;
	struct replica *replica;
	unsigned width; /* jobs at once */
	unsigned patience_ms; /* see struct fetch */
	struct timespec until; /* the end of all patience */
	/* Fills in the next job; false when there is none for now. */
	bool (*next)(void *context, struct pool_job *job);
	/* A job has come to its end, good or bad; its part is open still. */
	void (*done)(void *context, struct pool_job *job);
	/* Whether a redirect may be followed; NULL: any within the server. */
	bool (*may_follow)(void *context, struct str request);
	void *context;
	/* What was done. */
	uint64_t requests, bytes;
	/* Below is this room's own. */
	struct pool_job jobs[POOL_WIDTH_MAX];
	struct timespec pause; /* until then nothing is asked */
};

/*
 * Runs until there is no next job and all are done.  Returns -1 when it makes
 * no sense to go on: the origin's `error` says why.
 */
MUST_USE int pool_run(struct pool *pool);

/*
 * Why a job brought nothing, for people: one line, borrowed from it or
 * static.  NULL when it brought a body that is whole, as far as TLS knows.
 */
const char *pool_failure(struct pool_job *job);

#endif
