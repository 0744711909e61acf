/*
 * The pause before a dead child process is replaced, and descriptions of its
 * death.
 */
#include "daemon/pause.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "sys/clock.h"

/* A process that lived this long did not fail at its start. */
#define HEALTHY_MS 10000
#define PAUSE_FIRST_MS 100

unsigned
pause_after(const struct timespec *started, unsigned pause_ms)
{
	return clock_since_ms(started) >= HEALTHY_MS ? 0 : pause_ms;
}

unsigned
pause_next(unsigned pause_ms, unsigned longest_ms)
{
	if (pause_ms == 0)
		return PAUSE_FIRST_MS;
	return pause_ms * 2 < longest_ms ? pause_ms * 2 : longest_ms;
}

enum log_level
pause_log_level(unsigned pause_ms)
{
	return pause_ms == 0 ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR;
}

bool
pause_is_fault(int status)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
		SIGSYS };

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == faults[i])
			return true;
	return false;
}

void
pause_describe(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		snprintf(text, size,
		    "killed by signal %d (%s), for a forbidden system call; "
		    "if this recurs, report it with the number in the "
		    "kernel's log (syscall=), and set jail=log meanwhile",
		    SIGSYS, strsignal(SIGSYS));
	else if (WIFSIGNALED(status))
		snprintf(text, size, "killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}
