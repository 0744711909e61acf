/*
 * The handler of programs: a pending answer of the runner, and its header.
 */
#include "serve/program.h"

#include <errno.h>
#include <string.h>

#include "serve/programbody.h"
#include "serve/programcall.h"
#include "serve/programhead.h"
#include "serve/programscript.h"
#include "serve/remote.h"
#include "serve/rules.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "text/uri.h"
#include "tree/zones.h"

/* A refusal of the runner: its kind and status, then META. */
#define REFUSAL_HEAD ((size_t)3)
/* The most reads of output that is ignored, before other clients' turn. */
#define READS_A_TURN 16
/* Memory to compare a path with its normal form. */
#define PATH_MEMORY ((size_t)64 << 10)

enum phase {
	PHASE_CALLED, /* before the first message of the runner */
	PHASE_HEADER, /* before the end of the header */
	PHASE_ENDING, /* the answer has no body: waits for the end */
};

/* A pending answer of a program. */
struct program {
	struct remote remote; /* must be first */
	struct programbody output;
	enum phase phase;
	unsigned timeout_ms;
	char *head; /* PROGRAMHEAD_MAX bytes, from PHASE_HEADER on */
	size_t head_len;
	enum status status; /* from PHASE_ENDING on */
	struct str meta;
};

static void
log_fault(struct str path, const char *fault)
{
	char fields[1024 + 64];
	struct buf line = buf_over(fields, sizeof fields);

	log_field(&line, "path", path.len <= 256 ? path : str_head(path, 256));
	log_line(LOG_LEVEL_ERROR, "program: %s %.*s", fault,
	    STR_ARG(buf_str(&line)));
}

/* Answers with the status of a failed program. */
static int
fail(struct program *program, const char *fault, struct response *response)
{
	log_fault(program->output.path, fault);
	response_error(response, STATUS_PROGRAM);
	return 1;
}

/* Whether the runner may send this status. */
static bool
is_refusal(enum status status)
{
	return status == STATUS_PROGRAM || status == STATUS_UNAVAILABLE ||
	    status == STATUS_SLOW_DOWN || status == STATUS_NOT_FOUND ||
	    status == STATUS_BAD_REQUEST;
}

static int
take_refusal(struct program *program, struct arena *arena, struct str message,
    struct response *response)
{
	struct str meta;
	uint16_t status;

	if (message.len < REFUSAL_HEAD)
		return fail(program, "the runner failed", response);
	memcpy(&status, message.at + 1, sizeof status);
	meta = str_tail(message, REFUSAL_HEAD);
	if (!is_refusal((enum status)status) ||
	    (meta.len > 0 && !remote_is_meta(meta)))
		return fail(program, "the runner failed", response);
	response_error(response, (enum status)status);
	if (meta.len > 0 && arena_copy(arena, meta, &response->meta) == -1)
		response_error(response, STATUS_FAILURE);
	return 1;
}

/* Receives the first message of the runner. */
static int
take_word(
    struct program *program, struct arena *arena, struct response *response)
{
	char bytes[REFUSAL_HEAD + PROGRAMHEAD_META_MAX + 1];
	const char kind = program->output.kind == RULES_FASTCGI ? 'f' : 'r';
	ssize_t got;
	int fd;

	got = fdpass_receive_message(
	    program->output.pair, bytes, sizeof bytes, &fd);
	if (got == -1 && errno == EAGAIN)
		return 0;
	if (got > 0 && bytes[0] == 'x') {
		fdpass_close(fd);
		return take_refusal(program, arena,
		    (struct str){ bytes, (size_t)got }, response);
	}
	if (got != 2 || bytes[0] != 'o' || bytes[1] != kind) {
		fdpass_close(fd);
		return fail(program, "the runner failed", response);
	}
	program->head = arena_buffer(arena, PROGRAMHEAD_MAX);
	if (programbody_take(&program->output, fd) == -1 ||
	    program->head == NULL)
		return fail(program, "the runner failed", response);
	program->phase = PHASE_HEADER;
	return 1;
}

/* Gives the body to `response`, with the output that came with the header. */
static void
give_body(struct program *program, size_t len, struct response *response)
{
	struct programbody *output = &program->output;

	output->early =
	    (struct str){ program->head + len, program->head_len - len };
	output->body.wait_ms = program->timeout_ms;
	output->body.ended = output->at_end && output->early.len == 0;
	response->body = &output->body;
	program->remote.fd = -1;
}

static int
wait_for_output(struct program *program)
{
	const int *waits_for = program->output.body.waits_for;

	program->remote.fd =
	    waits_for != NULL ? *waits_for : program->output.stream;
	return 0;
}

