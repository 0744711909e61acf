#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

enum log_level {
	LOG_LEVEL_ERROR, /* the operator has to act */
	LOG_LEVEL_WARN, /* a handled problem */
	LOG_LEVEL_INFO, /* lifecycle and access */
	LOG_LEVEL_DEBUG, /* off by default */
};

/*
 * Starts the server's log; call it before the first line. From then on a line
 * begins with the UTC time, as "2026-11-29T12:00:00.123Z ", or, when
 * JOURNAL_STREAM names standard error, with its priority, "<3>" to "<7>". If
 * standard error is a file, it is set to append, so that it can be truncated.
 */
void log_start(void);

/* Sets whether debug lines are written; off at first. */
void log_set_debug(bool on);
bool log_is_debug(void);

/* Turns all lines off or on, for programs that report errors themselves. */
void log_mute(bool on);

/*
 * Writes one line to standard error with one write(2): the prefix that
 * log_start chose, the level's name, a space, the text in printf format, LF.
 * Control bytes in the result are escaped, and a line longer than 2048 bytes is
 * cut. A line that a full pipe cannot take is lost; the next line that it takes
 * is preceded by the number of lost lines. errno is preserved.
 */
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Appends `key=value`, with a space before it unless `out` is empty.  A
 * value that is empty, or holds a space, quote, backslash, a character that
 * controls or misleads a terminal (utf8_escape), or a byte that is not UTF-8,
 * stands in quotes, escaped as \n, \t, \", \\ or \xHH.
 */
void log_field(struct buf *out, const char *key, struct str value);

/* Writes one info line: `text`, built with log_field. See log_hold. */
void log_info(struct str text);

/*
 * A buffer in which a process collects lines, to write several at once. The
 * memory belongs to the parent, which can still write the lines of a child that
 * was killed.
 */
struct log_store;

/*
 * Returns NULL without memory, which is a valid store that holds no line.
 * Freeing it in a child does not free it in the parent.
 */
MUST_USE struct log_store *log_store_new(void);
void log_store_free(struct log_store *store);

bool log_store_is_empty(const struct log_store *store);

/*
 * Writes the stored lines. If the process is killed meanwhile, some lines may
 * be written twice.
 */
void log_store_write(struct log_store *store);

/*
 * Makes log_info collect its lines in `store`, borrowed, until the store is
 * full or is written, or log_line writes a line. NULL stops collecting.
 */
void log_hold(struct log_store *store);

/*
 * Writes text to standard output unchanged; it is not part of the log. Text
 * that a full pipe cannot take is dropped: the server never waits for a reader.
 */
void log_output(struct str text);

/* Writes an error line, then calls exit(status). */
void log_die(int status, const char *format, ...) PRINTF_LIKE(2, 3) NO_RETURN;

#endif
