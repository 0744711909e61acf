/*
 * Mirroring by following links: what each answer is, under what name it is
 * stored, and what is removed at the end.
 */
#include "tool/bylinks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text/mime.h"
#include "tool/absent.h"
#include "tool/filestore.h"
#include "tool/frontier.h"
#include "tool/linkqueue.h"

/* The links of a larger page or menu are not followed. */
#define PAGE_MAX ((uint64_t)4 << 20)
#define SCRATCH_MAX ((size_t)16 << 20)

struct walk {
	struct mirroring *mirroring;
	struct linkqueue queue;
	struct filestore store;
	struct absent absent;
	bool waits; /* files of the copy are missing for less than a day */
	struct place place; /* of the job in work */
	struct arena scratch; /* of the job in work */
};

static int
no_memory(struct walk *walk)
{
	return mirroring_stop(walk->mirroring, "out of memory");
}

/* What came. */

/* Puts other bytes into the part. */
static int
rewrite(struct job *job, struct str bytes)
{
	int fd = job->fetch.body;

	job->fetch.size = bytes.len;
	if (sha256_of(bytes, job->fetch.hash) == -1 || ftruncate(fd, 0) == -1 ||
	    pwrite(fd, bytes.at, bytes.len, 0) != (ssize_t)bytes.len)
		return -1;
	return 0;
}

/* A menu becomes a map by following it. */
static int
follow_and_map(struct walk *walk, struct job *job, struct str menu)
{
	struct buf map = buf_over(malloc(2 * menu.len + 1), 2 * menu.len + 1);
	int result = 0;

	if (map.at == NULL)
		return no_memory(walk);
	linkqueue_menu(&walk->queue, menu, walk->place.depth + 1, &map);
	if (rewrite(job, buf_str(&map)) == -1)
		result =
		    mirroring_no_disk(walk->mirroring, "cannot be written");
	free(map.at);
	return result;
}

/* Looks for links in what came. */
static int
follow(struct walk *walk, struct job *job)
{
	bool is_page = mime_is(str_of(job->fetch.meta), STR("text/gemini"));
	struct copy_text text;
	int result = 0;

	if (!is_page && !walk->place.is_menu)
		return 0;
	if (job->fetch.size > PAGE_MAX) {
		report_failed(&walk->mirroring->report, walk->place.request,
		    "is too large for its links to be followed");
		return 0;
	}
	if (copy_load(job->fetch.body, &text) == -1)
		return mirroring_no_disk(walk->mirroring, "cannot read back");
	if (walk->place.is_menu)
		result = follow_and_map(
		    walk, job, (struct str){ text.at, text.len });
	else
		linkqueue_page(&walk->queue, str_of(job->fetch.request),
		    (struct str){ text.at, text.len }, walk->place.depth + 1);
	free(text.at);
	return result;
}

/*
 * Why the answer is not a menu; NULL: it is one.  If an error was taken for an
 * empty menu, the files that the real menu links to would be removed.
 */
static const char *
refuse_menu(struct walk *walk, const struct job *job)
{
	struct copy_text text;
	bool is_menu;

	if (job->fetch.size > PAGE_MAX)
		return "its menu is too large to be followed";
	if (copy_load(job->fetch.body, &text) == -1) {
		(void)mirroring_no_disk(walk->mirroring, "cannot read back");
		return "cannot be read back";
	}
	is_menu = gopheranswer_is_menu((struct str){ text.at, text.len });
	free(text.at);
	return is_menu ? NULL : "its answer is not a whole menu";
}

static bool
is_redirected_to_query(struct walk *walk, const struct job *job)
{
	const struct fetch *fetch = &job->fetch;
	struct str url;

	return walk->place.depth > 0 && fetch->end == FETCH_ANSWERED &&
	    fetch->status / 10 == 3 &&
	    origin_resolve(&walk->mirroring->origin, &walk->scratch,
		str_of(fetch->request), str_of(fetch->meta), &url) == 1 &&
	    linkqueue_has_query(url);
}

