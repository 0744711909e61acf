#ifndef TREE_MEDIA_H
#define TREE_MEDIA_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * The MIME types of files: by the name, else by libmagic, else by the usual
 * type of the name where libmagic has no answer.  They are cached by the
 * identity of the file.  One for each process.
 */
struct media;

/* Loads libmagic's database (about 8 MB, shared when forked after). */
MUST_USE struct media *media_new(char *error, size_t error_size);
void media_free(struct media *media);

/*
 * The MIME type of a regular file: `name` is its name or path.  Text in an
 * encoding other than UTF-8 has its charset.  Lower case; lives as long as
 * `media`.  Empty, with errno set, when the file could not be read, or without
 * memory.
 */
struct str
media_type(struct media *media, struct str name, const struct entry *entry);

/*
 * Sets how many more files media_type may show to libmagic, which takes some
 * milliseconds for each.  SIZE_MAX, the initial value, means any number.  Where
 * media_type would need one more, it is empty with errno EAGAIN.
 */
void media_allow(struct media *media, size_t lookups);

/*
 * A menu asks for the type of everything that it links to, each time it is
 * served.  So types are kept by path too, for a few seconds, which is late
 * enough to save the lookups and soon enough for an author; never for what
 * is served itself.  media_recall tells whether `path` was looked at lately,
 * and then what was kept; `type` lives as long as `media`.
 */
bool media_recall(const struct media *media, struct str path, struct str *type);
void media_keep(struct media *media, struct str path, struct str type);

#endif
