/* Processes that answer workers: their pauses, their lines, their end. */
#include "daemon/service.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakeclock.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/signing.h"

#define PID 1000000000 /* no process: above what the kernel gives */

/* Answers each word of a client with its own pid, until the master is gone. */
static void
work(void *context, const struct service *service)
{
	struct pollfd polled[4] = { { .fd = service->line, .events = POLLIN } };
	nfds_t count = 1;

	(void)context;
	for (size_t i = 0; i < service->end_count; i++)
		polled[count++] =
		    (struct pollfd){ service->ends[i], POLLIN, 0 };
	while (poll(polled, count, -1) > 0) {
		pid_t self = getpid();
		char word;
		int fd;

		for (nfds_t i = 1; i < count; i++)
			if (polled[i].revents & POLLIN &&
			    fdpass_receive(polled[i].fd, &word, &fd) == 1 &&
			    write(polled[i].fd, &self, sizeof self) == -1)
				_exit(1);
		if (polled[0].revents == 0)
			continue;
		if (fdpass_receive(polled[0].fd, &word, &fd) != 1)
			_exit(0);
		polled[count++] = (struct pollfd){ fd, POLLIN, 0 };
	}
	_exit(1);
}

static struct service
service_of(void)
{
	struct service service = {
		.name = "test", .pair = fdpass_pair, .work = work
	};

	service_init(&service);
	return service;
}

/* The process that answers a client. */
static pid_t
ask(int end)
{
	struct pollfd ready = { end, POLLIN, 0 };
	pid_t answer = 0;

	assert_int_equal(fdpass_send(end, 'q', -1), 0);
	assert_int_equal(poll(&ready, 1, 60000), 1);
	assert_int_equal(read(end, &answer, sizeof answer), sizeof answer);
	return answer;
}

static void
pauses_are_shorter_than_a_worker_waits(void **state)
{
	static const long pauses_ms[] = { 0, 100, 200, 400, 500, 500, 500 };
	struct service service = service_of();

	(void)state;
	assert_int_equal(service_due_ms(&service, 1000), 0);
	for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
		service.pid = PID;
		service.line = dup(STDERR_FILENO);
		service.started = clock_now();
		assert_int_equal(service_due_ms(&service, 1000), 1000);
		assert_false(service_reap(&service, PID + 1, 0, true));
		assert_true(service_reap(&service, PID, SIGKILL, true));
		assert_int_equal(service_due_ms(&service, 1000), pauses_ms[i]);
		/* With half of it left to load a key. */
		assert_in_range(pauses_ms[i], 0, SIGNING_TIMEOUT_MS / 2);
	}
	service_retire(&service);
	assert_int_equal(service_due_ms(&service, 1000), 1000);
	service_start_due(&service);
	assert_int_equal(service.pid, 0);
}

/* The cause is likely to be there the next time, too: a key that is missing. */
static void
pauses_after_errors_grow(void **state)
{
	static const struct {
		int status;
		long pause_ms;
	} deaths[] = { { 1 << 8, 0 }, { 1 << 8, 100 }, { 1 << 8, 200 },
		{ 1 << 8, 400 }, { 1 << 8, 800 }, { 1 << 8, 1600 },
		{ 1 << 8, 3200 }, { 1 << 8, 5000 }, { 1 << 8, 5000 },
		{ SIGKILL, 500 }, { 1 << 8, 500 } };
	struct service service = service_of();

	(void)state;
	for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
		service.pid = PID;
		service.line = dup(STDERR_FILENO);
		service.started = clock_now();
		assert_true(
		    service_reap(&service, PID, deaths[i].status, true));
		assert_int_equal(
		    service_due_ms(&service, 10000), deaths[i].pause_ms);
	}
	service_retire(&service);
}

static void
successors_have_the_lines(void **state)
{
	struct service service = service_of();
	int before, after, kept[2], status;
	pid_t first, second;

	(void)state;
	before = service_connect(&service, &kept[0]);
	assert_int_not_equal(before, -1);
	service_start_due(&service);
	first = service.pid;
	assert_int_not_equal(first, 0);
	assert_int_equal(ask(before), first);
	/* One that comes later, and one that goes. */
	after = service_connect(&service, &kept[1]);
	assert_int_not_equal(after, -1);
	assert_int_equal(ask(after), first);
	close(before);
	service_disconnect(&service, kept[0]);
	assert_int_equal(service.end_count, 1);

	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(waitpid(first, &status, 0), first);
	/* What is asked meanwhile is answered by the next one. */
	assert_true(service_reap(&service, first, status, true));
	assert_int_equal(fdpass_send(after, 'q', -1), 0);
	service_start_due(&service);
	second = service.pid;
	assert_int_not_equal(second, 0);
	assert_int_not_equal(second, first);
	assert_int_equal(ask(after), second);
	close(after);
	service_stop(&service);
	assert_int_equal(service.pid, 0);
	assert_int_equal(service.end_count, 0);
	assert_int_equal(waitpid(second, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
one_that_is_let_go_ends(void **state)
{
	struct service service = service_of();
	pid_t pid;
	int status;

	(void)state;
	service_start_due(&service);
	pid = service.pid;
	assert_int_not_equal(pid, 0);
	service_retire(&service);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
more_than_it_can_have(void **state)
{
	static struct service service;
	int end, kept;

	(void)state;
	service = service_of();
	service.end_count = SERVICE_CLIENTS_MAX;
	assert_int_equal(service_connect(&service, &kept), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(kept, -1);
	service.end_count = SERVICE_CLIENTS_MAX - 1;
	end = service_connect(&service, &kept);
	assert_int_not_equal(end, -1);
	service_disconnect(&service, kept);
	service_disconnect(&service, -1);
	assert_int_equal(service.end_count, SERVICE_CLIENTS_MAX - 1);
	close(end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_are_shorter_than_a_worker_waits),
		cmocka_unit_test(pauses_after_errors_grow),
		cmocka_unit_test(successors_have_the_lines),
		cmocka_unit_test(one_that_is_let_go_ends),
		cmocka_unit_test(more_than_it_can_have),
	};

	/* Every process dies young, however slow the machine is. */
	fakeclock_stop();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
