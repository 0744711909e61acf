/*
 * A body that packs the files of a directory into an archive.
 */
#include "serve/download.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/inventory.h"
#include "serve/spool.h"
#include "sys/log.h"
#include "text/buf.h"
#include "tree/tour.h"

/* Bytes read from a file at once. */
#define BLOCK 16384
/* Limits, because the manifest's lines stay in memory until the end. */
#define FILES_MAX 250000
#define LINES_MAX ((size_t)64 << 20)

struct download {
	struct spool spool;
	struct download_setup setup;
	struct archive_writer *packer;
	struct tour *tour;
	uint64_t files, bytes; /* so far */
	uint64_t left_out;
	/* With a manifest: */
	struct inventory inventory;
	struct sha256 *content; /* of the file */
	int64_t newest; /* the latest modification time of a file */
	char *lines;
	size_t lines_len, lines_room;
	size_t culprit_len; /* the file that caused the failure */
	char culprit[PATH_MAX];
	char block[BLOCK];
};

bool
download_is_too_large(uint64_t limit, uint64_t files, uint64_t bytes)
{
	return files > FILES_MAX || (limit > 0 && bytes > limit);
}

static int
keep_lines(struct download *download, const struct buf *record)
{
	struct str text = buf_str(record);

	if (download->lines_room - download->lines_len < text.len) {
		size_t room = download->lines_room * 2 + text.len + 4096;
		char *larger =
		    room <= LINES_MAX ? realloc(download->lines, room) : NULL;

		if (larger == NULL) {
			errno = ENOMEM;
			return -1;
		}
		download->lines = larger;
		download->lines_room = room;
	}
	if (text.len > 0)
		memcpy(
		    download->lines + download->lines_len, text.at, text.len);
	download->lines_len += text.len;
	return 0;
}

static int
begin_manifest(struct download *download)
{
	char text[MANIFEST_RECORD_MAX];
	struct buf record = buf_over(text, sizeof text);

	download->content = sha256_new();
	if (download->content == NULL ||
	    inventory_open(&download->inventory, &record, NULL) == -1)
		return -1;
	return keep_lines(download, &record);
}

static int
list_file(struct download *download, const struct tour_file *packed)
{
	const struct stat *st = &packed->entry.st;
	char text[MANIFEST_RECORD_MAX];
	struct buf record = buf_over(text, sizeof text);
	struct manifest_file file = { .path = packed->path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };

	if (st->st_mtime > download->newest)
		download->newest = st->st_mtime;
	if (sha256_end(download->content, file.hash) == -1) {
		errno = EIO;
		return -1;
	}
	inventory_add(&download->inventory, &record, &file);
	return keep_lines(download, &record);
}

static int
end_manifest(struct download *download)
{
	char text[MANIFEST_RECORD_MAX];
	struct buf record = buf_over(text, sizeof text);
	struct archive_file file = { .path = STR("manifest"),
		.time = download->newest };

	if (inventory_end(&download->inventory, &record) == -1) {
		errno = EIO;
		return -1;
	}
	if (keep_lines(download, &record) == -1)
		return -1;
	file.size = download->lines_len;
	if (archive_writer_begin(download->packer, &file) == -1)
		return -1;
	return archive_writer_write(download->packer,
	    (struct str){ download->lines, download->lines_len });
}

static int
write_preface(struct download *download)
{
	const struct archive_file file = { .path = download->setup.preface,
		.size = download->setup.preface_text.len,
		.time = download->setup.preface_time };

	if (file.size == 0)
		return 0;
	if (archive_writer_begin(download->packer, &file) == -1)
		return -1;
	return archive_writer_write(
	    download->packer, download->setup.preface_text);
}

/* Records the file that failed; keeps errno. */
static int
blame(struct download *download, struct str path)
{
	download->culprit_len =
	    path.len < PATH_MAX ? path.len : (size_t)PATH_MAX;
	memcpy(download->culprit, path.at, download->culprit_len);
	return -1;
}

