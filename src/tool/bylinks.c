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
#include "tool/frontier.h"
#include "tool/linkqueue.h"

/* The links of a larger page or menu are not followed. */
#define PAGE_MAX ((uint64_t)4 << 20)
#define SCRATCH_MAX ((size_t)16 << 20)

struct walk {
	struct mirroring *mirroring;
	struct linkqueue queue;
	struct frontier names; /* of files that have come */
	struct place place; /* of the job in work */
	struct arena scratch; /* of the job in work */
	struct manifest_file *files; /* what has come, in no order */
	size_t count, room;
};

static int
no_memory(struct walk *walk)
{
	return mirroring_stop(walk->mirroring, "out of memory");
}

/* What came. */

/* The name that it is kept by; NULL, or why it cannot be kept. */
static const char *
name_of(struct walk *walk, const struct job *job, struct str *out)
{
	struct mirroring *mirroring = walk->mirroring;
	struct buf name =
	    buf_in(&walk->scratch, 2 * (size_t)ORIGIN_REQUEST_MAX);
	struct str path;

	if (origin_path(&mirroring->origin, &walk->scratch,
		str_of(job->fetch.request), &path) == -1)
		return "lies elsewhere";
	buf_add(&name, path);
	if (walk->place.is_menu) {
		if (path.len > 0 && !str_ends(path, STR("/")))
			buf_char(&name, '/');
		buf_add(&name, STR("gophermap"));
	} else if (path.len == 0 || str_ends(path, STR("/"))) {
		if (!mime_is(str_of(job->fetch.meta), STR("text/gemini")))
			return "is a folder whose page is no gemtext";
		buf_add(&name, STR("index.gmi"));
	}
	if (name.overflow ||
	    arena_copy(walk->queue.frontier.arena, buf_str(&name), out) == -1)
		return "out of memory";
	if (!manifest_lists(*out))
		return "has a name that is not kept";
	if (mirroring_is_odd(*out))
		return "its name has control characters";
	return NULL;
}

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

/* Keeps what came, unless it is there already; NULL, or why it cannot. */
static const char *
keep(struct walk *walk, struct job *job, struct manifest_file *file)
{
	struct mirroring *mirroring = walk->mirroring;
	const struct manifest_file *before =
	    manifest_find(&mirroring->known, file->path);

	file->size = job->fetch.size;
	memcpy(file->hash, job->fetch.hash, sizeof file->hash);
	file->time = (int64_t)time(NULL);
	/* What is as it was keeps its time: no server says when that was. */
	if (before != NULL &&
	    memcmp(before->hash, file->hash, sizeof file->hash) == 0) {
		file->time = before->time;
		if (copy_has(&mirroring->copy, file, true) == 1)
			return NULL;
	}
	if (before == NULL && copy_has(&mirroring->copy, file, false) != 1) {
		if (copy_holds(&mirroring->copy, file->path) == 1)
			return "is not of this mirror; move it away";
		if (mirroring_comes(mirroring, file->path) == -1)
			return strerror(errno);
	}
	if (copy_place(&mirroring->copy, job->part, job->fetch.body, file) ==
	    -1)
		return errno == ENOTDIR || errno == EISDIR
		    ? "something else is in its place"
		    : strerror(errno);
	report_fetched(&mirroring->report, file->path, file->size);
	return NULL;
}

/* Two links may lead to one file: the first that comes is it. */
static bool
is_first(struct walk *walk, struct str name)
{
	int added =
	    frontier_add(&walk->names, &(struct place){ .request = name });

	if (added == -1)
		(void)no_memory(walk);
	return added == 1;
}

static int
remember(struct walk *walk, const struct manifest_file *file)
{
	if (walk->count == walk->room) {
		size_t room = walk->room == 0 ? 256 : 2 * walk->room;
		struct manifest_file *files =
		    realloc(walk->files, room * sizeof *files);

		if (files == NULL)
			return no_memory(walk);
		walk->files = files;
		walk->room = room;
	}
	walk->files[walk->count++] = *file;
	return 0;
}

/*
 * A link that leads nowhere, as the server says for good.  Where the walk
 * begins there is no link: without that page nothing is known of the rest.
 */
