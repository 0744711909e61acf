/*
 * An archive on its way.  Knows which files go into it, in small steps, and
 * when it must not be finished; leaves its bytes to the packer.
 */
#include "serve/download.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/inventory.h"
#include "sys/log.h"
#include "text/buf.h"
#include "tree/tour.h"

/* What is read of a file at once, and how often in one pull. */
#define BLOCK 16384
#define STEPS_A_PULL 4
/* What is said of each file has to be kept until the end. */
#define FILES_MAX 250000
#define LINES_MAX ((size_t)64 << 20)

enum download_state {
	DOWNLOAD_PREFACE,
	DOWNLOAD_BETWEEN, /* files */
	DOWNLOAD_WITHIN, /* a file */
	DOWNLOAD_MANIFEST,
	DOWNLOAD_END,
	DOWNLOAD_ENDED, /* but for what waits in the packer */
};

struct download {
	struct body body;
	struct download_setup setup;
	enum download_state state;
	struct packer *packer;
	struct tour *tour;
	struct tour_file file; /* within a file; else its fd is -1 */
	off_t left; /* of it */
	struct str culprit; /* path of the file that could not be read */
	uint64_t files, bytes; /* so far */
	/* With a manifest: */
	struct inventory inventory;
	struct sha256 *content; /* of the file */
	int64_t newest; /* file's time */
	char *lines;
	size_t lines_len, lines_room;
	size_t lines_written; /* in its turn as a file */
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
list_file(struct download *download)
{
	const struct stat *st = &download->file.entry.st;
	char text[MANIFEST_RECORD_MAX];
	struct buf record = buf_over(text, sizeof text);
	struct manifest_file file = { .path = download->file.path,
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
	struct packer_file file = { .path = STR("manifest"),
		.time = download->newest };

	if (inventory_end(&download->inventory, &record) == -1) {
		errno = EIO;
		return -1;
	}
	if (keep_lines(download, &record) == -1)
		return -1;
	file.size = download->lines_len;
	download->state = DOWNLOAD_MANIFEST;
	return packer_begin(download->packer, &file);
}

static int
write_manifest(struct download *download)
{
	struct str rest =
	    str_tail((struct str){ download->lines, download->lines_len },
		download->lines_written);

	if (rest.len == 0) {
		download->state = DOWNLOAD_END;
		return 0;
	}
	if (rest.len > BLOCK)
		rest = str_head(rest, BLOCK);
	download->lines_written += rest.len;
	return packer_write(download->packer, rest);
}

static int
write_preface(struct download *download)
{
	const struct packer_file file = { .path = download->setup.preface,
		.size = download->setup.preface_text.len,
		.time = download->setup.preface_time };

	download->state = DOWNLOAD_BETWEEN;
	if (file.size == 0)
		return 0;
	if (packer_begin(download->packer, &file) == -1)
		return -1;
	return packer_write(download->packer, download->setup.preface_text);
}

static int
next_file(struct download *download)
{
	const struct stat *st = &download->file.entry.st;
	struct packer_file file;
	int found = tour_next(download->tour, &download->file);

	if (found == -1) {
		if (errno != EAGAIN)
			download->culprit = tour_path(download->tour);
		return -1;
	}
	if (found == 0) {
		download->state = DOWNLOAD_END;
		return download->setup.with_manifest ? end_manifest(download)
						     : 0;
	}
	download->state = DOWNLOAD_WITHIN;
	download->left = st->st_size;
	download->bytes += (uint64_t)st->st_size;
	if (download_is_too_large(
		download->setup.limit, ++download->files, download->bytes)) {
		errno = EFBIG;
		return -1;
	}
	file = (struct packer_file){ .path = download->file.path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };
	return packer_begin(download->packer, &file);
}

static int
fail_changed(struct download *download)
{
	char text[1024];
	struct buf line = buf_over(text, sizeof text);
	struct str path = download->file.path;

	download->culprit = path;
	log_field(
	    &line, "file", str_head(path, path.len < 256 ? path.len : 256));
	log_line(LOG_LEVEL_WARN,
	    "archive: a file changed while it was read: %.*s",
	    STR_ARG(buf_str(&line)));
	errno = ESTALE;
	return -1;
}

static int
fail_read(struct download *download)
{
	int error = errno;

	if (error != EAGAIN) {
		download->culprit = download->file.path;
		tree_log_failure("cannot read", error, download->culprit);
	}
	errno = error;
	return -1;
}

static int
end_file(struct download *download)
{
	/* Half of one version and half of another is neither. */
	if (!entry_is_same(&download->file.entry))
		return fail_changed(download);
	close(download->file.entry.fd);
	download->file.entry.fd = -1;
	download->state = DOWNLOAD_BETWEEN;
	return download->setup.with_manifest ? list_file(download) : 0;
}

static int
next_block(struct download *download)
{
	struct str block = { download->block, sizeof download->block };
	ssize_t got;

	if (download->left == 0)
		return end_file(download);
	if ((uintmax_t)download->left < block.len)
		block.len = (size_t)download->left;
	got = read(download->file.entry.fd, download->block, block.len);
	if (got == 0)
		return fail_changed(download);
	if (got == -1 && errno == EINTR)
		return 0;
	if (got == -1)
		return fail_read(download);
	block.len = (size_t)got;
	download->left -= got;
	if (download->setup.with_manifest)
		sha256_add(download->content, block);
	return packer_write(download->packer, block);
}

static int
step(struct download *download)
{
	switch (download->state) {
	case DOWNLOAD_PREFACE: return write_preface(download);
	case DOWNLOAD_BETWEEN: return next_file(download);
	case DOWNLOAD_WITHIN: return next_block(download);
	case DOWNLOAD_MANIFEST: return write_manifest(download);
	case DOWNLOAD_END:
		download->state = DOWNLOAD_ENDED;
		return packer_end(download->packer);
	case DOWNLOAD_ENDED: break;
	}
	return 0;
}

static ssize_t
download_pull(struct body *body, char *at, size_t room)
{
	struct download *download = (struct download *)body;
	size_t len;

	for (int i = 0; i < STEPS_A_PULL && download->state != DOWNLOAD_ENDED &&
	     packer_waiting(download->packer) < room;
	     i++) {
		if (step(download) == 0)
			continue;
		if (errno != EAGAIN)
			return -1;
		break;
	}
	len = packer_take(download->packer, at, room);
	body->ended = download->state == DOWNLOAD_ENDED &&
	    packer_waiting(download->packer) == 0;
	if (len > 0 || body->ended)
		return (ssize_t)len;
	errno = EAGAIN;
	return -1;
}

static void
download_release(struct body *body)
{
	struct download *download = (struct download *)body;

	if (download->file.entry.fd != -1)
		close(download->file.entry.fd);
	tour_close(download->tour);
	packer_free(download->packer);
	inventory_release(&download->inventory);
	sha256_free(download->content);
	free(download->lines);
}

static int
open_parts(struct download *download)
{
	const struct download_setup *setup = &download->setup;

	download->tour =
	    tour_open(setup->tree, setup->directory, setup->strict);
	download->packer = packer_new(setup->format);
	if (download->tour == NULL || download->packer == NULL)
		return -1;
	return setup->with_manifest ? begin_manifest(download) : 0;
}

struct body *
download_open(struct arena *arena, const struct download_setup *setup)
{
	struct download *download = arena_alloc(arena, sizeof *download);

	if (download == NULL)
		return NULL;
	download->body =
	    (struct body){ .pull = download_pull, .release = download_release };
	download->setup = *setup;
	download->file.entry.fd = -1;
	if (open_parts(download) == 0)
		return &download->body;
	download_release(&download->body);
	return NULL;
}

struct str
download_culprit(const struct body *body)
{
	return ((const struct download *)body)->culprit;
}