static int
fail_changed(struct download *download, struct str path)
{
	char text[1024];
	struct buf line = buf_over(text, sizeof text);

	log_field(
	    &line, "file", str_head(path, path.len < 256 ? path.len : 256));
	log_line(LOG_LEVEL_WARN,
	    "archive: a file changed while it was read: %.*s",
	    STR_ARG(buf_str(&line)));
	errno = ESTALE;
	return blame(download, path);
}

static int
fail_read(struct download *download, struct str path)
{
	int error = errno;

	tree_log_failure("cannot read", error, path);
	errno = error;
	return blame(download, path);
}

static int
copy_content(struct download *download, const struct tour_file *file)
{
	off_t left = file->entry.st.st_size;

	while (left > 0) {
		struct str block = { download->block, BLOCK };
		ssize_t got;

		if ((uintmax_t)left < block.len)
			block.len = (size_t)left;
		got = read(file->entry.fd, download->block, block.len);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return fail_read(download, file->path);
		if (got == 0)
			return fail_changed(download, file->path);
		block.len = (size_t)got;
		left -= got;
		if (download->setup.with_manifest)
			sha256_add(download->content, block);
		if (archive_writer_write(download->packer, block) == -1)
			return -1;
	}
	/* Never pack a mixture of two versions of a file. */
	return entry_is_same(&file->entry) ? 0
					   : fail_changed(download, file->path);
}

static int
write_file(struct download *download, const struct tour_file *file)
{
	const struct stat *st = &file->entry.st;
	const struct archive_file header = { .path = file->path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };

	download->bytes += header.size;
	if (download_is_too_large(
		download->setup.limit, ++download->files, download->bytes)) {
		errno = EFBIG;
		return -1;
	}
	if (archive_writer_begin(download->packer, &header) == -1 ||
	    copy_content(download, file) == -1)
		return -1;
	return download->setup.with_manifest ? list_file(download, file) : 0;
}

static bool
is_left_out(const struct download *download, struct str path)
{
	return download->setup.format == ARCHIVE_ZIP &&
	    str_find(path, '\\') < path.len;
}

static int
write_files(struct download *download)
{
	struct tour_file file;
	int found = 0, result = 0;

	while (result == 0 && (found = tour_next(download->tour, &file)) == 1) {
		if (is_left_out(download, file.path))
			download->left_out++;
		else
			result = write_file(download, &file);
		close(file.entry.fd);
	}
	if (result == 0 && found == -1)
		return blame(download, tour_path(download->tour));
	return result;
}

static int
open_parts(struct download *download, struct sink *sink)
{
	const struct download_setup *setup = &download->setup;

	download->tour =
	    tour_open(setup->tree, setup->directory, setup->strict);
	download->packer = archive_writer_new(setup->format, sink);
	if (download->tour == NULL || download->packer == NULL)
		return -1;
	return setup->with_manifest ? begin_manifest(download) : 0;
}

static void
close_parts(struct download *download)
{
	int error = errno;

	tour_close(download->tour);
	archive_writer_free(download->packer);
	inventory_release(&download->inventory);
	sha256_free(download->content);
	free(download->lines);
	errno = error;
}

static int
download_write(struct body *body, struct sink *sink)
{
	struct download *download = (struct download *)body;
	int result = -1;

	if (open_parts(download, sink) == 0 && write_preface(download) == 0 &&
	    write_files(download) == 0 &&
	    (!download->setup.with_manifest || end_manifest(download) == 0))
		result = archive_writer_end(download->packer);
	close_parts(download);
	return result;
}

static void
download_release(struct body *body)
{
	spool_release(&((struct download *)body)->spool);
}

struct body *
download_open(struct arena *arena, const struct download_setup *setup)
{
	struct download *download = arena_alloc(arena, sizeof *download);

	if (download == NULL)
		return NULL;
	spool_init(&download->spool);
	download->spool.body.write = download_write;
	download->spool.body.release = download_release;
	download->setup = *setup;
	return &download->spool.body;
}

struct str
download_culprit(const struct body *body)
{
	const struct download *download = (const struct download *)body;

	return (struct str){ download->culprit, download->culprit_len };
}

uint64_t
download_left_out(const struct body *body)
{
	return ((const struct download *)body)->left_out;
}
