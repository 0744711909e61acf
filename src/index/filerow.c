/* The row of a file in the index, and the comparison with the file. */
#include "index/filerow.h"

#include "tree/tree.h"

static int64_t
ns_of(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

struct filerow
filerow_of(const struct stat *st)
{
	return (struct filerow){
		.size = st->st_size,
		.mtime = ns_of(&st->st_mtim),
		.ctime = tree_is_settled(st) ? ns_of(&st->st_ctim) : 0,
		.inode = (int64_t)st->st_ino,
	};
}

bool
filerow_is_same(const struct filerow *row, const struct stat *st)
{
	return row->size == st->st_size && row->mtime == ns_of(&st->st_mtim) &&
	    row->inode == (int64_t)st->st_ino;
}

bool
filerow_has_same_text(const struct filerow *row, const struct stat *st)
{
	return row->size == st->st_size && row->mtime == ns_of(&st->st_mtim);
}

bool
filerow_is_settled(const struct filerow *row, const struct stat *st)
{
	return filerow_is_same(row, st) && row->ctime == ns_of(&st->st_ctim);
}
