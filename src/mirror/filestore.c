/*
 * Stores the answers of a crawl as files of the copy: names them, and finds two
 * answers with the same name.
 */
#include "mirror/filestore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text/array.h"
#include "text/mime.h"

int
filestore_open(struct filestore *store)
{
	store->names = (struct frontier){ .arena = &store->mirror->arena,
		.most = SIZE_MAX };
	return frontier_open(&store->names);
}

void
filestore_release(struct filestore *store)
{
	frontier_release(&store->names);
	free(store->claims);
	free(store->files);
}

static int
no_memory(struct filestore *store)
{
	return mirror_fail(store->mirror, "out of memory");
}

/* Names. */

const char *
filestore_name(struct filestore *store, const struct pool_job *job,
    bool is_menu, struct str *out)
{
	struct mirror *mirror = store->mirror;
	struct buf name =
	    buf_in(store->scratch, 2 * (size_t)ORIGIN_REQUEST_MAX);
	struct str path;

	if (origin_path(&mirror->origin, store->scratch,
		str_of(job->fetch.request), &path) == -1)
		return "is outside the copied folder";
	buf_add(&name, path);
	if (is_menu) {
		if (path.len > 0 && !str_ends(path, STR("/")))
			buf_char(&name, '/');
		buf_add(&name, STR("gophermap"));
	} else if (path.len == 0 || str_ends(path, STR("/"))) {
		if (job->fetch.status / 10 == 2 &&
		    !mime_is(str_of(job->fetch.meta), STR("text/gemini")))
			return "not stored: the page of this folder is not "
			       "gemtext, and has no name of its own; fetch it "
			       "with a client";
		buf_add(&name, STR("index.gmi"));
	}
	if (name.overflow ||
	    arena_copy(&mirror->arena, buf_str(&name), out) == -1)
		return "out of memory";
	if (!manifest_lists(*out))
		return "has a name that a copy cannot have";
	if (mirror_is_unsafe(*out))
		return "its name has control characters";
	return NULL;
}

/* The claim on the name, or else a copy of `claim`; NULL without memory. */
static const struct filestore_claim *
claim_name(struct filestore *store, struct str name,
    const struct filestore_claim *claim)
{
	struct frontier *names = &store->names;
	size_t number = frontier_find(names, name);
	struct filestore_claim *claims;

	if (number < names->count)
		return &store->claims[number];
	claims = array_grow(
	    store->claims, number, &store->claim_room, sizeof *claims);
	if (claims != NULL)
		store->claims = claims;
	if (claims == NULL ||
	    frontier_add(names, &(struct frontier_place){ .request = name }) ==
		-1) {
		(void)no_memory(store);
		return NULL;
	}
	store->claims[number] = *claim;
	return &store->claims[number];
}

static const char *
clash(struct filestore *store, struct str name,
    const struct filestore_claim *other)
{
	snprintf(store->why, sizeof store->why,
	    "not stored: the name %.*s in the copy is taken by %.*s; ask the "
	    "owner to rename one of them, or fetch this one with a client",
	    STR_ARG(name),
	    STR_ARG(other->request.len > 0 ? other->request : STR("/")));
	return store->why;
}

static struct manifest_file *
find_stored(struct filestore *store, struct str path)
{
	for (size_t i = 0; i < store->count; i++)
		if (str_equals(store->files[i].path, path))
			return &store->files[i];
	return NULL;
}

/* Sets `out` to the name of the folder's page; -1 without memory. */
static int
name_page(struct filestore *store, struct str folder, struct str *out)
{
	struct buf name = buf_in(&store->mirror->arena, folder.len + 11);

	buf_add(&name, folder);
	buf_add(&name, STR("/index.gmi"));
	buf_char(&name, '\0');
	*out = str_head(buf_str(&name), name.overflow ? 0 : name.len - 1);
	return name.overflow ? no_memory(store) : 0;
}

/*
 * Makes a folder of the name of a page that was stored, which becomes the page
 * of this folder.  Returns -1 when that is not possible.
 */
