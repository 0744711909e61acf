/* One request over Gemini or Gopher and its answer, without blocking. */
#include "mirror/fetch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/dial.h"
#include "sys/net.h"
#include "sys/net_out.h"
#include "sys/process.h"
#include "sys/tlsclient.h"
#include "text/utf8.h"

/* Bytes of a body or an upload that renew the deadline. */
#define BODY_LEAST 4096

static void
end(struct fetch *fetch, enum fetch_end how, const char *why)
{
	fetch->end = how;
	snprintf(fetch->why, sizeof fetch->why, "%s", why);
}

static void
fail(struct fetch *fetch)
{
	end(fetch, FETCH_FAILED,
	    errno != 0 ? strerror(errno) : "the connection broke");
}

static void
hang_up(struct fetch *fetch)
{
	tlsclient_free(fetch->tls);
	fetch->tls = NULL;
	process_close(fetch->fd);
	fetch->fd = -1;
}

/* Connects to the address that worked last, or after a failure to the next. */
static void
connect_somewhere(struct fetch *fetch)
{
	struct origin *origin = fetch->origin;

	hang_up(fetch);
	while (fetch->tried < origin->address_count) {
		size_t which =
		    (origin->working + fetch->tried++) % origin->address_count;

		fetch->fd = dial_begin(&origin->addresses[which]);
		if (fetch->fd != -1) {
			fetch->state = FETCH_CONNECTS;
			fetch->events = POLLOUT;
			fetch->deadline = clock_in(fetch->patience_ms);
			return;
		}
	}
	fail(fetch);
}

const struct net_address *
fetch_address(const struct fetch *fetch)
{
	const struct origin *origin = fetch->origin;
	size_t before = fetch->tried > 0 ? fetch->tried - 1 : 0;

	return &origin->addresses[(origin->working + before) %
	    origin->address_count];
}

void
fetch_begin(struct fetch *fetch)
{
	fetch->end = FETCH_PENDING;
	fetch->status = 0;
	fetch->size = fetch->size_then = 0;
	fetch->uploaded = fetch->uploaded_then = 0;
	fetch->sent = fetch->header_len = fetch->tried = 0;
	fetch->tls = NULL;
	fetch->fd = -1;
	fetch->why[0] = '\0';
	fetch->sha256 = sha256_new();
	errno = ENOMEM;
	if (fetch->sha256 == NULL)
		fail(fetch);
	else
		connect_somewhere(fetch);
}

/* Whether the operation would block; if so, sets the events to poll for. */
static bool
waits(struct fetch *fetch, ssize_t io)
{
	if (io == IO_WANT_READ)
		fetch->events = POLLIN;
	else if (io == IO_WANT_WRITE)
		fetch->events = POLLOUT;
	return io == IO_WANT_READ || io == IO_WANT_WRITE;
}

/* Steps.  Each returns whether the next one may follow at once. */

static bool
step_connect(struct fetch *fetch)
{
	struct origin *origin = fetch->origin;

	if (dial_made(fetch->fd) == -1) {
		connect_somewhere(fetch);
		return false;
	}
	origin->working =
	    (origin->working + fetch->tried - 1) % origin->address_count;
	fetch->tried = 1;
	if (origin->is_gopher) {
		fetch->state = FETCH_SENDS;
		return true;
	}
	fetch->tls = tlsclient_open(origin->tls, fetch->fd,
	    origin->host_is_address ? STR("") : str_of(origin->host));
	errno = ENOMEM;
	if (fetch->tls == NULL)
		fail(fetch);
	fetch->state = FETCH_HANDSHAKES;
	return true;
}

static bool
step_handshake(struct fetch *fetch)
{
	unsigned char key[SHA256_SIZE];
	ssize_t io = tlsclient_handshake(fetch->tls);

	if (waits(fetch, io))
		return false;
	if (io != IO_DONE || tlsclient_key(fetch->tls, key) == -1)
		end(fetch, FETCH_FAILED, "TLS failed");
	else if (origin_trust(fetch->origin, fetch->tls, key) == -1)
		end(fetch, FETCH_STOP, "the server's key has changed");
	fetch->state = FETCH_SENDS;
	return true;
}