/*
 * Whether the copy has a file from that address, or files beneath it, as when
 * it redirected to a folder before.
 */
static bool
is_held(struct walk *walk, const struct job *job)
{
	const struct manifest *known = &walk->mirroring->known;
	const struct manifest_file *file;
	struct str name, folder;
	struct buf beneath;

	if (filestore_name(&walk->store, job, walk->place.is_menu, &name) !=
	    NULL)
		return false;
	if (manifest_find(known, name) != NULL)
		return true;
	beneath = buf_in(&walk->scratch, name.len + 1);
	buf_add(&beneath, name);
	buf_char(&beneath, '/');
	folder = buf_str(&beneath);
	file = manifest_at_or_after(known, folder);
	return file != NULL && str_starts(file->path, folder);
}

/*
 * Whether the server has no such file, or answers for a new menu with an empty
 * one, as pygopherd does for an empty folder.  The first page is never absent:
 * without it nothing is known of the rest.
 */
static bool
is_absent(struct walk *walk, const struct job *job)
{
	const struct fetch *fetch = &job->fetch;

	if (walk->place.depth == 0 || fetch->end != FETCH_ANSWERED)
		return false;
	if (fetch->status / 10 != 2)
		return fetch->status == 51 || fetch->status == 52;
	if (job->gopher == GOPHERANSWER_NO_ERROR)
		return walk->place.is_menu && fetch->size == 0 &&
		    !is_held(walk, job);
	return job->gopher != GOPHERANSWER_REFUSED &&
	    job->gopher != GOPHERANSWER_LATER;
}

/*
 * A link to an absent file is a dead link and no failure when the server's
 * words are clear or the file was already absent a day ago.  A file of the copy
 * that has been absent for less than a day may come back: until then nothing is
 * removed.  `why` is the server's message.
 */
static void
note_absent(struct walk *walk, const struct job *job, const char *why)
{
	struct report *report = &walk->mirroring->report;
	struct str request = walk->place.request;
	bool is_clear = job->fetch.status / 10 == 5 ||
	    job->gopher == GOPHERANSWER_NOT_FOUND;
	char words[FETCH_META_MAX + 128];
	int is_gone = absent_add(&walk->absent, request);

	if (is_gone == -1) {
		(void)no_memory(walk);
	} else if (is_gone == 0 && !is_clear) {
		report_failed(
		    report, request, why != NULL ? why : "its answer is empty");
	} else if (is_gone == 0 && is_held(walk, job)) {
		snprintf(words, sizeof words,
		    "%s; its file stays in the copy for a day", why);
		report_note(report, request, words);
		walk->waits = true;
	} else {
		report_note(report, request, "is a dead link");
	}
}

static void
job_done(void *context, struct job *job)
{
	struct walk *walk = context;
	struct report *report = &walk->mirroring->report;
	const char *why = job_failure(job);
	struct str name;

	arena_reset(&walk->scratch);
	if (is_absent(walk, job)) {
		note_absent(walk, job, why);
		return;
	}
	if (is_redirected_to_query(walk, job)) {
		report_note(report, walk->place.request,
		    "leads to a URL with a query, which is not part of a "
		    "copy");
		return;
	}
	if (why == NULL && walk->place.is_menu)
		why = refuse_menu(walk, job);
	if (why == NULL)
		why = filestore_name(
		    &walk->store, job, walk->place.is_menu, &name);
	if (why == NULL && follow(walk, job) == 0)
		why = filestore_put(&walk->store, job, name);
	if (why == NULL)
		absent_end(&walk->absent, walk->place.request);
	else
		/* The root of Gopher has no name that could be shown. */
		report_failed(report,
		    walk->place.request.len > 0 ? walk->place.request
						: str_of(walk->mirroring->url),
		    why);
	report->total = walk->queue.frontier.count;
}

static bool
may_follow(void *context, struct str request)
{
	struct walk *walk = context;

	return linkqueue_allows(&walk->queue, request);
}

