#ifndef SERVE_PROGRAMCALL_H
#define SERVE_PROGRAMCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/response.h"
#include "sys/clientcert.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/identity.h"
#include "text/str.h"

/* The longest request for a program as a message. */
#define PROGRAMCALL_MAX ((size_t)16384)

/* A request for a program, as a worker sends it to the runner. */
struct programcall {
	size_t host; /* its number */
	uint64_t network; /* the client's, as a number; 0: unknown */
	bool is_gopher, has_query;
	struct str path; /* decoded, absolute */
	struct str query; /* still encoded */
	struct str url; /* as it was sent; over Gopher made of the selector */
	struct str selector; /* Gopher: as it was sent */
	struct str search; /* Gopher: the words, not encoded */
	struct str address; /* the client's, without port */
	uint16_t port, server_port;
	struct str tls_version, tls_cipher; /* empty: clear text */
	/*
	 * The client's certificate, over Gemini alone, and whether it is on one
	 * of the lists of the path.
	 */
	bool has_client, is_listed;
	struct identity client;
	struct clientcert_text certificate;
};

/*
 * Makes a call of a request for a page of `host`; the parts are borrowed, or
 * live in the request's arena. -1 without memory.
 */
MUST_USE int programcall_of(const struct host *host,
    const struct request *request, struct programcall *out);

/*
 * Appends a call as a message. A part of more than 65,535 bytes counts as an
 * overflow.
 */
void programcall_write(struct buf *out, const struct programcall *call);

/*
 * Parses a message; `out` borrows from it. False when it is malformed: another
 * length, a part with a NUL, a path without its slash. out->host may still be
 * any number, and the path may have control bytes.
 */
MUST_USE bool programcall_read(struct str message, struct programcall *out);

#endif
