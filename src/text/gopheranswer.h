#ifndef TEXT_GOPHERANSWER_H
#define TEXT_GOPHERANSWER_H

#include <stdbool.h>

#include "text/str.h"

/*
 * What an answer of a Gopher server is.  Gopher has no status, so errors are
 * known by their form, and their kind by their words.
 */
enum gopheranswer {
	GOPHERANSWER_NO_ERROR,
	GOPHERANSWER_NOT_FOUND, /* there is no such file */
	GOPHERANSWER_REFUSED, /* there may be a file, which we may not have */
	GOPHERANSWER_LATER, /* we are asked to try again */
	GOPHERANSWER_OTHER_ERROR
};

/*
 * Judges a whole answer.  An error is a menu whose first line has type 3,
 * three tabs and a port, with at most one item besides, where lines of type
 * i do not count; or a text with which gophernicus answers requests for files.
 * The error's message is put in `words`, a view of the answer.  Its kind does
 * not depend on the path `request`, which servers quote in it.
 */
enum gopheranswer
gopheranswer_judge(struct str answer, struct str request, struct str *words);

/*
 * Whether the answer is a whole menu: it has at least one item, and its last
 * line has an end, unless that is the final ".".
 */
bool gopheranswer_is_menu(struct str answer);

#endif