static bool
next_job(void *context, struct job *job)
{
	struct walk *walk = context;
	/* The files of earlier runs take room, too. */
	uint64_t had =
	    walk->mirroring->pool.bytes + walk->mirroring->before.bytes;
	uint64_t most = walk->mirroring->bytes;

	if (had >= most || !frontier_next(&walk->queue.frontier, &walk->place))
		return false;
	snprintf(job->fetch.request, sizeof job->fetch.request, "%.*s",
	    STR_ARG(walk->place.request));
	job->fetch.limit = most - had < most / 10 ? most - had : most / 10;
	return true;
}

/* The end. */

static bool
is_complete(struct walk *walk)
{
	struct report *report = &walk->mirroring->report;
	struct str all = str_of(walk->mirroring->url);

	if (walk->queue.frontier.too_many)
		report_failed(report, all, "has more pages; see --pages");
	if (walk->queue.frontier.too_deep)
		report_failed(report, all, "goes deeper; see --depth");
	if (walk->queue.frontier.next < walk->queue.frontier.count)
		report_failed(report, all,
		    walk->mirroring->before.bytes == 0
			? "has more bytes; see --max"
			: "has more bytes, with those in .mirror/before, which "
			  "may be removed; see --max");
	if (walk->queue.forbidden > 0)
		report_note(
		    report, all, "robots.txt forbids some of what is linked");
	return report->failed == 0;
}

/* Whether the file stays because robots.txt now forbids to ask for it. */
static bool
is_forbidden(struct walk *walk, struct str path)
{
	struct mirroring *mirroring = walk->mirroring;

	if (linkqueue_allows_file(&walk->queue, path) ||
	    copy_holds(&mirroring->copy, path) != 1)
		return false;
	report_note(&mirroring->report, path,
	    "robots.txt forbids it now; the copy keeps it");
	return true;
}

/*
 * The files that are no longer linked, without those that robots.txt forbids:
 * these stay in the copy.  NULL without memory.
 */
static const struct manifest_file **
find_gone(struct walk *walk, size_t *count)
{
	struct filestore *store = &walk->store;
	const struct manifest_file **gone;
	size_t all;

	filestore_sort(store);
	gone =
	    mirroring_gone(walk->mirroring, store->files, store->count, &all);
	*count = 0;
	for (size_t i = 0; gone != NULL && i < all; i++)
		if (!is_forbidden(walk, gone[i]->path))
			gone[(*count)++] = gone[i];
		else if (filestore_add(store, gone[i]) == -1)
			return NULL;
	return gone;
}

/* Writes the list of absent files; `complete`: all links are known. */
static int
note_all_absent(struct walk *walk, bool complete)
{
	struct absent *absent = &walk->absent;

	for (size_t i = 0; complete && i < absent->old; i++)
		if (!frontier_knows(
			&walk->queue.frontier, absent->items[i].request))
			absent->items[i].ended = true;
	return absent_write(absent, &walk->mirroring->copy) == 0
	    ? 0
	    : mirroring_no_disk(walk->mirroring, ".mirror/absent");
}

/* Removes what is linked no more, and notes what is there. */
static int
finish(struct walk *walk)
{
	struct mirroring *mirroring = walk->mirroring;
	struct filestore *store = &walk->store;
	bool complete = is_complete(walk) && !walk->waits;
	size_t fetched = store->count, gone_count;
	const struct manifest_file **gone = find_gone(walk, &gone_count);

	if (gone == NULL)
		return no_memory(walk);
	if (note_all_absent(walk, complete) == -1)
		return -1;
	/* A disk that was not mounted looks the same, as an empty listing. */
	if (complete && !mirroring->keep && fetched <= 1 && gone_count > 1) {
		report_failed(&mirroring->report, str_of(mirroring->url),
		    "leads nowhere any more, so nothing was removed; if that "
		    "is meant, remove the copy");
		complete = false;
	}
	for (size_t i = 0; i < gone_count; i++)
		if (!complete || mirroring->keep ||
		    !filestore_remove(store, gone[i]->path))
			if (filestore_add(store, gone[i]) == -1)
				return -1;
	filestore_sort(store);
	return mirroring_note(mirroring, store->files, store->count);
}