/* Reads on to the end of the header; returns as remote_take. */
static int
take_header(struct program *program, struct response *response)
{
	struct programhead head;
	enum programhead_state state = PROGRAMHEAD_MORE;

	while (state == PROGRAMHEAD_MORE) {
		ssize_t got = programbody_read(&program->output,
		    program->head + program->head_len,
		    PROGRAMHEAD_MAX - program->head_len);

		if (got == -1)
			return fail(program, program->output.fault, response);
		program->head_len += (size_t)got;
		state = programhead_read(
		    (struct str){ program->head, program->head_len },
		    program->output.at_end, &head);
		if (state == PROGRAMHEAD_MORE && got == 0)
			return wait_for_output(program);
	}
	if (state == PROGRAMHEAD_BAD)
		return fail(program, head.fault, response);
	program->status = head.status;
	program->meta = head.meta;
	if (head.status != STATUS_SUCCESS) {
		program->phase = PHASE_ENDING;
		return 0;
	}
	response_set(response, head.status, head.meta);
	give_body(program, head.len, response);
	return 1;
}

/* After an answer without a body: waits for the end of the program. */
static int
take_end(struct program *program, struct response *response)
{
	char ignored[4096];

	ssize_t got = 1;

	for (int i = 0; i < READS_A_TURN && got > 0; i++)
		got =
		    programbody_read(&program->output, ignored, sizeof ignored);
	if (got != -1 && !program->output.at_end)
		return wait_for_output(program);
	response_set(response, program->status, program->meta);
	return 1;
}

static int
take_answer(
    struct remote *remote, struct arena *arena, struct response *response)
{
	struct program *program = (struct program *)remote;

	if (program->phase == PHASE_CALLED) {
		int taken = take_word(program, arena, response);

		if (program->phase == PHASE_CALLED)
			return taken;
	}
	if (program->phase == PHASE_HEADER) {
		int taken = take_header(program, response);

		if (program->phase == PHASE_HEADER)
			return taken;
	}
	return take_end(program, response);
}

static void
release_answer(struct remote *remote)
{
	if (remote->fd != -1)
		programbody_close(&((struct program *)remote)->output);
	remote->fd = -1;
}

static void
expire(struct remote *remote, struct response *response)
{
	struct program *program = (struct program *)remote;

	if (program->phase == PHASE_ENDING)
		response_set(response, program->status, program->meta);
	else
		(void)fail(program, "no header in time", response);
}

/* Sends a call; returns the worker's end of the pair, or -1 with errno. */
static int
send_call(const struct host *host, const struct programcall *call)
{
	char bytes[PROGRAMCALL_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);

	programcall_write(&message, call);
	if (message.overflow) {
		errno = EMSGSIZE;
		return -1;
	}
	return fdpass_ask(*host->server->runner, buf_str(&message));
}

static void
call_program(const struct host *host, const struct request *request,
    struct response *response)
{
	const struct rules_program *rule = &request->part->program;
	struct program *program = arena_alloc(request->arena, sizeof *program);
	struct programcall call;
	int pair;

	response_error(response, STATUS_FAILURE);
	if (program == NULL || programcall_of(host, request, &call) == -1)
		return;
	pair = send_call(host, &call);
	if (pair == -1) {
		response_error(response, remote_status_of(errno));
		return;
	}
	*program = (struct program){
		.remote = { .fd = pair,
		    .network = request->network,
		    .take = take_answer,
		    .release = release_answer,
		    .expire = expire,
		    .wait_ms = rule->timeout_ms },
		.timeout_ms = rule->timeout_ms,
	};
	programbody_open(&program->output, rule->kind, pair, request->path);
	response_set(response, (enum status)0, (struct str){ 0 });
	response->remote = &program->remote;
}

/* Whether the client sent the one address of the path. */
static bool
is_one_address(const struct request *request)
{
	struct buf plain;

	if (request->encoded.len == 0 ||
	    str_equals(request->encoded, request->path))
		return true;
	plain = buf_in(request->arena, request->encoded.len);
	uri_decode(&plain, request->encoded);
	return plain.overflow || str_equals(buf_str(&plain), request->path);
}

enum handled
program_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	if (request->part == NULL ||
	    request->part->program.kind == RULES_NO_PROGRAM)
		return DECLINED;
	if (!programscript_is_clean(request->path))
		response_error(response, STATUS_BAD_REQUEST);
	else if (!is_one_address(request))
		response_redirect(response, request->arena,
		    &(struct response_target){
			STATUS_MOVED, request->path, request->query });
	else if (host->server->runner == NULL)
		response_set(response, STATUS_PROGRAM,
		    STR("A program answers at this address; only a running "
			"server starts it"));
	else
		call_program(host, request, response);
	return HANDLED;
}

bool
program_is_at(const struct host *host, struct str path)
{
	const struct rules_part *part = NULL;
	struct arena arena;
	struct str normal;

	if (host->rules == NULL)
		return false;
	arena_init(&arena, PATH_MEMORY);
	if (zones_path(&arena, path, &normal) == 0)
		part = rules_part_of(host->rules, normal);
	arena_release(&arena);
	return part != NULL && part->program.kind != RULES_NO_PROGRAM;
}
