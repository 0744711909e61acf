/*
 * Outgoing connections: resolves a host and connects to it.
 */
#include "sys/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "sys/process.h"

size_t
dial_resolve(
    struct str host, struct net_address *out, size_t room, const char **error)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char name[256];
	size_t count = 0;
	int result;

	if ((size_t)snprintf(name, sizeof name, "%.*s", STR_ARG(host)) >=
	    sizeof name) {
		*error = "the name is too long";
		return 0;
	}
	result = getaddrinfo(name, NULL, &hints, &found);
	if (result != 0) {
		*error = gai_strerror(result);
		return 0;
	}
	for (const struct addrinfo *one = found; one != NULL && count < room;
	     one = one->ai_next) {
		memset(&out[count], 0, sizeof *out);
		memcpy(&out[count].at, one->ai_addr, one->ai_addrlen);
		out[count++].len = one->ai_addrlen;
	}
	freeaddrinfo(found);
	*error = "it has no address";
	return count;
}

int
dial_begin(const struct net_address *address)
{
	int fd = socket(address->at.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (const struct sockaddr *)&address->at, address->len) ==
		0 ||
	    errno == EINPROGRESS)
		return fd;
	process_close(fd);
	return -1;
}

int
dial_made(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}
