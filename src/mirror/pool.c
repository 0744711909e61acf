/* Several requests at once: their order, retries and pauses. */
#include "mirror/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "text/status.h"
#include "text/utf8.h"

#define TRIES_MAX 3 /* of a failed request */
#define SLOW_MAX 10 /* times the patience to wait if the server asks to */
#define DOUBLINGS_MAX 10 /* of a pause of one second */
/* A longer answer is not an error message. */
#define ERROR_MAX ((uint64_t)1 << 20)
#define WORDS_MAX ((size_t)300) /* bytes of an error message to show */
#define ARENA_MAX ((size_t)64 << 10)

static void
no_disk(struct pool *pool, const char *what)
{
	snprintf(pool->origin->error, sizeof pool->origin->error,
	    "%.1000s: %s: %s",
	    pool->replica != NULL ? pool->replica->path : "a temporary file",
	    what, strerror(errno));
}

static void
start(struct pool *pool, struct pool_job *job)
{
	job->waits = false;
	pool->requests++;
	if (ftruncate(job->fetch.body, 0) == -1 ||
	    lseek(job->fetch.body, 0, SEEK_SET) == -1)
		no_disk(pool, "cannot write");
	fetch_begin(&job->fetch);
}

/* Opens a file for the body of an answer; -1 with errno set. */
static int
open_body(struct pool *pool, unsigned part)
{
	FILE *file;
	int fd;

	if (pool->replica != NULL)
		return replica_part(pool->replica, part);
	file = tmpfile();
	if (file == NULL)
		return -1;
	fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
	fclose(file);
	return fd;
}

/* Starts the next job; false when there is none. */
static bool
take(struct pool *pool, struct pool_job *job, unsigned part)
{
	*job = (struct pool_job){ .part = part };
	if (!pool->next(pool->context, job))
		return false;
	job->fetch.origin = pool->origin;
	job->fetch.patience_ms = pool->patience_ms;
	job->fetch.fd = -1;
	job->fetch.body = open_body(pool, part);
	if (job->fetch.body == -1) {
		no_disk(pool, "cannot write");
		return false;
	}
	job->busy = true;
	start(pool, job);
	return true;
}

static void
let_go(struct pool *pool, struct pool_job *job)
{
	fetch_release(&job->fetch);
	close(job->fetch.body);
	if (pool->replica != NULL)
		replica_drop(pool->replica, job->part);
	job->busy = false;
}

static bool
wait_until(struct pool_job *job, struct timespec until)
{
	fetch_release(&job->fetch);
	job->waits = true;
	job->until = until;
	return true;
}

/* Milliseconds until the job may be started again. */
static long
wait_ms(const struct pool *pool, const struct pool_job *job)
{
	long ours = clock_until_ms(&job->until);
	long all = clock_until_ms(&pool->pause);

	return ours > all ? ours : all;
}

/*
 * The seconds in a request to slow down: in "44 5" or, over Gopher, capsuled's
 * "try again in 5 s".  NULL for any other answer.
 */
static const char *
asked_pause(const struct pool_job *job)
{
	static const char words[] = "try again in ";
	const char *found;

	if (job->fetch.status == STATUS_SLOW_DOWN)
		return job->fetch.meta;
	if (job->gopher == GOPHERANSWER_NO_ERROR)
		return NULL;
	found = strstr(job->fetch.meta, words);
	if (found == NULL)
		return NULL;
	/* capsuled also says "try again in a moment". */
	found += strlen(words);
	return *found >= '0' && *found <= '9' ? found : NULL;
}

/*
 * Sets the milliseconds to wait after a refusal: as long as the server asks,
 * and twice as long each time, up to `most_ms` after the first refusal.  False
 * when that is over, or when the server asks for more.
 */
static bool
allot(struct pool_job *job, unsigned long asked_s, long most_ms, long *out)
{
	unsigned twice =
	    job->refusals < DOUBLINGS_MAX ? job->refusals : DOUBLINGS_MAX;
	unsigned long pause_s = 1ul << twice;
	long left_ms;

	if (job->refusals++ == 0)
		job->refused = clock_now();
	left_ms = most_ms - clock_since_ms(&job->refused);
	if (left_ms <= 0 || asked_s > (unsigned long)left_ms / 1000)
		return false;
	if (pause_s < asked_s)
		pause_s = asked_s;
	*out = (long)pause_s * 1000 < left_ms ? (long)pause_s * 1000 : left_ms;
	return true;
}

