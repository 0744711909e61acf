/*
 * Socket activation: listeners that a service manager has opened.
 */
#include "daemon/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3

static const struct protocol *
protocol_named(struct str name)
{
	if (str_equals(name, STR("gemini")))
		return &gemini;
	return str_equals(name, STR("gopher")) ? &gopher : NULL;
}

static int
option_of(int fd, int name)
{
	int value = 0;
	socklen_t len = sizeof value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : 0;
}

/* Returns NULL for a listening TCP socket, or a description of the fault. */
static const char *
fault_of(int fd, struct net_address *bound)
{
	if (fcntl(fd, F_GETFD) == -1)
		return "closed";
	if (net_local_address(fd, bound) == -1)
		return "not a socket";
	if (bound->at.ss_family == AF_UNIX)
		return "a local socket";
	if (bound->at.ss_family != AF_INET && bound->at.ss_family != AF_INET6)
		return "a socket of another family";
	if (option_of(fd, SO_TYPE) != SOCK_STREAM)
		return "not a TCP socket";
	return option_of(fd, SO_ACCEPTCONN) ? NULL : "not listening";
}

/* The workers share the socket, so accept(2) must not block. */
static void
prepare(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	net_tune_listener(fd);
}

static int
take(struct listeners *listeners, int fd, struct str name, struct buf *error)
{
	struct listeners_address *address =
	    &listeners->addresses[listeners->count];
	const struct protocol *protocol = protocol_named(name);
	const char *fault = fault_of(fd, &address->bound);

	if (fault != NULL) {
		buf_printf(error,
		    "descriptor %d of LISTEN_FDS is %s, expected a listening "
		    "TCP socket; set ListenStream= to a port, and not "
		    "Accept=yes, in its socket unit",
		    fd, fault);
		return -1;
	}
	if (protocol == NULL) {
		buf_printf(error,
		    "descriptor %d of LISTEN_FDS has the name \"%.*s\", "
		    "expected gemini or gopher; set FileDescriptorName= in its "
		    "socket unit",
		    fd, name.len < 99 ? (int)name.len : 99, name.at);
		return -1;
	}
	for (size_t i = 0; i < listeners->count; i++) {
		if (!net_equals(
			&listeners->addresses[i].bound, &address->bound))
			continue;
		buf_printf(error,
		    "descriptor %d of LISTEN_FDS has the address of descriptor "
		    "%d; remove one of the two ListenStream= lines",
		    fd, FIRST_FD + (int)i);
		return -1;
	}
	prepare(fd);
	address->asked = address->bound;
	address->activated = protocol;
	address->kind.protocol = protocol;
	address->sockets[0] = fd;
	listeners->count++;
	return 0;
}

static int
take_all(struct listeners *listeners, unsigned long count, struct str names,
    struct buf *error)
{
	listeners->sockets_each = 1;
	listeners->addresses = calloc(count, sizeof *listeners->addresses);
	if (listeners->addresses == NULL) {
		buf_add(error, STR("out of memory"));
		return -1;
	}
	for (unsigned long i = 0; i < count; i++)
		if (take(listeners, FIRST_FD + (int)i, str_cut(&names, ':'),
			error) == -1)
			return -1;
	return (int)count;
}

int
activation_take(struct listeners *listeners, char *error, size_t error_size)
{
	struct buf out = buf_over(error, error_size - 1);
	struct str pid = str_of(getenv("LISTEN_PID"));
	struct str fds = str_of(getenv("LISTEN_FDS"));
	struct str names = str_of(getenv("LISTEN_FDNAMES"));
	unsigned long number = 0, count = 0;
	int result = 0;

	if (str_number(pid, INT_MAX, &number) && (pid_t)number == getpid()) {
		if (!str_number(fds, OPTIONS_SOCKETS_MAX, &count)) {
			buf_printf(&out,
			    "LISTEN_FDS is \"%.*s\", expected a number up to "
			    "%d",
			    fds.len < 99 ? (int)fds.len : 99, fds.at,
			    OPTIONS_SOCKETS_MAX);
			result = -1;
		} else if (count > 0) {
			result = take_all(listeners, count, names, &out);
		}
	}
	error[out.len] = '\0';
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("LISTEN_PIDFDID");
	return result;
}

void
activation_list(const struct listeners *listeners, struct options *options)
{
	options->socket_count = 0;
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listeners_address *address =
		    &listeners->addresses[i];

		struct options_socket *socket =
		    &options->sockets[options->socket_count];

		if (address->activated == NULL ||
		    options->socket_count == OPTIONS_SOCKETS_MAX)
			continue;
		socket->key = address->activated->name;
		net_address_format(&address->asked, socket->text);
		options->socket_count++;
	}
}

int
activation_share(struct listeners *listeners, size_t count)
{
	for (size_t i = 0; i < listeners->count; i++) {
		int *sockets = listeners->addresses[i].sockets;

		for (size_t j = 1; j < count; j++) {
			sockets[j] = fcntl(sockets[0], F_DUPFD_CLOEXEC, 0);
			if (sockets[j] == -1)
				return -1;
		}
	}
	listeners->sockets_each = count;
	return 0;
}
