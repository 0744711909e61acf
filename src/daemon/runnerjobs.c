/*
 * The programs that the runner has started or connected to.
 */
#include "daemon/runnerjobs.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/runnercall.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/process.h"

/* One network may have a quarter of all programs. */
#define SHARE 4
/*
 * A connection is counted for an hour at most, the longest timeout of a script,
 * in case a hijacked worker never hangs up.
 */
#define COUNTED_MS 3600000
/* The most children reaped in one turn, for a script that forks without end. */
#define REAPED_A_TURN 64
/* META of status 44: the seconds to wait. */
#define WAIT_S "5"

static void
refuse(int line, enum status status)
{
	char bytes[256];
	struct buf message = buf_over(bytes, sizeof bytes);
	uint16_t number = (uint16_t)status;
	struct response response;

	response_error(&response, status);
	buf_char(&message, RUNNERJOBS_REFUSED);
	buf_add(&message, (struct str){ (const char *)&number, sizeof number });
	buf_add(
	    &message, status == STATUS_SLOW_DOWN ? STR(WAIT_S) : response.meta);
	(void)!fdpass_send_message(line, buf_str(&message), -1);
}

static void
log_fault(const struct runnerjobs_job *job, const char *step, int error)
{
	log_line(LOG_LEVEL_WARN, "runner: %s: %s: %s", job->path, step,
	    strerror(error));
}

/* Names the socket too, since the key of the configuration is to correct. */
static void
log_no_server(const struct runnerjobs_job *job, int error)
{
	char address[NET_TEXT_MAX];
	const char *target = job->program->target;

	if (target[0] == '\0') {
		net_address_format(job->program->address, address);
		target = address;
	}
	log_line(LOG_LEVEL_WARN,
	    "runner: %s: cannot connect to %s: %s; start the server of this "
	    "socket, and let the user of capsuled open it",
	    job->path, target, strerror(error));
}

/* Removes a job that has no process and no connection. */
static void
forget(struct runnerjobs *jobs, struct runnerjobs_job *job)
{
	fdpass_close(job->line);
	runnerdial_end(&job->dial);
	free(job->path);
	*job = jobs->all[--jobs->count];
}

/* The status for another program of `network`; STATUS_SUCCESS: there is room.
 */
static enum status
room_for(const struct runnerjobs *jobs, uint64_t network)
{
	size_t same = 0;

	for (size_t i = 0; i < jobs->count; i++)
		same += jobs->all[i].network == network;
	if (jobs->count == jobs->most)
		return STATUS_UNAVAILABLE;
	return network != 0 && same >= (jobs->most + SHARE - 1) / SHARE
	    ? STATUS_SLOW_DOWN
	    : STATUS_SUCCESS;
}

static enum status
start_script(struct runnerjobs *jobs, struct runnerjobs_job *job,
    const struct runnercall *call)
{
	const struct runnerscript_start start = {
		.jail = jobs->scripts,
		.access = &call->directory->access,
		.folder = call->folder,
		.file = call->file,
		.arguments = call->arguments,
		.environment = call->environment,
		.null = jobs->places->null,
	};
	const char message[] = { RUNNERJOBS_OPENED, RUNNERJOBS_RAW };
	int output;

	if (runnerscript_begin(&job->script, &start, &output) == -1) {
		log_fault(job, "cannot start the script", errno);
		return STATUS_UNAVAILABLE;
	}
	scriptjail_set_group(jobs->scripts, 0, job->script.pid);
	if (fdpass_send_message(job->line,
		(struct str){ message, sizeof message }, output) == -1)
		runnerscript_kill(&job->script);
	process_close(output);
	return STATUS_SUCCESS;
}

static enum status
start_dial(struct runnerjobs_job *job, const struct runnercall *call)
{
	if (runnerdial_begin(&job->dial, job->program, call->request) == 0)
		return STATUS_SUCCESS;
	log_no_server(job, errno);
	return STATUS_PROGRAM;
}

static enum status
start(struct runnerjobs *jobs, struct runnerjobs_job *job,
    const struct programcall *asked, struct arena *arena)
{
	struct runnercall call = { .places = jobs->places, .asked = asked };
	enum status status = runnercall_prepare(&call, arena);

	if (status == STATUS_PROGRAM)
		log_fault(job, "cannot open its directory", errno);
	if (status != STATUS_SUCCESS)
		return status;
	job->program = call.program;
	return call.program->kind == RULES_CGI ? start_script(jobs, job, &call)
					       : start_dial(job, &call);
}

void
runnerjobs_start(struct runnerjobs *jobs, const struct programcall *call,
    int worker, int line)
{
	enum status status = room_for(jobs, call->network);
	struct runnerjobs_job *job = &jobs->all[jobs->count];
	struct arena arena;

	if (status != STATUS_SUCCESS) {
		refuse(line, status);
		fdpass_close(line);
		return;
	}
	*job = (struct runnerjobs_job){ .line = line,
		.worker = worker,
		.network = call->network,
		.script.errors = -1,
		.dial.fd = -1 };
	jobs->count++;
	arena_init(&arena, RUNNERCALL_MEMORY);
	job->path = strndup(call->path.at, call->path.len);
	status = job->path == NULL ? STATUS_UNAVAILABLE
				   : start(jobs, job, call, &arena);
	arena_release(&arena);
	if (status == STATUS_SUCCESS)
		return;
	refuse(line, status);
	forget(jobs, job);
}

