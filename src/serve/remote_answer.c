/*
 * The answering end of a socket pair of serve/remote.h: heads, bodies in parts,
 * and bodies as files in memory.
 */

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "serve/remote.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/process.h"
#include "sys/system.h"

/* Far longer than a worker waits for a client that reads nothing. */
#define TAKES_AT_MOST_MS 600000

/* Sends a message, waiting until the worker has read earlier ones. */
static int
send_message(int fd, struct str message, int file)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	while (fdpass_send_message(fd, message, file) == -1) {
		if (errno != EAGAIN)
			return -1;
		errno = ETIMEDOUT;
		if (poll(&room, 1, TAKES_AT_MOST_MS) != 1)
			return -1;
	}
	return 0;
}

static int
send_head(int fd, const struct response *response, int file)
{
	char bytes[REMOTE_HEAD_SIZE + REMOTE_META_MAX];
	struct buf head = buf_over(bytes, sizeof bytes);
	uint16_t status = (uint16_t)response->status;

	buf_char(&head, 'h');
	buf_add(&head, (struct str){ (const char *)&status, sizeof status });
	buf_add(&head, response->meta);
	if (head.overflow) {
		errno = EMSGSIZE;
		return -1;
	}
	return send_message(fd, buf_str(&head), file);
}

void
remote_answer_refuse(int fd, enum status status)
{
	struct response response;

	response_error(&response, status);
	(void)send_head(fd, &response, -1);
}

/* Collects bytes into a part, and sends each full part. */
struct part_sink {
	struct sink sink;
	int fd;
	struct timespec started;
	uint64_t sent;
	size_t len;
	char part[1 + REMOTE_PART];
};

/*
 * Whether the client takes fewer bytes than it has to: few archives are made at
 * once, and slow clients would occupy all of them.
 */
static bool
is_too_slow(const struct part_sink *parts)
{
	return (uint64_t)clock_since_ms(&parts->started) / 1000 >
	    REMOTE_GRACE_S + parts->sent / REMOTE_LEAST_RATE;
}

static int
send_part(struct part_sink *parts, char kind)
{
	struct str part = { parts->part, 1 + parts->len };

	parts->part[0] = kind;
	parts->len = 0;
	return send_message(parts->fd, part, -1);
}

static int
write_part(struct sink *sink, struct str bytes)
{
	struct part_sink *parts = (struct part_sink *)sink;

	while (bytes.len > 0) {
		size_t len = REMOTE_PART - parts->len;

		if (len > bytes.len)
			len = bytes.len;
		memcpy(parts->part + 1 + parts->len, bytes.at, len);
		parts->len += len;
		bytes = str_tail(bytes, len);
		if (parts->len < REMOTE_PART)
			continue;
		if (is_too_slow(parts)) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (send_part(parts, 'd') == -1)
			return -1;
		parts->sent += REMOTE_PART;
	}
	return 0;
}

static int
send_parts(int fd, struct body *body)
{
	static struct part_sink parts;
	int32_t error;

	parts = (struct part_sink){
		.sink = { write_part }, .fd = fd, .started = clock_now()
	};
	if (body_write(body, &parts.sink) == 0) {
		if (parts.len > 0 && send_part(&parts, 'd') == -1)
			return -1;
		return send_part(&parts, 'e');
	}
	error = errno;
	memcpy(parts.part + 1, &error, sizeof error);
	parts.len = sizeof error;
	return send_part(&parts, 'f');
}

struct memory_sink {
	struct sink_file to;
	size_t len;
};

static int
write_memory(struct sink *sink, struct str bytes)
{
	struct memory_sink *memory = (struct memory_sink *)sink;

	memory->len += bytes.len;
	if (memory->len <= REMOTE_MEMORY_MAX)
		return sink_file_write(sink, bytes);
	errno = EFBIG;
	return -1;
}

/* Writes the body to a read-only file in memory; -1 with errno set. */
static int
file_of_body(struct body *body)
{
	struct memory_sink memory = { { { write_memory }, -1 }, 0 };

	memory.to.fd = system_sealable_file();
	if (memory.to.fd == -1)
		return -1;
	if (body_write(body, &memory.to.sink) == 0 &&
	    system_seal(memory.to.fd) == 0)
		return memory.to.fd;
	process_close(memory.to.fd);
	return -1;
}

int
remote_answer(int fd, struct response *response)
{
	int file = -1, result = -1;

	if (response->status != STATUS_SUCCESS) {
		result = send_head(fd, response, -1);
	} else if (remote_has_parts(response->meta)) {
		if (send_head(fd, response, -1) == 0)
			result = send_parts(fd, response->body);
	} else {
		file = file_of_body(response->body);
		if (file != -1)
			result = send_head(fd, response, file);
		process_close(file);
	}
	body_release(response->body);
	return result;
}
