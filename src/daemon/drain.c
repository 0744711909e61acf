/* Drains the listeners: accepts the last clients before they close. */
#include "daemon/drain.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/signals.h"
#include "sys/clock.h"
#include "sys/net.h"
#include "sys/system.h"

#define DRAIN_MS 5000
#define POLL_MS 10

static uint16_t
port_of(int fd)
{
	struct net_address address = { .len = sizeof address.at };

	return getsockname(fd, (struct sockaddr *)&address.at, &address.len) ==
		-1
	    ? 0
	    : net_port(&address);
}

void
drain_listeners(const struct listeners *listeners)
{
	struct timespec until = clock_in(DRAIN_MS);
	size_t count;
	struct worker_socket *sockets =
	    listeners_of_worker(listeners, 0, 1, &count);
	uint16_t *ports = calloc(count + 1, sizeof *ports);

	for (size_t i = 0; i < count; i++) {
		if (sockets[i].activated)
			continue;
		system_refuse_new(sockets[i].fd);
		if (ports != NULL)
			ports[i] = port_of(sockets[i].fd);
	}
	while (ports != NULL && signals.stop < 2 &&
	    clock_until_ms(&until) > 0 && system_has_deferred(ports, count)) {
		struct timespec due = clock_in(POLL_MS);

		if (signals_wait(-1, &due) == -1 && errno != EINTR)
			break;
	}
	free(sockets);
	free(ports);
}
