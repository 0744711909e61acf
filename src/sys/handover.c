/*
 * Descriptors on their way from one process to another (SCM_RIGHTS).  Knows
 * nothing of what they are.
 */
#include "sys/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
handover_pair(int line[2])
{
	return socketpair(
	    AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, line);
}

int
handover_send(int line, char word, int fd)
{
	union control control = { .bytes = { 0 } };
	struct iovec bytes = { &word, 1 };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (fd != -1) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(header), &fd, sizeof fd);
	}
	return sendmsg(line, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int
handover_receive(int line, char *word, int *fd)
{
	union control control;
	struct iovec bytes = { word, 1 };
	/*
	 * Room for one descriptor and not a byte more: CMSG_SPACE has padding,
	 * in which Linux would leave a second one that nobody closes.
	 */
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_LEN(sizeof *fd) };
	struct cmsghdr *header;
	ssize_t got = recvmsg(line, &message, MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (got <= 0)
		return (int)got;
	header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET &&
	    header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(header), sizeof *fd);
	return 1;
}
