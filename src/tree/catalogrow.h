#ifndef TREE_CATALOGROW_H
#define TREE_CATALOGROW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sys/sha256.h"
#include "text/str.h"

/* Whether a file's hash is still to be computed. */
enum catalogrow_due {
	DUE_NOT, /* known, or not available until the file changes */
	DUE_SOME_TIME, /* lists of files leave the file out */
	DUE_SOON, /* lists of files wait for it */
};

/* The inode in the row of a file that the next scan should treat as new. */
#define CATALOGROW_NO_INODE (-1)

/* A file's row in the index. */
struct catalogrow {
	int64_t id; /* 0: no row */
	struct str path; /* valid until the next call */
	int64_t size, mtime, inode; /* times in nanoseconds */
	int64_t ctime; /* 0: unsettled, see catalogrow_is_settled */
	bool hashed;
	enum catalogrow_due due;
	struct str title; /* of a page, to be added; empty: none */
	unsigned char hash[SHA256_SIZE]; /* to be added, if `hashed` */
};

/* The row for a file of this status, without path and hash. */
struct catalogrow catalogrow_of(const struct stat *st);

/*
 * Whether a file still has the status in the row, and whether this proves that
 * it is unchanged.  A file that had just changed when it was indexed may change
 * again and keep the same status.
 */
bool catalogrow_is_same(const struct catalogrow *row, const struct stat *st);
bool catalogrow_is_settled(const struct catalogrow *row, const struct stat *st);

/* Whether a file has the size and time of its text in the index. */
bool
catalogrow_has_same_text(const struct catalogrow *row, const struct stat *st);

#endif
