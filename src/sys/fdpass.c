/*
 * Passes descriptors from one process to another (SCM_RIGHTS).
 */
#include "sys/fdpass.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/system.h"

/* The depth of sockets in messages of sockets that are read before closing. */
#define DEPTH_MAX 4
/* Messages that a socket may hold unread: Linux takes fewer, by their size. */
#define UNREAD_MAX 512

static void close_within(int fd, unsigned depth);

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
fdpass_pair(int line[2])
{
	return socketpair(
	    AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, line);
}

int
fdpass_send_message(int line, struct str message, int fd)
{
	union control control = { .bytes = { 0 } };
	struct iovec bytes = { (void *)(uintptr_t)message.at, message.len };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd != -1) {
		struct cmsghdr *rights;

		header.msg_control = control.bytes;
		header.msg_controllen = sizeof control.bytes;
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(rights), &fd, sizeof fd);
	}
	do
		sent = sendmsg(line, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent == -1 && errno == EINTR);
	return sent == (ssize_t)message.len ? 0 : -1;
}

int
fdpass_ask(int line, struct str message)
{
	int ends[2];

	if (fdpass_pair(ends) == -1)
		return -1;
	if (fdpass_send_message(line, message, ends[1]) == -1) {
		process_close(ends[0]);
		ends[0] = -1;
	}
	process_close(ends[1]);
	return ends[0];
}

/* Room for as many descriptors as Linux passes in one message. */
#define DESCRIPTORS_MAX 253

union control_of_many {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
};

/* The descriptors of one part of a message; their number. */
static size_t
read_rights(struct cmsghdr *part, int fds[DESCRIPTORS_MAX])
{
	size_t count;

	if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
		return 0;
	count = (part->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
	if (count > DESCRIPTORS_MAX)
		count = DESCRIPTORS_MAX;
	memcpy(fds, CMSG_DATA(part), count * sizeof *fds);
	return count;
}

/*
 * Receives one message and closes its descriptors, unless there is exactly one
 * and `fd` is not NULL.  The kernel closes the descriptors there is no room
 * for, and so waits for a socket that lingers: there is room for all.
 */
static ssize_t
receive(int line, struct iovec bytes, int flags, unsigned depth, int *fd)
{
	union control_of_many control;
	struct msghdr header = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	int fds[DESCRIPTORS_MAX];
	ssize_t got;

	do
		got = recvmsg(line, &header, MSG_CMSG_CLOEXEC | flags);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return -1;
	/* A message of no bytes may have descriptors, too. */
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&header); part != NULL;
	     part = CMSG_NXTHDR(&header, part)) {
		size_t count = read_rights(part, fds);

		if (count == 1 && got > 0 && fd != NULL && *fd == -1) {
			*fd = fds[0];
			continue;
		}
		while (count > 0)
			close_within(fds[--count], depth + 1);
	}
	return got;
}

/*
 * Closing a socket also closes the descriptors in its unread messages, and so
 * on for sockets among them, so receive all of them first.
 */
static void
close_within(int fd, unsigned depth)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	char bytes[256];
	int error = errno;

	for (int i = 0; i < UNREAD_MAX && depth < DEPTH_MAX; i++) {
		ssize_t got = receive(fd, (struct iovec){ bytes, sizeof bytes },
		    MSG_DONTWAIT, depth, NULL);

		if (got == -1 || (got == 0 && system_is_at_end(fd)))
			break;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
	errno = error;
}

void
fdpass_close(int fd)
{
	if (fd != -1)
		close_within(fd, 0);
}

ssize_t
fdpass_receive_message(int line, char *at, size_t room, int *fd)
{
	*fd = -1;
	return receive(line, (struct iovec){ at, room }, 0, 0, fd);
}

ssize_t
fdpass_receive_bytes(int line, void *at, size_t room, int flags)
{
	return receive(line, (struct iovec){ at, room }, flags, 0, NULL);
}

int
fdpass_send(int line, char word, int fd)
{
	return fdpass_send_message(line, (struct str){ &word, 1 }, fd);
}

int
fdpass_receive(int line, char *word, int *fd)
{
	return (int)fdpass_receive_message(line, word, 1, fd);
}
