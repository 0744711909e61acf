/* Checks of the master whether its processes answer. */
#include "daemon/manager.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakeclock.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/notify.h"

#define INTERVAL_MS 15000
#define HOUR_MS 3600000

static struct workers workers;
static struct services services;
static struct manager manager;
static int line; /* the worker's end */

static int
begin(void **state)
{
	int pair[2];
	pid_t pid;

	(void)state;
	fakeclock_stop();
	assert_int_equal(fdpass_pair(pair), 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	workers = (struct workers){ .child_count = 1 };
	workers.children[0] = (struct child){ .pid = pid, .line = pair[0] };
	services = (struct services){ .kinds = NULL };
	line = pair[1];
	manager_init(&manager);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	kill(workers.children[0].pid, SIGKILL);
	waitpid(workers.children[0].pid, NULL, 0);
	close(workers.children[0].line);
	close(line);
	fakeclock_run();
	return 0;
}

static void
check_in(unsigned ms, bool stopping)
{
	fakeclock_forward_ms(ms);
	manager_check(&manager, &workers, &services, stopping);
}

/* Whether the worker was asked since the last call. */
static bool
was_asked(void)
{
	char word;

	return fdpass_receive_bytes(line, &word, 1, 0) == 1 &&
	    word == SERVICE_PING;
}

static bool
is_alive(void)
{
	return waitpid(workers.children[0].pid, NULL, WNOHANG) == 0;
}

/* Waits until the killed worker has ended. */
static void
assert_killed(void)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)workers.children[0].pid, &info,
			     WEXITED | WNOWAIT),
	    0);
	assert_int_equal(info.si_status, SIGKILL);
}

static void
test_asks_at_intervals(void **state)
{
	(void)state;
	check_in(INTERVAL_MS - 1, false);
	assert_false(was_asked());
	assert_int_equal(manager_due_ms(&manager, HOUR_MS), 1);
	for (int i = 0; i < 20; i++) {
		check_in(INTERVAL_MS, false);
		assert_true(was_asked());
		assert_int_equal(fdpass_send(line, SERVICE_PING, -1), 0);
		workers_listen(&workers, 0);
		assert_false(workers.children[0].heartbeat.asked);
	}
	assert_true(is_alive());
}

static void
test_kills_a_silent_worker_at_the_fourth_missed_ping(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(is_alive());
		/* Also when the master itself was stopped meanwhile. */
		check_in(HOUR_MS, false);
	}
	assert_true(is_alive());
	check_in(HOUR_MS, false);
	assert_killed();
}

static void
test_leaves_retired_workers_alone(void **state)
{
	(void)state;
	workers.children[0].retired = true;
	for (int i = 0; i < 8; i++)
		check_in(INTERVAL_MS, false);
	assert_false(was_asked());
	assert_true(is_alive());
}

static void
test_asks_no_worker_while_stopping(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++)
		check_in(INTERVAL_MS, true);
	assert_false(was_asked());
	assert_true(is_alive());
}

static void
test_kills_a_worker_that_has_closed_its_line(void **state)
{
	(void)state;
	close(workers.children[0].line);
	workers.children[0].line = -1;
	for (int i = 0; i < 5; i++)
		check_in(INTERVAL_MS, false);
	assert_killed();
}

/* The last test: the variables stay in use. */
static void
test_leaves_time_for_answers_whatever_the_watchdog(void **state)
{
	(void)state;
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	setenv("WATCHDOG_USEC", "1000", 1);
	notify_init();
	manager_init(&manager);
	for (int i = 0; i < 20; i++) {
		check_in((unsigned)manager_due_ms(&manager, HOUR_MS), false);
		assert_true(was_asked());
		assert_int_equal(fdpass_send(line, SERVICE_PING, -1), 0);
		workers_listen(&workers, 0);
	}
	assert_true(is_alive());
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_asks_at_intervals),
		TEST(test_kills_a_silent_worker_at_the_fourth_missed_ping),
		TEST(test_leaves_retired_workers_alone),
		TEST(test_asks_no_worker_while_stopping),
		TEST(test_kills_a_worker_that_has_closed_its_line),
		TEST(test_leaves_time_for_answers_whatever_the_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
