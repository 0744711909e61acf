/* Words and descriptors between processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
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

static void
messages(void **state)
{
	char sent[1000], got[sizeof sent + 1];
	int line[2], fd;

	(void)state;
	assert_int_equal(handover_pair(line), 0);
	memset(sent, 's', sizeof sent);
	assert_int_equal(handover_send_message(line[0],
			     (struct str){ sent, sizeof sent }, line[0]),
	    0);
	assert_int_equal(
	    handover_receive_message(line[1], got, sizeof got, &fd),
	    sizeof sent);
	assert_memory_equal(got, sent, sizeof sent);
	assert_int_not_equal(fd, -1);
	close(fd);
	/* What is longer than the room is cut. */
	assert_int_equal(handover_send_message(line[0],
			     (struct str){ sent, sizeof sent }, -1),
	    0);
	assert_int_equal(handover_receive_message(line[1], got, 10, &fd), 10);
	assert_int_equal(fd, -1);
	assert_int_equal(handover_receive_message(line[1], got, 10, &fd), -1);
	close(line[0]);
	assert_int_equal(handover_receive_message(line[1], got, 10, &fd), 0);
	close(line[1]);
}

/* What handover_send never does, but a process that was taken over may. */
static void
send_many(int line, int fd, size_t count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control = { .bytes = { 0 } };
	char word = 'm';
	struct iovec bytes = { &word, 1 };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(count * sizeof fd) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof fd);
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
	assert_int_equal(sendmsg(line, &message, 0), 1);
}

static void
many_descriptors_leave_none_behind(void **state)
{
	int line[2], fd, before = dup(0);
	char word;

	(void)state;
	assert_int_equal(handover_pair(line), 0);
	for (size_t count = 2; count <= 4; count++) {
		int next;

		send_many(line[0], 0, count);
		assert_int_equal(handover_receive(line[1], &word, &fd), 1);
		if (fd != -1)
			close(fd);
		/* The lowest number that is free is the same as before. */
		next = dup(0);
		assert_int_equal(next, line[1] + 1);
		close(next);
	}
	close(line[0]);
	close(line[1]);
	close(before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_descriptors),
		cmocka_unit_test(messages),
		cmocka_unit_test(many_descriptors_leave_none_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
