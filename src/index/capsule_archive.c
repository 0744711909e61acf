/* Packs the files of a directory into an archive. */
#include "index/capsule_archive.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "index/filelist.h"
#include "index/manifest_writer.h"
#include "sys/archive.h"
#include "sys/log.h"
#include "text/buf.h"
#include "tree/walk.h"

/* Bytes read from a file at once. */
#define BLOCK 16384
/* Limits, because the manifest stays in memory until the end. */
#define FILES_MAX 250000
#define MANIFEST_MAX ((size_t)64 << 20)

static bool
is_too_large(
    const struct capsule_archive *archive, uint64_t files, uint64_t bytes)
{
	return files > FILES_MAX ||
	    (archive->limit > 0 && bytes > archive->limit);
}

/* Checks the size of the directory by reading the tree. */
static bool
is_seen_too_large(const struct capsule_archive *archive)
{
	struct walk *walk = walk_open(archive->tree, archive->directory, false);
	uint64_t files = 0, bytes = 0;
	struct walk_file file;
	bool too_large = false;

	while (walk != NULL && !too_large &&
	    walk_next_file(walk, false, &file) == 1) {
		close(file.entry.fd);
		bytes += (uint64_t)file.entry.st.st_size;
		too_large = is_too_large(archive, ++files, bytes);
	}
	walk_close(walk);
	return too_large;
}

/* Checks the size by the index, if it is known there. */
static bool
is_known_too_large(const struct capsule_archive *archive, bool is_whole)
{
	uint64_t files, bytes;

	return is_whole && archive->index != NULL &&
		filelist_total(archive->index, &files, &bytes) == 0
	    ? is_too_large(archive, files, bytes)
	    : is_seen_too_large(archive);
}

enum status
capsule_archive_open(struct capsule_archive *archive)
{
	bool is_whole = str_equals(archive->directory, STR("/"));
	enum status status = tree_status(archive->tree, archive->directory);

	if (status != STATUS_SUCCESS)
		return status;
	if (is_known_too_large(archive, is_whole))
		return STATUS_TOO_LARGE;
	if (archive->kind == CAPSULE_ARCHIVE_GEMPUB &&
	    gempub_make(&archive->gempub, archive->tree, archive->site,
		archive->arena) == -1)
		return STATUS_FAILURE;
	/*
	 * Only an archive of the whole capsule has a generated manifest, and an
	 * author's own file replaces it.
	 */
	if (is_whole) {
		status = tree_status(archive->tree, STR("/manifest"));
		if (status == STATUS_FAILURE)
			return status;
		archive->with_manifest = status == STATUS_NOT_FOUND;
	}
	return STATUS_SUCCESS;
}

/* The state of writing an archive. */
struct packing {
	struct capsule_archive *archive;
	struct archive_writer *writer;
	struct walk *walk;
	uint64_t files, bytes; /* so far */
	/* With a manifest: */
	struct manifest_writer manifest;
	struct sink_memory text; /* of the manifest */
	struct sha256 *content; /* of the file */
	int64_t newest; /* the latest modification time of a file */
	char block[BLOCK];
};

/* Adds a generated file. */
static int
write_text(
    struct packing *packing, struct str path, struct str text, int64_t time)
{
	const struct archive_file file = { path, text.len, time };

	return archive_writer_begin(packing->writer, &file) == -1
	    ? -1
	    : archive_writer_write(packing->writer, text);
}

static int
list_file(struct packing *packing, const struct walk_file *packed)
{
	const struct stat *st = &packed->entry.st;
	struct manifest_file file = { .path = packed->path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };

	if (st->st_mtime > packing->newest)
		packing->newest = st->st_mtime;
	if (sha256_end(packing->content, file.hash) == -1) {
		errno = EIO;
		return -1;
	}
	return manifest_writer_add(&packing->manifest, &file);
}

static int
write_manifest(struct packing *packing)
{
	return manifest_writer_end(&packing->manifest) == -1
	    ? -1
	    : write_text(packing, STR("manifest"),
		  (struct str){ packing->text.at, packing->text.len },
		  packing->newest);
}

/* Records the file that failed; keeps errno. */
static int
blame(struct packing *packing, struct str path)
{
	struct capsule_archive *archive = packing->archive;
	int error = errno;

	if (arena_copy(archive->arena, path, &archive->culprit) == -1)
		archive->culprit = STR("");
	errno = error;
	return -1;
}

