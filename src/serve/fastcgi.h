#ifndef SERVE_FASTCGI_H
#define SERVE_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/str.h"

/*
 * The answer of a FastCGI server, as records (FastCGI 1.0, section 3.3). Only
 * one request is on a connection: its number is 1.
 */
#define FASTCGI_REQUEST 1

#define FASTCGI_HEADER_SIZE ((size_t)8)

/* The results of a request (section 5.5). */
enum fastcgi_result {
	FASTCGI_COMPLETE = 0,
	FASTCGI_NO_ROOM_HERE = 1, /* FCGI_CANT_MPX_CONN */
	FASTCGI_OVERLOADED = 2,
	FASTCGI_UNKNOWN_ROLE = 3,
};

/* The parser's place in the stream; zeroed at the start. */
struct fastcgi {
	unsigned char head[FASTCGI_HEADER_SIZE]; /* of a record */
	unsigned char end[8]; /* the content of END_REQUEST */
	size_t head_len, end_len;
	size_t content, padding; /* bytes to come of the record */
	/* After FASTCGI_END: */
	uint32_t exit_status; /* of the program */
	unsigned char result; /* enum fastcgi_result, or another number */
};

enum fastcgi_event {
	FASTCGI_MORE, /* all input is taken */
	FASTCGI_OUTPUT, /* of the program */
	FASTCGI_ERRORS, /* its standard error */
	FASTCGI_END, /* the request has ended */
	FASTCGI_BAD, /* this is not FastCGI; no further call */
};

/*
 * Takes bytes from `input` up to the next event. `out` is not empty after
 * FASTCGI_OUTPUT and FASTCGI_ERRORS, and borrows from `input`. Records of other
 * types are skipped; one of another request is bad.
 */
enum fastcgi_event
fastcgi_next(struct fastcgi *fastcgi, struct str *input, struct str *out);

#endif