static bool
is_dead(const struct walk *walk, const struct job *job)
{
	if (walk->place.depth == 0)
		return false;
	if (job->fetch.end != FETCH_ANSWERED)
		return false;
	if (job->fetch.status / 10 == 2)
		return job->gopher == GOPHERANSWER_NOT_FOUND;
	return job->fetch.status == 51 || job->fetch.status == 52;
}

/*
 * Why the answer is no menu; NULL: it is one.  Taken for an empty menu it would
 * cost the copy all that the real one leads to.
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

static void
job_done(void *context, struct job *job)
{
	struct walk *walk = context;
	struct report *report = &walk->mirroring->report;
	struct manifest_file file = { 0 };
	const char *why = job_failure(job);

	arena_reset(&walk->scratch);
	if (is_dead(walk, job)) {
		report_note(report, walk->place.request, "is a dead link");
		return;
	}
	if (why == NULL && walk->place.is_menu)
		why = refuse_menu(walk, job);
	if (why == NULL)
		why = name_of(walk, job, &file.path);
	if (why == NULL && !is_first(walk, file.path))
		return;
	if (why == NULL && follow(walk, job) == 0)
		why = keep(walk, job, &file);
	if (why != NULL)
		/* The root of Gopher has no name that could be shown. */
		report_failed(report,
		    walk->place.request.len > 0 ? walk->place.request
						: str_of(walk->mirroring->url),
		    why);
	else
		(void)remember(walk, &file);
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
	uint64_t had = walk->mirroring->pool.bytes;
	uint64_t most = walk->mirroring->bytes;

	if (had >= most || !frontier_next(&walk->queue.frontier, &walk->place))
		return false;
	snprintf(job->fetch.request, sizeof job->fetch.request, "%.*s",
	    STR_ARG(walk->place.request));
	job->fetch.limit = most - had < most / 10 ? most - had : most / 10;
	return true;
}

/* The end. */

static int
in_order(const void *a, const void *b)
{
	return manifest_compare(a, b);
}

static void
sort(struct walk *walk)
{
	if (walk->count > 0)
		qsort(walk->files, walk->count, sizeof *walk->files, in_order);
}

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
		report_failed(report, all, "has more bytes; see --max");
	if (walk->queue.forbidden > 0)
		report_note(
		    report, all, "robots.txt forbids some of what is linked");
	return report->failed == 0;
}

/* Removes what is linked no more, and notes what is there. */
static int
finish(struct walk *walk)
{
	struct mirroring *mirroring = walk->mirroring;
	bool complete = is_complete(walk);
	const struct manifest_file **gone;
	size_t gone_count;

	sort(walk);
	gone = mirroring_gone(mirroring, walk->files, walk->count, &gone_count);
	if (gone == NULL)
		return no_memory(walk);
	/* A disk that was not mounted looks the same, as an empty listing. */
	if (complete && !mirroring->keep && walk->count <= 1 &&
	    gone_count > 1) {
		report_failed(&mirroring->report, str_of(mirroring->url),
		    "leads nowhere any more, so nothing was removed; if that "
		    "is meant, remove the copy");
		complete = false;
	}
	for (size_t i = 0; i < gone_count; i++)
		if (!complete || mirroring->keep ||
		    copy_remove(&mirroring->copy, gone[i]->path) == -1) {
			if (remember(walk, gone[i]) == -1)
				return -1;
		} else {
			report_removed(&mirroring->report, gone[i]->path);
		}
	sort(walk);
	return mirroring_note(mirroring, walk->files, walk->count);
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
		.names = { .arena = &mirroring->arena, .most = SIZE_MAX } };
	int result = -1;

	arena_init(&walk.scratch, SCRATCH_MAX);
	if (linkqueue_open(&walk.queue, mirroring) == -1 ||
	    frontier_open(&walk.names) == -1)
		(void)no_memory(&walk);
	else
		result = go(&walk);
	linkqueue_release(&walk.queue);
	frontier_release(&walk.names);
	arena_release(&walk.scratch);
	free(walk.files);
	return result;
}
