/*
 * Buffered output on TCP connections.
 */
#include "sys/net_out.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/system.h"

/* Harmless replacement for an option that a system lacks. */
#ifndef MSG_MORE
#define MSG_MORE 0
#endif

void
net_out_borrow(struct net_out *out, char *at, size_t room)
{
	assert(out->at == NULL);
	out->at = at;
	out->room = room;
	out->len = out->off = 0;
	out->borrowed = true;
}

int
net_out_return(struct net_out *out)
{
	const char *rest = out->at + out->off;
	size_t len = out->len - out->off;

	assert(out->borrowed);
	out->borrowed = false;
	out->at = NULL;
	if (len == 0)
		return 0;
	out->room = len > NET_OUT_SIZE ? len : NET_OUT_SIZE;
	out->at = malloc(out->room);
	if (out->at == NULL)
		return -1;
	memcpy(out->at, rest, len);
	out->len = len;
	out->off = 0;
	return 0;
}

ssize_t
net_out_add(struct net_out *out, const char *at, size_t len)
{
	if (out->at == NULL) {
		out->at = malloc(NET_OUT_SIZE);
		if (out->at == NULL)
			return -1;
		out->room = NET_OUT_SIZE;
		out->len = out->off = 0;
	}
	if (len > out->room - out->len)
		len = out->room - out->len;
	memcpy(out->at + out->len, at, len);
	out->len += len;
	return (ssize_t)len;
}

ssize_t
net_out_send(struct net_out *out, const char *at, size_t len)
{
	int flags = out->corked ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
	ssize_t sent;

	do
		sent = send(out->fd, at, len, flags);
	while (sent == -1 && errno == EINTR);
	if (sent != -1)
		return sent;
	return errno == EAGAIN || errno == EWOULDBLOCK ? IO_WANT_WRITE
						       : IO_FAILED;
}

ssize_t
net_out_send_file(struct net_out *out, int fd, size_t most)
{
	ssize_t sent;

	do
		sent = system_send_file(out->fd, fd, most);
	while (sent == -1 && errno == EINTR);
	if (sent != -1)
		return sent > 0 ? sent : IO_CLOSED;
	return errno == EAGAIN || errno == EWOULDBLOCK ? IO_WANT_WRITE
						       : IO_FAILED;
}

ssize_t
net_out_flush(struct net_out *out)
{
	while (net_out_waits(out)) {
		ssize_t sent =
		    net_out_send(out, out->at + out->off, out->len - out->off);

		if (sent < 0)
			return sent;
		out->off += (size_t)sent;
	}
	net_out_release(out);
	return IO_DONE;
}

bool
net_out_waits(const struct net_out *out)
{
	return out->at != NULL && out->off < out->len;
}

void
net_out_release(struct net_out *out)
{
	out->len = out->off = 0;
	if (out->borrowed)
		return;
	free(out->at);
	out->at = NULL;
}
