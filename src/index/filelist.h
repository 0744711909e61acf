#ifndef INDEX_FILELIST_H
#define INDEX_FILELIST_H

#include <stdbool.h>
#include <stdint.h>

#include "index/index.h"
#include "text/attribute.h"
#include "text/manifest.h"

/* An iterator over the files of the index, in the byte order of their paths. */
struct filelist;

/*
 * Opens the index in its present state.  Files removed since the time `since`
 * are included unless `since` is NULL.  Returns NULL with errno set: EAGAIN
 * when there is no index yet, or it does not list all files yet.
 */
MUST_USE struct filelist *
filelist_open(const struct db_place *place, const int64_t *since);
void filelist_close(struct filelist *files);

/*
 * Returns the next file, whose path is valid until the next call.  `changed` is
 * whether the file changed at the time `since` or later.  A file that changes
 * too often to be hashed is left out.  Returns 1, 0 at the end, or -1 with
 * errno set.
 */
MUST_USE int
filelist_next(struct filelist *files, struct manifest_file *out, bool *changed);

/* The number of files and their total size; -1 when it is not known. */
MUST_USE int
filelist_total(const struct db_place *place, uint64_t *files, uint64_t *bytes);

#endif
