/*
 * From an answer to a transport, part by part.  Knows which bytes the kernel
 * can send by itself, and how an answer ends that was cut short; knows
 * nothing of turns and deadlines.
 */
#include "wire/delivery.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "text/buf.h"

/* What the kernel is given at once: no more than a turn of others waits. */
#define FILE_PART ((size_t)256 << 10)
/* The least that a client must take between two stall deadlines. */
#define STALL_BYTES 4096

/* The rest of the body cannot be had, which no close_notify may hide. */
static ssize_t
cut_short(const struct delivery *delivery)
{
	char text[1024];
	struct buf line = buf_over(text, sizeof text);

	log_field(&line, "path", delivery->exchange->path);
	log_line(LOG_LEVEL_ERROR, "%s: an answer was cut short: %s %.*s",
	    delivery->protocol, strerror(errno), STR_ARG(buf_str(&line)));
	return IO_FAILED;
}

static ssize_t
finish_or_flush(struct delivery *delivery)
{
	if (exchange_ended(delivery->exchange)) {
		transport_finish(delivery->transport);
		delivery->finished = true;
	}
	return transport_flush(delivery->transport);
}

/* Whether a failed send was the client's doing, and not the file's. */
static bool
is_client_gone(void)
{
	return errno == EPIPE || errno == ECONNRESET || errno == ETIMEDOUT ||
	    errno == EHOSTUNREACH || errno == ENETUNREACH;
}

/* Sends what lies in a file: it need not come through this process. */
static ssize_t
send_file(struct delivery *delivery, struct body *body)
{
	struct body_file *file = body->file;
	size_t most =
	    (uintmax_t)file->left < FILE_PART ? (size_t)file->left : FILE_PART;
	ssize_t sent;

	if ((off_t)most < file->left)
		transport_unfinished(delivery->transport, true);
	sent = transport_send_file(delivery->transport, file->fd, most);
	if (sent == IO_FAILED && (errno == EINVAL || errno == ENOSYS)) {
		/* This file system does not know how, and it is read. */
		body->file = NULL;
		return IO_DONE;
	}
	/* Shorter than it was: the client was promised more. */
	if (sent == IO_CLOSED)
		errno = EIO;
	if (sent == IO_CLOSED || (sent == IO_FAILED && !is_client_gone()))
		return cut_short(delivery);
	if (sent < 0)
		return sent;
	file->left -= sent;
	body->ended = file->left == 0;
	delivery->bytes += (uint64_t)sent;
	return finish_or_flush(delivery);
}

static ssize_t
send_read(struct delivery *delivery, char *scratch)
{
	struct exchange *exchange = delivery->exchange;
	ssize_t len = exchange_read(exchange, scratch, DELIVERY_PART);
	ssize_t sent = IO_DONE;

	if (len == -1)
		return cut_short(delivery);
	if (!exchange_ended(exchange))
		transport_unfinished(delivery->transport, true);
	if (len > 0)
		sent =
		    transport_write(delivery->transport, scratch, (size_t)len);
	if (sent != IO_DONE)
		return sent;
	delivery->bytes += (uint64_t)len;
	return finish_or_flush(delivery);
}

/* Sends record by record; what the socket has no room for is left. */
static ssize_t
send_records(struct delivery *delivery, struct str *bytes)
{
	ssize_t sent = IO_DONE;

	while (sent == IO_DONE && bytes->len > 0) {
		size_t len =
		    bytes->len < DELIVERY_PART ? bytes->len : DELIVERY_PART;

		sent = transport_write(delivery->transport, bytes->at, len);
		if (sent != IO_DONE)
			return sent;
		*bytes = str_tail(*bytes, len);
		delivery->bytes += len;
		if (bytes->len > 0)
			sent = transport_flush(delivery->transport);
	}
	return sent;
}

/* As send_read, with few reads; what is left of one is read again. */
static ssize_t
send_file_read(struct delivery *delivery, struct body *body, char *scratch)
{
	struct body_file *file = body->file;
	ssize_t len = body_pull(body, scratch, DELIVERY_ROOM);
	struct str bytes = { scratch, (size_t)len };
	ssize_t sent;

	if (len == -1)
		return cut_short(delivery);
	sent = send_records(delivery, &bytes);
	if (bytes.len == 0)
		return sent == IO_DONE ? finish_or_flush(delivery) : sent;
	if (lseek(file->fd, -(off_t)bytes.len, SEEK_CUR) == -1)
		return cut_short(delivery);
	file->left += (off_t)bytes.len;
	body->ended = false;
	return sent;
}

ssize_t
delivery_part(struct delivery *delivery, char *scratch)
{
	struct body *body = delivery->exchange->body;
	bool is_file = delivery->exchange->head.len == 0 && body != NULL &&
	    !body->ended && body->file != NULL;

	if (!is_file)
		return send_read(delivery, scratch);
	return transport_sends_files(delivery->transport)
	    ? send_file(delivery, body)
	    : send_file_read(delivery, body, scratch);
}

size_t
delivery_unsent(struct delivery *delivery)
{
	delivery->unsent = net_unsent(delivery->transport->out.fd);
	return delivery->unsent;
}

/*
 * A socket becomes writable only after many bytes were taken, for which a slow
 * client may need longer than the deadline.  So count the bytes instead.
 */
bool
delivery_is_taken(struct delivery *delivery)
{
	size_t before = delivery->unsent;

	return before >= delivery_unsent(delivery) + STALL_BYTES;
}
