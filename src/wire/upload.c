/* The body of a Titan upload: from the client to the process `writer`. */
#include "wire/upload.h"

#include <string.h>

#include <event2/event.h>

#include "sys/clock.h"
#include "sys/limit.h"

/* The bytes that cost as much as a millisecond of CPU time. */
#define BYTES_A_MS (((uint64_t)64 << 10) / LIMIT_CPU_MS)
/* The most messages of one turn. */
#define TURN_PARTS 8

struct upload *
upload_new(struct arena *arena, struct uploadline *line, struct str early)
{
	struct upload *upload = arena_alloc(arena, sizeof *upload);

	if (upload != NULL)
		*upload = (struct upload){
			.line = line, .early = early, .left = line->size
		};
	return upload;
}

unsigned
upload_cost_ms(struct upload *upload)
{
	unsigned ms = (unsigned)(upload->uncharged / BYTES_A_MS);

	upload->uncharged %= BYTES_A_MS;
	return ms;
}

unsigned
upload_unread(const struct upload *upload)
{
	return (unsigned)(upload->left < UPLOAD_UNREAD_MAX ? upload->left
							   : UPLOAD_UNREAD_MAX);
}

/* Allocates the message when the writer has agreed; false without memory. */
static bool
start(struct upload *upload, struct arena *arena, struct transport *transport)
{
	upload->part = arena_buffer(arena, 1 + REMOTE_PART);
	if (upload->part == NULL)
		return false;
	upload->part[0] = UPLOADCALL_DATA;
	upload->len = 1;
	transport_expect(transport, upload->left);
	return true;
}

/* Reads from the client, first the bytes that came with the request. */
static ssize_t
read_client(
    struct upload *upload, struct transport *transport, char *at, size_t room)
{
	size_t len = upload->early.len < room ? upload->early.len : room;

	if (len == 0)
		return transport_read(transport, at, room);
	memcpy(at, upload->early.at, len);
	upload->early = str_tail(upload->early, len);
	return (ssize_t)len;
}

/* Adds bytes to the message until it is full, or no more are there. */
static ssize_t
fill(struct upload *upload, struct transport *transport)
{
	ssize_t got = IO_DONE;

	while (upload->left > 0 && upload->len <= REMOTE_PART) {
		size_t room = 1 + REMOTE_PART - upload->len;

		if (room > upload->left)
			room = (size_t)upload->left;
		got = read_client(
		    upload, transport, upload->part + upload->len, room);
		if (got < 0)
			return got;
		upload->len += (size_t)got;
		upload->left -= (uint64_t)got;
		upload->uncharged += (uint64_t)got;
	}
	return IO_DONE;
}

/* Whether the client has sent more than the body. */
static bool
has_surplus(struct upload *upload, struct transport *transport)
{
	char byte;

	/* The socket may hold bytes that no event has announced. */
	transport_wake(transport);
	return read_client(upload, transport, &byte, 1) > 0;
}

static bool
is_too_slow(const struct upload *upload)
{
	uint64_t sent = upload->line->size - upload->left;

	return upload->waited_ms > UPLOAD_GRACE_MS &&
	    (uint64_t)(upload->waited_ms - UPLOAD_GRACE_MS) >
	    sent * 1000 / UPLOAD_LEAST_RATE;
}

static enum upload_step
wait_for_client(struct upload *upload)
{
	if (is_too_slow(upload))
		return UPLOAD_BROKEN;
	upload->events = EV_READ;
	upload->since = clock_now();
	return UPLOAD_WAIT;
}

static enum upload_step
wait_for_room(struct upload *upload)
{
	upload->events = EV_READ | EV_WRITE;
	return UPLOAD_WAIT;
}

/* Sends the message, and begins the next one; as uploadline_send. */
static int
send_part(struct upload *upload)
{
	int sent = 1;

	if (upload->len > 1)
		sent = uploadline_send(
		    upload->line, (struct str){ upload->part, upload->len });
	if (sent == 1)
		upload->len = 1;
	return sent;
}

static enum upload_step
finish(struct upload *upload, struct transport *transport)
{
	static const char end = UPLOADCALL_END;

	if (has_surplus(upload, transport)) {
		upload->line->surplus = true;
		return UPLOAD_SURPLUS;
	}
	switch (uploadline_send(upload->line, (struct str){ &end, 1 })) {
	case 1: return UPLOAD_SENT;
	case 0: return wait_for_room(upload);
	default: return UPLOAD_ANSWERED;
	}
}

/* Passes on one part. */
static enum upload_step
pass_on(struct upload *upload, struct transport *transport)
{
	ssize_t got = fill(upload, transport);

	if (got == IO_FAILED || got == IO_CLOSED)
		return UPLOAD_BROKEN;
	switch (send_part(upload)) {
	case 1: break;
	case 0: return wait_for_room(upload);
	default: return UPLOAD_ANSWERED;
	}
	if (upload->left == 0)
		return finish(upload, transport);
	/* TLS may have to write before it can read: then take turns. */
	return got == IO_WANT_READ ? wait_for_client(upload) : UPLOAD_TURN;
}

enum upload_step
upload_run(
    struct upload *upload, struct arena *arena, struct transport *transport)
{
	enum upload_step step = UPLOAD_TURN;

	if (upload->events == EV_READ)
		upload->waited_ms += clock_since_ms(&upload->since);
	upload->events = 0;
	switch (uploadline_listen(upload->line)) {
	case UPLOADLINE_ANSWER: return UPLOAD_ANSWERED;
	case UPLOADLINE_GO:
		if (upload->part == NULL && !start(upload, arena, transport))
			return UPLOAD_BROKEN;
		break;
	case UPLOADLINE_SILENCE: break;
	}
	if (upload->part == NULL)
		return UPLOAD_WAIT;
	for (int i = 0; i < TURN_PARTS && step == UPLOAD_TURN; i++)
		step = pass_on(upload, transport);
	return step;
}
