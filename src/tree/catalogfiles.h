#ifndef TREE_CATALOGFILES_H
#define TREE_CATALOGFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/manifest.h"
#include "tree/catalog.h"

/* All files that the index knows, in the order of the bytes of their paths. */
struct catalogfiles;

/*
 * Begins with the index as it is then; those that are gone since the time `since` are among them, unless that is NULL.  Returns NULL
 * with errno set; EAGAIN: there is no index yet, or not of everything.
 */
MUST_USE struct catalogfiles *
catalogfiles_open(const struct catalogdb_place *place, const int64_t *since);
void catalogfiles_close(struct catalogfiles *files);

/*
 * The next file, whose path is valid until the next call, and whether it came
 * to be as it is at that time or later.  One whose hash cannot be had, since
 * it changes all the time, is left out.  Returns 1, 0 at the end, or -1 with
 * errno set.
 */
MUST_USE int catalogfiles_next(
    struct catalogfiles *files, struct manifest_file *out, bool *changed);

/* How many there are, and how large they are in all; -1: not known. */
MUST_USE int catalogfiles_total(
    const struct catalogdb_place *place, uint64_t *files, uint64_t *bytes);

#endif
