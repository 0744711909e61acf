#ifndef TREE_CATALOGROW_H
#define TREE_CATALOGROW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sys/sha256.h"
#include "text/str.h"

/* Whether a file's hash is still to be found out. */
enum catalogrow_due {
	DUE_NOT, /* it is known, or cannot be had until the file changes */
	DUE_SOME_TIME, /* and whoever lists files does without it */
	DUE_SOON, /* and they wait for it */
};

/* The inode in the row of a file that the next look should take as new. */
#define CATALOGROW_NO_INODE (-1)

/* A file as the index knows it. */
struct catalogrow {
	int64_t id; /* 0: not at all */
	struct str path; /* valid until the next call */
	int64_t size, mtime, inode; /* times in nanoseconds */
	int64_t ctime; /* 0: it had only just changed, and may again */
	bool hashed;
	enum catalogrow_due due;
	struct str title; /* of a page; without bytes: none.  To be added */
	unsigned char hash[SHA256_SIZE]; /* To be added, if `hashed` */
};

/* What a row says of a file that is like this, but for its name and hash. */
struct catalogrow catalogrow_of(const struct stat *st);

/*
 * Whether a file is as the row says, and whether it is so for good: what had
 * only just changed then may look the same and be another.
 */
bool catalogrow_is_same(const struct catalogrow *row, const struct stat *st);
bool
catalogrow_is_settled(const struct catalogrow *row, const struct stat *st);

#endif
