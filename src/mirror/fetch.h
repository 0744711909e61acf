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

struct tlsclient;

enum fetch_end {
	FETCH_GOES_ON,
	FETCH_ANSWERED, /* whole, whatever the status is */
	FETCH_CUT, /* all of it, perhaps: TLS did not say that it ended */
	FETCH_TOO_LONG, /* more than the limit */
	FETCH_NONSENSE, /* what came is no answer; `why` says why */
	FETCH_FAILED, /* no answer; `why` says why */
	FETCH_STOP, /* nor will another have one; see origin->error */
};

/* One request and its answer. */
struct fetch {
	/* The caller fills what is here. */
	struct origin *origin;
	char request[ORIGIN_REQUEST_MAX + 3]; /* without CRLF */
	uint64_t limit; /* bytes of a body */
	/*
	 * Until there is a connection; then until the first bytes of a body;
	 * then for each 4 KiB of it.
	 */
	unsigned patience_ms;
	int body; /* the body goes there; borrowed */
	/* What came of it. */
	enum fetch_end end;
	int status; /* Gemini's; 20 whatever Gopher says */
	char meta[FETCH_META_MAX + 1]; /* clean */
	uint64_t size; /* of the body */
	unsigned char hash[SHA256_SIZE];
	char why[128];
	/* Below is this room's own. */
	enum {
		FETCH_CONNECTS,
		FETCH_HANDSHAKES,
		FETCH_SENDS,
		FETCH_AWAITS, /* a header */
		FETCH_RECEIVES
	} state;
	int fd;
	short events;
	struct tlsclient *tls;
	struct sha256 *sha256;
	size_t sent, header_len, tried;
	char header[FETCH_META_MAX + 8];
	struct timespec deadline;
	uint64_t size_then; /* when the deadline was set */
};

/* Begins. */
void fetch_begin(struct fetch *fetch);

/*
 * Goes on as far as it can; to be called when the socket `fd` is ready for
 * the poll(2) `events`, or when the deadline has passed.  `end` tells whether
 * that was all.
 */
void fetch_go(struct fetch *fetch);

/* The address that it was sent to, or was to be; the last of several. */
const struct net_address *fetch_address(const struct fetch *fetch);

/* Milliseconds until it has to be called again. */
long fetch_patience_ms(const struct fetch *fetch);

void fetch_release(struct fetch *fetch);

#endif
