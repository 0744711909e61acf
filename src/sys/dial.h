#ifndef SYS_DIAL_H
#define SYS_DIAL_H

#include <stddef.h>

#include "sys/net.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Resolves `host`, a name in normal form or an address, to at most `room`
 * addresses without port, in the order in which to try them. Returns their
 * number, or 0 with one line in `error`.
 */
MUST_USE size_t dial_resolve(
    struct str host, struct net_address *out, size_t room, const char **error);

/*
 * Starts a connection and returns a non-blocking socket, which becomes writable
 * when the connection is established or has failed. dial_made returns the
 * outcome: 0, or -1 with errno set.
 */
MUST_USE int dial_begin(const struct net_address *address);
MUST_USE int dial_made(int fd);

#endif
