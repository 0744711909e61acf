#ifndef WIRE_PROXIED_H
#define WIRE_PROXIED_H

#include <sys/types.h>

#include "text/attribute.h"
#include "wire/conngroup.h"
#include "wire/exchange.h"
#include "wire/hello.h"

/*
 * Receives the PROXY header from the socket of `client`, and no byte after it;
 * `hello` keeps an unfinished one. Returns IO_DONE once it is whole: then
 * `client` and `exchange` have the address of the visitor, which group->admit
 * has admitted; if the header has none, or that of the proxy itself, the client
 * is not counted as a visitor. Returns another enum io before; IO_FAILED when
 * the header is malformed, after group->malformed, or the visitor is not
 * admitted.
 */
MUST_USE ssize_t proxied_receive(struct hello *hello, struct conngroup *group,
    struct exchange *exchange, struct conn_client *client);

#endif
