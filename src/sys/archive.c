/*
 * Archives by libarchive: written so that the same files give the same bytes,
 * and read with limits.
 */
#include "sys/archive.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "sys/log.h"
#include "sys/system.h"
#include "text/utf8.h"

/* Bytes written to the sink at once. */
#define BLOCK 16384
/* Level 3 takes 1.7 times as long for a twelfth less, level 6 four times. */
#define LEVEL "1"
/* The latest time that a zip can hold. */
#define TIME_MAX INT64_C(0xffffffff)

struct archive_writer {
	struct archive *archive;
	struct archive *gzip; /* for a tar: compresses it */
	struct archive_entry *entry;
	bool abandoned; /* no further output */
	struct sink *sink;
	int error; /* the sink's errno; 0: none */
	size_t len; /* bytes in `block` */
	char block[BLOCK];
	/*
	 * A copy of the input of `gzip`: after a failure zlib reads it again,
	 * when libarchive's own memory is gone.
	 */
	char packed[BLOCK];
};

/* libarchive asks the locale whether a zip's names are UTF-8. */
static locale_t utf8;

void
archive_prepare(void)
{
	/* libarchive allocates 0.3 MiB for each file of a zip: keep it. */
	system_keep_memory();
	setenv("TZ", "UTC0", 1);
	tzset();
	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static int
flush(struct archive_writer *writer)
{
	struct str bytes = { writer->block, writer->len };

	writer->len = 0;
	if (bytes.len == 0 || writer->sink->write(writer->sink, bytes) == 0)
		return 0;
	writer->error = errno;
	return -1;
}

/*
 * An error here would make libarchive use its own blocks after free, so an
 * abandoned archive reports success.
 */
static la_ssize_t
pass_on(struct archive *archive, void *context, const void *bytes, size_t len)
{
	struct archive_writer *writer = context;
	size_t room = BLOCK - writer->len;

	if (writer->abandoned)
		return (la_ssize_t)len;
	if (len > room)
		len = room;
	memcpy(writer->block + writer->len, bytes, len);
	writer->len += len;
	if (writer->len < BLOCK || flush(writer) == 0)
		return (la_ssize_t)len;
	archive_set_error(archive, errno, "the archive cannot be written");
	return -1;
}

/* An error makes libarchive skip padding the unfinished file of a tar. */
static la_ssize_t
compress_bytes(
    struct archive *archive, void *context, const void *bytes, size_t len)
{
	struct archive_writer *writer = context;
	la_ssize_t taken;

	if (writer->abandoned)
		return -1;
	if (len > BLOCK)
		len = BLOCK;
	memcpy(writer->packed, bytes, len);
	taken = archive_write_data(writer->gzip, writer->packed, len);
	if (taken <= 0)
		archive_set_error(archive, archive_errno(writer->gzip), "%s",
		    archive_error_string(writer->gzip));
	return taken;
}

/* Returns 0 on success; else logs the error and returns -1. */
static int
check(struct archive_writer *writer, la_ssize_t result)
{
	const char *error;

	if (result >= ARCHIVE_OK)
		return 0;
	if (writer->error != 0) {
		errno = writer->error;
		return -1;
	}
	error = archive_error_string(writer->archive);
	log_line(LOG_LEVEL_ERROR, "archive: %s",
	    error != NULL ? error : "libarchive failed");
	errno = EIO;
	return -1;
}

static bool
open_archive(struct archive *archive, struct archive_writer *writer,
    archive_write_callback *on_bytes)
{
	return archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
	    archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
	    archive_write_open2(archive, writer, NULL, on_bytes, NULL, NULL) ==
	    ARCHIVE_OK;
}

static bool
open_zip(struct archive_writer *writer)
{
	struct archive *zip = writer->archive;

	return archive_write_set_format_zip(zip) == ARCHIVE_OK &&
	    archive_write_set_format_option(
		zip, "zip", "compression", "deflate") == ARCHIVE_OK &&
	    archive_write_set_format_option(
		zip, "zip", "compression-level", LEVEL) == ARCHIVE_OK &&
	    open_archive(zip, writer, pass_on);
}

/* One gzip stream of any length, without a time in its header. */
static bool
open_gzip(struct archive_writer *writer)
{
	struct archive *gzip = writer->gzip = archive_write_new();

	archive_entry_set_filetype(writer->entry, AE_IFREG);
	return gzip != NULL &&
	    archive_write_set_format_raw(gzip) == ARCHIVE_OK &&
	    archive_write_add_filter_gzip(gzip) == ARCHIVE_OK &&
	    archive_write_set_filter_option(
		gzip, "gzip", "compression-level", LEVEL) == ARCHIVE_OK &&
	    archive_write_set_filter_option(gzip, "gzip", "timestamp", NULL) ==
	    ARCHIVE_OK &&
	    open_archive(gzip, writer, pass_on) &&
	    archive_write_header(gzip, writer->entry) == ARCHIVE_OK;
}

/* GNU tar takes names of any bytes and any length. */
static bool
open_tar(struct archive_writer *writer)
{
	return open_gzip(writer) &&
	    archive_write_set_format_gnutar(writer->archive) == ARCHIVE_OK &&
	    open_archive(writer->archive, writer, compress_bytes);
}

struct archive_writer *
archive_writer_new(enum archive_type type, struct sink *sink)
{
	struct archive_writer *writer = calloc(1, sizeof *writer);

	if (writer == NULL)
		return NULL;
	writer->sink = sink;
	writer->archive = archive_write_new();
	writer->entry = archive_entry_new();
	if (writer->archive == NULL || writer->entry == NULL ||
	    !(type == ARCHIVE_ZIP ? open_zip(writer) : open_tar(writer))) {
		archive_writer_free(writer);
		return NULL;
	}
	return writer;
}

/*
 * Closes an archive before freeing it: archive_write_free alone leaks the
 * compressor's memory.
 */
static void
end_archive(struct archive *archive)
{
	if (archive == NULL)
		return;
	(void)archive_write_close(archive);
	archive_write_free(archive);
}

void
archive_writer_free(struct archive_writer *writer)
{
	if (writer == NULL)
		return;
	writer->abandoned = true;
	end_archive(writer->archive);
	end_archive(writer->gzip);
	archive_entry_free(writer->entry);
	free(writer);
}

static int
write_header(struct archive_writer *writer, struct str path)
{
	/* Some programs reject the UTF-8 flag on a name of other bytes. */
	bool names = utf8 != (locale_t)0 && utf8_is_valid(path);
	locale_t before = uselocale(names ? utf8 : (locale_t)0);
	la_ssize_t result =
	    archive_write_header(writer->archive, writer->entry);

	uselocale(before);
	return check(writer, result);
}

int
archive_writer_begin(
    struct archive_writer *writer, const struct archive_file *file)
{
	struct archive_entry *entry = writer->entry;
	int64_t time = file->time;
	char name[PATH_MAX];

	if (file->path.len >= sizeof name) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, file->path.at, file->path.len);
	name[file->path.len] = '\0';
	if (time < 0)
		time = 0;
	if (time > TIME_MAX)
		time = TIME_MAX;
	archive_entry_clear(entry);
	archive_entry_copy_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)file->size);
	archive_entry_set_mtime(entry, (time_t)time, 0);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	return write_header(writer, file->path);
}

