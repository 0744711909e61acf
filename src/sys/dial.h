#ifndef SYS_DIAL_H
#define SYS_DIAL_H

#include <stddef.h>

#include "sys/net.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Looks up the addresses of a host, a name in normal form or an address, in
 * the order in which they are to be tried, without port: how many, up to
 * `room`; 0 with one line in `error`, for people.
 */
MUST_USE size_t dial_resolve(
    struct str host, struct net_address *out, size_t room, const char **error);

/*
 * Begins a connection: a non-blocking socket that becomes writable when it
 * is made or has failed, which dial_made then tells: 0, or -1 with errno
 * set.
 */
MUST_USE int dial_begin(const struct net_address *address);
MUST_USE int dial_made(int fd);

#endif