static int
make_folder(struct filestore *store, struct str folder,
    const struct filestore_claim *claimed)
{
	struct mirror *mirror = store->mirror;
	struct manifest_file *file = find_stored(store, folder);
	struct filestore_claim page = *claimed;
	struct str name;

	if (!page.is_page || file == NULL ||
	    name_page(store, folder, &name) == -1 ||
	    mirror_record_one(mirror, name) == -1 ||
	    replica_nest(&mirror->replica, folder, "index.gmi") == -1)
		return -1;
	report_note(&mirror->report, folder,
	    "is stored as the index.gmi of a folder, as there are files "
	    "beneath it");
	file->path = name;
	store->claims[frontier_find(&store->names, folder)].is_folder = true;
	return claim_name(store, name, &page) != NULL ? 0 : -1;
}

/* The result of comparing the name of an answer with all others. */
enum claimed {
	CLAIM_NEW,
	CLAIM_SAME, /* the file was stored before */
	CLAIM_CLASH /* see `why` */
};

/* Claims the folders above the name. */
static enum claimed
claim_folders(struct filestore *store, struct str name,
    const struct filestore_claim *claim)
{
	const struct filestore_claim above = { .request = claim->request,
		.is_folder = true };

	for (size_t i = 1; i < name.len; i++) {
		struct str folder = str_head(name, i);
		const struct filestore_claim *other;

		if (name.at[i] != '/')
			continue;
		other = claim_name(store, folder, &above);
		if (other != NULL && !other->is_folder &&
		    make_folder(store, folder, other) == -1) {
			(void)clash(store, folder, other);
			return CLAIM_CLASH;
		}
	}
	return CLAIM_NEW;
}

/* Claims the name for a file. */
static enum claimed
claim_path(struct filestore *store, struct str name,
    const struct filestore_claim *claim)
{
	const struct filestore_claim *other;
	size_t known;

	if (claim_folders(store, name, claim) == CLAIM_CLASH)
		return CLAIM_CLASH;
	known = store->names.count;
	other = claim_name(store, name, claim);
	if (other == NULL || store->names.count > known)
		return CLAIM_NEW;
	/* An address that is fetched twice may change between the two. */
	if (!other->is_folder &&
	    (str_equals(other->request, claim->request) ||
		memcmp(other->hash, claim->hash, sizeof claim->hash) == 0))
		return CLAIM_SAME;
	(void)clash(store, name, other);
	return CLAIM_CLASH;
}

/* Whether the copy has, or had before this run, files beneath the name. */
static bool
is_folder(const struct filestore *store, struct str name)
{
	const struct frontier *names = &store->names;
	size_t number = frontier_find(names, name);
	const struct manifest_file *file;
	char memory[MANIFEST_PATH_MAX + 1];
	struct buf folder = buf_over(memory, sizeof memory);

	if (number < names->count)
		return store->claims[number].is_folder;
	buf_add(&folder, name);
	buf_char(&folder, '/');
	file = manifest_at_or_after(&store->mirror->known, buf_str(&folder));
	return file != NULL && str_starts(file->path, buf_str(&folder));
}

/* Storing. */

/* Whether the copy has the same file; if so, `file` gets its time. */
static bool
is_stored(struct mirror *mirror, const struct manifest_file *before,
    struct manifest_file *file)
{
	bool trusted = before != NULL &&
	    memcmp(before->hash, file->hash, sizeof file->hash) == 0;
	int64_t now = file->time;

	/* An unchanged file keeps its time: no server says when that was. */
	file->time =
	    trusted ? before->time : replica_time(&mirror->replica, file->path);
	if (replica_has(&mirror->replica, file, trusted) == 1)
		return true;
	if (!trusted)
		file->time = now;
	return false;
}

/* The reason, from errno, why a file is neither replaced nor removed. */
static const char *
not_kept(struct filestore *store)
{
	snprintf(store->why, sizeof store->why,
	    "left unchanged: cannot be kept in .mirror/before: %s",
	    strerror(errno));
	return store->why;
}