static bool
step_send(struct fetch *fetch)
{
	char line[sizeof fetch->request + 2];
	int len = snprintf(line, sizeof line, "%s\r\n", fetch->request);
	size_t left = (size_t)len - fetch->sent;
	struct net_out out = { .fd = fetch->fd };
	ssize_t io = fetch->tls != NULL
	    ? tlsclient_write(fetch->tls, line + fetch->sent, left)
	    : net_out_send(&out, line + fetch->sent, left);

	if (waits(fetch, io))
		return false;
	if (io <= 0) {
		fail(fetch);
		return true;
	}
	fetch->sent += (size_t)io;
	if (fetch->sent < (size_t)len)
		return true;
	fetch->state = fetch->origin->is_gopher ? FETCH_RECEIVES : FETCH_AWAITS;
	if (fetch->origin->is_gopher)
		fetch->status = 20;
	else if (fetch->upload_size > 0)
		fetch->state = FETCH_UPLOADS;
	return true;
}

static void
take_body(struct fetch *fetch, struct str bytes)
{
	if (bytes.len > fetch->limit - fetch->size) {
		end(fetch, FETCH_TOO_LONG,
		    "the answer is longer than the limit");
		return;
	}
	if (bytes.len > 0 &&
	    write(fetch->body, bytes.at, bytes.len) != (ssize_t)bytes.len) {
		snprintf(fetch->origin->error, sizeof fetch->origin->error,
		    "cannot write: %s", strerror(errno));
		end(fetch, FETCH_STOP, "cannot write");
		return;
	}
	sha256_add(fetch->sha256, bytes);
	fetch->size += bytes.len;
}

/* Reads a header line, "20 text/gemini". */
static void
take_header(struct fetch *fetch, struct str line)
{
	struct buf meta = buf_over(fetch->meta, FETCH_META_MAX);
	unsigned long status;

	if (line.len < 2 || !str_number(str_head(line, 2), 69, &status) ||
	    status < 10 || (line.len > 2 && line.at[2] != ' ')) {
		end(fetch, FETCH_INVALID,
		    "the answer is not a Gemini response");
		return;
	}
	line = str_trim_start(str_tail(line, 2));
	fetch->status = (int)status;
	utf8_clean(&meta, line);
	fetch->meta[meta.len] = '\0';
	if (status / 10 == 2)
		fetch->state = FETCH_RECEIVES;
	else
		end(fetch, FETCH_ANSWERED, "");
}

static void
take_header_bytes(struct fetch *fetch, struct str bytes)
{
	size_t had = fetch->header_len;
	size_t room = sizeof fetch->header - had;
	size_t len = bytes.len < room ? bytes.len : room;
	const char *line_end;
	size_t line_len;

	memcpy(fetch->header + had, bytes.at, len);
	fetch->header_len += len;
	line_end = memmem(fetch->header, fetch->header_len, "\r\n", 2);
	if (line_end == NULL) {
		if (fetch->header_len == sizeof fetch->header)
			end(fetch, FETCH_INVALID,
			    "the answer is not a Gemini response");
		return;
	}
	line_len = (size_t)(line_end - fetch->header);
	take_header(fetch, (struct str){ fetch->header, line_len });
	if (fetch->end == FETCH_PENDING)
		take_body(fetch, str_tail(bytes, line_len + 2 - had));
}

static void
finish(struct fetch *fetch, ssize_t io)
{
	int error = errno;

	if (fetch->state != FETCH_RECEIVES)
		end(fetch, FETCH_FAILED,
		    "the server closed the connection without an answer");
	else if (sha256_end(fetch->sha256, fetch->hash) == -1)
		end(fetch, FETCH_FAILED, "SHA-256 failed");
	else if (io == IO_CLOSED)
		end(fetch, FETCH_ANSWERED, "");
	else if (fetch->tls != NULL && error == 0)
		end(fetch, FETCH_CUT, "the answer was cut short");
	else
		end(fetch, FETCH_FAILED, strerror(error));
}

