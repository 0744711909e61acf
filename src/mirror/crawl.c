/*
 * Mirrors by following links: chooses the name of each answer's file, finds
 * links in it, and removes files that are no longer linked.
 */
#include "mirror/crawl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mirror/absent.h"
#include "mirror/filestore.h"
#include "mirror/frontier.h"
#include "mirror/linkqueue.h"
#include "mirror/rewrite.h"
#include "text/mime.h"

/* The links of a larger page or menu are not followed. */
#define PAGE_MAX ((uint64_t)4 << 20)
#define SCRATCH_MAX ((size_t)16 << 20)

struct crawl {
	struct mirror *mirror;
	struct linkqueue queue;
	struct filestore store;
	struct absent absent;
	bool waits; /* files of the copy have been absent for less than a day */
	struct frontier_place place; /* of the current job */
	struct arena scratch; /* of the current job */
};

static int
no_memory(struct crawl *crawl)
{
	return mirror_fail(crawl->mirror, "out of memory");
}

/* Answers. */

/* Follows the links of a menu, and replaces the menu by a gophermap. */
static int
follow_and_map(struct crawl *crawl, struct pool_job *job, struct str menu)
{
	struct buf map = buf_over(malloc(2 * menu.len + 1), 2 * menu.len + 1);
	int result = 0;

	if (map.at == NULL)
		return no_memory(crawl);
	linkqueue_menu(&crawl->queue, menu, crawl->place.depth + 1, &map);
	if (rewrite_body(job, buf_str(&map)) == -1)
		result = mirror_fail_disk(crawl->mirror, "cannot be written");
	free(map.at);
	return result;
}

/* Follows the links of the answer. */
static int
follow(struct crawl *crawl, struct pool_job *job)
{
	bool is_page = mime_is(str_of(job->fetch.meta), STR("text/gemini"));
	struct replica_text text;
	int result = 0;

	if (!is_page && !crawl->place.is_menu)
		return 0;
	if (job->fetch.size > PAGE_MAX) {
		report_failed(&crawl->mirror->report, crawl->place.request,
		    "is too large; its links were not followed");
		return 0;
	}
	if (replica_load(job->fetch.body, &text) == -1)
		return mirror_fail_disk(crawl->mirror, "cannot read back");
	if (crawl->place.is_menu)
		result = follow_and_map(
		    crawl, job, (struct str){ text.at, text.len });
	else
		linkqueue_page(&crawl->queue, str_of(job->fetch.request),
		    (struct str){ text.at, text.len }, crawl->place.depth + 1);
	free(text.at);
	return result;
}

/*
 * Why the answer is not a menu; NULL: it is one.  If an error was taken for an
 * empty menu, the files that the real menu links to would be removed.
 */
static const char *
refuse_menu(struct crawl *crawl, const struct pool_job *job)
{
	struct replica_text text;
	bool is_menu;

	if (job->fetch.size > PAGE_MAX)
		return "its menu is too large to follow";
	if (replica_load(job->fetch.body, &text) == -1) {
		(void)mirror_fail_disk(crawl->mirror, "cannot read back");
		return "cannot be read back";
	}
	is_menu = gopheranswer_is_menu((struct str){ text.at, text.len });
	free(text.at);
	return is_menu ? NULL : "its answer is not a complete menu";
}

static bool
is_redirected_to_query(struct crawl *crawl, const struct pool_job *job)
{
	const struct fetch *fetch = &job->fetch;
	struct str url;

	return crawl->place.depth > 0 && fetch->end == FETCH_ANSWERED &&
	    fetch->status / 10 == 3 &&
	    origin_resolve(&crawl->mirror->origin, &crawl->scratch,
		str_of(fetch->request), str_of(fetch->meta), &url) == 1 &&
	    linkqueue_has_query(url);
}

/* Whether the address takes input, such as a question: it has no file. */
static bool
takes_input(const struct crawl *crawl, const struct pool_job *job)
{
	return crawl->place.depth > 0 && job->fetch.end == FETCH_ANSWERED &&
	    job->fetch.status / 10 == 1;
}

