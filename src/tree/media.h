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

/*
 * Types are also cached by path for a few seconds, because a menu needs the
 * type of each link's target every time it is served.  This cache is not used
 * for the served file itself.  media_recall returns whether the type of `path`
 * was cached lately, and the type, which lives as long as `media`.
 */
bool media_recall(const struct media *media, struct str path, struct str *type);
void media_keep(struct media *media, struct str path, struct str type);

#endif
