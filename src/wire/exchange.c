/*
 * One request's answer, head and body, as one stream of bytes; sends it part by
 * part, file contents without a copy where the kernel can do it.
 */
#include "wire/exchange.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "serve/remote.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/system.h"
#include "sys/visitors.h"
#include "text/buf.h"

/* The most bytes of a sendfile call: other connections wait for it. */
#define FILE_PART ((size_t)256 << 10)
/* The longest turn of one client before the others have theirs. */
#define TURN_MS 2
#define TURN_BYTES ((uint64_t)1 << 20)
/* The least that a client must take between two stall deadlines. */
#define STALL_BYTES 4096

void
exchange_count(const struct exchange *exchange)
{
	struct visitors *visitors = exchange->host->visitors;

	if (exchange->peer != NULL && !exchange->uncounted)
		visitors_enter(
		    visitors, exchange->peer, visitors_time(visitors));
}

bool
exchange_take_client(struct exchange *exchange)
{
	struct identity client, *kept;

	if (!transport_client(exchange->transport, &client))
		return false;
	kept = arena_alloc(exchange->arena, sizeof *kept);
	if (kept != NULL)
		*kept = client;
	exchange->client = kept;
	return true;
}

bool
exchange_resume(
    struct exchange *exchange, bool gives_up, struct response *response)
{
	if (gives_up)
		remote_expire(exchange->remote, response);
	else if (remote_take(exchange->remote, exchange->arena, response) == 0)
		return false;
	remote_release(exchange->remote);
	exchange->remote = NULL;
	return true;
}

static size_t
read_head(struct exchange *exchange, char *at, size_t room)
{
	struct str head = exchange->head;

	if (head.len > room)
		head = str_head(head, room);
	if (head.len > 0)
		memcpy(at, head.at, head.len);
	exchange->head = str_tail(exchange->head, head.len);
	return head.len;
}

ssize_t
exchange_read(struct exchange *exchange, char *at, size_t room)
{
	size_t len = read_head(exchange, at, room);
	bool in_time = true;

	while (in_time && exchange->failure == 0 && !exchange_ended(exchange) &&
	    room - len >= BODY_ROOM) {
		ssize_t got = body_pull(exchange->body, at + len, room - len);

		if (got == -1) {
			exchange->failure = (unsigned char)errno;
			break;
		}
		if (got == 0)
			break;
		len += (size_t)got;
		in_time = exchange_ended(exchange) ||
		    clock_until_ms(&exchange->turn_ends) > 0;
	}
	if (len > 0 || exchange->failure == 0)
		return (ssize_t)len;
	errno = exchange->failure;
	return -1;
}

int
exchange_waits_for(const struct exchange *exchange)
{
	if (exchange->remote != NULL)
		return exchange->remote->fd;
	return exchange->body != NULL && exchange->body->waits_for != NULL
	    ? *exchange->body->waits_for
	    : -1;
}

unsigned
exchange_wait_ms(const struct exchange *exchange)
{
	if (exchange->remote != NULL)
		return exchange->remote->wait_ms;
	return exchange->body != NULL ? exchange->body->wait_ms : 0;
}

bool
exchange_ended(const struct exchange *exchange)
{
	return exchange->head.len == 0 &&
	    (exchange->body == NULL || exchange->body->ended);
}

void
exchange_release(struct exchange *exchange)
{
	remote_release(exchange->remote);
	body_release(exchange->body);
	exchange->remote = NULL;
	exchange->body = NULL;
}

/* Logs a failed body. No close_notify is sent, so the client can tell. */
static ssize_t
cut_short(const struct exchange *exchange)
{
	char text[1024];
	struct buf line = buf_over(text, sizeof text);

	log_field(&line, "path", exchange->path);
	log_line(LOG_LEVEL_ERROR, "%s: an answer was cut short: %s %.*s",
	    exchange->protocol, strerror(errno), STR_ARG(buf_str(&line)));
	return IO_FAILED;
}

static ssize_t
finish_or_flush(struct exchange *exchange)
{
	if (exchange_ended(exchange)) {
		transport_finish(exchange->transport);
		exchange->finished = true;
	}
	return transport_flush(exchange->transport);
}