/* Whether links are followed in a file of the copy. */
static bool
is_page(const struct origin *origin, struct str path)
{
	if (origin->is_gopher)
		return str_equals(path, STR("gophermap")) ||
		    str_ends(path, STR("/gophermap"));
	return str_ends(path, STR(".gmi")) || str_ends(path, STR(".gemini"));
}

/*
 * Follows the links of those pages of the copy that robots.txt now forbids: the
 * linked files may be allowed.
 */
static void
follow_forbidden(struct walk *walk)
{
	struct mirroring *mirroring = walk->mirroring;
	const struct manifest *known = &mirroring->known;

	for (size_t i = 0; i < known->count; i++) {
		struct str path = known->files[i].path;
		char memory[2 * ORIGIN_REQUEST_MAX];
		struct buf base = buf_over(memory, sizeof memory);
		struct copy_text text;

		if (!is_page(&mirroring->origin, path) ||
		    linkqueue_allows_file(&walk->queue, path) ||
		    copy_read(&mirroring->copy, COPY_BESIDE, path.at, &text) !=
			1)
			continue;
		origin_request(&mirroring->origin, &base, path);
		if (text.len > PAGE_MAX || base.overflow)
			;
		else if (mirroring->origin.is_gopher)
			linkqueue_map(
			    &walk->queue, (struct str){ text.at, text.len }, 1);
		else
			linkqueue_page(&walk->queue, buf_str(&base),
			    (struct str){ text.at, text.len }, 1);
		free(text.at);
	}
}

static int
go(struct walk *walk)
{
	struct mirroring *mirroring = walk->mirroring;
	struct pool *pool = &mirroring->pool;
	char memory[2 * ORIGIN_REQUEST_MAX];
	struct buf first = buf_over(memory, sizeof memory);

	if (linkqueue_read_robots(&walk->queue) == -1)
		return -1;
	origin_request(&mirroring->origin, &first, STR(""));
	/* The root of Gopher has no name (RFC 1436 section 3). */
	if (str_equals(buf_str(&first), STR("/")))
		first.len = 0;
	linkqueue_add(
	    &walk->queue, buf_str(&first), 0, mirroring->origin.is_gopher);
	if (walk->queue.forbidden > 0) {
		report_failed(&mirroring->report, str_of(mirroring->url),
		    "robots.txt forbids all of it; nothing was fetched, and "
		    "nothing removed");
		return 0;
	}
	follow_forbidden(walk);
	pool->width = 1;
	pool->next = next_job;
	pool->done = job_done;
	pool->may_follow = may_follow;
	pool->context = walk;
	if (pool_run(pool) == -1) {
		/* What came is ours, also when nothing more will come. */
		mirroring->report.failed++;
		(void)finish(walk);
		return -1;
	}
	return finish(walk);
}

int
bylinks_run(struct mirroring *mirroring)
{
	struct walk walk = { .mirroring = mirroring,
		.store = { .mirroring = mirroring, .scratch = &walk.scratch },
		.absent = {
		    .arena = &mirroring->arena, .now = (int64_t)time(NULL) } };
	int result = -1;

	if (before_open(&mirroring->before, mirroring->copy.work,
		(int64_t)time(NULL)) == -1)
		return mirroring_no_disk(mirroring, ".mirror/before");
	arena_init(&walk.scratch, SCRATCH_MAX);
	if (linkqueue_open(&walk.queue, mirroring) == -1 ||
	    filestore_open(&walk.store) == -1)
		(void)no_memory(&walk);
	else if (absent_read(&walk.absent, &mirroring->copy) == -1)
		(void)mirroring_no_disk(mirroring, ".mirror/absent");
	else
		result = go(&walk);
	linkqueue_release(&walk.queue);
	filestore_release(&walk.store);
	absent_release(&walk.absent);
	arena_release(&walk.scratch);
	if (before_end(&mirroring->before) == -1)
		result = mirroring_no_disk(mirroring, ".mirror/before");
	before_close(&mirroring->before);
	return result;
}
