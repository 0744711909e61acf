/*
 * Archives by libarchive, written so that the same files give the same bytes.
 */
#include "serve/packer.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

struct packer {
	struct archive *archive;
	struct archive *gzip; /* for a tar: compresses it */
	struct archive_entry *entry;
	bool abandoned; /* no further output */
	struct sink *sink;
	int error; /* the sink's errno; 0: none */
	size_t len; /* bytes in `block` */
	char block[BLOCK];
};

/* libarchive asks the locale whether a zip's names are UTF-8. */
static locale_t utf8;

void
packer_prepare(void)
{
	/* libarchive allocates 0.3 MiB for each file of a zip: keep it. */
	system_keep_memory();
	setenv("TZ", "UTC0", 1);
	tzset();
	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static int
flush(struct packer *packer)
{
	struct str bytes = { packer->block, packer->len };

	packer->len = 0;
	if (bytes.len == 0 || packer->sink->write(packer->sink, bytes) == 0)
		return 0;
	packer->error = errno;
	return -1;
}

/*
 * An error here would make libarchive use its own blocks after free, so an
 * abandoned archive reports success.
 */
static la_ssize_t
pass_on(struct archive *archive, void *context, const void *bytes, size_t len)
{
	struct packer *packer = context;
	size_t room = BLOCK - packer->len;

	if (packer->abandoned)
		return (la_ssize_t)len;
	if (len > room)
		len = room;
	memcpy(packer->block + packer->len, bytes, len);
	packer->len += len;
	if (packer->len < BLOCK || flush(packer) == 0)
		return (la_ssize_t)len;
	archive_set_error(archive, errno, "the archive cannot be written");
	return -1;
}

/* An error makes libarchive skip padding the unfinished file of a tar. */
static la_ssize_t
compress_bytes(
    struct archive *archive, void *context, const void *bytes, size_t len)
{
	struct packer *packer = context;
	la_ssize_t taken;

	if (packer->abandoned)
		return -1;
	taken = archive_write_data(packer->gzip, bytes, len);
	if (taken <= 0)
		archive_set_error(archive, archive_errno(packer->gzip), "%s",
		    archive_error_string(packer->gzip));
	return taken;
}

/* Returns 0 on success; else logs the error and returns -1. */
static int
check(struct packer *packer, la_ssize_t result)
{
	const char *error;

	if (result >= ARCHIVE_OK)
		return 0;
	if (packer->error != 0) {
		errno = packer->error;
		return -1;
	}
	error = archive_error_string(packer->archive);
	log_line(LOG_LEVEL_ERROR, "archive: %s",
	    error != NULL ? error : "libarchive failed");
	errno = EIO;
	return -1;
}

static bool
open_archive(struct archive *archive, struct packer *packer,
    archive_write_callback *on_bytes)
{
	return archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
	    archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
	    archive_write_open2(archive, packer, NULL, on_bytes, NULL, NULL) ==
	    ARCHIVE_OK;
}

static bool
open_zip(struct packer *packer)
{
	struct archive *zip = packer->archive;

	return archive_write_set_format_zip(zip) == ARCHIVE_OK &&
	    archive_write_set_format_option(
		zip, "zip", "compression", "deflate") == ARCHIVE_OK &&
	    archive_write_set_format_option(
		zip, "zip", "compression-level", LEVEL) == ARCHIVE_OK &&
	    open_archive(zip, packer, pass_on);
}

/* One gzip stream of any length, without a time in its header. */
static bool
open_gzip(struct packer *packer)
{
	struct archive *gzip = packer->gzip = archive_write_new();

	archive_entry_set_filetype(packer->entry, AE_IFREG);
	return gzip != NULL &&
	    archive_write_set_format_raw(gzip) == ARCHIVE_OK &&
	    archive_write_add_filter_gzip(gzip) == ARCHIVE_OK &&
	    archive_write_set_filter_option(
		gzip, "gzip", "compression-level", LEVEL) == ARCHIVE_OK &&
	    archive_write_set_filter_option(gzip, "gzip", "timestamp", NULL) ==
	    ARCHIVE_OK &&
	    open_archive(gzip, packer, pass_on) &&
	    archive_write_header(gzip, packer->entry) == ARCHIVE_OK;
}

/* GNU tar takes names of any bytes and any length. */
static bool
open_tar(struct packer *packer)
{
	return open_gzip(packer) &&
	    archive_write_set_format_gnutar(packer->archive) == ARCHIVE_OK &&
	    open_archive(packer->archive, packer, compress_bytes);
}

struct packer *
packer_new(enum packer_format format, struct sink *sink)
{
	struct packer *packer = calloc(1, sizeof *packer);

	if (packer == NULL)
		return NULL;
	packer->sink = sink;
	packer->archive = archive_write_new();
	packer->entry = archive_entry_new();
	if (packer->archive == NULL || packer->entry == NULL ||
	    !(format == PACKER_ZIP ? open_zip(packer) : open_tar(packer))) {
		packer_free(packer);
		return NULL;
	}
	return packer;
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
packer_free(struct packer *packer)
{
	if (packer == NULL)
		return;
	packer->abandoned = true;
	end_archive(packer->archive);
	end_archive(packer->gzip);
	archive_entry_free(packer->entry);
	free(packer);
}

static int
write_header(struct packer *packer, struct str path)
{
	/*
	 * Only valid UTF-8 gets the UTF-8 flag; some readers reject the archive
	 * otherwise.
	 */
	bool names = utf8 != (locale_t)0 && utf8_is_valid(path);
	locale_t before = uselocale(names ? utf8 : (locale_t)0);
	la_ssize_t result =
	    archive_write_header(packer->archive, packer->entry);

	uselocale(before);
	return check(packer, result);
}

int
packer_begin(struct packer *packer, const struct packer_file *file)
{
	struct archive_entry *entry = packer->entry;
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
	return write_header(packer, file->path);
}

int
packer_write(struct packer *packer, struct str bytes)
{
	while (bytes.len > 0) {
		la_ssize_t taken =
		    archive_write_data(packer->archive, bytes.at, bytes.len);

		if (check(packer, taken > 0 ? taken : ARCHIVE_FATAL) == -1)
			return -1;
		bytes = str_tail(bytes, (size_t)taken);
	}
	return 0;
}

int
packer_end(struct packer *packer)
{
	if (check(packer, archive_write_close(packer->archive)) == -1)
		return -1;
	if (packer->gzip != NULL &&
	    check(packer, archive_write_close(packer->gzip)) == -1)
		return -1;
	return flush(packer);
}
