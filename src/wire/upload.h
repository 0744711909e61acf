#ifndef WIRE_UPLOAD_H
#define WIRE_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "serve/uploadline.h"
#include "text/arena.h"
#include "text/str.h"
#include "wire/transport.h"

/*
 * The least rate of a client, in bytes a second over all, after a grace. Only
 * the time that is spent waiting for the client counts.
 */
#define UPLOAD_LEAST_RATE 1024
#define UPLOAD_GRACE_MS 30000

/*
 * The most bytes of an upload that are read and discarded after its refusal, so
 * that a client that sends all before it reads gets the answer, no reset.
 */
#define UPLOAD_UNREAD_MAX ((uint64_t)1 << 20)

/* The body of an upload, on its way from the client to the writer. */
struct upload {
	struct uploadline *line; /* of exchange->remote */
	struct str early; /* bytes that came with the request */
	uint64_t left; /* bytes that the client has not sent yet */
	uint64_t uncharged; /* bytes that came: see upload_cost_ms */
	char *part; /* a message under construction; NULL before the start */
	size_t len; /* of the message */
	/*
	 * To wait for, beside the writer, as in waiting_for_remote: EV_READ for
	 * the client; 0; or EV_READ | EV_WRITE for room in the pair.
	 */
	short events;
	struct timespec since; /* the start of the last wait for the client */
	long waited_ms; /* of all finished ones */
};

/*
 * Returns a new upload, in the arena, over `line`; `early`, borrowed, is the
 * beginning of the body. NULL without memory.
 */
MUST_USE struct upload *
upload_new(struct arena *arena, struct uploadline *line, struct str early);

/* The next step of an upload. */
enum upload_step {
	UPLOAD_WAIT, /* wait for the writer, and for `events` */
	UPLOAD_TURN, /* let other clients have their turn */
	UPLOAD_SENT, /* the whole body was passed on */
	UPLOAD_ANSWERED, /* the writer has answered before the end */
	UPLOAD_SURPLUS, /* more bytes came than were promised */
	UPLOAD_BROKEN, /* the client has gone, or is too slow */
};

/*
 * Passes bytes from the client to the writer, as long as both go on; reads no
 * byte before the writer agrees, and one beyond the size, which the client must
 * not have sent.
 */
enum upload_step upload_run(
    struct upload *upload, struct arena *arena, struct transport *transport);

/*
 * The cost of the bytes since the last call for their network, as CPU time: 64
 * KiB cost as much as a connection. Their true CPU time is shorter, but they
 * are written to the disk, twice if an old version is copied. By default a
 * network can upload 640 KiB a second.
 */
unsigned upload_cost_ms(struct upload *upload);

/* The bytes of the body, at most UPLOAD_UNREAD_MAX, that are still to come. */
unsigned upload_unread(const struct upload *upload);

#endif
