/* The row of a file in the index, and the comparison with the file. */
#include "index/filerow.h"

#include <time.h>

static int64_t
ns_of(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/*
 * The time of the last change.  0 when the file may change again in the same
 * tick of the file system's clock, which would not show.
 */
static int64_t
changed(const struct stat *st)
{
	int64_t tick = st->st_ctim.tv_nsec == 0 ? 3000000000 : 50000000;
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) == -1 ||
	    ns_of(&now) - ns_of(&st->st_ctim) < tick)
		return 0;
	return ns_of(&st->st_ctim);
}

struct filerow
filerow_of(const struct stat *st)
{
	return (struct filerow){
		.size = st->st_size,
		.mtime = ns_of(&st->st_mtim),
		.ctime = changed(st),
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
