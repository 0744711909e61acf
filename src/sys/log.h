#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

enum log_level {
	LOG_LEVEL_ERROR, /* the operator has to act */
	LOG_LEVEL_WARN, /* something was survived */
	LOG_LEVEL_INFO, /* lifecycle and access */
	LOG_LEVEL_DEBUG, /* off unless asked for */
};

/*
 * The server calls it before its first line.  From then on a line begins with
 * the UTC time, as "2026-11-29T12:00:00.123Z ", or, when JOURNAL_STREAM names
 * standard error, with its priority, "<3>" to "<7>".  If standard error is a
 * file, lines are appended to it, so that it can be truncated.
 */
void log_start(void);

/* Whether debug lines are written; they are not at first. */
void log_set_debug(bool on);
bool log_is_debug(void);

/* For programs that say in words of their own what is wrong: no more lines. */
void log_mute(bool on);

/*
 * Writes one line to standard error, with one write(2): the start that
 * log_start chose, the level's name, a space, the text as printf builds it, LF.
 * Control bytes in the result are escaped, and a line past 2048 bytes is cut.
 * A line that a full pipe cannot take is lost; the next line that it takes
 * tells how many were.  errno is kept.
 */
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Appends `key=value`, with a space before it unless `out` is empty.  A
 * value that is empty, or holds a space, quote, backslash, control byte or
 * a byte that is not UTF-8, stands in quotes, escaped as \n, \t, \", \\ or
 * \xHH.
 */
void log_field(struct buf *out, const char *key, struct str value);

/* One line of info: `text`, as built with log_field.  See log_hold. */
void log_info(struct str text);

/*
 * Where a process holds lines, to write several at once.  It is memory of the
 * parent's, who finds there what a child left that was killed.
 */
struct log_store;

/*
 * Returns NULL, which is one that holds nothing, without memory.  Freed in a
 * child, it is still there in the parent.
 */
MUST_USE struct log_store *log_store_new(void);
void log_store_free(struct log_store *store);

bool log_store_is_empty(const struct log_store *store);

/*
 * Writes what is held.  Whoever is killed in the middle of it may have
 * written what will be written again.
 */
void log_store_write(struct log_store *store);

/*
 * From now on log_info holds its lines in `store`, borrowed, until that is
 * full, or written, or log_line has something to say.  NULL: none is held.
 */
void log_hold(struct log_store *store);

/*
 * Writes text to standard output unchanged; it is not part of the log.  When a
 * pipe has no room the text is dropped: the server never waits for a reader.
 */
void log_output(struct str text);

/* One line of the level error, then exit(status). */
void log_die(int status, const char *format, ...) PRINTF_LIKE(2, 3) NO_RETURN;

#endif
