#ifndef SERVE_REMOTE_H
#define SERVE_REMOTE_H

#include <stdbool.h>

#include "serve/response.h"
#include "text/attribute.h"

/*
 * Answers that another process makes: a worker sends the request and one end of
 * a socket pair, over which it receives the head and then the body. Messages on
 * that pair (SOCK_SEQPACKET) begin with a byte for their kind:
 *
 *   'h'  status (u16) and META; with a descriptor, that file is the body
 *   'd'  bytes of the body, at most REMOTE_PART
 *   'e'  the end of a body that came as 'd'
 *   'f'  the body is cut short; the reason as errno (i32)
 *
 * A pair that is closed before 'h' is a failure (status 40), and before 'e' a
 * body that was cut short.
 */
#define REMOTE_PART ((size_t)32 << 10)

/* The time limit of a body in parts: the grace, plus its size by the rate. */
#define REMOTE_GRACE_S 600
#define REMOTE_LEAST_RATE 1024 /* bytes a second */
/* The largest file in memory: a manifest of some two million files. */
#define REMOTE_MEMORY_MAX ((size_t)256 << 20)

/* The longest request as a message. */
#define REMOTE_REQUEST_MAX ((size_t)8192)

/* The bytes of a head: its kind and status, then META. */
#define REMOTE_HEAD_SIZE ((size_t)3)
#define REMOTE_META_MAX ((size_t)1024)

/*
 * A pending answer of another process. Each kind embeds this as its first
 * member; remote_of_answers makes the kind of the process `answers`.
 */
struct remote {
	/* Readable when there is more of the answer; -1: owned by a body. */
	int fd;
	uint64_t network; /* of the request */
	/* Called by remote_take and remote_release, with their contracts. */
	int (*take)(struct remote *remote, struct arena *arena,
	    struct response *response);
	void (*release)(struct remote *remote);
	/* Fills `response` after the deadline; NULL: with status 40. */
	void (*expire)(struct remote *remote, struct response *response);
	unsigned wait_ms; /* for the answer; 0: as long as for a slow client */
};

/* The answer that comes over `fd`, which it takes, as described above. */
struct remote remote_of_answers(int fd, uint64_t network);

/*
 * Sends `request` to the process behind host->server->answers; `response`
 * then has `remote`, or is an error. Returns false, without sending, when this
 * process has to answer the request.
 */
bool remote_ask(const struct host *host, const struct request *request,
    struct response *response);

/*
 * Receives the head of the answer and fills `response`. Returns 1, or 0 when it
 * has not come yet. After a failure of `answers` the status is 40, and if
 * memoryfile_body has no room for the file, 41.
 */
MUST_USE int remote_take(
    struct remote *remote, struct arena *arena, struct response *response);

/* Fills `response` in place of an answer that did not come in time. */
void remote_expire(struct remote *remote, struct response *response);

/* Cancels the request unless it was answered; accepts NULL. */
void remote_release(struct remote *remote);

/*
 * In the other process: parses a request from a `message`; `request` borrows
 * from it. False when it is malformed; request->host may still be any number.
 */
MUST_USE bool remote_read(struct str message, struct request *request);

/*
 * In the other process: sends the head, and the body, which it releases, as a
 * file in memory, or in parts if it is an archive. Waits for the worker.
 * Returns -1 with errno set when the answer was not sent whole and the worker
 * does not know why.
 */
MUST_USE int remote_answer(int fd, struct response *response);

/* In the other process: sends a head without a body. */
void remote_answer_refuse(int fd, enum status status);

/* Whether META of another process is one line, of at most REMOTE_META_MAX. */
bool remote_is_meta(struct str meta);

/* The status for a request that could not be sent, by its errno. */
enum status remote_status_of(int error);

/*
 * Whether a body of this type may come in parts: exactly the types of archives,
 * which are sent on unchanged. Other bodies may be converted, by code that
 * expects all bytes to be available.
 */
bool remote_has_parts(struct str meta);

#endif
