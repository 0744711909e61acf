/*
 * Mirrors by a manifest: fetches and removes files until the folder is as the
 * manifest lists it.
 */
#include "mirror/sync.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mirror/bulk.h"
#include "mirror/manifest_remote.h"

struct sync {
	struct mirror *mirror;
	struct manifest_remote remote;
	const struct manifest_file **need; /* to be fetched */
	size_t need_count, next;
	const struct manifest_file **gone; /* to be removed */
	size_t gone_count;
	bool *left; /* per file of the manifest: it is the user's */
};

/* Plan. */

/* Whether the file is from an earlier run, or from the archive. */
static bool
is_ours(const struct sync *sync, struct str path)
{
	return manifest_find(&sync->mirror->known, path) != NULL ||
	    manifest_find(&sync->remote.old, path) != NULL;
}

/*
 * The reason why the file is left to the user; NULL: it is not.  Adds files to
 * be fetched to `need`.
 */
static const char *
leave(struct sync *sync, const struct manifest_file *file, bool trusted)
{
	if (mirror_is_unsafe(file->path))
		return "its name has control characters";
	if (replica_has(&sync->mirror->replica, file, trusted) == 1)
		return NULL;
	if (!is_ours(sync, file->path) &&
	    replica_holds(&sync->mirror->replica, file->path) == 1)
		return "is not part of this mirror; move it away";
	sync->need[sync->need_count++] = file;
	return NULL;
}

static bool
is_trusted(struct mirror *mirror, const struct manifest_file *file, size_t *i)
{
	const struct manifest *known = &mirror->known;
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
compare(struct sync *sync)
{
	struct mirror *mirror = sync->mirror;
	const struct manifest *manifest = &sync->remote.manifest;
	size_t known = 0;

	if (manifest->total.bytes > mirror->bytes)
		return mirror_fail(mirror,
		    "the capsule has %llu MiB, and --max allows %llu",
		    (unsigned long long)(manifest->total.bytes >> 20),
		    (unsigned long long)(mirror->bytes >> 20));
	sync->need =
	    arena_alloc(&mirror->arena, (manifest->count + 1) * sizeof(void *));
	sync->gone = mirror_find_gone(
	    mirror, manifest->files, manifest->count, &sync->gone_count);
	sync->left = arena_alloc(
	    &mirror->arena, (manifest->count + 1) * sizeof *sync->left);
	/* The server's disk may not be mounted. */
	if (manifest->count == 0 && sync->gone_count > 0 && !mirror->keep)
		return mirror_fail(mirror,
		    "the manifest lists no files, so nothing was removed; if "
		    "this is intended, remove %s",
		    mirror->folder);
	if (sync->need == NULL || sync->gone == NULL || sync->left == NULL)
		return mirror_fail(mirror, "out of memory");
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_file *file = &manifest->files[i];
		bool trusted = is_trusted(mirror, file, &known);
		const char *why = leave(sync, file, trusted);

		sync->left[i] = why != NULL;
		if (why != NULL)
			report_failed(&mirror->report, file->path, why);
	}
	mirror->report.total = sync->need_count + mirror->report.failed;
	return 0;
}

/*
 * Records all files that are or will be in the folder; files that are being
 * changed without their hash, so that an interrupted run leaves no wrong one.
 */
static int
note(struct sync *sync, bool is_done)
{
	struct mirror *mirror = sync->mirror;
	const struct manifest *manifest = &sync->remote.manifest;
	size_t i = 0, need = 0, gone = 0, count = 0;
	bool keeps = !is_done || mirror->keep;
	struct manifest_file *files = arena_alloc(&mirror->arena,
	    (manifest->count + sync->gone_count + 1) * sizeof *files);

	if (files == NULL)
		return mirror_fail(mirror, "out of memory");
	while (i < manifest->count || (keeps && gone < sync->gone_count)) {
		bool is_gone = keeps && gone < sync->gone_count &&
		    (i == manifest->count ||
			manifest_compare(
			    sync->gone[gone], &manifest->files[i]) < 0);
		bool is_needed = !is_gone && need < sync->need_count &&
		    sync->need[need] == &manifest->files[i];
		struct manifest_file *file = &files[count];

		need += is_needed;
		if (!is_gone && sync->left[i]) {
			i++;
			continue;
		}
		count++;
		*file = is_gone ? *sync->gone[gone++] : manifest->files[i++];
		if (!is_gone && (is_done || !is_needed))
			continue;
		memset(file->hash, 0, sizeof file->hash);
		file->size = 0;
	}
	return mirror_record(mirror, files, count);
}

