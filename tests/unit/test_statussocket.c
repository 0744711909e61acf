#include "daemon/statussocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "fakeclock.h"
#include "temporary.h"

static struct temporary folder;

static int
call(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* A client that cannot be accepted keeps the socket readable. */
static void
test_it_rests_without_descriptors(void **state)
{
	struct rlimit usual, none = { 0 };
	struct statussocket at;
	char path[100], error[256], got[8];
	const struct statussocket_setup setup = { path,
		&(struct statussocket){ .fd = -1 } };
	int client, accepted;

	(void)state;
	snprintf(path, sizeof path, "%s/status", folder.path);
	assert_int_equal(statussocket_open(&at, &setup, error, 256), 0);
	fakeclock_stop();
	assert_int_equal(statussocket_accept(&at), -1);
	assert_int_equal(statussocket_polled(&at), at.fd);
	client = call(path);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none.rlim_max = usual.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(statussocket_accept(&at), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_int_equal(statussocket_polled(&at), -1);
	fakeclock_forward_ms(1001);
	assert_int_equal(statussocket_polled(&at), at.fd);
	accepted = statussocket_accept(&at);
	assert_int_not_equal(accepted, -1);
	statussocket_send(accepted, STR("a=b\n"));
	assert_int_equal(read(client, got, sizeof got), 4);
	assert_int_equal(read(client, got, sizeof got), 0);
	close(client);
	statussocket_close(&at, NULL);
	assert_int_equal(access(path, F_OK), -1);
	fakeclock_run();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_rests_without_descriptors),
	};
	int failed;

	temporary_make(&folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	temporary_remove(&folder);
	return failed;
}
