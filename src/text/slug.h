#ifndef TEXT_SLUG_H
#define TEXT_SLUG_H

#include <stddef.h>

#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

enum slug_letters {
	SLUG_LATIN, /* a-z and 0-9 only */
	SLUG_ALL, /* letters and digits of every script */
};

/*
 * Appends the words of `text`, which is UTF-8, as the name of a file: letters
 * in lower case and digits, with "-" between words.  Latin letters lose their
 * accents, and those that are no letter with an accent are spelled ("ss" for
 * U+00DF, "o" for U+00F8).  At most `most` bytes, which end with a whole word
 * if there is one; when words are left out, the last is not one of up to three
 * letters such as "of" or "the".  Nothing is appended when `text` has no such
 * letters.  Returns -1 without memory.
 */
MUST_USE int slug_add(
    struct buf *out, struct str text, enum slug_letters letters, size_t most);

#endif
