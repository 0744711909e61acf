#ifndef SERVE_PROGRAMWIRE_H
#define SERVE_PROGRAMWIRE_H

#include "serve/programenv.h"
#include "text/buf.h"

/* Room for a request in either form: a call's texts, some several times. */
#define PROGRAMWIRE_MAX ((size_t)128 << 10)

/*
 * Appends an SCGI request without a body: a netstring of CONTENT_LENGTH, SCGI,
 * and the variables. An overflow may leave a part of it.
 */
void programwire_scgi(struct buf *out, const struct programenv *env);

/*
 * Appends a FastCGI request without a body, in the role of a responder, that
 * closes the connection after the answer: BEGIN_REQUEST, PARAMS in records of
 * up to 65,535 bytes, of whole pairs where they fit, and the ends of PARAMS and
 * STDIN. Its id is 1. An overflow may leave a part of it.
 */
void programwire_fastcgi(struct buf *out, const struct programenv *env);

#endif