/*
 * Whether the copy has a file from that address, or files beneath it, as when
 * it redirected to a folder before.
 */
static bool
is_held(struct crawl *crawl, const struct pool_job *job)
{
	const struct manifest *known = &crawl->mirror->known;
	const struct manifest_file *file;
	struct str name, folder;
	struct buf beneath;

	if (filestore_name(&crawl->store, job, crawl->place.is_menu, &name) !=
	    NULL)
		return false;
	if (manifest_find(known, name) != NULL)
		return true;
	beneath = buf_in(&crawl->scratch, name.len + 1);
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
is_absent(struct crawl *crawl, const struct pool_job *job)
{
	const struct fetch *fetch = &job->fetch;

	if (crawl->place.depth == 0 || fetch->end != FETCH_ANSWERED)
		return false;
	if (fetch->status / 10 != 2)
		return fetch->status == 51 || fetch->status == 52;
	if (job->gopher == GOPHERANSWER_NO_ERROR)
		return crawl->place.is_menu && fetch->size == 0 &&
		    !is_held(crawl, job);
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
note_absent(struct crawl *crawl, const struct pool_job *job, const char *why)
{
	struct report *report = &crawl->mirror->report;
	struct str request = crawl->place.request;
	bool is_clear = job->fetch.status / 10 == 5 ||
	    job->gopher == GOPHERANSWER_NOT_FOUND;
	char words[FETCH_META_MAX + 128];
	int is_gone = absent_add(&crawl->absent, request);

	if (is_gone == -1) {
		(void)no_memory(crawl);
	} else if (is_gone == 0 && !is_clear) {
		report_failed(
		    report, request, why != NULL ? why : "its answer is empty");
	} else if (is_gone == 0 && is_held(crawl, job)) {
		snprintf(words, sizeof words,
		    "%s; the copy keeps its file for a day", why);
		report_note(report, request, words);
		crawl->waits = true;
	} else {
		report_note(report, request, "is a dead link");
	}
}

static void
job_done(void *context, struct pool_job *job)
{
	struct crawl *crawl = context;
	struct report *report = &crawl->mirror->report;
	const char *why = pool_failure(job);
	struct str name;

	arena_reset(&crawl->scratch);
	if (job->fetch.end == FETCH_CUT)
		why = "the answer was cut short; see --allow-truncated";
	if (is_absent(crawl, job)) {
		note_absent(crawl, job, why);
		return;
	}
	if (takes_input(crawl, job) && !is_held(crawl, job)) {
		report_note(report, crawl->place.request,
		    "asks for input, and is not copied");
		return;
	}
	if (is_redirected_to_query(crawl, job)) {
		report_note(report, crawl->place.request,
		    "redirects to a URL with a query, which is not copied");
		return;
	}
	if (why == NULL && crawl->place.is_menu)
		why = refuse_menu(crawl, job);
	if (why == NULL && crawl->place.is_text && rewrite_text(job) == -1) {
		(void)mirror_fail_disk(crawl->mirror, "cannot be rewritten");
		return;
	}
	if (why == NULL)
		why = filestore_name(
		    &crawl->store, job, crawl->place.is_menu, &name);
	if (why == NULL && follow(crawl, job) == 0)
		why = filestore_put(&crawl->store, job, name);
	if (why == NULL)
		absent_end(&crawl->absent, crawl->place.request);
	else
		/* The selector of Gopher's root is empty: show the URL. */
		report_failed(report,
		    crawl->place.request.len > 0 ? crawl->place.request
						 : str_of(crawl->mirror->url),
		    why);
	report->total = crawl->queue.frontier.count;
}

static bool
may_follow(void *context, struct str request)
{
	struct crawl *crawl = context;

	return linkqueue_allows(&crawl->queue, request);
}

static bool
next_job(void *context, struct pool_job *job)
{
	struct crawl *crawl = context;
	/* Files of earlier runs in .mirror/before count as well. */
	uint64_t had = crawl->mirror->pool.bytes + crawl->mirror->backup.bytes;
	uint64_t most = crawl->mirror->bytes;

	if (had >= most ||
	    !frontier_next(&crawl->queue.frontier, &crawl->place))
		return false;
	snprintf(job->fetch.request, sizeof job->fetch.request, "%.*s",
	    STR_ARG(crawl->place.request));
	job->fetch.limit = most - had < most / 10 ? most - had : most / 10;
	return true;
}

/* The end. */

static bool
is_complete(struct crawl *crawl)
{
	struct report *report = &crawl->mirror->report;
	struct str all = str_of(crawl->mirror->url);

	if (crawl->queue.frontier.too_many)
		report_failed(report, all, "has more pages; see --pages");
	if (crawl->queue.frontier.too_deep)
		report_failed(report, all, "has deeper pages; see --depth");
	if (crawl->queue.frontier.next < crawl->queue.frontier.count)
		report_failed(report, all,
		    crawl->mirror->backup.bytes == 0
			? "has more bytes than --max allows"
			: "has more bytes than --max allows, counting those in "
			  ".mirror/before, which may be removed");
	if (crawl->queue.forbidden > 0)
		report_note(
		    report, all, "robots.txt forbids some of the linked files");
	return report->failed == 0;
}

/* Whether the file stays because robots.txt now forbids to ask for it. */
static bool
is_forbidden(struct crawl *crawl, struct str path)
{
	struct mirror *mirror = crawl->mirror;

	if (linkqueue_allows_file(&crawl->queue, path) ||
	    replica_holds(&mirror->replica, path) != 1)
		return false;
	report_note(&mirror->report, path,
	    "robots.txt forbids it now; the copy keeps it");
	return true;
}

/*
 * The files that are no longer linked, without those that robots.txt forbids:
 * these stay in the copy.  NULL without memory.
 */
static const struct manifest_file **
find_gone(struct crawl *crawl, size_t *count)
{
	struct filestore *store = &crawl->store;
	const struct manifest_file **gone;
	size_t all;

	manifest_sort(store->files, store->count);
	gone =
	    mirror_find_gone(crawl->mirror, store->files, store->count, &all);
	*count = 0;
	for (size_t i = 0; gone != NULL && i < all; i++)
		if (!is_forbidden(crawl, gone[i]->path))
			gone[(*count)++] = gone[i];
		else if (filestore_add(store, gone[i]) == -1)
			return NULL;
	return gone;
}

/* Writes the list of absent files; `complete`: all links are known. */
static int
note_all_absent(struct crawl *crawl, bool complete)
{
	const struct frontier *frontier = &crawl->queue.frontier;
	struct absent *absent = &crawl->absent;

	for (size_t i = 0; complete && i < absent->old; i++)
		if (frontier_find(frontier, absent->items[i].request) ==
		    frontier->count)
			absent->items[i].ended = true;
	return absent_write(absent, &crawl->mirror->replica) == 0
	    ? 0
	    : mirror_fail_disk(crawl->mirror, ".mirror/absent");
}

/* Removes files that lost their links, and records those of the copy. */
static int
finish(struct crawl *crawl)
{
	struct mirror *mirror = crawl->mirror;
	struct filestore *store = &crawl->store;
	bool complete = is_complete(crawl) && !crawl->waits;
	size_t fetched = store->count, gone_count;
	const struct manifest_file **gone = find_gone(crawl, &gone_count);

	if (gone == NULL)
		return no_memory(crawl);
	if (note_all_absent(crawl, complete) == -1)
		return -1;
	/* A server whose disk is not mounted has an empty listing. */
	if (complete && !mirror->keep && fetched <= 1 && gone_count > 1) {
		report_failed(&mirror->report, str_of(mirror->url),
		    "no longer links to any file, so nothing was removed; if "
		    "this is intended, remove the copy");
		complete = false;
	}
	for (size_t i = 0; i < gone_count; i++)
		if (!complete || mirror->keep ||
		    !filestore_remove(store, gone[i]->path))
			if (filestore_add(store, gone[i]) == -1)
				return -1;
	manifest_sort(store->files, store->count);
	return mirror_record(mirror, store->files, store->count);
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
follow_forbidden(struct crawl *crawl)
{
	struct mirror *mirror = crawl->mirror;
	const struct manifest *known = &mirror->known;

	for (size_t i = 0; i < known->count; i++) {
		struct str path = known->files[i].path;
		char memory[2 * ORIGIN_REQUEST_MAX];
		struct buf base = buf_over(memory, sizeof memory);
		struct replica_text text;

		if (!is_page(&mirror->origin, path) ||
		    linkqueue_allows_file(&crawl->queue, path) ||
		    replica_read(
			&mirror->replica, REPLICA_BESIDE, path.at, &text) != 1)
			continue;
		origin_request(&mirror->origin, &base, path);
		if (text.len > PAGE_MAX || base.overflow)
			;
		else if (mirror->origin.is_gopher)
			linkqueue_map(&crawl->queue,
			    (struct str){ text.at, text.len }, 1);
		else
			linkqueue_page(&crawl->queue, buf_str(&base),
			    (struct str){ text.at, text.len }, 1);
		free(text.at);
	}
}

static int
go(struct crawl *crawl)
{
	struct mirror *mirror = crawl->mirror;
	struct pool *pool = &mirror->pool;
	char memory[2 * ORIGIN_REQUEST_MAX];
	struct buf first = buf_over(memory, sizeof memory);

	if (linkqueue_read_robots(&crawl->queue) == -1)
		return -1;
	origin_request(&mirror->origin, &first, STR(""));
	/* The selector of Gopher's root is empty (RFC 1436 section 3). */
	if (str_equals(buf_str(&first), STR("/")))
		first.len = 0;
	linkqueue_add(&crawl->queue, buf_str(&first), 0,
	    mirror->origin.is_gopher ? '1' : LINKQUEUE_URL);
	if (crawl->queue.forbidden > 0) {
		report_failed(&mirror->report, str_of(mirror->url),
		    "robots.txt forbids the whole capsule; nothing was fetched "
		    "or removed");
		return 0;
	}
	follow_forbidden(crawl);
	pool->width = 1;
	pool->next = next_job;
	pool->done = job_done;
	pool->may_follow = may_follow;
	pool->context = crawl;
	if (pool_run(pool) == -1) {
		/* Record the files that were fetched before the failure. */
		mirror->report.failed++;
		(void)finish(crawl);
		return -1;
	}
	return finish(crawl);
}

int
crawl_run(struct mirror *mirror)
{
	struct crawl crawl = { .mirror = mirror,
		.store = { .mirror = mirror, .scratch = &crawl.scratch },
		.absent = {
		    .arena = &mirror->arena, .now = (int64_t)time(NULL) } };
	int result = -1;

	mirror->keep = mirror->keep || mirror->allow_truncated;
	if (backup_open(&mirror->backup, mirror->replica.work,
		(int64_t)time(NULL)) == -1)
		return mirror_fail_disk(mirror, ".mirror/before");
	arena_init(&crawl.scratch, SCRATCH_MAX);
	if (linkqueue_open(&crawl.queue, mirror) == -1 ||
	    filestore_open(&crawl.store) == -1)
		(void)no_memory(&crawl);
	else if (absent_read(&crawl.absent, &mirror->replica) == -1)
		(void)mirror_fail_disk(mirror, ".mirror/absent");
	else
		result = go(&crawl);
	linkqueue_release(&crawl.queue);
	filestore_release(&crawl.store);
	absent_release(&crawl.absent);
	arena_release(&crawl.scratch);
	if (backup_end(&mirror->backup) == -1)
		result = mirror_fail_disk(mirror, ".mirror/before");
	backup_close(&mirror->backup);
	return result;
}