int
archive_writer_write(struct archive_writer *writer, struct str bytes)
{
	while (bytes.len > 0) {
		la_ssize_t taken =
		    archive_write_data(writer->archive, bytes.at, bytes.len);

		if (check(writer, taken > 0 ? taken : ARCHIVE_FATAL) == -1)
			return -1;
		bytes = str_tail(bytes, (size_t)taken);
	}
	return 0;
}

int
archive_writer_end(struct archive_writer *writer)
{
	if (check(writer, archive_write_close(writer->archive)) == -1)
		return -1;
	if (writer->gzip != NULL &&
	    check(writer, archive_write_close(writer->gzip)) == -1)
		return -1;
	return flush(writer);
}

/* Reading. */

struct reader {
	struct archive *gzip, *tar;
	struct archive_visitor *visitor;
	int fd;
	uint64_t left; /* bytes that may still be unpacked */
	uint64_t room; /* and passed on: holes are not among the former */
	bool is_over; /* there are more */
	int error; /* of reading `fd`, or the visitor's; 0: none */
	char packed[BLOCK], unpacked[BLOCK];
};

static la_ssize_t
read_packed(struct archive *archive, void *context, const void **out)
{
	struct reader *reader = context;
	ssize_t got;

	do
		got = read(reader->fd, reader->packed, BLOCK);
	while (got == -1 && errno == EINTR);
	if (got == -1) {
		reader->error = errno;
		archive_set_error(archive, errno, "cannot be read");
	}
	*out = reader->packed;
	return got;
}

