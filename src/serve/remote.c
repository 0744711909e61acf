/*
 * A worker's end of the socket pair over which another process answers.
 */
#include "serve/remote.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/memoryfile.h"
#include "sys/fdpass.h"

struct request_head {
	uint64_t network;
	uint16_t path_len, query_len, host;
	uint8_t has_query, entries_only, is_admitted;
	uint8_t unused[7]; /* zero */
};

/* A body that arrives in parts. */
struct parts {
	struct body body;
	struct remote *remote;
	size_t len, off; /* of the current part */
	char part[1 + REMOTE_PART];
};

static bool
write_request(
    struct buf *out, const struct host *host, const struct request *request)
{
	const struct request_head head = {
		.network = request->network,
		.path_len = (uint16_t)request->path.len,
		.query_len = (uint16_t)request->query.len,
		.host = (uint16_t)(host - host->server->hosts),
		.has_query = request->has_query,
		.entries_only = request->entries_only,
		.is_admitted = request->is_admitted,
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
		.entries_only = head.entries_only != 0,
		.is_admitted = head.is_admitted != 0,
		.host = head.host,
	};
	return memchr(request->path.at, '\0', request->path.len) == NULL;
}

/* Sends a request; returns the worker's end of the pair, or -1 with errno. */
static int
send_request(const struct host *host, const struct request *request)
{
	char bytes[REMOTE_REQUEST_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);

	if (!write_request(&message, host, request)) {
		errno = EMSGSIZE;
		return -1;
	}
	return fdpass_ask(*host->server->answers, buf_str(&message));
}

enum status
remote_status_of(int error)
{
	/* The other process is overloaded, or about to be replaced. */
	if (error == EAGAIN || error == EPIPE || error == ECONNRESET ||
	    error == ECONNREFUSED)
		return STATUS_UNAVAILABLE;
	return error == EMSGSIZE ? STATUS_BAD_REQUEST : STATUS_FAILURE;
}

bool
remote_ask(const struct host *host, const struct request *request,
    struct response *response)
{
	struct remote *remote;

	if (host->server->answers == NULL)
		return false;
	response_error(response, STATUS_FAILURE);
	remote = arena_alloc(request->arena, sizeof *remote);
	if (remote == NULL)
		return true;
	*remote =
	    remote_of_answers(send_request(host, request), request->network);
	if (remote->fd == -1) {
		response_error(response, remote_status_of(errno));
		return true;
	}
	response->status = 0;
	response->remote = remote;
	return true;
}

void
remote_release(struct remote *remote)
{
	if (remote != NULL)
		remote->release(remote);
}

static void
release_answer(struct remote *remote)
{
	fdpass_close(remote->fd);
	remote->fd = -1;
}

/* Receives the next part: its kind, 0: none yet, or -1 with errno set. */
static int
take_part(struct parts *parts)
{
	ssize_t got;

	/* MSG_TRUNC returns the true length of a longer message. */
	got = fdpass_receive_bytes(parts->remote->fd, parts->part,
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

/* The errno of a body that was cut short. */
static int
reason(const struct parts *parts)
{
	int32_t error = 0;

	if (parts->len == 1 + sizeof error)
		memcpy(&error, parts->part + 1, sizeof error);
	return error > 0 ? error : EPIPE;
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
		case 0: body->waits_for = &parts->remote->fd; return 0;
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

/* The body of `fd`, which it takes; only a regular file cannot block. */
static struct body *
body_of_descriptor(int fd, struct arena *arena, uint64_t network)
{
	struct entry entry = { .fd = fd };

	if (fstat(fd, &entry.st) == 0 && S_ISREG(entry.st.st_mode))
		return memoryfile_body(arena, &entry, network);
	fdpass_close(fd);
	errno = EBADF;
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
	case STATUS_PROGRAM:
	case STATUS_PROXY:
	case STATUS_SLOW_DOWN:
	case STATUS_GONE:
	case STATUS_REFUSED:
	case STATUS_CERTIFICATE_REQUIRED:
	case STATUS_CERTIFICATE_REFUSED:
	case STATUS_CERTIFICATE_INVALID: break;
	}
	return false;
}

bool
remote_is_meta(struct str meta)
{
	for (size_t i = 0; i < meta.len; i++)
		if ((unsigned char)meta.at[i] < ' ' || meta.at[i] == 0x7f)
			return false;
	return meta.len > 0 && meta.len <= REMOTE_META_MAX;
}

bool
remote_has_parts(struct str meta)
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

	if (head.len <= REMOTE_HEAD_SIZE || head.at[0] != 'h')
		goto failed;
	memcpy(&status, head.at + 1, sizeof status);
	meta = str_tail(head, REMOTE_HEAD_SIZE);
	if (!is_status(status) || !remote_is_meta(meta) ||
	    arena_copy(arena, meta, &meta) == -1)
		goto failed;
	response_set(response, (enum status)status, meta);
	if (response->status != STATUS_SUCCESS)
		goto done;
	errno = ENOMEM;
	if (fd == -1 && remote_has_parts(meta))
		response->body = body_of_parts(remote, arena);
	else if (fd != -1 && comes_as_file(meta))
		response->body = body_of_descriptor(fd, arena, remote->network);
	else
		goto failed;
	if (response->body == NULL && errno == EAGAIN)
		response_error(response, STATUS_UNAVAILABLE);
	return response->body != NULL || response->status == STATUS_UNAVAILABLE;
failed:
	status = 0;
done:
	fdpass_close(fd);
	return status != 0;
}

int
remote_take(
    struct remote *remote, struct arena *arena, struct response *response)
{
	return remote->take(remote, arena, response);
}

void
remote_expire(struct remote *remote, struct response *response)
{
	if (remote->expire != NULL)
		remote->expire(remote, response);
	else
		response_error(response, STATUS_FAILURE);
}

static int
take_answer(
    struct remote *remote, struct arena *arena, struct response *response)
{
	/* One byte more, to detect a META that is too long. */
	char bytes[REMOTE_HEAD_SIZE + REMOTE_META_MAX + 1];
	int fd;
	ssize_t got =
	    fdpass_receive_message(remote->fd, bytes, sizeof bytes, &fd);

	if (got == -1 && errno == EAGAIN)
		return 0;
	if (got <= 0 ||
	    !read_head(remote, arena, (struct str){ bytes, (size_t)got }, fd,
		response))
		response_error(response, STATUS_FAILURE);
	remote_release(remote);
	return 1;
}

struct remote
remote_of_answers(int fd, uint64_t network)
{
	return (struct remote){
		.fd = fd,
		.network = network,
		.take = take_answer,
		.release = release_answer,
	};
}
