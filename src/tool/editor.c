/* Runs the user's editor. */
#include "tool/editor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text/buf.h"

const char *
editor_name(void)
{
	static const char *const names[] = { "VISUAL", "EDITOR" };

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *editor = getenv(names[i]);

		if (editor != NULL && editor[0] != '\0')
			return editor;
	}
	return NULL;
}

/* The shell splits the command; the path is an argument of its own. */
static NO_RETURN void
run(const char *editor, const char *path)
{
	char command[8192];

	if ((size_t)snprintf(command, sizeof command, "%s \"$@\"", editor) <
	    sizeof command)
		execl(
		    "/bin/sh", "sh", "-c", command, editor, path, (char *)NULL);
	_exit(127);
}

int
editor_run(const char *editor, const char *path)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction interrupt, quit;
	int status = -1;
	pid_t child;

	/* A signal of the terminal is meant for the editor. */
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	child = fork();
	if (child == 0) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
		run(editor, path);
	}
	while (child != -1 && waitpid(child, &status, 0) == -1)
		if (errno != EINTR) {
			status = -1;
			break;
		}
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	return child != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0
	    ? 0
	    : -1;
}