static int
fail_changed(struct packing *packing, struct str path)
{
	char text[1024];
	struct buf line = buf_over(text, sizeof text);

	log_field(
	    &line, "path", str_head(path, path.len < 256 ? path.len : 256));
	log_line(LOG_LEVEL_WARN,
	    "archive: a file changed while it was read: %.*s",
	    STR_ARG(buf_str(&line)));
	errno = ESTALE;
	return blame(packing, path);
}

static int
fail_read(struct packing *packing, struct str path)
{
	int error = errno;

	tree_log_failure("cannot read", error, path);
	errno = error;
	return blame(packing, path);
}

static int
copy_content(struct packing *packing, const struct walk_file *file)
{
	off_t left = file->entry.st.st_size;

	while (left > 0) {
		struct str block = { packing->block, BLOCK };
		ssize_t got;

		if ((uintmax_t)left < block.len)
			block.len = (size_t)left;
		got = read(file->entry.fd, packing->block, block.len);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return fail_read(packing, file->path);
		if (got == 0)
			return fail_changed(packing, file->path);
		block.len = (size_t)got;
		left -= got;
		if (packing->archive->with_manifest)
			sha256_add(packing->content, block);
		if (archive_writer_write(packing->writer, block) == -1)
			return -1;
	}
	/* Never pack a mixture of two versions of a file. */
	return tree_is_unchanged(&file->entry)
	    ? 0
	    : fail_changed(packing, file->path);
}

static int
write_file(struct packing *packing, const struct walk_file *file)
{
	const struct stat *st = &file->entry.st;
	const struct archive_file header = { .path = file->path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };

	packing->bytes += header.size;
	if (is_too_large(packing->archive, ++packing->files, packing->bytes)) {
		errno = EFBIG;
		return -1;
	}
	if (archive_writer_begin(packing->writer, &header) == -1 ||
	    copy_content(packing, file) == -1)
		return -1;
	return packing->archive->with_manifest ? list_file(packing, file) : 0;
}

static bool
is_left_out(const struct capsule_archive *archive, struct str path)
{
	return archive->kind != CAPSULE_ARCHIVE_TAR &&
	    str_find(path, '\\') < path.len;
}

static int
write_files(struct packing *packing)
{
	struct walk_file file;
	struct str path;
	int found = 0, result = 0;

	while (result == 0 &&
	    (found = walk_next_file(
		 packing->walk, packing->archive->strict, &file)) == 1) {
		if (is_left_out(packing->archive, file.path))
			packing->archive->left_out++;
		else
			result = write_file(packing, &file);
		close(file.entry.fd);
	}
	if (result == -1 || found == 0)
		return result;
	path = walk_path(packing->walk);
	return blame(packing, str_tail(path, path.len > 0 ? 1 : 0));
}

static int
begin(struct packing *packing, struct sink *sink)
{
	const struct capsule_archive *archive = packing->archive;

	packing->walk = walk_open(archive->tree, archive->directory, false);
	packing->writer = archive_writer_new(
	    archive->kind == CAPSULE_ARCHIVE_TAR ? ARCHIVE_TAR : ARCHIVE_ZIP,
	    sink);
	if (packing->walk == NULL || packing->writer == NULL)
		return -1;
	if (!archive->with_manifest)
		return 0;
	packing->text = sink_memory_of(MANIFEST_MAX);
	packing->content = sha256_new();
	errno = ENOMEM;
	return packing->content == NULL
	    ? -1
	    : manifest_writer_open(
		  &packing->manifest, &packing->text.sink, NULL);
}

static int
write_all(struct packing *packing, struct sink *sink)
{
	const struct capsule_archive *archive = packing->archive;

	return begin(packing, sink) == -1 ||
		(archive->gempub.text.len > 0 &&
		    write_text(packing, STR("metadata.txt"),
			archive->gempub.text, archive->gempub.time) == -1) ||
		write_files(packing) == -1 ||
		(archive->with_manifest && write_manifest(packing) == -1)
	    ? -1
	    : archive_writer_end(packing->writer);
}

int
capsule_archive_write(struct capsule_archive *archive, struct sink *sink)
{
	struct packing packing = { .archive = archive };
	int result = write_all(&packing, sink), error = errno;

	walk_close(packing.walk);
	archive_writer_free(packing.writer);
	manifest_writer_release(&packing.manifest);
	sha256_free(packing.content);
	free(packing.text.at);
	errno = error;
	return result;
}
