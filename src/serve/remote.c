/*
 * Requests that another process answers: both ends of the socket pair over
 * which the answer comes.
 */
#include "serve/remote.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/handover.h"
#include "sys/log.h"
#include "sys/system.h"

/* The limit of an answer in memory: a manifest of some 100,000 files. */
#define MEMORY_MAX ((size_t)256 << 20)
#define META_MAX ((size_t)1024)
/* The time for a body in parts: this, and as long as it takes at that rate. */
#define PARTS_GRACE_S 600
#define PARTS_LEAST_RATE 1024 /* bytes a second */
#define HEAD_SIZE ((size_t)3)
/* Far longer than a worker waits for a client that reads nothing. */
#define TAKES_AT_MOST_MS 600000

struct request_head {
	uint64_t network;
	uint16_t path_len, query_len;
	uint8_t has_query, unused[3];
};

/* A body that arrives in parts. */
struct parts {
	struct body body;
	struct remote *remote;
	size_t len, off; /* of the current part */
	char part[1 + REMOTE_PART];
};

static bool
write_request(struct buf *out, const struct request *request)
{
	const struct request_head head = {
		.network = request->network,
		.path_len = (uint16_t)request->path.len,
		.query_len = (uint16_t)request->query.len,
		.has_query = request->has_query,
	};

	buf_add(out, (struct str){ (const char *)&head, sizeof head });
	buf_add(out, request->path);
	buf_add(out, request->query);
	return !out->overflow && request->path.len <= UINT16_MAX &&
	    request->query.len <= UINT16_MAX;
}

bool
remote_read(struct str message, struct request *request)
{
	struct request_head head;

	if (message.len < sizeof head)
		return false;
	memcpy(&head, message.at, sizeof head);
	message = str_tail(message, sizeof head);
	if (message.len != (size_t)head.path_len + head.query_len ||
	    !str_starts(message, STR("/")) || head.path_len == 0)
		return false;
	*request = (struct request){
		.network = head.network,
		.path = str_head(message, head.path_len),
		.query = str_tail(message, head.path_len),
		.has_query = head.has_query != 0,
	};
	return memchr(request->path.at, '\0', request->path.len) == NULL;
}

/*
 * Sends a request; returns the worker's end of the pair, or -1 with errno set.
 */
