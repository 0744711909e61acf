#ifndef SERVE_BODY_H
#define SERVE_BODY_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/sink.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* The minimum room for one pull. */
#define BODY_ROOM 4096

/*
 * The body of an answer, pulled as fast as the client takes it. A kind of body
 * embeds this as its first member.
 */
struct body {
	/*
	 * Writes up to `room` bytes, at least BODY_ROOM, to `at`, without
	 * blocking other connections for long. Returns the number of bytes, 0
	 * when there are none at the moment, or -1 with errno set when the body
	 * fails: the client must be able to tell that it was cut short.
	 */
	ssize_t (*pull)(struct body *body, char *at, size_t room);
	/*
	 * Writes the whole body, in a process that may block. NULL: the body
	 * can only be pulled. -1 with errno set on failure.
	 */
	int (*write)(struct body *body, struct sink *sink);
	void (*release)(struct body *body); /* NULL: nothing to release */
	bool ended; /* set at the end, with the last bytes or after them */
	struct str type; /* its MIME type over Gopher, or empty */
	/*
	 * The descriptor that becomes readable when there are more bytes. NULL:
	 * pull again, after 0 bytes when other connections had a turn.
	 */
	const int *waits_for;
	unsigned wait_ms; /* for it; 0: as long as for a slow client */
	/*
	 * The rest of the body as a part of a file; NULL when there is no such
	 * file. A caller that sends bytes without a pull advances the
	 * descriptor's position and subtracts them from `left`.
	 */
	struct body_file {
		int fd;
		off_t left;
	} * file;
};

/* Calls body->pull, as described there. */
MUST_USE ssize_t body_pull(struct body *body, char *at, size_t room);

/* Writes a body from which nothing was pulled; -1 with errno set. */
MUST_USE int body_write(struct body *body, struct sink *sink);

/* Releases resources outside the arena; accepts NULL. */
void body_release(struct body *body);

/* A body of borrowed text. NULL without memory. */
MUST_USE struct body *body_of_text(struct arena *arena, struct str text);

/*
 * A body of a regular file, with the size that the file had when it was opened;
 * a file that becomes shorter is a failure. Takes the entry's descriptor, even
 * when it returns NULL without memory.
 */
MUST_USE struct body *
body_of_file(struct arena *arena, const struct entry *entry);

/*
 * The lines of `text` as RFC 1436 (appendix, item type 0) requires: a line ends
 * in CRLF, a leading dot is doubled, a lone dot ends the text. Takes `text`,
 * even when it returns NULL without memory.
 */
MUST_USE struct body *body_of_lines(struct arena *arena, struct body *text);

#endif
