/* Hashes of large files, a few megabytes at a time. */
#include "index/due.h"

#include <errno.h>
#include <unistd.h>

/* Opens the file, unless it is still open from the last call. */
static int
take_up(struct due *due, const struct filerow *row)
{
	struct entry entry;

	if (due->hashing.sum != NULL && due->id == row->id &&
	    filerow_is_same(row, &due->hashing.entry.st))
		return 0;
	hashing_release(&due->hashing);
	if (tree_open(due->tree, row->path, &entry) != STATUS_SUCCESS)
		return -1;
	if (!filerow_is_same(row, &entry.st)) {
		close(entry.fd);
		errno = ESTALE;
		return -1;
	}
	due->id = row->id;
	return hashing_begin(&due->hashing, &entry);
}

bool
due_gives_way(const struct due *due)
{
	return due->gives_way != NULL && due->gives_way(due->context);
}

int
due_hash(
    struct due *due, const struct filerow *row, unsigned char out[SHA256_SIZE])
{
	int result = take_up(due, row);

	while (result == 0 && (result = hashing_go_on(&due->hashing, out)) == 0)
		if (due_gives_way(due)) {
			errno = EAGAIN;
			return -1;
		}
	if (result == -1 && errno != ESTALE && errno != ENOENT)
		tree_log_failure("cannot read", errno, row->path);
	hashing_release(&due->hashing);
	return result == 1;
}

void
due_release(struct due *due)
{
	hashing_release(&due->hashing);
}