static int
send_request(int line, const struct request *request)
{
	char bytes[REMOTE_REQUEST_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);
	int ends[2];

	if (!write_request(&message, request)) {
		errno = EMSGSIZE;
		return -1;
	}
	if (handover_pair(ends) == -1)
		return -1;
	if (handover_send_message(line, buf_str(&message), ends[1]) == -1) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

bool
remote_ask(const struct server *server, const struct request *request,
    struct response *response)
{
	struct remote *remote;

	if (server->answers == NULL)
		return false;
	response_error(response, STATUS_FAILURE);
	remote = arena_alloc(request->arena, sizeof *remote);
	if (remote == NULL)
		return true;
	remote->fd = send_request(*server->answers, request);
	if (remote->fd == -1) {
		/* The other process is overloaded, or about to be replaced. */
		if (errno == EAGAIN || errno == EPIPE || errno == ECONNRESET ||
		    errno == ECONNREFUSED)
			response_error(response, STATUS_UNAVAILABLE);
		return true;
	}
	response->status = 0;
	response->remote = remote;
	return true;
}

void
remote_release(struct remote *remote)
{
	if (remote != NULL && remote->fd != -1)
		handover_close(remote->fd);
	if (remote != NULL)
		remote->fd = -1;
}

/*
 * Receives the next part. Returns its kind, 0 when there is none yet, or -1
 * with errno set.
 */
static int
take_part(struct parts *parts)
{
	ssize_t got;

	/* MSG_TRUNC returns the true length of a longer message. */
	got = handover_receive_bytes(parts->remote->fd, parts->part,
	    sizeof parts->part, MSG_DONTWAIT | MSG_TRUNC);
	if (got == -1)
		return errno == EAGAIN ? 0 : -1;
	errno = EPIPE;
	/* The pair ended before the body, or the message is too long. */
	if (got == 0 || (size_t)got > sizeof parts->part ||
	    parts->part[0] == '\0')
		return -1;
	parts->off = 1;
	parts->len = (size_t)got;
	/* An empty part would look like the end of the body. */
	return parts->part[0] == 'd' && got == 1 ? -1 : parts->part[0];
}

/*
 * The errno of a body that was cut short, but never EAGAIN, which would ask for
 * another pull.
 */
static int
reason(const struct parts *parts)
{
	int32_t error = 0;

	if (parts->len == 1 + sizeof error)
		memcpy(&error, parts->part + 1, sizeof error);
	return error > 0 && error != EAGAIN ? error : EPIPE;
}

static ssize_t
parts_pull(struct body *body, char *at, size_t room)
{
	struct parts *parts = (struct parts *)body;
	size_t len;

	body->waits_for = NULL;
	if (parts->off == parts->len) {
		switch (take_part(parts)) {
		case 'd': break;
		case 'e': body->ended = true; return 0;
		case 'f': errno = reason(parts); return -1;
		case 0:
			body->waits_for = &parts->remote->fd;
			errno = EAGAIN;
			return -1;
		default: errno = EPIPE; return -1;
		}
	}
	len = parts->len - parts->off < room ? parts->len - parts->off : room;
	memcpy(at, parts->part + parts->off, len);
	parts->off += len;
	return (ssize_t)len;
}

static void
parts_release(struct body *body)
{
	remote_release(((struct parts *)body)->remote);
}

static struct body *
body_of_parts(struct remote *remote, struct arena *arena)
{
	struct parts *parts = arena_alloc(arena, sizeof *parts);
	struct remote *own = arena_alloc(arena, sizeof *own);

	if (parts == NULL || own == NULL)
		return NULL;
	*own = *remote;
	remote->fd = -1;
	parts->body =
	    (struct body){ .pull = parts_pull, .release = parts_release };
	parts->remote = own;
	parts->len = parts->off = 0;
	return &parts->body;
}

/*
 * The body of the file `fd`, which it takes; only a regular file cannot block
 * the worker.
 */
static struct body *
body_of_descriptor(int fd, struct arena *arena)
{
	struct entry entry = { .fd = fd };

	if (fstat(fd, &entry.st) == 0 && S_ISREG(entry.st.st_mode))
		return body_of_file(arena, &entry);
	handover_close(fd);
	return NULL;
}

static bool
is_status(uint16_t status)
{
	switch ((enum status)status) {
	case STATUS_SUCCESS:
	case STATUS_INPUT:
	case STATUS_REDIRECT:
	case STATUS_MOVED:
	case STATUS_FAILURE:
	case STATUS_UNAVAILABLE:
	case STATUS_TOO_LARGE:
	case STATUS_NOT_FOUND:
	case STATUS_BAD_REQUEST: return true;
	case STATUS_SENSITIVE_INPUT:
	case STATUS_SLOW_DOWN:
	case STATUS_GONE:
	case STATUS_REFUSED:
	case STATUS_CERTIFICATE_REQUIRED:
	case STATUS_CERTIFICATE_REFUSED:
	case STATUS_CERTIFICATE_INVALID: break;
	}
	return false;
}

/* META must be one line of limited length. */
static bool
is_meta(struct str meta)
{
	for (size_t i = 0; i < meta.len; i++)
		if ((unsigned char)meta.at[i] < ' ' || meta.at[i] == 0x7f)
			return false;
	return meta.len > 0 && meta.len <= META_MAX;
}

/*
 * Whether a body of this type may come in parts: the exact types of archives,
 * which are sent on as they are. Any other body could be one that is changed
 * on its way, by code that expects all of it to be there.
 */
static bool
comes_in_parts(struct str meta)
{
	return str_equals(meta, RESPONSE_GEMPUB) ||
	    str_equals(meta, RESPONSE_TAR);
}

/* Whether a body of this type may come as a file. */
static bool
comes_as_file(struct str meta)
{
	return str_equals(meta, STR("text/gemini")) ||
	    str_equals(meta, STR("text/plain"));
}

/* Fills `response` from a head; false when it is malformed. Takes `fd`. */
static bool
read_head(struct remote *remote, struct arena *arena, struct str head, int fd,
    struct response *response)
{
	uint16_t status;
	struct str meta;

	if (head.len <= HEAD_SIZE || head.at[0] != 'h')
		goto failed;
	memcpy(&status, head.at + 1, sizeof status);
	meta = str_tail(head, HEAD_SIZE);
	if (!is_status(status) || !is_meta(meta) ||
	    arena_copy(arena, meta, &meta) == -1)
		goto failed;
	response_set(response, (enum status)status, meta);
	if (response->status != STATUS_SUCCESS)
		goto done;
	if (fd == -1 && comes_in_parts(meta))
		response->body = body_of_parts(remote, arena);
	else if (fd != -1 && comes_as_file(meta))
		response->body = body_of_descriptor(fd, arena);
	else
		goto failed;
	return response->body != NULL;
failed:
	status = 0;
done:
	if (fd != -1)
		handover_close(fd);
	return status != 0;
}

int
remote_take(
    struct remote *remote, struct arena *arena, struct response *response)
{
	/* One byte more, to detect a META that is too long. */
	char bytes[HEAD_SIZE + META_MAX + 1];
	int fd;
	ssize_t got =
	    handover_receive_message(remote->fd, bytes, sizeof bytes, &fd);

	if (got == -1 && errno == EAGAIN)
		return 0;
	if (got <= 0 ||
	    !read_head(remote, arena, (struct str){ bytes, (size_t)got }, fd,
		response))
		response_error(response, STATUS_FAILURE);
	remote_release(remote);
	return 1;
}

/* Sends a message, waiting until the worker has read earlier ones. */
static int
send_message(int fd, struct str message, int file)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	while (handover_send_message(fd, message, file) == -1) {
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
	char bytes[HEAD_SIZE + META_MAX];
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
remote_refuse(int fd, enum status status)
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
	    PARTS_GRACE_S + parts->sent / PARTS_LEAST_RATE;
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

	parts = (struct part_sink){ .sink = { write_part },
		.fd = fd,
		.started = clock_now() };
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
	struct sink sink;
	int file;
	size_t len;
};

static int
write_memory(struct sink *sink, struct str bytes)
{
	struct memory_sink *memory = (struct memory_sink *)sink;

	memory->len += bytes.len;
	if (memory->len <= MEMORY_MAX)
		return sink_write_file(memory->file, bytes);
	errno = EFBIG;
	return -1;
}

/* Writes the body to a read-only file in memory; -1 with errno set. */
static int
file_of_body(struct body *body)
{
	struct memory_sink memory = { { write_memory }, -1, 0 };
	int error;

	memory.file = system_sealable_file();
	if (memory.file == -1)
		return -1;
	if (body_write(body, &memory.sink) == 0 &&
	    system_seal(memory.file) == 0)
		return memory.file;
	error = errno;
	close(memory.file);
	errno = error;
	return -1;
}

int
remote_answer(int fd, struct response *response)
{
	int file = -1, result = -1;

	if (response->status != STATUS_SUCCESS) {
		result = send_head(fd, response, -1);
	} else if (comes_in_parts(response->meta)) {
		if (send_head(fd, response, -1) == 0)
			result = send_parts(fd, response->body);
	} else {
		file = file_of_body(response->body);
		if (file != -1)
			result = send_head(fd, response, file);
		if (file != -1)
			close(file);
	}
	body_release(response->body);
	return result;
}
