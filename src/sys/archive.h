#ifndef SYS_ARCHIVE_H
#define SYS_ARCHIVE_H

#include <stdint.h>

#include "sys/sink.h"
#include "text/attribute.h"
#include "text/str.h"

enum archive_type {
	ARCHIVE_ZIP,
	ARCHIVE_TAR, /* with gzip */
};

/* A file in an archive. */
struct archive_file {
	struct str path; /* relative path, any bytes but NUL */
	uint64_t size;
	int64_t time; /* seconds since 1970 */
};

/*
 * To be called once, before the process has threads or is jailed. Sets the
 * local time zone, which a zip uses, to UTC, and the locale of names to UTF-8.
 */
void archive_prepare(void);

/*
 * An archive that is written to a sink, which is borrowed. The same files in
 * the same order give the same bytes. NULL without memory.
 */
struct archive_writer;
MUST_USE struct archive_writer *
archive_writer_new(enum archive_type type, struct sink *sink);
void archive_writer_free(struct archive_writer *writer);

/*
 * Begins a file, whose `size` bytes follow in calls of archive_writer_write, or
 * ends the archive. Each returns -1 with errno set when the archive cannot be
 * completed; then the last bytes must stay valid until archive_writer_free.
 */
MUST_USE int archive_writer_begin(
    struct archive_writer *writer, const struct archive_file *file);
MUST_USE int
archive_writer_write(struct archive_writer *writer, struct str bytes);
MUST_USE int archive_writer_end(struct archive_writer *writer);

/* A destination for the files of an archive. */
struct archive_visitor {
	/*
	 * Each file comes in one call of `begin`, and its bytes, as many as its
	 * size says, in calls of `bytes`. After -1 with errno set, neither is
	 * called again.
	 */
	int (*begin)(
	    struct archive_visitor *visitor, const struct archive_file *file);
	int (*bytes)(struct archive_visitor *visitor, struct str bytes);
};

/*
 * Reads a tar, with gzip or without, from the descriptor `fd`, and passes its
 * regular files to the visitor. Paths may be absolute, have ".." or be
 * repeated. Directories, links and devices are left out. Stops with EFBIG
 * before more than `limit` bytes are unpacked, and with EINVAL where the
 * archive is not valid; then the last file may lack bytes. Returns -1 with
 * errno set, which may be the visitor's.
 */
MUST_USE int
archive_read(int fd, uint64_t limit, struct archive_visitor *visitor);

#endif
