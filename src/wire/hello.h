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
 * What is kept of a ClientHello that is not whole yet.  A longer one goes to
 * OpenSSL as it comes.
 */
#define HELLO_KEPT ((size_t)3 << 10)

/* What is received at once. */
#define HELLO_PART ((size_t)8 << 10)

/* The room that hello_receive needs. */
#define HELLO_ROOM (HELLO_KEPT + HELLO_PART)

/*
 * The first bytes of a client.  OpenSSL takes some 50 KiB for a connection as
 * soon as it is told of one, so a ClientHello waits here until it is whole:
 * one byte must not cost as much as a handshake.  Zeroed but for `waits`.
 */
struct hello {
	bool waits; /* the client may speak TLS */
	char *at; /* the bytes so far, of malloc; NULL: none */
	size_t len, room;
	/* How far the records were read (RFC 8446, 5.1 and 4). */
	size_t header; /* bytes of a record's header */
	size_t left; /* bytes to come of a record's content */
	size_t message; /* bytes of the handshake message */
	uint32_t head; /* its first four: a type and a length */
};

/*
 * Receives more from the socket `fd`: IO_DONE when there is enough to begin
 * with, in `early`, which lies in `scratch`, of HELLO_ROOM bytes; otherwise
 * another enum io.  Enough is a whole ClientHello, more than HELLO_KEPT bytes,
 * what cannot become one, or anything of a client that does not speak TLS.
 */
MUST_USE ssize_t hello_receive(
    struct hello *hello, int fd, char *scratch, struct str *early);

/* Whether nothing has come yet. */
bool hello_is_empty(const struct hello *hello);

/* Frees what is kept. */
void hello_release(struct hello *hello);

#endif
