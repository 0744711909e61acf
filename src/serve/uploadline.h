#ifndef SERVE_UPLOADLINE_H
#define SERVE_UPLOADLINE_H

#include "serve/remote.h"
#include "serve/uploadcall.h"
#include "text/arena.h"
#include "text/attribute.h"

/* META of status 59, for an upload that is longer than its size. */
#define UPLOADLINE_SURPLUS_META \
	STR("More bytes came than the size of the upload; nothing was stored")

/* A worker's end of the socket pair to the process `writer`, for one upload. */
struct uploadline {
	struct remote remote; /* must be first */
	uint64_t size; /* of the upload */
	struct str target; /* META of a success */
	/* The client has sent more than `size`; the answer after expiry. */
	bool surplus;
	/* The answer, received by uploadline_listen. */
	bool answered;
	size_t head_len; /* 0: the writer has closed the pair */
	/* One byte more, to detect a META that is too long. */
	char head[REMOTE_HEAD_SIZE + REMOTE_META_MAX + 1];
};

/*
 * Sends `call` to the writer over `writer`, and returns the line; the caller
 * releases line->remote. `target`, borrowed, is the URL to which a success
 * redirects. NULL with errno set.
 */
MUST_USE struct uploadline *uploadline_open(struct arena *arena,
    const int *writer, const struct uploadcall *call, struct str target);

enum uploadline_word {
	UPLOADLINE_SILENCE, /* nothing has come */
	UPLOADLINE_GO, /* the upload may begin */
	UPLOADLINE_ANSWER, /* for remote_take; the upload ends */
};

/* Receives the next message of the writer. */
enum uploadline_word uploadline_listen(struct uploadline *line);

/*
 * Sends a message; its first byte is the kind (enum uploadcall_kind). Returns
 * 1, 0 when the pair has no room, or -1 when the writer has closed it.
 */
MUST_USE int uploadline_send(struct uploadline *line, struct str message);

#endif
