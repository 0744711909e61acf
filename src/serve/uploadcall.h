#ifndef SERVE_UPLOADCALL_H
#define SERVE_UPLOADCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/sha256.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

/*
 * A request of a worker to the process `writer`, over host->server->writer,
 * with one end of a socket pair (fdpass_pair). Messages on that pair begin with
 * a byte for their kind. From the writer:
 *
 *   'g'  the upload may begin
 *   'h'  the answer, and the end: status (u16) and META, as of serve/remote.h;
 *        30 has no address yet
 *
 * From the worker:
 *
 *   'd'  bytes of the upload, at most REMOTE_PART
 *   'e'  all bytes are sent
 *
 * An upload of size 0 is a deletion, which is answered without 'g'. If the
 * worker closes the pair before 'e', nothing is stored. If the writer closes it
 * before 'h', the upload has failed (status 40).
 */
enum uploadcall_kind {
	UPLOADCALL_GO = 'g',
	UPLOADCALL_ANSWER = 'h',
	UPLOADCALL_DATA = 'd',
	UPLOADCALL_END = 'e',
};

struct uploadcall {
	size_t host; /* at most 65535 */
	uint64_t network; /* 0: unknown */
	struct str path; /* decoded, normal, absolute */
	struct str mime; /* empty: text/gemini */
	uint64_t size;
	/* The SHA-256 of the version that the upload was made from. */
	bool has_base;
	unsigned char base[SHA256_SIZE];
};

/* The longest message. */
#define UPLOADCALL_MAX ((size_t)4096)
#define UPLOADCALL_MIME_MAX ((size_t)256)

/* Appends the message; false when it is too long. */
MUST_USE bool uploadcall_write(struct buf *out, const struct uploadcall *call);

/*
 * Parses a message, from which `out` borrows. False when it is malformed; its
 * host may be any number, and its path any bytes but NUL after a slash.
 */
MUST_USE bool uploadcall_read(struct str message, struct uploadcall *out);

#endif
