#ifndef TREE_MEDIA_H
#define TREE_MEDIA_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/*
 * The MIME types of files: by the name, else by libmagic, else by the usual
 * type of the name where libmagic has no answer.  They are cached as
 * long as the file is unchanged.  One for each process.
 */
struct media;

/* Loads libmagic's database (about 8 MB, shared by processes forked later). */
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
 * How many files libmagic has examined, each for some milliseconds: a caller
 * that needs many types lets others have their turn when this grows.
 */
size_t media_lookups(const struct media *media);

#endif
