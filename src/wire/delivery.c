/*
 * Sends an answer over a transport, part by part; file contents without a copy
 * where the kernel can do it.
 */
#include "wire/delivery.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "text/buf.h"

/*
 * The most bytes for one sendfile call, so that other connections do not wait
 * long.
 */
#define FILE_PART ((size_t)256 << 10)
/* The least that a client must take between two stall deadlines. */
#define STALL_BYTES 4096

/* Logs a failed body. No close_notify is sent, so the client can tell. */
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

/* Whether a send failed because of the client, not of the file. */
static bool
is_client_gone(void)
{
	return errno == EPIPE || errno == ECONNRESET || errno == ETIMEDOUT ||
	    errno == EHOSTUNREACH || errno == ENETUNREACH;
}

/* Sends from a file without copying it through this process. */
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
		/* The file system has no sendfile: read the file instead. */
		body->file = NULL;
		return IO_DONE;
	}
	/* The file was truncated after the client was promised its size. */
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

/* Sends record by record; leaves the bytes that the socket has no room for. */
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

/* As send_read, with fewer reads; unsent bytes are read again later. */
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
 * The kernel reports a socket as writable only after many bytes were taken,
 * which may take a slow client longer than the deadline. So count the bytes
 * instead.
 */
bool
delivery_is_taken(struct delivery *delivery)
{
	size_t before = delivery->unsent;

	return before >= delivery_unsent(delivery) + STALL_BYTES;
}
