#ifndef WIRE_TRANSPORT_H
#define WIRE_TRANSPORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/net.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "text/str.h"

struct transport;

/* What differs between a plain connection and TLS. */
struct transport_ops {
	ssize_t (*handshake)(struct transport *transport);
	ssize_t (*read)(struct transport *transport, char *at, size_t room);
	ssize_t (*write)(
	    struct transport *transport, const char *at, size_t len);
	/* NULL: what is sent has to come through this process. */
	ssize_t (*send_file)(struct transport *transport, int fd, size_t most);
	void (*finish)(struct transport *transport);
	void (*release)(struct transport *transport);
};

/* Bytes to and from one client, in clear or encrypted. */
struct transport {
	const struct transport_ops *ops;
	struct net_out out;
	struct tls tls; /* of TLS */
	struct str early; /* of a plain one: received, not yet read */
	bool readable; /* of a plain one: see struct tls */
	bool resets; /* of a plain one: see transport_unfinished */
};

/* Whether clients speak TLS. */
enum transport_tls {
	TRANSPORT_TLS_NEVER,
	TRANSPORT_TLS_ALWAYS,
	TRANSPORT_TLS_DETECT, /* the client's first byte tells */
};

/*
 * Begins on the socket `fd`, borrowed, of which `early`, not empty, was
 * received already; those bytes stay valid until the first handshake and read
 * have returned.  Returns -1 when the client does not speak as it has to, or
 * without memory.
 */
MUST_USE int
transport_open(struct transport *transport, enum transport_tls kind,
    struct tls_context *context, int fd, struct str early);

/* The socket became readable. */
void transport_wake(struct transport *transport);

/*
 * Whether the socket may hold input; false when the last receive left it
 * empty and it has not become readable since.
 */
bool transport_may_read(const struct transport *transport);

/* IO_DONE or another enum io; bytes, or another enum io. */
MUST_USE ssize_t transport_handshake(struct transport *transport);
MUST_USE ssize_t transport_read(
    struct transport *transport, char *at, size_t room);

/*
 * As transport_read, for what a client says after its request: IO_CLOSED when
 * it will say no more, and IO_FAILED when it has gone.
 */
MUST_USE ssize_t transport_ignore(
    struct transport *transport, char *scratch, size_t room);

/*
 * Takes all `len` bytes, at most 16384, once what was written before has
 * been flushed: returns IO_DONE, or IO_FAILED.
 */
MUST_USE ssize_t transport_write(
    struct transport *transport, const char *at, size_t len);

/*
 * Whether bytes can go as they lie in a file; then the next sends up to
 * `most` of them, as net_out_send_file does, once all is flushed.
 */
bool transport_sends_files(const struct transport *transport);
MUST_USE ssize_t transport_send_file(
    struct transport *transport, int fd, size_t most);

/* Ends the answer: a close_notify goes behind it, where there is one. */
void transport_finish(struct transport *transport);

/* Sends what waits: IO_DONE when nothing is left. */
MUST_USE ssize_t transport_flush(struct transport *transport);

/*
 * Whether more of the answer is to come.  If it does not, because we close or
 * because the process is killed, the client sees it: TLS ends without
 * close_notify, and in clear the connection is reset.
 */
void transport_unfinished(struct transport *transport, bool unfinished);

/* Frees it; the socket stays open. */
void transport_release(struct transport *transport);

#endif
