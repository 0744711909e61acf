/* Words and descriptors between processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "sys/fdpass.h"
#include "sys/system.h"

static void
words_and_descriptors(void **state)
{
	int line[2], ends[2], fd;
	char word, byte = 0;

	(void)state;
	assert_int_equal(fdpass_pair(line), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fdpass_receive(line[1], &word, &fd), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fdpass_send(line[0], 'a', -1), 0);
	assert_int_equal(fdpass_send(line[0], 'b', ends[0]), 0);
	assert_int_equal(fdpass_receive(line[1], &word, &fd), 1);
	assert_int_equal(word, 'a');
	assert_int_equal(fd, -1);
	assert_int_equal(fdpass_receive(line[1], &word, &fd), 1);
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
	assert_int_equal(fdpass_receive(line[1], &word, &fd), 0);
	assert_int_equal(fdpass_send(line[1], 'c', -1), -1);
	assert_int_equal(errno, EPIPE);
	close(line[1]);
}

static void
messages(void **state)
{
	char sent[1000], got[sizeof sent + 1];
	int line[2], fd;

	(void)state;
	assert_int_equal(fdpass_pair(line), 0);
	memset(sent, 's', sizeof sent);
	assert_int_equal(fdpass_send_message(line[0],
			     (struct str){ sent, sizeof sent }, line[0]),
	    0);
	assert_int_equal(
	    fdpass_receive_message(line[1], got, sizeof got, &fd), sizeof sent);
	assert_memory_equal(got, sent, sizeof sent);
	assert_int_not_equal(fd, -1);
	close(fd);
	/* What is longer than the room is cut. */
	assert_int_equal(
	    fdpass_send_message(line[0], (struct str){ sent, sizeof sent }, -1),
	    0);
	assert_int_equal(fdpass_receive_message(line[1], got, 10, &fd), 10);
	assert_int_equal(fd, -1);
	assert_int_equal(fdpass_receive_message(line[1], got, 10, &fd), -1);
	close(line[0]);
	assert_int_equal(fdpass_receive_message(line[1], got, 10, &fd), 0);
	close(line[1]);
}

/* What fdpass_send never does, but a process that was taken over may. */
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
	assert_int_equal(fdpass_pair(line), 0);
	for (size_t count = 2; count <= 4; count++) {
		int next;

		send_many(line[0], 0, count);
		assert_int_equal(fdpass_receive(line[1], &word, &fd), 1);
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

/* A connected socket whose close waits a minute, for a peer that reads not. */
static int
lingering_socket(int *peer)
{
	const struct linger minute = { .l_onoff = 1, .l_linger = 60 };
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof address;
	static const char bytes[65536];
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	*peer = accept(listener, NULL, NULL);
	assert_int_not_equal(*peer, -1);
	close(listener);
	while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &minute, sizeof minute), 0);
	return fd;
}

/* Moves the socket into the line. */
static void
send_away(int line, int fd)
{
	assert_int_equal(fdpass_send(line, 'l', fd), 0);
	close(fd);
}

/* The clock ran for less than half of the time of a close that waits. */
static void
assert_no_wait(time_t since)
{
	assert_true(time(NULL) - since < 30);
}

static void
a_socket_that_lingers_is_closed_at_once(void **state)
{
	time_t since = time(NULL);
	int line[2], fd, peer;
	char word;

	(void)state;
	assert_int_equal(fdpass_pair(line), 0);
	send_away(line[0], lingering_socket(&peer));
	assert_int_equal(fdpass_receive(line[1], &word, &fd), 1);
	fdpass_close(fd);
	assert_no_wait(since);
	close(peer);
	/* One that is not read. */
	assert_int_equal(fdpass_send_message(line[0], STR(""), -1), 0);
	send_away(line[0], lingering_socket(&peer));
	close(line[0]);
	fdpass_close(line[1]);
	assert_no_wait(since);
	close(peer);
}

static void
a_socket_that_lingers_is_not_wanted(void **state)
{
	time_t since = time(NULL);
	int line[2], fds[2], fd, peer;
	char word;

	(void)state;
	assert_int_equal(fdpass_pair(line), 0);
	fd = lingering_socket(&peer);
	send_away(line[0], fd);
	assert_int_equal(fdpass_receive_bytes(line[1], &word, 1, 0), 1);
	assert_int_equal(word, 'l');
	assert_no_wait(since);
	close(peer);
	/* The kernel drops the second, without room for it. */
	fd = lingering_socket(&peer);
	send_many(line[0], fd, 2);
	close(fd);
	assert_int_equal(fdpass_receive(line[1], &word, &fd), 1);
	assert_int_equal(fd, -1);
	assert_no_wait(since);
	close(peer);
	/* One within another line. */
	assert_int_equal(fdpass_pair(fds), 0);
	send_away(fds[0], lingering_socket(&peer));
	close(fds[0]);
	send_away(line[0], fds[1]);
	assert_int_equal(fdpass_receive(line[1], &word, &fd), 1);
	fdpass_close(fd);
	assert_no_wait(since);
	close(peer);
	close(line[0]);
	close(line[1]);
}

static void
a_message_of_no_bytes_leaves_no_descriptor_behind(void **state)
{
	int line[2], fd, next;
	char word;

	(void)state;
	assert_int_equal(fdpass_pair(line), 0);
	assert_int_equal(fdpass_send_message(line[0], STR(""), 0), 0);
	assert_int_equal(fdpass_receive(line[1], &word, &fd), 0);
	assert_int_equal(fd, -1);
	next = dup(0);
	assert_int_equal(next, line[1] + 1);
	close(next);
	close(line[0]);
	close(line[1]);
}

/* Messages without bytes do not hide what comes after them. */
static void
all_that_is_unread_is_found(void **state)
{
	int line[2], fd, next;

	(void)state;
	assert_int_equal(fdpass_pair(line), 0);
	assert_false(system_is_at_end(line[1]));
	for (int i = 0; i < 4; i++)
		assert_int_equal(fdpass_send_message(line[0], STR(""), -1), 0);
	fd = dup(0);
	send_away(line[0], fd);
	assert_false(system_is_at_end(line[1]));
	close(line[0]);
	for (int i = 0; i < 5; i++) {
		char bytes[8];

		assert_false(system_is_at_end(line[1]));
		assert_int_equal(
		    fdpass_receive_bytes(line[1], bytes, sizeof bytes, 0),
		    i < 4 ? 0 : 1);
	}
	assert_true(system_is_at_end(line[1]));
	next = dup(0);
	assert_int_equal(next, line[0]);
	close(next);
	fdpass_close(line[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_descriptors),
		cmocka_unit_test(messages),
		cmocka_unit_test(many_descriptors_leave_none_behind),
		cmocka_unit_test(
		    a_message_of_no_bytes_leaves_no_descriptor_behind),
		cmocka_unit_test(all_that_is_unread_is_found),
		cmocka_unit_test(a_socket_that_lingers_is_closed_at_once),
		cmocka_unit_test(a_socket_that_lingers_is_not_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