/*
 * Moves a file of an earlier run away that has the name of a folder above
 * `path`; false when there is none.
 */
static bool
make_way(struct mirror *mirror, struct str path)
{
	for (size_t i = 1; i < path.len && !mirror->keep; i++) {
		struct str above = str_head(path, i);

		if (path.at[i] == '/' &&
		    manifest_find(&mirror->known, above) != NULL &&
		    replica_holds(&mirror->replica, above) == 1)
			return backup_take(&mirror->backup,
				   mirror->replica.root, above) == 0;
	}
	return false;
}

static int
place(struct mirror *mirror, const struct pool_job *job,
    const struct manifest_file *file)
{
	int fd = job->fetch.body;
	int result = replica_place(&mirror->replica, job->part, fd, file);

	if (result == 0 || errno != ENOTDIR)
		return result;
	if (make_way(mirror, file->path))
		return replica_place(&mirror->replica, job->part, fd, file);
	errno = ENOTDIR;
	return -1;
}

static const char *
not_ours(struct filestore *store, struct str path)
{
	snprintf(store->why, sizeof store->why,
	    "not stored: %.*s in the copy is not part of this mirror; move "
	    "it away",
	    STR_ARG(path));
	return store->why;
}

static const char *
store_file(struct filestore *store, const struct pool_job *job,
    struct manifest_file *file)
{
	struct mirror *mirror = store->mirror;
	const struct manifest_file *before =
	    manifest_find(&mirror->known, file->path);

	if (is_stored(mirror, before, file))
		return NULL;
	if (before == NULL) {
		if (replica_holds(&mirror->replica, file->path) == 1)
			return not_ours(store, file->path);
		if (mirror_record_one(mirror, file->path) == -1)
			return strerror(errno);
	}
	if (job->cut && replica_holds(&mirror->replica, file->path) != 0)
		return "has changed, but may be cut short; the copy keeps its "
		       "file, remove that to get the new one";
	if (backup_keep(&mirror->backup, mirror->replica.root, file->path) ==
	    -1)
		return not_kept(store);
	if (place(mirror, job, file) == -1)
		return errno == ENOTDIR || errno == EISDIR
		    ? "something else is in its place"
		    : strerror(errno);
	report_fetched(&mirror->report, file->path, file->size);
	return NULL;
}

const char *
filestore_put(
    struct filestore *store, const struct pool_job *job, struct str name)
{
	struct manifest_file file = { .path = name,
		.size = job->fetch.size,
		.time = (int64_t)time(NULL) };
	struct filestore_claim claim = { 0 };
	const char *why;

	claim.is_page = mime_is(str_of(job->fetch.meta), STR("text/gemini"));
	if (claim.is_page && is_folder(store, name) &&
	    name_page(store, name, &file.path) == -1)
		return "out of memory";
	memcpy(file.hash, job->fetch.hash, sizeof file.hash);
	memcpy(claim.hash, job->fetch.hash, sizeof claim.hash);
	if (arena_copy(&store->mirror->arena, str_of(job->fetch.request),
		&claim.request) == -1)
		return "out of memory";
	switch (claim_path(store, file.path, &claim)) {
	case CLAIM_SAME: return NULL;
	case CLAIM_CLASH: return store->why;
	case CLAIM_NEW: break;
	}
	why = store_file(store, job, &file);
	if (why == NULL && filestore_add(store, &file) == -1)
		why = "out of memory";
	return why;
}

bool
filestore_remove(struct filestore *store, struct str path)
{
	struct mirror *mirror = store->mirror;

	if (backup_take(&mirror->backup, mirror->replica.root, path) == 0) {
		report_removed(&mirror->report, path);
		return true;
	}
	report_failed(&mirror->report, path, not_kept(store));
	return false;
}

int
filestore_add(struct filestore *store, const struct manifest_file *file)
{
	struct manifest_file *files =
	    array_grow(store->files, store->count, &store->room, sizeof *files);

	if (files == NULL)
		return no_memory(store);
	store->files = files;
	store->files[store->count++] = *file;
	return 0;
}
