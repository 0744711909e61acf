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

/*
 * The line of the first string in double quotes with an escape for a NUL byte,
 * where libConfuse would end the value; 0 when there is none.
 */
int unquoted_find_nul(const char *text);

/*
 * The line of the first string in double quotes with "${" and without "}",
 * where libConfuse would go on to a later "}"; 0 when there is none.
 */
int unquoted_find_variable(const char *text);

/*
 * The length of the unquoted word that begins a NUL-terminated text, and that
 * of the quoted string there. The latter adds the lines in it to `line`.
 */
size_t unquoted_word(const char *at);
size_t unquoted_string(const char *start, int *line);

#endif
