#ifndef WIRE_HELLO_H
#define WIRE_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/net.h"
#include "text/attribute.h"
#include "text/str.h"

/* A TLS record of a handshake begins with this byte (RFC 8446, 5.1). */
#define HELLO_FIRST_BYTE 0x16

/*
 * The most bytes of an unfinished ClientHello that are kept. A longer one goes
 * to OpenSSL as it comes.
 */
#define HELLO_KEPT ((size_t)3 << 10)

/* The most bytes that are received at once. */
#define HELLO_PART ((size_t)8 << 10)

/* The size of the scratch buffer of hello_receive. */
#define HELLO_ROOM (HELLO_KEPT + HELLO_PART)

/*
 * The first bytes of a client. OpenSSL allocates about 50 KiB as soon as it
 * gets a connection, so a ClientHello is kept here until it is whole: one byte
 * must not cost as much as a handshake. Before that, it keeps an unfinished
 * PROXY header (see proxied.h). Zeroed, except for `waits`.
 */
struct hello {
	char *at; /* the bytes so far, from malloc; NULL: none */
	size_t len, room;
	/* The position in the records (RFC 8446, 5.1 and 4). */
	size_t header; /* bytes of a record's header */
	size_t left; /* bytes to come of a record's content */
	size_t message; /* bytes of the handshake message */
	uint32_t head; /* its first four: a type and a length */
	bool waits; /* the client may speak TLS */
};

/*
 * Receives more from the socket `fd`. Returns IO_DONE when it has enough to
 * begin with: a whole ClientHello, more than HELLO_KEPT bytes, bytes that
 * cannot become a ClientHello, or any bytes without `waits`. Then `early` holds
 * them, as a view of `scratch`, which has HELLO_ROOM bytes. Otherwise returns
 * another enum io.
 */
MUST_USE ssize_t hello_receive(
    struct hello *hello, int fd, char *scratch, struct str *early);

/* Keeps more bytes, at most HELLO_KEPT in all; -1 without memory. */
MUST_USE int hello_keep(struct hello *hello, struct str bytes);

/* Whether no bytes are kept. */
bool hello_is_empty(const struct hello *hello);

/* Frees the kept bytes. */
void hello_release(struct hello *hello);

#endif
