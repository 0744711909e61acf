#ifndef WIRE_PROTOCOL_H
#define WIRE_PROTOCOL_H

#include <stdbool.h>

#include "text/str.h"
#include "wire/exchange.h"

enum parse {
	PARSE_MORE, /* the request is not whole yet */
	PARSE_DONE, /* head and body are the answer */
	PARSE_WAIT, /* it comes from another process: see resume */
	PARSE_CLOSE, /* nothing is to be said */
};

#define PROTOCOL_REQUEST_MAX 1026

/*
 * What differs between Gemini and Gopher.  Each call sets the exchange's
 * answer, in its arena, and never fails: without memory the answer says so
 * in constant words.
 */
struct protocol {
	const char *name; /* for the log */
	/* Bytes of the longest request with its end. */
	size_t request_max; /* PROTOCOL_REQUEST_MAX at most */
	/*
	 * Reads the request in `input`, all that has come so far, and
	 * answers it once it is whole.  `ended` tells that no more will
	 * come.
	 */
	enum parse (*answer)(
	    struct exchange *exchange, struct str input, bool ended);
	/*
	 * After PARSE_WAIT, when exchange_waits_for() is readable: takes the
	 * answer. PARSE_WAIT when it is not there yet, else PARSE_DONE. With
	 * `gives_up` no answer is waited for any more, and that is the answer.
	 */
	enum parse (*resume)(struct exchange *exchange, bool gives_up);
	/* The answer to a client that took too long to ask. */
	enum parse (*expire)(struct exchange *exchange);
	/*
	 * The answer to a client that is not served, whatever it asks: there
	 * is no room for it, or, with `seconds` above 0, it came too often
	 * and may come again after so many.
	 */
	void (*refuse)(struct exchange *exchange, unsigned seconds);
};

extern const struct protocol gemini;
extern const struct protocol gopher;

#endif