/* Whether a file will be a folder, or is in a folder that will be a file. */
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
remove_gone(struct sync *sync, bool in_the_way)
{
	struct mirror *mirror = sync->mirror;

	for (size_t i = 0; i < sync->gone_count && !mirror->keep; i++) {
		struct str path = sync->gone[i]->path;

		if (is_in_the_way(&sync->remote.manifest, path) != in_the_way)
			continue;
		if (mirror_keep_changed(mirror, path) == 0 &&
		    replica_remove(&mirror->replica, path) == 0)
			report_removed(&mirror->report, path);
		else
			report_failed(&mirror->report, path, strerror(errno));
	}
}

/* Fetching. */

/* Room for an error message: over Gopher it comes as a body. */
static uint64_t
limit_of(const struct sync *sync, const struct manifest_file *file)
{
	if (sync->mirror->origin.is_gopher && file->size < 512)
		return 512;
	return file->size;
}

/*
 * Appends the request for a file.  A selector "9/PATH" means the file of that
 * path if there is one.
 */
static void
add_request(struct sync *sync, struct str path, struct buf *out)
{
	struct origin *origin = &sync->mirror->origin;
	bool knows_binary = origin->knows_binary;
	char memory[MANIFEST_PATH_MAX + 2];
	struct buf typed = buf_over(memory, sizeof memory);

	buf_add(&typed, STR("9/"));
	buf_add(&typed, path);
	if (manifest_find(&sync->remote.manifest, buf_str(&typed)) != NULL)
		origin->knows_binary = false;
	origin_request(origin, out, path);
	origin->knows_binary = knows_binary;
}

static bool
next_job(void *context, struct pool_job *job)
{
	struct sync *sync = context;

	while (sync->next < sync->need_count) {
		const struct manifest_file *file = sync->need[sync->next];
		struct buf request =
		    buf_over(job->fetch.request, sizeof job->fetch.request - 1);

		job->which = sync->next++;
		job->fetch.limit = limit_of(sync, file);
		add_request(sync, file->path, &request);
		if (!request.overflow && request.len <= ORIGIN_REQUEST_MAX)
			return true;
		memset(job->fetch.request, 0, sizeof job->fetch.request);
		report_failed(&sync->mirror->report, file->path,
		    "its name is too long for a request");
	}
	return false;
}

static const char *
store(struct sync *sync, struct pool_job *job, const struct manifest_file *file)
{
	if (mirror_keep_changed(sync->mirror, file->path) == -1)
		return "could not be kept in .mirror/before";
	if (replica_place(
		&sync->mirror->replica, job->part, job->fetch.body, file) == 0)
		return NULL;
	if (errno == ENOTDIR || errno == EISDIR || errno == ENOTEMPTY ||
	    errno == EEXIST)
		return "something else is in its place; move it away";
	return strerror(errno);
}

static void
job_done(void *context, struct pool_job *job)
{
	struct sync *sync = context;
	struct report *report = &sync->mirror->report;
	const struct manifest_file *file = sync->need[job->which];
	const struct fetch *fetch = &job->fetch;
	const char *why;

	/* A matching hash is proof enough, however the connection ended. */
	if ((fetch->end == FETCH_ANSWERED || fetch->end == FETCH_CUT) &&
	    fetch->status / 10 == 2 && fetch->size == file->size &&
	    memcmp(fetch->hash, file->hash, sizeof file->hash) == 0)
		why = store(sync, job, file);
	else if (fetch->end == FETCH_TOO_LONG)
		why = "is longer than the manifest says; it may have changed, "
		      "try again";
	else if ((why = pool_failure(job)) == NULL)
		why = "does not match the manifest; it may have changed, try "
		      "again";
	if (why == NULL) {
		report_fetched(report, file->path, fetch->size);
		return;
	}
	report_failed(report, file->path, why);
	/* The file was not fetched: if it exists later, it is the user's. */
	sync->left[file - sync->remote.manifest.files] =
	    !is_ours(sync, file->path);
}

