/*
 * Mirroring by a manifest.  Knows what to fetch and what to remove so that a
 * folder comes to be what the manifest says, and how to be sure of it.
 */
#include "tool/bymanifest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tool/promise.h"

struct work {
	struct mirroring *mirroring;
	struct promise promise;
	const struct manifest_file **need; /* what is to be fetched */
	size_t need_count, next;
	const struct manifest_file **gone; /* what is to be removed */
	size_t gone_count;
	bool *left; /* which of the manifest's files are not ours */
};

/* What to do. */

/* Whether an earlier run put it there, or an archive of the capsule did. */
static bool
is_ours(const struct work *work, struct str path)
{
	return manifest_find(&work->mirroring->known, path) != NULL ||
	    manifest_find(&work->promise.old, path) != NULL;
}

/* Why the file is left to the user; NULL: it is ours, or is to be fetched. */
static const char *
leave(struct work *work, const struct manifest_file *file, bool trusted)
{
	if (mirroring_is_odd(file->path))
		return "its name has control characters";
	if (copy_has(&work->mirroring->copy, file, trusted) == 1)
		return NULL;
	if (!is_ours(work, file->path) &&
	    copy_holds(&work->mirroring->copy, file->path) == 1)
		return "is not of this mirror; move it away";
	work->need[work->need_count++] = file;
	return NULL;
}

static bool
is_trusted(
    struct mirroring *mirroring, const struct manifest_file *file, size_t *i)
{
	const struct manifest *known = &mirroring->known;
	int order = -1;

	for (; *i < known->count; ++*i) {
		order = manifest_compare(&known->files[*i], file);
		if (order >= 0)
			break;
	}
	return *i < known->count && order == 0 &&
	    memcmp(known->files[*i].hash, file->hash, sizeof file->hash) == 0;
}

static int
compare(struct work *work)
{
	struct mirroring *mirroring = work->mirroring;
	const struct manifest *manifest = &work->promise.manifest;
	size_t known = 0;

	if (manifest->total.bytes > mirroring->bytes)
		return mirroring_stop(mirroring,
		    "it has %llu MiB, and %llu are allowed; see --max",
		    (unsigned long long)(manifest->total.bytes >> 20),
		    (unsigned long long)(mirroring->bytes >> 20));
	work->need = arena_alloc(
	    &mirroring->arena, (manifest->count + 1) * sizeof(void *));
	work->gone = mirroring_gone(
	    mirroring, manifest->files, manifest->count, &work->gone_count);
	work->left = arena_alloc(
	    &mirroring->arena, (manifest->count + 1) * sizeof *work->left);
	/* A disk that was not mounted looks the same. */
	if (manifest->count == 0 && work->gone_count > 0 && !mirroring->keep)
		return mirroring_stop(mirroring,
		    "it has no files any more, and nothing was removed; if "
		    "that is meant, remove %s",
		    mirroring->folder);
	if (work->need == NULL || work->gone == NULL || work->left == NULL)
		return mirroring_stop(mirroring, "out of memory");
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_file *file = &manifest->files[i];
		bool trusted = is_trusted(mirroring, file, &known);
		const char *why = leave(work, file, trusted);

		work->left[i] = why != NULL;
		if (why != NULL)
			report_failed(&mirroring->report, file->path, why);
	}
	mirroring->report.total = work->need_count + mirroring->report.failed;
	return 0;
}

/*
 * All that is in the folder or is to be: what is being changed without its
 * hash, so that nobody relies on it before the end.
 */
static int
note(struct work *work, bool is_done)
{
	struct mirroring *mirroring = work->mirroring;
	const struct manifest *manifest = &work->promise.manifest;
	size_t i = 0, need = 0, gone = 0, count = 0;
	bool keeps = !is_done || mirroring->keep;
	struct manifest_file *files = arena_alloc(&mirroring->arena,
	    (manifest->count + work->gone_count + 1) * sizeof *files);

	if (files == NULL)
		return mirroring_stop(mirroring, "out of memory");
	while (i < manifest->count || (keeps && gone < work->gone_count)) {
		bool is_gone = keeps && gone < work->gone_count &&
		    (i == manifest->count ||
			manifest_compare(
			    work->gone[gone], &manifest->files[i]) < 0);
		bool is_needed = !is_gone && need < work->need_count &&
		    work->need[need] == &manifest->files[i];
		struct manifest_file *file = &files[count];

		need += is_needed;
		if (!is_gone && work->left[i]) {
			i++;
			continue;
		}
		count++;
		*file = is_gone ? *work->gone[gone++] : manifest->files[i++];
		if (!is_gone && (is_done || !is_needed))
			continue;
		memset(file->hash, 0, sizeof file->hash);
		file->size = 0;
	}
	return mirroring_note(mirroring, files, count);
}

/* A file where a folder is to be, or within a folder that is to be a file. */
static bool
is_in_the_way(const struct manifest *manifest, struct str path)
{
	char folder[MANIFEST_PATH_MAX + 1];
	const struct manifest_file *file;

	memcpy(folder, path.at, path.len);
	folder[path.len] = '/';
	file = manifest_at_or_after(
	    manifest, (struct str){ folder, path.len + 1 });
	if (file != NULL &&
	    str_starts(file->path, (struct str){ folder, path.len + 1 }))
		return true;
	for (size_t i = 1; i < path.len; i++) {
		if (path.at[i] != '/')
			continue;
		if (manifest_find(manifest, str_head(path, i)) != NULL)
			return true;
	}
	return false;
}

