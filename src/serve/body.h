#ifndef SERVE_BODY_H
#define SERVE_BODY_H

#include <stdbool.h>
#include <sys/types.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/tree.h"

/* The least room that a body is given to write into. */
#define BODY_ROOM 4096

/* Where bytes go, as they are made. */
struct sink {
	/* Takes all of them; -1 with errno set, and it is given no more. */
	int (*write)(struct sink *sink, struct str bytes);
};

/* Writes all bytes to a file, as a sink may do; -1 with errno set. */
MUST_USE int sink_write_file(int fd, struct str bytes);

/*
 * Where the bytes of an answer come from, pulled as fast as the client
 * takes them.  A kind of body embeds this as its first member.
 */
struct body {
	/*
	 * Writes up to `room` bytes, at least BODY_ROOM, to `at`, and takes
	 * no longer than others can wait.  Returns how many, 0 at the end, or
	 * -1 with errno set: EAGAIN when there is nothing yet, and anything
	 * else when the rest cannot be had; what was sent is then cut short,
	 * and the client must be able to tell.
	 */
	ssize_t (*pull)(struct body *body, char *at, size_t room);
	/*
	 * Writes all of it, for a process that serves nobody else meanwhile;
	 * NULL: it is to be pulled.  -1 with errno set when the rest cannot be
	 * had.
	 */
	int (*write)(struct body *body, struct sink *sink);
	void (*release)(struct body *body); /* NULL: nothing to release */
	bool ended; /* known to be at its end before a pull says so */
	/*
	 * After EAGAIN: the descriptor that has the next bytes once it is
	 * readable; NULL: it is to be pulled again after others had a turn.
	 */
	const int *waits_for;
	/*
	 * The bytes as they lie in a file; NULL where they do not.  Whoever
	 * sends some by another way than a pull moves the descriptor's
	 * position and takes them off `left`.
	 */
	struct body_file {
		int fd;
		off_t left;
	} * file;
};

MUST_USE ssize_t body_pull(struct body *body, char *at, size_t room);

/* Writes all of a body of which nothing was pulled; -1 with errno set. */
MUST_USE int body_write(struct body *body, struct sink *sink);

/* Releases what it holds beside the arena; NULL is no body. */
void body_release(struct body *body);

/* Text, borrowed.  NULL without memory. */
MUST_USE struct body *body_of_text(struct arena *arena, struct str text);

/*
 * The bytes of a regular file, as many as it had when it was opened; fewer
 * are a failure.  Takes the entry's descriptor, also when it returns NULL
 * for want of memory.
 */
MUST_USE struct body *
body_of_file(struct arena *arena, const struct entry *entry);

/*
 * The lines of `text` in the form of RFC 1436 appendix, item type 0: lines
 * end in CRLF, a leading dot is doubled, a lone dot ends it.  Takes `text`,
 * also when it returns NULL for want of memory.
 */
MUST_USE struct body *body_of_lines(struct arena *arena, struct body *text);

#endif
