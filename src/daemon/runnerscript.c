/*
 * Starts and ends CGI scripts.
 */
#include "daemon/runnerscript.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/system.h"

/* The exit status of a script that cannot be executed, as in a shell. */
#define NOT_EXECUTED 127
/* The bound of reads in one turn, for a script that writes without end. */
#define READS_A_TURN 64

/* Each stream with a copy that an execution does not close. */
static int
set_streams(const struct runnerscript_start *start, int output, int errors)
{
	return dup2(start->null, STDIN_FILENO) == -1 ||
		dup2(output, STDOUT_FILENO) == -1 ||
		dup2(errors, STDERR_FILENO) == -1
	    ? -1
	    : 0;
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The advice for the operator after execve has failed with `error`. */
static const char *
remedy_for(int error)
{
	switch (error) {
	case ENOENT:
		return "; its first line must be #! and the path of an "
		       "interpreter that exists, and end with LF, not CRLF";
	case ENOEXEC:
		return "; begin it with #! and the path of an interpreter";
	case EACCES:
		return "; let cgi_user read and execute it and its interpreter";
	default: return "";
	}
}

static NO_RETURN void
execute(const struct runnerscript_start *start, pid_t parent)
{
	const char *step = "cannot confine the script", *remedy = "";

	system_close_from(STDERR_FILENO + 1);
	reset_signals();
	umask(022);
	if (setsid() == -1 ||
	    scriptjail_enter(start->jail, start->access, parent) == -1)
		goto failed;
	step = "cannot enter the folder of the script";
	if (chdir(start->folder) == -1)
		goto failed;
	step = "cannot execute the script";
	(void)execve(start->file, start->arguments, start->environment);
	remedy = remedy_for(errno);
failed:
	dprintf(STDERR_FILENO, "%s: %s%s", step, strerror(errno), remedy);
	_exit(NOT_EXECUTED);
}

int
runnerscript_begin(struct runnerscript *script,
    const struct runnerscript_start *start, int *output)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	pid_t parent = getpid(), pid = -1;

	if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 &&
	    fcntl(out[0], F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(err[0], F_SETFL, O_NONBLOCK) == 0)
		pid = fork();
	if (pid == 0) {
		if (set_streams(start, out[1], err[1]) == -1)
			_exit(NOT_EXECUTED);
		execute(start, parent);
	}
	process_close(out[1]);
	process_close(err[1]);
	if (pid == -1) {
		process_close(out[0]);
		process_close(err[0]);
		return -1;
	}
	*script = (struct runnerscript){ .pid = pid, .errors = err[0] };
	*output = out[0];
	return 0;
}

void
runnerscript_listen(struct runnerscript *script)
{
	char dropped[4096];

	for (int i = 0; i < READS_A_TURN && script->errors != -1; i++) {
		size_t room = sizeof script->text - script->text_len;
		ssize_t got = room > 0
		    ? read(
			  script->errors, script->text + script->text_len, room)
		    : read(script->errors, dropped, sizeof dropped);

		if (got == -1)
			return;
		if (got == 0) {
			close(script->errors);
			script->errors = -1;
		} else if (room > 0) {
			script->text_len += (size_t)got;
		}
	}
}

void
runnerscript_kill(const struct runnerscript *script)
{
	/* A child that was just forked has no group yet. */
	if (kill(-script->pid, SIGKILL) == -1)
		(void)kill(script->pid, SIGKILL);
}

int
runnerscript_end(struct runnerscript *script)
{
	int status = 0;

	(void)kill(-script->pid, SIGKILL);
	while (waitpid(script->pid, &status, 0) == -1 && errno == EINTR)
		;
	runnerscript_listen(script);
	process_close(script->errors);
	script->errors = -1;
	return status;
}
