/*
 * Connects to SCGI and FastCGI servers, and writes the request.
 */
#include "daemon/runnerdial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/clock.h"
#include "sys/dial.h"
#include "sys/process.h"

static int
connect_to(const struct rules_program *program)
{
	struct net_address local;

	if (program->target[0] == '\0')
		return dial_begin(program->address);
	return net_address_local(program->target, &local) == -1
	    ? -1
	    : dial_begin(&local);
}

int
runnerdial_begin(struct runnerdial *dial, const struct rules_program *program,
    struct str request)
{
	*dial = (struct runnerdial){ .fd = -1,
		.request = malloc(request.len),
		.len = request.len,
		.due = clock_in(program->timeout_ms) };
	if (dial->request == NULL)
		return -1;
	memcpy(dial->request, request.at, request.len);
	dial->fd = connect_to(program);
	if (dial->fd != -1)
		return 0;
	runnerdial_end(dial);
	return -1;
}

int
runnerdial_write(struct runnerdial *dial)
{
	ssize_t sent;

	if (dial->off == 0 && dial_made(dial->fd) == -1)
		return -1;
	sent = send(dial->fd, dial->request + dial->off, dial->len - dial->off,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	dial->off += (size_t)sent;
	return dial->off == dial->len;
}

void
runnerdial_end(struct runnerdial *dial)
{
	int error = errno;

	process_close(dial->fd);
	free(dial->request);
	*dial = (struct runnerdial){ .fd = -1 };
	errno = error;
}
