/* The row of a file in the index, and the comparison with the file. */
#include "index/filerow.h"

#include "tree/tree.h"

struct filerow
filerow_of(const struct stat *st)
{
	return (struct filerow){
		.size = st->st_size,
		.mtime = tree_ns(&st->st_mtim),
		.ctime = tree_is_settled(st) ? tree_ns(&st->st_ctim) : 0,
		.inode = (int64_t)st->st_ino,
	};
}

bool
filerow_is_same(const struct filerow *row, const struct stat *st)
{
	return row->size == st->st_size &&
	    row->mtime == tree_ns(&st->st_mtim) &&
	    row->inode == (int64_t)st->st_ino;
}

bool
filerow_has_same_text(const struct filerow *row, const struct stat *st)
{
	return row->size == st->st_size && row->mtime == tree_ns(&st->st_mtim);
}

bool
filerow_is_settled(const struct filerow *row, const struct stat *st)
{
	return filerow_is_same(row, st) && row->ctime == tree_ns(&st->st_ctim);
}