void
runnerjobs_poll(const struct runnerjobs *jobs, struct pollfd *polled)
{
	/* poll skips a negative descriptor, and always reports a hangup. */
	for (size_t i = 0; i < jobs->count; i++) {
		const struct runnerjobs_job *job = &jobs->all[i];

		*polled++ = (struct pollfd){ .fd = job->line };
		*polled++ = job->dial.fd != -1
		    ? (struct pollfd){ .fd = job->dial.fd, .events = POLLOUT }
		    : (struct pollfd){ .fd = job->script.errors,
			      .events = POLLIN };
	}
}

/* Gives the connection to the worker. The job stays until its client goes, or
 * is due. */
static void
hand_over(struct runnerjobs_job *job)
{
	const char message[] = { RUNNERJOBS_OPENED,
		job->program->kind == RULES_FASTCGI ? RUNNERJOBS_FASTCGI
						    : RUNNERJOBS_RAW };

	(void)!fdpass_send_message(
	    job->line, (struct str){ message, sizeof message }, job->dial.fd);
	runnerdial_end(&job->dial);
	job->due = clock_in(COUNTED_MS);
}

static void
fail(struct runnerjobs *jobs, struct runnerjobs_job *job, int error)
{
	log_no_server(job, error);
	refuse(job->line, STATUS_PROGRAM);
	forget(jobs, job);
}

/* The worker has hung up: its client has left, or has the whole answer. */
static void
give_up(struct runnerjobs *jobs, struct runnerjobs_job *job)
{
	if (job->script.pid == 0) {
		forget(jobs, job);
		return;
	}
	fdpass_close(job->line);
	job->line = -1;
	runnerscript_kill(&job->script);
}

void
runnerjobs_end_worker(struct runnerjobs *jobs, int worker)
{
	/* A hijacked worker may have passed on the other end of a line. */
	for (size_t i = jobs->count; i-- > 0;)
		if (jobs->all[i].worker == worker && jobs->all[i].line != -1)
			give_up(jobs, &jobs->all[i]);
}

void
runnerjobs_handle(struct runnerjobs *jobs, const struct pollfd *polled)
{
	/* From the end, since forgetting moves the last job. */
	for (size_t i = jobs->count; i-- > 0;) {
		struct runnerjobs_job *job = &jobs->all[i];
		bool is_other = polled[RUNNERJOBS_POLLED * i + 1].revents != 0;

		if (polled[RUNNERJOBS_POLLED * i].revents != 0) {
			give_up(jobs, job);
		} else if (is_other && job->script.pid != 0) {
			runnerscript_listen(&job->script);
		} else if (is_other) {
			int result = runnerdial_write(&job->dial);

			if (result == 1)
				hand_over(job);
			else if (result == -1)
				fail(jobs, job, errno);
		}
	}
}

long
runnerjobs_end_overdue(struct runnerjobs *jobs)
{
	long next = -1;

	for (size_t i = jobs->count; i-- > 0;) {
		struct runnerjobs_job *job = &jobs->all[i];
		bool dials = job->dial.fd != -1;
		long ms;

		if (job->script.pid != 0)
			continue;
		ms = clock_until_ms(dials ? &job->dial.due : &job->due);
		if (ms == 0 && dials)
			fail(jobs, job, ETIMEDOUT);
		else if (ms == 0)
			forget(jobs, job);
		else if (next == -1 || ms < next)
			next = ms;
	}
	return next;
}

static void
log_errors(struct runnerjobs_job *job)
{
	struct str text = str_trim_end(
	    (struct str){ job->script.text, job->script.text_len });

	/* The log would end the text there. */
	for (size_t i = 0; i < job->script.text_len; i++)
		if (job->script.text[i] == '\0')
			job->script.text[i] = '?';
	if (text.len > 0)
		log_line(LOG_LEVEL_WARN, "script: %s: %.*s", job->path,
		    STR_ARG(text));
}

/* Whether the worker still waits for the answer. */
static bool
is_expected(const struct runnerjobs_job *job)
{
	struct pollfd line = { .fd = job->line };

	return job->line != -1 && poll(&line, 1, 0) == 0;
}

static void
end(struct runnerjobs *jobs, struct runnerjobs_job *job)
{
	pid_t group = job->script.pid;
	int status = runnerscript_end(&job->script);
	char word = WIFSIGNALED(status) ? RUNNERJOBS_FAILED : RUNNERJOBS_ENDED;

	scriptjail_set_group(jobs->scripts, group, 0);
	log_errors(job);
	if (WIFSIGNALED(status) && is_expected(job))
		log_line(LOG_LEVEL_WARN,
		    "runner: %s: the script was killed by signal %d (%s)",
		    job->path, WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (job->line != -1)
		(void)!fdpass_send_message(
		    job->line, (struct str){ &word, 1 }, -1);
	forget(jobs, job);
}

bool
runnerjobs_reap(struct runnerjobs *jobs)
{
	siginfo_t info = { 0 };
	int reaped = 0;

	/* WNOWAIT keeps the process group's number until it is killed. */
	while (reaped < REAPED_A_TURN &&
	    waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid != 0) {
		size_t i = 0;

		while (
		    i < jobs->count && jobs->all[i].script.pid != info.si_pid)
			i++;
		if (i < jobs->count)
			end(jobs, &jobs->all[i]);
		else
			/* A descendant of a script. */
			(void)waitpid(info.si_pid, NULL, WNOHANG);
		info.si_pid = 0;
		reaped++;
	}
	return reaped == REAPED_A_TURN;
}