/* Fetches many files as one archive, and leaves the others in `need`. */
static int
fetch_archive(struct sync *sync)
{
	struct arena *arena = &sync->mirror->arena;
	struct bulk bulk = { .mirror = sync->mirror,
		.manifest = &sync->remote.manifest,
		.need = sync->need,
		.got = arena_alloc(arena, sync->need_count + 1),
		.count = sync->need_count };
	size_t left = 0;

	/* The server's archive has names relative to the root, not the base. */
	if (sync->remote.is_root || !bulk_is_worth(&bulk))
		return 0;
	if (bulk.got == NULL)
		return mirror_fail(sync->mirror, "out of memory");
	memset(bulk.got, 0, bulk.count);
	bulk_fetch(&bulk);
	for (size_t i = 0; i < bulk.count; i++)
		if (!bulk.got[i])
			sync->need[left++] = sync->need[i];
	sync->need_count = left;
	return 0;
}

static int
fetch_all(struct sync *sync)
{
	struct pool *pool = &sync->mirror->pool;

	pool->width = sync->mirror->width;
	pool->next = next_job;
	pool->done = job_done;
	pool->context = sync;
	return pool_run(pool);
}

/* Write the manifest last: it states that all its files are there. */
static int
finish(struct sync *sync)
{
	struct mirror *mirror = sync->mirror;
	struct replica *replica = &mirror->replica;
	struct str text = { sync->remote.text.at, sync->remote.text.len };
	struct str signature = { sync->remote.signature.at,
		sync->remote.signature.len };
	int result = 0;

	if (mirror->report.failed > 0)
		return note(sync, false);
	if (!sync->remote.is_old &&
	    replica_write(
		replica, REPLICA_BESIDE, MANIFEST_REMOTE_NAME, text) == -1)
		return mirror_fail_disk(mirror, MANIFEST_REMOTE_NAME);
	if (sync->remote.signature.got == MIRROR_TEXT)
		result = replica_write(replica, REPLICA_BESIDE,
		    MANIFEST_REMOTE_SIGNATURE, signature);
	else if (sync->remote.signature.got == MIRROR_NOTHING)
		result = replica_erase(
		    replica, REPLICA_BESIDE, MANIFEST_REMOTE_SIGNATURE);
	if (result == -1)
		return mirror_fail_disk(mirror, MANIFEST_REMOTE_SIGNATURE);
	return note(sync, true);
}

static int
bring_about(struct sync *sync)
{
	const struct mirror *mirror = sync->mirror;

	if (compare(sync) == -1)
		return -1;
	if (sync->need_count + sync->gone_count > 0) {
		if (note(sync, false) == -1)
			return -1;
		remove_gone(sync, true);
		if (fetch_archive(sync) == -1 || fetch_all(sync) == -1)
			return -1;
		/* A file to be removed may be the source of a renamed one. */
		if (mirror->report.failed == 0)
			remove_gone(sync, false);
	}
	return finish(sync) == -1 ? -1 : 1;
}

int
sync_run(struct mirror *mirror)
{
	struct sync sync = { .mirror = mirror };
	int result = manifest_remote_get(&sync.remote, mirror);

	if (result == 1 &&
	    backup_open(&mirror->backup, mirror->replica.work,
		(int64_t)time(NULL)) == -1) {
		result = mirror_fail_disk(mirror, ".mirror/before");
	} else if (result == 1) {
		result = bring_about(&sync);
		if (backup_end(&mirror->backup) == -1)
			result = mirror_fail_disk(mirror, ".mirror/before");
		backup_close(&mirror->backup);
	}
	manifest_remote_release(&sync.remote);
	return result;
}
