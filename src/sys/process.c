/*
 * Resets the descriptors and signals that a process inherits.
 */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/system.h"

void
process_start(void)
{
	sigset_t none;

	/*
	 * Go in ascending order, since open(2) returns the lowest free number.
	 * Descriptor 1 is opened for reading: lost output must be an error.
	 */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null",
			fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) == -1)
			log_die(EXIT_FAILURE,
			    "descriptor %d is closed, and /dev/null cannot "
			    "be opened: %s",
			    fd, strerror(errno));
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGCHLD, SIG_DFL);
}

void
process_block_signals(sigset_t *before)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, before);
}

void
process_raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

char **
process_copy_strings(char *const *strings)
{
	size_t count = 0, size = 0;
	char **copies, *at;

	for (; strings[count] != NULL; count++)
		size += strlen(strings[count]) + 1;
	copies = malloc((count + 1) * sizeof *copies + size);
	if (copies == NULL)
		return NULL;
	at = (char *)(copies + count + 1);
	for (size_t i = 0; i < count; i++) {
		size = strlen(strings[i]) + 1;
		copies[i] = memcpy(at, strings[i], size);
		at += size;
	}
	copies[count] = NULL;
	return copies;
}

pid_t
process_fork(const char *role)
{
	pid_t pid;

	system_set_title(role);
	pid = fork();
	if (pid != 0)
		system_set_title("master");
	return pid;
}

void
process_close(int fd)
{
	int error = errno;

	if (fd != -1)
		close(fd);
	errno = error;
}