/* Handles the result of a read: bytes, or the end. */
static void
take_read(struct fetch *fetch, const char *bytes, ssize_t io)
{
	fetch->origin->reached = true;
	if (io < 0)
		finish(fetch, io);
	else if (fetch->state == FETCH_AWAITS)
		take_header_bytes(fetch, (struct str){ bytes, (size_t)io });
	else
		take_body(fetch, (struct str){ bytes, (size_t)io });
	/* Only data renews the deadline, so that a slow trickle ends. */
	if (fetch->size - fetch->size_then >= BODY_LEAST) {
		fetch->size_then = fetch->size;
		fetch->deadline = clock_in(fetch->patience_ms);
	}
}

static bool
step_receive(struct fetch *fetch)
{
	char bytes[16384];
	ssize_t io;

	errno = 0;
	io = fetch->tls != NULL
	    ? tlsclient_read(fetch->tls, bytes, sizeof bytes)
	    : net_receive(fetch->fd, bytes, sizeof bytes);
	if (waits(fetch, io))
		return false;
	take_read(fetch, bytes, io);
	return true;
}

/* Sends the next bytes of the file: their number, or an enum io. */
static ssize_t
upload_some(struct fetch *fetch)
{
	char bytes[16384];
	uint64_t left = fetch->upload_size - fetch->uploaded;
	size_t len = left < sizeof bytes ? (size_t)left : sizeof bytes;

	/* After a write that would block, the same bytes are written again. */
	if (pread(fetch->upload, bytes, len, (off_t)fetch->uploaded) !=
	    (ssize_t)len) {
		end(fetch, FETCH_INVALID,
		    "cannot be read, or became shorter while it was sent");
		return IO_FAILED;
	}
	return tlsclient_write(fetch->tls, bytes, len);
}

static bool
step_upload(struct fetch *fetch)
{
	char answer[1024];
	ssize_t io;

	errno = 0;
	io = tlsclient_read(fetch->tls, answer, sizeof answer);
	if (!waits(fetch, io)) {
		fetch->state = FETCH_AWAITS;
		take_read(fetch, answer, io);
		return true;
	}
	io = upload_some(fetch);
	fetch->events = POLLIN | POLLOUT;
	if (io == IO_WANT_READ || io == IO_WANT_WRITE)
		return false;
	/* After a failed write the answer may still be there to be read. */
	if (io > 0)
		fetch->uploaded += (uint64_t)io;
	if (io < 0 || fetch->uploaded == fetch->upload_size)
		fetch->state = FETCH_AWAITS;
	if (fetch->uploaded - fetch->uploaded_then >= BODY_LEAST ||
	    fetch->uploaded == fetch->upload_size) {
		fetch->uploaded_then = fetch->uploaded;
		fetch->deadline = clock_in(fetch->patience_ms);
	}
	return true;
}

static bool
advance(struct fetch *fetch)
{
	switch (fetch->state) {
	case FETCH_CONNECTS: return step_connect(fetch);
	case FETCH_HANDSHAKES: return step_handshake(fetch);
	case FETCH_SENDS: return step_send(fetch);
	case FETCH_UPLOADS: return step_upload(fetch);
	case FETCH_AWAITS:
	case FETCH_RECEIVES: break;
	}
	return step_receive(fetch);
}

/* Reads of one answer before other requests get their turn. */
#define TURN 16

static void
lose_patience(struct fetch *fetch)
{
	end(fetch, FETCH_FAILED, "timed out");
	/* Another address of the host may be reachable. */
	if (fetch->state == FETCH_CONNECTS &&
	    fetch->tried < fetch->origin->address_count) {
		fetch->end = FETCH_PENDING;
		connect_somewhere(fetch);
	}
}

void
fetch_continue(struct fetch *fetch)
{
	if (fetch->end == FETCH_PENDING && fetch_timeout_ms(fetch) == 0)
		lose_patience(fetch);
	for (int i = 0; i < TURN && fetch->end == FETCH_PENDING; i++)
		if (!advance(fetch))
			break;
	if (fetch->end != FETCH_PENDING)
		hang_up(fetch);
}

long
fetch_timeout_ms(const struct fetch *fetch)
{
	return clock_until_ms(&fetch->deadline);
}

void
fetch_release(struct fetch *fetch)
{
	hang_up(fetch);
	sha256_free(fetch->sha256);
	fetch->sha256 = NULL;
}
