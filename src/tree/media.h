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

/* The type of files whose names have this extension. */
struct media_extension {
	struct str extension; /* lower case, without the dot; empty: any name */
	struct str type;
};

/* An author's settings for the types of some files. */
struct media_rules {
	const struct media_extension *types;
	size_t count;
	struct str charset; /* of all text; empty: found out for each file */
};

/*
 * As media_type, by rules that override it; NULL: none.
 */
struct str media_type_by(struct media *media, const struct media_rules *rules,
    struct str name, const struct entry *entry);

/*
 * How many files libmagic has examined, each for some milliseconds: a caller
 * that needs many types lets others have their turn when this grows.
 */
size_t media_lookups(const struct media *media);

#endif
