#ifndef WIRE_TRANSPORT_H
#define WIRE_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/net_out.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "text/str.h"

struct transport;

/* The operations of a kind of transport: plain or TLS. */
struct transport_ops {
	ssize_t (*handshake)(struct transport *transport);
	ssize_t (*read)(struct transport *transport, char *at, size_t room);
	ssize_t (*write)(
	    struct transport *transport, const char *at, size_t len);
	/* NULL: cannot send from a file */
	ssize_t (*send_file)(struct transport *transport, int fd, size_t most);
	void (*finish)(struct transport *transport);
	void (*release)(struct transport *transport);
};

/* Bytes to and from one client, plain or encrypted. */
struct transport {
	const struct transport_ops *ops;
	struct net_out out;
	struct tls tls; /* TLS only */
	struct str early; /* plain: received, not yet read */
	bool readable; /* plain: see struct tls */
	bool resets; /* plain: see transport_unfinished */
};

/* Whether clients speak TLS. */
enum transport_tls {
	TRANSPORT_TLS_NEVER,
	TRANSPORT_TLS_ALWAYS,
	TRANSPORT_TLS_DETECT, /* detected by the client's first byte */
};

/*
 * Begins on the socket `fd`, borrowed, of which `early`, not empty, was already
 * received; those bytes stay valid until the first handshake and read have
 * returned. Returns -1 when the client does not use TLS as `kind` requires, or
 * without memory.
 */
MUST_USE int
transport_open(struct transport *transport, enum transport_tls kind,
    struct tls_context *context, int fd, struct str early);

/* To be called when the socket has become readable. */
void transport_wake(struct transport *transport);

/*
 * Receives bytes from the socket, to be discarded; returns as net_receive.
 * Makes no system call if the socket is known to be empty.
 */
MUST_USE ssize_t transport_discard(
    struct transport *transport, char *scratch, size_t room);

/*
 * transport_handshake returns IO_DONE or another enum io; transport_read
 * returns a number of bytes, or another enum io.
 */
MUST_USE ssize_t transport_handshake(struct transport *transport);
MUST_USE ssize_t transport_read(
    struct transport *transport, char *at, size_t room);

/*
 * Allows the client to send `len` bytes after its request, in TLS records that
 * may be small, but not so small that they double the number of bytes.
 */
void transport_expect(struct transport *transport, uint64_t len);

/*
 * As transport_read, for input after the request: IO_CLOSED when the client has
 * ended its output, IO_FAILED when it is gone.
 */
MUST_USE ssize_t transport_ignore(
    struct transport *transport, char *scratch, size_t room);

/*
 * Takes all `len` bytes, once earlier output is flushed: returns IO_DONE, or
 * IO_FAILED. transport->out must have room for them as TLS records.
 */
MUST_USE ssize_t transport_write(
    struct transport *transport, const char *at, size_t len);

/* The server name that a client of TLS sent; empty when it sent none. */
struct str transport_server_name(const struct transport *transport);

/* As tls_client; false without TLS. */
bool transport_client(const struct transport *transport, struct identity *out);

/*
 * Whether the transport can send directly from a file; then transport_send_file
 * sends up to `most` bytes, as net_out_send_file does, once earlier output is
 * flushed.
 */
bool transport_sends_files(const struct transport *transport);
MUST_USE ssize_t transport_send_file(
    struct transport *transport, int fd, size_t most);

/* Ends the answer, with a close_notify over TLS. */
void transport_finish(struct transport *transport);

/* Sends pending output: IO_DONE when nothing is left. */
MUST_USE ssize_t transport_flush(struct transport *transport);

/*
 * Declares whether more of the answer is to come. If the connection ends before
 * that, even by a crash, the client can tell: TLS ends without close_notify,
 * and a plain connection is reset.
 */
void transport_unfinished(struct transport *transport, bool unfinished);

/* Releases the transport; the socket stays open. */
void transport_release(struct transport *transport);

#endif
