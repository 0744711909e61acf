#ifndef TEXT_MIME_H
#define TEXT_MIME_H

#include <stdbool.h>

#include "text/site.h"
#include "text/str.h"

/*
 * The MIME type of a file by its name, for extensions that are more precise
 * than content: gemtext, markdown, feeds, stylesheets and the like.  Ignores
 * case.  Empty when the content decides.
 */
struct str mime_of_name(struct str name);

/*
 * The usual MIME type of files with such a name, for use when their content
 * tells none: images, audio, video, fonts, archives and documents.  Ignores
 * case.  Empty for other names.
 */
struct str mime_usual(struct str name);

/* Whether `mime`, its parameters aside, is `type`: "text/gemini". */
bool mime_is(struct str mime, struct str type);

/* Whether `mime` is text of any kind. */
bool mime_is_text(struct str mime);

/*
 * Whether a file of this type may consist of text only: text of any kind, XML,
 * PDF and PostScript.
 */
bool mime_is_textual(struct str mime);

/*
 * The Gopher item type of a resource of this MIME type: the site's own
 * rules first, then those of the projection.
 */
char mime_item_type(const struct site *site, struct str mime);

#endif
