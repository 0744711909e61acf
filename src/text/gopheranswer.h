#ifndef TEXT_GOPHERANSWER_H
#define TEXT_GOPHERANSWER_H

#include <stdbool.h>

#include "text/buf.h"
#include "text/str.h"

/*
 * The kinds of answers of a Gopher server.  Gopher has no status, so an error
 * is recognized by its form, and its kind by its words.
 */
enum gopheranswer {
	GOPHERANSWER_NO_ERROR,
	GOPHERANSWER_NOT_FOUND, /* there is no such file */
	GOPHERANSWER_REFUSED, /* access is denied; there may be a file */
	GOPHERANSWER_LATER, /* the server asks to try again */
	GOPHERANSWER_OTHER_ERROR
};

/*
 * Classifies a whole answer.  An error is a menu whose first line has type 3,
 * three tabs and a port, with at most one more item, not counting lines of type
 * i; or one of the texts that gophernicus sends as an error.  `words` is set to
 * the error's message, a view of the answer.  The path `request`, which servers
 * quote in the message, does not influence the kind.
 */
enum gopheranswer
gopheranswer_judge(struct str answer, struct str request, struct str *words);

/*
 * Whether the answer is a whole menu: it has at least one item, and its last
 * line ends with LF or is the final ".".
 */
bool gopheranswer_is_menu(struct str answer);

/*
 * Whether all of the text is in the form of RFC 1436: each line ends with CR
 * LF, the last one is a single dot, and any other that begins with a dot begins
 * with two.  If so, appends the text without the last line and without the
 * first of two dots; it is shorter.  Otherwise the appended bytes are garbage.
 */
bool gopheranswer_plain(struct str text, struct buf *out);

#endif