/* No request is made while the server asks to slow down. */
static bool
slow_down(struct pool *pool, struct pool_job *job, const char *pause)
{
	struct str digits = { pause, strspn(pause, "0123456789") };
	unsigned long asked = 0;
	long ms;

	if (digits.len > 0 && !str_number(digits, ULONG_MAX, &asked))
		asked = ULONG_MAX;
	if (!allot(job, asked, SLOW_MAX * (long)pool->patience_ms, &ms))
		return false;
	if (clock_until_ms(&pool->pause) < ms)
		pool->pause = clock_in((unsigned)ms);
	pool->width = (pool->width + 1) / 2;
	return wait_until(job, pool->pause);
}

/* A server may still be reading its files. */
static bool
try_later(struct pool *pool, struct pool_job *job)
{
	long ms;

	return allot(job, 0, (long)pool->patience_ms, &ms) &&
	    wait_until(job, clock_in((unsigned)ms));
}

static bool
try_again(struct pool *pool, struct pool_job *job)
{
	if (!pool->origin->reached || ++job->tries >= TRIES_MAX)
		return false;
	return wait_until(job, clock_in(job->tries * 1000));
}

static bool
follow(struct pool *pool, struct pool_job *job)
{
	struct fetch *fetch = &job->fetch;
	struct arena arena;
	struct str url;
	bool ours;

	if (job->redirects == POOL_REDIRECTS_MAX)
		return false;
	arena_init(&arena, ARENA_MAX);
	ours = origin_resolve(pool->origin, &arena, str_of(fetch->request),
		   str_of(fetch->meta), &url) == 1 &&
	    (pool->may_follow == NULL || pool->may_follow(pool->context, url));
	if (ours)
		snprintf(fetch->request, sizeof fetch->request, "%.*s",
		    STR_ARG(url));
	arena_release(&arena);
	if (!ours)
		return false;
	job->redirects++;
	fetch_release(fetch);
	start(pool, job);
	return true;
}

/* Gopher has no status: tell from the answer whether it is an error. */
static void
judge(struct pool *pool, struct pool_job *job)
{
	struct buf meta = buf_over(job->fetch.meta, FETCH_META_MAX);
	struct replica_text text;
	struct str words;

	job->gopher = GOPHERANSWER_NO_ERROR;
	if (!pool->origin->is_gopher || job->fetch.size > ERROR_MAX)
		return;
	if (replica_load(job->fetch.body, &text) == -1) {
		no_disk(pool, "cannot read back");
		return;
	}
	job->gopher = gopheranswer_judge((struct str){ text.at, text.len },
	    str_of(job->fetch.request), &words);
	if (job->gopher != GOPHERANSWER_NO_ERROR) {
		if (words.len == 0)
			words = STR("an error without a message");
		utf8_clean(&meta,
		    str_head(
			words, words.len < WORDS_MAX ? words.len : WORDS_MAX));
		job->fetch.meta[meta.len] = '\0';
	}
	free(text.at);
}

/* Whether the job continues after this answer. */
static bool
goes_on(struct pool *pool, struct pool_job *job)
{
	const struct fetch *fetch = &job->fetch;
	const char *pause;

	switch (fetch->end) {
	case FETCH_PENDING: return true;
	case FETCH_STOP:
	case FETCH_TOO_LONG:
	case FETCH_INVALID: return false;
	case FETCH_CUT:
		job->cut = pool->accepts_cut;
		if (job->cut)
			job->fetch.end = FETCH_ANSWERED;
		return false;
	case FETCH_FAILED: return try_again(pool, job);
	case FETCH_ANSWERED: break;
	}
	judge(pool, job);
	pause = asked_pause(job);
	if (pause != NULL)
		return slow_down(pool, job, pause);
	if (fetch->status == STATUS_UNAVAILABLE ||
	    job->gopher == GOPHERANSWER_LATER)
		return try_later(pool, job);
	if (fetch->status / 10 == 4)
		return try_again(pool, job);
	return fetch->status / 10 == 3 && follow(pool, job);
}

/* If the server never answered, end the whole run. */
static void
check_reached(struct pool *pool, const struct pool_job *job)
{
	struct origin *origin = pool->origin;
	char address[NET_TEXT_MAX];
	bool told = origin->host_is_address;

	if (job->fetch.end != FETCH_FAILED || origin->reached ||
	    origin->error[0] != '\0')
		return;
	net_address_format(fetch_address(&job->fetch), address);
	snprintf(origin->error, sizeof origin->error,
	    "%s%s%s: %s; check the URL, or try again later", origin->name,
	    told ? "" : " at ", told ? "" : address, job->fetch.why);
}