/* Limits the unpacked bytes, regardless of the tar's headers. */
static la_ssize_t
read_unpacked(struct archive *archive, void *context, const void **out)
{
	struct reader *reader = context;
	la_ssize_t got =
	    archive_read_data(reader->gzip, reader->unpacked, BLOCK);

	*out = reader->unpacked;
	if (got < 0) {
		archive_set_error(archive, EINVAL, "cannot be unpacked");
		return ARCHIVE_FATAL;
	}
	if ((uint64_t)got > reader->left) {
		reader->is_over = true;
		archive_set_error(archive, EFBIG, "is too large");
		return ARCHIVE_FATAL;
	}
	reader->left -= (uint64_t)got;
	return got;
}

static bool
open_reader(struct reader *reader)
{
	struct archive *gzip = reader->gzip = archive_read_new();
	struct archive *tar = reader->tar = archive_read_new();
	struct archive_entry *entry;

	return gzip != NULL && tar != NULL &&
	    archive_read_support_format_raw(gzip) == ARCHIVE_OK &&
	    archive_read_support_filter_gzip(gzip) == ARCHIVE_OK &&
	    archive_read_open(gzip, reader, NULL, read_packed, NULL) ==
	    ARCHIVE_OK &&
	    archive_read_next_header(gzip, &entry) == ARCHIVE_OK &&
	    archive_read_support_format_tar(tar) == ARCHIVE_OK &&
	    archive_read_open(tar, reader, NULL, read_unpacked, NULL) ==
	    ARCHIVE_OK;
}

static int
hand_on(struct reader *reader, int result)
{
	if (result == -1)
		reader->error = errno;
	return result;
}

static int
read_content(struct reader *reader, uint64_t size)
{
	char block[BLOCK];

	while (size > 0) {
		la_ssize_t got = archive_read_data(
		    reader->tar, block, size < BLOCK ? (size_t)size : BLOCK);
		struct str bytes = { block, (size_t)got };

		reader->is_over |= got > 0 && (uint64_t)got > reader->room;
		if (got <= 0 || reader->is_over ||
		    hand_on(reader,
			reader->visitor->bytes(reader->visitor, bytes)) == -1)
			return -1;
		size -= (uint64_t)got;
		reader->room -= (uint64_t)got;
	}
	return 0;
}

/* Returns 1 after a file, 0 at the end, -1 on an error. */
static int
read_file(struct reader *reader)
{
	struct archive_file file = { 0 };
	struct archive_entry *entry;
	int result = archive_read_next_header(reader->tar, &entry);

	if (result == ARCHIVE_EOF)
		return 0;
	if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
		return -1;
	file.path = str_of(archive_entry_pathname(entry));
	if (archive_entry_filetype(entry) != AE_IFREG ||
	    archive_entry_hardlink(entry) != NULL || file.path.len == 0 ||
	    archive_entry_size(entry) < 0)
		return 1;
	file.size = (uint64_t)archive_entry_size(entry);
	file.time = archive_entry_mtime(entry);
	if (hand_on(reader, reader->visitor->begin(reader->visitor, &file)) ==
		-1 ||
	    read_content(reader, file.size) == -1)
		return -1;
	return 1;
}

int
archive_read(int fd, uint64_t limit, struct archive_visitor *visitor)
{
	struct reader *reader = calloc(1, sizeof *reader);
	locale_t before;
	int result = -1;

	if (reader == NULL)
		return -1;
	before = uselocale(utf8);
	reader->fd = fd;
	reader->left = reader->room = limit;
	reader->visitor = visitor;
	if (open_reader(reader))
		do
			result = read_file(reader);
		while (result == 1);
	uselocale(before);
	archive_read_free(reader->tar);
	archive_read_free(reader->gzip);
	errno = reader->error != 0 ? reader->error
	    : reader->is_over      ? EFBIG
				   : EINVAL;
	free(reader);
	return result;
}
