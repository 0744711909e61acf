#ifndef TREE_MEDIA_H
#define TREE_MEDIA_H

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * What files hold: names first, then libmagic, remembered by the identity
 * of the file.  One for each process.
 */
struct media;

/* Loads libmagic's database (about 8 MB, shared when forked after). */
MUST_USE struct media *media_new(char *error, size_t error_size);
void media_free(struct media *media);

/*
 * The MIME type of a regular file: `name` is its name or path.  Text in an
 * encoding other than UTF-8 has its charset.  Lower case; lives as long as
 * `media`.
 */
struct str
media_type(struct media *media, struct str name, const struct entry *entry);

#endif