static void
remove_gone(struct work *work, bool in_the_way)
{
	struct mirroring *mirroring = work->mirroring;

	for (size_t i = 0; i < work->gone_count && !mirroring->keep; i++) {
		struct str path = work->gone[i]->path;

		if (is_in_the_way(&work->promise.manifest, path) != in_the_way)
			continue;
		if (copy_remove(&mirroring->copy, path) == 0)
			report_removed(&mirroring->report, path);
		else
			report_failed(
			    &mirroring->report, path, strerror(errno));
	}
}

/* Fetching. */

/* Room for an error too: over Gopher it comes as a body. */
static uint64_t
limit_of(const struct work *work, const struct manifest_file *file)
{
	if (work->mirroring->origin.is_gopher && file->size < 512)
		return 512;
	return file->size;
}

static bool
next_job(void *context, struct job *job)
{
	struct work *work = context;

	while (work->next < work->need_count) {
		const struct manifest_file *file = work->need[work->next];
		struct buf request =
		    buf_over(job->fetch.request, sizeof job->fetch.request - 1);

		job->which = work->next++;
		job->fetch.limit = limit_of(work, file);
		origin_request(&work->mirroring->origin, &request, file->path);
		if (!request.overflow && request.len <= ORIGIN_REQUEST_MAX)
			return true;
		memset(job->fetch.request, 0, sizeof job->fetch.request);
		report_failed(&work->mirroring->report, file->path,
		    "its name is too long to be asked for");
	}
	return false;
}

static const char *
place(struct work *work, struct job *job, const struct manifest_file *file)
{
	if (copy_place(
		&work->mirroring->copy, job->part, job->fetch.body, file) == 0)
		return NULL;
	if (errno == ENOTDIR || errno == EISDIR || errno == ENOTEMPTY ||
	    errno == EEXIST)
		return "something else is in its place; move it away";
	return strerror(errno);
}

static void
job_done(void *context, struct job *job)
{
	struct work *work = context;
	struct report *report = &work->mirroring->report;
	const struct manifest_file *file = work->need[job->which];
	const struct fetch *fetch = &job->fetch;
	const char *why;

	/* What its hash says is sure, however the connection ended. */
	if ((fetch->end == FETCH_ANSWERED || fetch->end == FETCH_CUT) &&
	    fetch->status / 10 == 2 && fetch->size == file->size &&
	    memcmp(fetch->hash, file->hash, sizeof file->hash) == 0)
		why = place(work, job, file);
	else if (fetch->end == FETCH_TOO_LONG)
		why = "is longer than the manifest says; it may have changed, "
		      "try again";
	else if ((why = job_failure(job)) == NULL)
		why = "is not what the manifest says; it may have changed, "
		      "try again";
	if (why == NULL) {
		report_fetched(report, file->path, fetch->size);
		return;
	}
	report_failed(report, file->path, why);
	/* What never came is not ours, whoever puts it there. */
	work->left[file - work->promise.manifest.files] =
	    !is_ours(work, file->path);
}

static int
fetch_all(struct work *work)
{
	struct pool *pool = &work->mirroring->pool;

	pool->width = work->mirroring->width;
	pool->next = next_job;
	pool->done = job_done;
	pool->context = work;
	return pool_run(pool);
}

/* The manifest itself comes last: it says that all is there. */
static int
finish(struct work *work)
{
	struct mirroring *mirroring = work->mirroring;
	struct copy *copy = &mirroring->copy;
	struct str text = { work->promise.text.at, work->promise.text.len };
	struct str signature = { work->promise.signature.at,
		work->promise.signature.len };
	int result = 0;

	if (mirroring->report.failed > 0)
		return work->need_count > 0 ? note(work, false) : 0;
	if (!work->promise.is_old &&
	    copy_write(copy, COPY_BESIDE, PROMISE_FILE, text) == -1)
		return mirroring_no_disk(mirroring, PROMISE_FILE);
	if (work->promise.signature.got == MIRRORING_TEXT)
		result =
		    copy_write(copy, COPY_BESIDE, PROMISE_SIGNATURE, signature);
	else if (work->promise.signature.got == MIRRORING_NOTHING)
		result = copy_erase(copy, COPY_BESIDE, PROMISE_SIGNATURE);
	if (result == -1)
		return mirroring_no_disk(mirroring, PROMISE_SIGNATURE);
	return note(work, true);
}

static int
bring_about(struct work *work)
{
	const struct mirroring *mirroring = work->mirroring;

	if (compare(work) == -1)
		return -1;
	if (work->need_count + work->gone_count > 0) {
		if (note(work, false) == -1)
			return -1;
		remove_gone(work, true);
		if (fetch_all(work) == -1)
			return -1;
		/* What has another name now may be all that there is of it. */
		if (mirroring->report.failed == 0)
			remove_gone(work, false);
	}
	return finish(work) == -1 ? -1 : 1;
}

int
bymanifest_run(struct mirroring *mirroring)
{
	struct work work = { .mirroring = mirroring };
	int result = promise_get(&work.promise, mirroring);

	if (result == 1)
		result = bring_about(&work);
	promise_release(&work.promise);
	return result;
}