/* Whether a send failed because of the client, not of the file. */
static bool
is_client_gone(void)
{
	return errno == EPIPE || errno == ECONNRESET || errno == ETIMEDOUT ||
	    errno == EHOSTUNREACH || errno == ENETUNREACH;
}

/* Sends from a file without copying it through this process. */
static ssize_t
send_file(struct exchange *exchange, struct body *body)
{
	struct body_file *file = body->file;
	size_t most =
	    (uintmax_t)file->left < FILE_PART ? (size_t)file->left : FILE_PART;
	ssize_t sent;

	if ((off_t)most < file->left)
		transport_unfinished(exchange->transport, true);
	sent = transport_send_file(exchange->transport, file->fd, most);
	if (sent == IO_FAILED && (errno == EINVAL || errno == ENOSYS)) {
		/* The file system has no sendfile: read the file instead. */
		body->file = NULL;
		return IO_DONE;
	}
	/* The file was truncated after the client was promised its size. */
	if (sent == IO_CLOSED)
		errno = EIO;
	if (sent == IO_CLOSED || (sent == IO_FAILED && !is_client_gone()))
		return cut_short(exchange);
	if (sent < 0)
		return sent;
	file->left -= sent;
	body->ended = file->left == 0;
	exchange->bytes += (uint64_t)sent;
	return finish_or_flush(exchange);
}

static ssize_t
send_read(struct exchange *exchange, char *scratch, size_t room)
{
	ssize_t len = exchange_read(exchange, scratch, room);
	ssize_t sent = IO_DONE;

	if (len == -1)
		return cut_short(exchange);
	if (!exchange_ended(exchange))
		transport_unfinished(exchange->transport, true);
	if (len > 0)
		sent =
		    transport_write(exchange->transport, scratch, (size_t)len);
	if (sent != IO_DONE)
		return sent;
	exchange->bytes += (uint64_t)len;
	return finish_or_flush(exchange);
}

/*
 * Sends several records by one call; the next part of a slow client's answer is
 * one record.
 */
static ssize_t
send_records(struct exchange *exchange, char *scratch)
{
	struct net_out *out = &exchange->transport->out;
	ssize_t sent;

	net_out_borrow(out, scratch + EXCHANGE_ROOM, EXCHANGE_SEALED);
	sent = send_read(
	    exchange, scratch, exchange->slow ? EXCHANGE_PART : EXCHANGE_ROOM);
	exchange->slow = sent == IO_WANT_WRITE;
	return net_out_return(out) == -1 ? IO_FAILED : sent;
}

ssize_t
exchange_send(struct exchange *exchange, char *scratch)
{
	struct body *body = exchange->body;

	if (!transport_sends_files(exchange->transport))
		return send_records(exchange, scratch);
	if (exchange->head.len == 0 && body != NULL && !body->ended &&
	    body->file != NULL)
		return send_file(exchange, body);
	return send_read(exchange, scratch, EXCHANGE_PART);
}

ssize_t
exchange_send_turn(struct exchange *exchange, char *scratch, bool *moved)
{
	ssize_t sent = transport_flush(exchange->transport);
	uint64_t before = exchange->bytes;
	bool waits = false;

	*moved = false;
	exchange->turn_ends = clock_in(TURN_MS);
	while (sent == IO_DONE && !exchange->finished && !waits &&
	    exchange->bytes - before < TURN_BYTES) {
		if (*moved && clock_until_ms(&exchange->turn_ends) == 0)
			break;
		sent = exchange_send(exchange, scratch);
		waits = exchange_waits_for(exchange) != -1;
		/* Only bytes that arrive renew the deadline. */
		*moved |= exchange->bytes > before ||
		    (sent != IO_WANT_WRITE && !waits);
	}
	return sent;
}

size_t
exchange_unsent(struct exchange *exchange)
{
	exchange->unsent = system_unsent(exchange->transport->out.fd);
	return exchange->unsent;
}

/*
 * The kernel reports a socket as writable only after many bytes were taken,
 * which may take a slow client longer than the deadline. So count the bytes
 * instead.
 */
bool
exchange_is_taken(struct exchange *exchange)
{
	size_t before = exchange->unsent;

	return before >= exchange_unsent(exchange) + STALL_BYTES;
}
