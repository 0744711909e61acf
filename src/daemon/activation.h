#ifndef DAEMON_ACTIVATION_H
#define DAEMON_ACTIVATION_H

#include <stddef.h>

#include "daemon/listeners.h"
#include "daemon/options.h"
#include "text/attribute.h"

/*
 * Takes the listening sockets that a service manager passes, as in
 * sd_listen_fds(3), and their variables out of the environment. Each has the
 * name of a protocol, gemini or gopher. Variables for another process are
 * ignored. Returns the number of descriptors from 3 on, or -1 with one line in
 * `error`.
 */
MUST_USE int
activation_take(struct listeners *listeners, char *error, size_t error_size);

/* Copies the addresses of these sockets to options->sockets. */
void
activation_list(const struct listeners *listeners, struct options *options);

/*
 * Opens each socket again for each of `count` workers, which share it; -1 with
 * errno set.
 */
MUST_USE int activation_share(struct listeners *listeners, size_t count);

#endif
