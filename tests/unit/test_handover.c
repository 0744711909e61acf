/* Words and descriptors between processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/handover.h"

static void
words_and_descriptors(void **state)
{
	int line[2], ends[2], fd;
	char word, byte = 0;

	(void)state;
	assert_int_equal(handover_pair(line), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(handover_receive(line[1], &word, &fd), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(handover_send(line[0], 'a', -1), 0);
	assert_int_equal(handover_send(line[0], 'b', ends[0]), 0);
	assert_int_equal(handover_receive(line[1], &word, &fd), 1);
	assert_int_equal(word, 'a');
	assert_int_equal(fd, -1);
	assert_int_equal(handover_receive(line[1], &word, &fd), 1);
	assert_int_equal(word, 'b');
	assert_int_not_equal(fd, -1);
	assert_int_not_equal(fd, ends[0]);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(fd);
	close(ends[0]);
	close(ends[1]);
	close(line[0]);
	assert_int_equal(handover_receive(line[1], &word, &fd), 0);
	assert_int_equal(handover_send(line[1], 'c', -1), -1);
	assert_int_equal(errno, EPIPE);
	close(line[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
	    words_and_descriptors) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
