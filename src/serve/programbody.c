/*
 * Reads the output of a program from the descriptor that the runner passed.
 */
#include "serve/programbody.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fdpass.h"
#include "sys/log.h"

static ssize_t
pull_output(struct body *body, char *at, size_t room)
{
	struct programbody *program = (struct programbody *)body;
	size_t len = program->early.len < room ? program->early.len : room;

	ssize_t got;

	if (len > 0) {
		memcpy(at, program->early.at, len);
		program->early = str_tail(program->early, len);
		body->waits_for = NULL;
		got = (ssize_t)len;
	} else {
		got = programbody_read(program, at, room);
	}
	body->ended = program->at_end && program->early.len == 0;
	return got;
}

static void
release_output(struct body *body)
{
	programbody_close((struct programbody *)body);
}

void
programbody_open(struct programbody *program, enum rules_program_kind kind,
    int pair, struct str path)
{
	*program = (struct programbody){
		.body = { .pull = pull_output, .release = release_output },
		.kind = kind,
		.pair = pair,
		.stream = -1,
		.path = path,
	};
}

static void
log_errors(struct programbody *program)
{
	struct str text = { program->errors, program->errors_len };
	char fields[2048];
	struct buf line = buf_over(fields, sizeof fields);

	program->errors_len = 0;
	if (text.len == 0)
		return;
	log_field(&line, "path", program->path);
	log_line(LOG_LEVEL_WARN, "program: wrote to standard error: %.*s %.*s",
	    STR_ARG(text), STR_ARG(buf_str(&line)));
}

void
programbody_close(struct programbody *program)
{
	log_errors(program);
	fdpass_close(program->stream);
	fdpass_close(program->pair);
	program->stream = program->pair = -1;
}

/* A read from anything else could block. */
static bool
is_stream(enum rules_program_kind kind, int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fstat(fd, &st) == -1)
		return false;
	if (kind == RULES_CGI)
		return S_ISFIFO(st.st_mode) && (flags & O_NONBLOCK) != 0;
	return S_ISSOCK(st.st_mode);
}

int
programbody_take(struct programbody *program, int stream)
{
	if (stream == -1 || program->stream != -1 ||
	    !is_stream(program->kind, stream)) {
		fdpass_close(stream);
		return -1;
	}
	program->stream = stream;
	return 0;
}

static ssize_t
fail(struct programbody *program, const char *fault, int error)
{
	program->fault = fault;
	program->error = error;
	errno = error;
	return -1;
}

static ssize_t
wait_for(struct programbody *program, const int *fd)
{
	program->body.waits_for = fd;
	return 0;
}

static ssize_t
end(struct programbody *program)
{
	program->at_end = true;
	programbody_close(program);
	return 0;
}

/* Receives the end of a CGI script, after the end of its output. */
static ssize_t
read_end(struct programbody *program)
{
	char kind[2];
	ssize_t got = fdpass_receive_bytes(
	    program->pair, kind, sizeof kind, MSG_DONTWAIT | MSG_TRUNC);

	if (got == -1 && errno == EAGAIN)
		return wait_for(program, &program->pair);
	if (got == 1 && kind[0] == 'e')
		return end(program);
	if (got == 1 && kind[0] == 'f')
		return fail(program, "the script was killed", ECANCELED);
	return fail(program, "the runner failed", EPIPE);
}

static ssize_t
receive(const struct programbody *program, char *at, size_t room)
{
	ssize_t got;

	if (program->kind != RULES_CGI)
		return fdpass_receive_bytes(
		    program->stream, at, room, MSG_DONTWAIT);
	do
		got = read(program->stream, at, room);
	while (got == -1 && errno == EINTR);
	return got;
}

static void
keep_errors(struct programbody *program, struct str text)
{
	struct buf kept = buf_over(program->errors, sizeof program->errors);

	kept.len = program->errors_len;
	buf_add(&kept,
	    str_head(text,
		text.len < sizeof program->errors - kept.len
		    ? text.len
		    : sizeof program->errors - kept.len));
	program->errors_len = kept.len;
}

static ssize_t
end_records(struct programbody *program)
{
	switch ((enum fastcgi_result)program->fastcgi.result) {
	case FASTCGI_COMPLETE: return end(program);
	case FASTCGI_NO_ROOM_HERE:
	case FASTCGI_OVERLOADED:
		return fail(program, "the FastCGI server is overloaded", EBUSY);
	case FASTCGI_UNKNOWN_ROLE: break;
	}
	return fail(program, "the FastCGI server refused the request", EPROTO);
}

/*
 * Replaces the records at `at` by the output in them, and returns its length,
 * as programbody_read.
 */
static ssize_t
unpack(struct programbody *program, char *at, size_t len)
{
	struct str input = { at, len }, part;
	size_t output = 0;
	ssize_t result;

	for (;;) {
		switch (fastcgi_next(&program->fastcgi, &input, &part)) {
		case FASTCGI_OUTPUT:
			memmove(at + output, part.at, part.len);
			output += part.len;
			break;
		case FASTCGI_ERRORS: keep_errors(program, part); break;
		case FASTCGI_MORE:
			return output > 0 ? (ssize_t)output
					  : wait_for(program, &program->stream);
		case FASTCGI_END:
			result = end_records(program);
			return output > 0 ? (ssize_t)output : result;
		case FASTCGI_BAD:
			result = fail(program,
			    "the server does not speak FastCGI", EPROTO);
			return output > 0 ? (ssize_t)output : result;
		}
	}
}

/* The end of the stream. */
static ssize_t
end_stream(struct programbody *program)
{
	switch (program->kind) {
	case RULES_CGI:
		fdpass_close(program->stream);
		program->stream = -1;
		return read_end(program);
	case RULES_SCGI: return end(program);
	case RULES_FASTCGI:
	case RULES_NO_PROGRAM: break;
	}
	return fail(program, "the FastCGI server closed the connection", EPIPE);
}

ssize_t
programbody_read(struct programbody *program, char *at, size_t room)
{
	ssize_t got;

	program->body.waits_for = NULL;
	if (program->at_end)
		return 0;
	/* A fault after the output of the last call. */
	if (program->fault != NULL) {
		errno = program->error;
		return -1;
	}
	if (program->stream == -1)
		return read_end(program);
	got = receive(program, at, room);
	if (got == -1 && errno == EAGAIN)
		return wait_for(program, &program->stream);
	if (got == -1)
		return fail(program, "the output cannot be read", errno);
	if (got == 0)
		return end_stream(program);
	return program->kind == RULES_FASTCGI ? unpack(program, at, (size_t)got)
					      : got;
}
