#ifndef MIRROR_FETCH_H
#define MIRROR_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "mirror/origin.h"
#include "sys/sha256.h"
#include "text/attribute.h"

#define FETCH_META_MAX 1024

struct ssl_st; /* OpenSSL's SSL */

enum fetch_end {
	FETCH_PENDING,
	FETCH_ANSWERED, /* a whole answer, with any status */
	FETCH_CUT, /* TLS did not say that the answer ended here */
	FETCH_TOO_LONG, /* the body is longer than the limit */
	FETCH_INVALID, /* not a valid answer; `why` has the reason */
	FETCH_FAILED, /* no answer; `why` has the reason */
	FETCH_STOP, /* every further request would fail; see origin->error */
};

/* One request and its answer. */
struct fetch {
	/* Set by the caller. */
	struct origin *origin;
	char request[ORIGIN_REQUEST_MAX + 3]; /* without CRLF */
	uint64_t limit; /* of the body, in bytes */
	/*
	 * The time limit for a connection; then for each 4 KiB of the upload;
	 * then for the first bytes of the body; then for each 4 KiB of it.
	 */
	unsigned patience_ms;
	int body; /* descriptor that the body is written to; borrowed */
	/*
	 * Titan: a file that follows the request, borrowed, and its size. An
	 * answer that comes earlier ends the upload. 0: none.
	 */
	int upload;
	uint64_t upload_size;
	/* The result. */
	enum fetch_end end;
	int status; /* Gemini's; always 20 over Gopher */
	char meta[FETCH_META_MAX + 1]; /* without control characters */
	uint64_t size; /* of the body */
	unsigned char hash[SHA256_SIZE];
	char why[128];
	/* Private. */
	enum {
		FETCH_CONNECTS,
		FETCH_HANDSHAKES,
		FETCH_SENDS,
		FETCH_UPLOADS,
		FETCH_AWAITS, /* awaits the header */
		FETCH_RECEIVES
	} state;
	int fd;
	short events;
	struct ssl_st *tls;
	struct sha256 *sha256;
	size_t sent, header_len, tried;
	char header[FETCH_META_MAX + 8];
	struct timespec deadline;
	uint64_t size_then; /* when the deadline was set */
	uint64_t uploaded, uploaded_then;
};

/* Starts the request. */
void fetch_begin(struct fetch *fetch);

/*
 * Continues as far as possible without blocking.  To be called when the socket
 * `fd` is ready for the poll(2) `events`, or when the deadline has passed.
 * Sets `end` at the end of the request.
 */
void fetch_continue(struct fetch *fetch);

/* The address of the server; the last one tried if it has several. */
const struct net_address *fetch_address(const struct fetch *fetch);

/* Milliseconds until the deadline. */
long fetch_timeout_ms(const struct fetch *fetch);

void fetch_release(struct fetch *fetch);

#endif
