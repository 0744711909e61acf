/*
 * Passes descriptors from one process to another (SCM_RIGHTS).
 */
#include "sys/handover.h"

#include <errno.h>
#include <stdint.h>
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
handover_send_message(int line, struct str message, int fd)
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

ssize_t
handover_receive_message(int line, char *at, size_t room, int *fd)
{
	union control control;
	struct iovec bytes = { at, room };
	/*
	 * Room for exactly one descriptor: CMSG_SPACE includes padding, in
	 * which Linux would put a second descriptor that is never closed.
	 */
	struct msghdr header = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_LEN(sizeof *fd) };
	struct cmsghdr *rights;
	ssize_t got;

	*fd = -1;
	do
		got = recvmsg(line, &header, MSG_CMSG_CLOEXEC);
	while (got == -1 && errno == EINTR);
	if (got <= 0)
		return got;
	rights = CMSG_FIRSTHDR(&header);
	if (rights != NULL && rights->cmsg_level == SOL_SOCKET &&
	    rights->cmsg_type == SCM_RIGHTS &&
	    rights->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(rights), sizeof *fd);
	return got;
}

int
handover_send(int line, char word, int fd)
{
	return handover_send_message(line, (struct str){ &word, 1 }, fd);
}

int
handover_receive(int line, char *word, int *fd)
{
	return (int)handover_receive_message(line, word, 1, fd);
}