static void
go_on(struct pool *pool, struct pool_job *job)
{
	if (job->waits)
		start(pool, job);
	else
		fetch_continue(&job->fetch);
	if (goes_on(pool, job))
		return;
	check_reached(pool, job);
	pool->bytes += job->fetch.size;
	if (pool->origin->error[0] == '\0')
		pool->done(pool->context, job);
	let_go(pool, job);
}

static int
least(long a, long b)
{
	long ms = a < b ? a : b;

	/* Round up: a timeout that is too short would make the loop spin. */
	return (int)(ms < 60000 ? ms + 1 : 60000);
}

/* Sleeps until a job can continue. */
static void
sleep_for_one(struct pool *pool, struct pollfd polled[POOL_WIDTH_MAX])
{
	int timeout = least(60000, clock_until_ms(&pool->until));

	for (size_t i = 0; i < POOL_WIDTH_MAX; i++) {
		struct pool_job *job = &pool->jobs[i];

		polled[i] = (struct pollfd){ .fd = -1 };
		if (!job->busy)
			continue;
		if (job->waits) {
			timeout = least(timeout, wait_ms(pool, job));
			continue;
		}
		polled[i].fd = job->fetch.fd;
		polled[i].events = job->fetch.events;
		timeout = least(timeout, fetch_timeout_ms(&job->fetch));
		/* Already ended: no event will come. */
		if (job->fetch.end != FETCH_PENDING)
			timeout = 0;
	}
	(void)poll(polled, POOL_WIDTH_MAX, timeout);
}

static bool
is_ready(struct pool *pool, const struct pool_job *job, short events)
{
	if (job->waits)
		return wait_ms(pool, job) == 0;
	return events != 0 || job->fetch.end != FETCH_PENDING ||
	    fetch_timeout_ms(&job->fetch) == 0;
}

/* Whether the time for the whole run is over. */
static bool
is_late(struct pool *pool)
{
	if (clock_until_ms(&pool->until) > 0)
		return false;
	snprintf(pool->origin->error, sizeof pool->origin->error,
	    "%s: the time limit is reached; run the command again to continue, "
	    "or see --time",
	    pool->origin->name);
	return true;
}

/* Starts jobs in free slots; returns the number of jobs that are running. */
static unsigned
hand_out(struct pool *pool)
{
	unsigned busy = 0;
	long pause;

	for (unsigned i = 0; i < POOL_WIDTH_MAX; i++)
		busy += pool->jobs[i].busy;
	/* No job is running that the pause would end with: wait here. */
	while ((pause = clock_until_ms(&pool->pause)) > 0 && busy == 0 &&
	    !is_late(pool))
		(void)poll(NULL, 0, least(pause, clock_until_ms(&pool->until)));
	for (unsigned i = 0;
	     pause == 0 && i < POOL_WIDTH_MAX && busy < pool->width; i++) {
		if (pool->jobs[i].busy)
			continue;
		if (!take(pool, &pool->jobs[i], i))
			break;
		busy++;
	}
	return busy;
}

int
pool_run(struct pool *pool)
{
	struct pollfd polled[POOL_WIDTH_MAX];

	while (pool->origin->error[0] == '\0' && !is_late(pool) &&
	    hand_out(pool) > 0) {
		sleep_for_one(pool, polled);
		for (size_t i = 0; i < POOL_WIDTH_MAX; i++)
			if (pool->jobs[i].busy &&
			    is_ready(pool, &pool->jobs[i], polled[i].revents))
				go_on(pool, &pool->jobs[i]);
	}
	for (size_t i = 0; i < POOL_WIDTH_MAX; i++)
		if (pool->jobs[i].busy)
			let_go(pool, &pool->jobs[i]);
	return pool->origin->error[0] == '\0' ? 0 : -1;
}

const char *
pool_failure(struct pool_job *job)
{
	struct fetch *fetch = &job->fetch;
	static char words[FETCH_META_MAX + 64];

	if (fetch->end != FETCH_ANSWERED)
		return fetch->why;
	if (fetch->status / 10 == 2)
		return job->gopher != GOPHERANSWER_NO_ERROR ? fetch->meta
							    : NULL;
	if (fetch->status / 10 == 3)
		snprintf(words, sizeof words,
		    job->redirects == POOL_REDIRECTS_MAX
			? "more than five redirects"
			: "redirects to %s, which is not followed",
		    fetch->meta);
	else
		snprintf(
		    words, sizeof words, "%d %s", fetch->status, fetch->meta);
	return words;
}
