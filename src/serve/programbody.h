#ifndef SERVE_PROGRAMBODY_H
#define SERVE_PROGRAMBODY_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/body.h"
#include "serve/fastcgi.h"
#include "serve/rules.h"
#include "text/attribute.h"
#include "text/str.h"

/* The first bytes of standard error, which are logged in one line. */
#define PROGRAMBODY_ERRORS_MAX ((size_t)1024)

/*
 * The output of a program, read as it comes:
 *
 *   CGI      a pipe; after its end a message of the runner over the pair: 'e',
 *            or 'f' if the script was killed
 *   SCGI     a socket; its end is the end of the output
 *   FastCGI  a socket with records; END_REQUEST is the end
 */
struct programbody {
	struct body body; /* the output after the header; must be first */
	enum rules_program_kind kind;
	int pair; /* to the runner; its close ends the program */
	int stream; /* -1: not open, or at its end */
	bool at_end; /* of the output */
	const char *fault; /* after a failure of programbody_read */
	int error; /* its errno */
	struct str path; /* the requested one, for the log */
	struct str early; /* output that was read with the header */
	struct fastcgi fastcgi;
	size_t errors_len;
	char errors[PROGRAMBODY_ERRORS_MAX]; /* of standard error */
};

/* Begins without a stream; takes `pair` and borrows `path`. */
void programbody_open(struct programbody *program, enum rules_program_kind kind,
    int pair, struct str path);

/*
 * Takes the descriptor of the output, which must be a pipe or a socket; -1
 * when it is not, with the descriptor closed.
 */
MUST_USE int programbody_take(struct programbody *program, int stream);

/*
 * Reads up to `room` bytes of output. Returns their number; 0 at the end, with
 * at_end set (it may be set with the last bytes already); 0 with body.waits_for
 * set when no byte is there yet; or -1 with errno and the fault set when the
 * output is cut short.
 */
MUST_USE ssize_t programbody_read(
    struct programbody *program, char *at, size_t room);

/* Closes pair and stream, which ends a running program. */
void programbody_close(struct programbody *program);

#endif
