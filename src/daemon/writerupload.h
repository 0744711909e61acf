#ifndef DAEMON_WRITERUPLOAD_H
#define DAEMON_WRITERUPLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "serve/host.h"
#include "serve/uploadcall.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/storing.h"

/* A client sends at least this many bytes a second, after a grace. */
#define WRITERUPLOAD_GRACE_S 30
#define WRITERUPLOAD_LEAST_RATE 1024

/* One upload in the process `writer`. */
struct writerupload {
	int line; /* the socket to the worker */
	struct uploadcall call; /* points into `message` */
	const struct rules_part *part;
	uint64_t got; /* bytes */
	struct timespec started;
	/* Private. */
	struct tree tree;
	struct storing_file file;
	struct storing storing;
	char message[UPLOADCALL_MAX];
};

/*
 * Begins the upload that a worker requests by a message. The answers go over
 * `line`. `reserved` is the number of bytes that other uploads to its part will
 * take; see writerupload_find. Returns true when the bytes of the upload are
 * awaited; else it was answered, and the caller closes `line`.
 */
bool writerupload_begin(struct writerupload *upload,
    const struct server *server, uint64_t reserved);

/*
 * Parses the message, copied to upload->message, and finds the part. Returns
 * false when it is malformed. Without a part that may be written upload->part
 * is NULL.
 */
bool writerupload_find(
    struct writerupload *upload, const struct server *server, size_t len);

/*
 * Takes one message of the worker. Returns false when the upload has ended; the
 * caller closes the line.
 */
bool writerupload_hear(struct writerupload *upload);

/* The time until a client that sends too slowly has to be refused; 0: now. */
long writerupload_due_ms(const struct writerupload *upload);

/* Ends the upload with an answer. */
void writerupload_refuse(
    struct writerupload *upload, enum status status, const char *reason);

/* Sends an answer over a line. */
void writerupload_answer(int line, enum status status, const char *meta);

#endif
