#ifndef WIRE_PROTOCOL_H
#define WIRE_PROTOCOL_H

#include <stdbool.h>

#include "sys/counts.h"
#include "text/str.h"
#include "wire/exchange.h"

enum parse {
	PARSE_MORE, /* the request is not whole yet */
	PARSE_DONE, /* head and body are the answer */
	PARSE_WAIT, /* it comes from another process: see resume */
	PARSE_CLOSE, /* close without an answer */
};

#define PROTOCOL_REQUEST_MAX 1026

/*
 * A protocol, Gemini or Gopher. Each call sets the exchange's answer, in its
 * arena, and never fails: without memory the answer is a constant error.
 */
struct protocol {
	const char *name; /* for the log */
	enum counts_kind counts; /* for its answers */
	/* Bytes of the longest request with its end. */
	size_t request_max; /* PROTOCOL_REQUEST_MAX at most */
	/*
	 * Parses the request in `input`, all bytes received so far, and answers
	 * it once it is whole. `ended`: no more bytes will come.
	 */
	enum parse (*answer)(
	    struct exchange *exchange, struct str input, bool ended);
	/*
	 * After PARSE_WAIT, when exchange_waits_for() is readable: takes the
	 * answer. Returns PARSE_WAIT when it has not come yet, else PARSE_DONE.
	 * With `gives_up` the wait ends, and the answer is a failure.
	 */
	enum parse (*resume)(struct exchange *exchange, bool gives_up);
	/* Answers a client whose request did not come in time. */
	enum parse (*expire)(struct exchange *exchange);
	/*
	 * Answers a client that is not served, regardless of its request: there
	 * is no room for it, or, with `seconds` above 0, it came too often and
	 * may come again after that time.
	 */
	void (*refuse)(struct exchange *exchange, unsigned seconds);
};

extern const struct protocol gemini;
extern const struct protocol gopher;

#endif
