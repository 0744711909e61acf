/* A worker's end of the line over which an upload goes to the writer. */
#include "serve/uploadline.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/fdpass.h"

#define UNCERTAIN \
	STR("The upload was not confirmed; please check whether the page " \
	    "has changed, and try again")

static bool
is_answer(uint16_t status)
{
	switch ((enum status)status) {
	case STATUS_REDIRECT:
	case STATUS_FAILURE:
	case STATUS_UNAVAILABLE:
	case STATUS_SLOW_DOWN:
	case STATUS_TOO_LARGE:
	case STATUS_NOT_FOUND:
	case STATUS_BAD_REQUEST: return true;
	case STATUS_INPUT:
	case STATUS_SENSITIVE_INPUT:
	case STATUS_SUCCESS:
	case STATUS_MOVED:
	case STATUS_PROGRAM:
	case STATUS_PROXY:
	case STATUS_GONE:
	case STATUS_REFUSED:
	case STATUS_CERTIFICATE_REQUIRED:
	case STATUS_CERTIFICATE_REFUSED:
	case STATUS_CERTIFICATE_INVALID: break;
	}
	return false;
}

/* Fills `response` from an answer; false when it is malformed. */
static bool
read_answer(const struct uploadline *line, struct arena *arena,
    struct response *response)
{
	struct str meta;
	uint16_t status;

	if (line->head_len < REMOTE_HEAD_SIZE ||
	    line->head[0] != UPLOADCALL_ANSWER)
		return false;
	memcpy(&status, line->head + 1, sizeof status);
	meta = (struct str){ line->head + REMOTE_HEAD_SIZE,
		line->head_len - REMOTE_HEAD_SIZE };
	if (!is_answer(status))
		return false;
	if (status == STATUS_REDIRECT)
		meta = line->target;
	else if (!remote_is_meta(meta) || arena_copy(arena, meta, &meta) == -1)
		return false;
	response_set(response, (enum status)status, meta);
	return true;
}

static int
take_upload(
    struct remote *remote, struct arena *arena, struct response *response)
{
	struct uploadline *line = (struct uploadline *)remote;

	if (!line->answered && uploadline_listen(line) != UPLOADLINE_ANSWER)
		return 0;
	if (line->head_len == 0)
		response_set(response, STATUS_FAILURE, UNCERTAIN);
	else if (!read_answer(line, arena, response))
		response_error(response, STATUS_FAILURE);
	return 1;
}

static void
expire_upload(struct remote *remote, struct response *response)
{
	const struct uploadline *line = (const struct uploadline *)remote;

	if (line->surplus)
		response_set(
		    response, STATUS_BAD_REQUEST, UPLOADLINE_SURPLUS_META);
	else
		response_set(response, STATUS_FAILURE, UNCERTAIN);
}

static void
release_upload(struct remote *remote)
{
	fdpass_close(remote->fd);
	remote->fd = -1;
}

/* Returns the worker's end of a new pair, or -1 with errno set. */
static int
send_call(int writer, const struct uploadcall *call)
{
	char bytes[UPLOADCALL_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);

	if (!uploadcall_write(&message, call)) {
		errno = EMSGSIZE;
		return -1;
	}
	return fdpass_ask(writer, buf_str(&message));
}

struct uploadline *
uploadline_open(struct arena *arena, const int *writer,
    const struct uploadcall *call, struct str target)
{
	struct uploadline *line = arena_alloc(arena, sizeof *line);
	int fd;

	if (line == NULL || writer == NULL) {
		errno = line == NULL ? ENOMEM : ECONNREFUSED;
		return NULL;
	}
	fd = send_call(*writer, call);
	if (fd == -1)
		return NULL;
	line->remote = (struct remote){
		.fd = fd,
		.network = call->network,
		.take = take_upload,
		.release = release_upload,
		.expire = expire_upload,
	};
	line->size = call->size;
	line->target = target;
	line->surplus = line->answered = false;
	line->head_len = 0;
	return line;
}

/*
 * The writer may have closed the pair before it has read all: Linux then
 * reports ECONNRESET once, before the answer.
 */
static ssize_t
receive_head(struct uploadline *line)
{
	ssize_t got;
	int tries = 2;

	do
		got = fdpass_receive_bytes(line->remote.fd, line->head,
		    sizeof line->head, MSG_DONTWAIT);
	while (got == -1 && errno == ECONNRESET && --tries > 0);
	return got;
}

enum uploadline_word
uploadline_listen(struct uploadline *line)
{
	ssize_t got;

	if (line->answered)
		return UPLOADLINE_ANSWER;
	got = receive_head(line);
	if (got == -1 && errno == EAGAIN)
		return UPLOADLINE_SILENCE;
	if (got == 1 && line->head[0] == UPLOADCALL_GO)
		return UPLOADLINE_GO;
	line->answered = true;
	line->head_len = got > 0 ? (size_t)got : 0;
	return UPLOADLINE_ANSWER;
}

int
uploadline_send(struct uploadline *line, struct str message)
{
	ssize_t sent;

	do
		sent = send(line->remote.fd, message.at, message.len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	if (sent == (ssize_t)message.len)
		return 1;
	/* ENOBUFS and the like would not end with a wait for room. */
	return sent == -1 && errno == EAGAIN ? 0 : -1;
}
