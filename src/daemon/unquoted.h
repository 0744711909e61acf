#ifndef DAEMON_UNQUOTED_H
#define DAEMON_UNQUOTED_H

#include <stdbool.h>

#include "text/str.h"

/* A value that needs quotes and has none. */
struct unquoted {
	struct str value; /* the whole value, to the end of the line or entry */
	char at; /* the character at which libConfuse would end it */
	int line; /* from 1 */
};

/*
 * Finds the first unquoted value in a configuration with blanked comments;
 * false when there is none.
 */
bool unquoted_find(const char *text, struct unquoted *out);

#endif
