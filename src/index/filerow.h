#ifndef INDEX_FILEROW_H
#define INDEX_FILEROW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sys/sha256.h"
#include "text/str.h"

/* Whether a file's hash is still to be computed. */
enum filerow_due {
	FILEROW_DUE_NOT, /* known, or not available until the file changes */
	FILEROW_DUE_SOME_TIME, /* lists of files leave the file out */
	FILEROW_DUE_SOON, /* lists of files wait for it */
};

/* The inode in the row of a file that the next scan should treat as new. */
#define FILEROW_NO_INODE (-1)

/* A file's row in the index. */
struct filerow {
	int64_t id; /* 0: no row */
	struct str path; /* valid until the next call */
	int64_t size, mtime, inode; /* times in nanoseconds */
	int64_t ctime; /* 0: unsettled, see filerow_is_settled */
	bool hashed;
	enum filerow_due due;
	bool is_page; /* by filerows_find: its text is in the index */
	struct str title; /* of a page, to be added; empty: none */
	unsigned char hash[SHA256_SIZE]; /* to be added, if `hashed` */
};

/* The row for a file of this status, without path and hash. */
struct filerow filerow_of(const struct stat *st);

/*
 * Whether a file still has the status in the row, and whether this proves that
 * it is unchanged.  A file that had just changed when it was indexed may change
 * again and keep the same status.
 */
bool filerow_is_same(const struct filerow *row, const struct stat *st);
bool filerow_is_settled(const struct filerow *row, const struct stat *st);

/* Whether a file has the size and time of its text in the index. */
bool filerow_has_same_text(const struct filerow *row, const struct stat *st);

#endif
