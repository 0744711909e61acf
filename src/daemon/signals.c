/*
 * Signals of the master and its children.
 */
#include "daemon/signals.h"

#include <poll.h>
#include <stddef.h>

#include "sys/clock.h"
#include "sys/notify.h"

/* Handlers can only set flags. */
struct signals signals;
/* The mask while the master waits; NULL: the present one. */
static const sigset_t *mask;

static void
on_signal(int number)
{
	if (number == SIGCHLD)
		signals.child = 1;
	else if (number == SIGHUP)
		signals.reload = 1;
	else
		signals.stop++;
}

int
signals_begin(sigset_t *waiting)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGCHLD };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		sigaddset(&blocked, numbers[i]);
		if (sigaction(numbers[i], &action, NULL) == -1)
			return -1;
	}
	/*
	 * Writing to a closed pipe, or beyond the file size limit, should fail
	 * without ending the process.
	 */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -1;
	if (sigprocmask(SIG_BLOCK, &blocked, waiting) == -1)
		return -1;
	/* A predecessor has left them blocked. */
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigdelset(waiting, numbers[i]);
	mask = waiting;
	return 0;
}

bool
signals_is_stop_due(void)
{
	sigset_t pending;

	return signals.stop > 0 ||
	    (sigpending(&pending) == 0 &&
		(sigismember(&pending, SIGTERM) == 1 ||
		    sigismember(&pending, SIGINT) == 1));
}

int
signals_wait(int fd, const struct timespec *due)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int result;

	do {
		const long ms = notify_due_ms(clock_until_ms(due));
		const struct timespec timeout = { ms / 1000,
			ms % 1000 * 1000000 };

		result = ppoll(&ready, 1, &timeout, mask);
		notify_ping_due();
	} while (result == 0 && clock_until_ms(due) > 0);
	return result;
}

int
signals_begin_child(const sigset_t *waiting)
{
	if (signal(SIGHUP, SIG_IGN) == SIG_ERR ||
	    signal(SIGINT, SIG_IGN) == SIG_ERR ||
	    signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    signal(SIGTERM, SIG_DFL) == SIG_ERR)
		return -1;
	return sigprocmask(SIG_SETMASK, waiting, NULL);
}
