#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include "text/attribute.h"
#include "wire/conngroup.h"
#include "wire/protocol.h"
#include "wire/transport.h"

struct conn_kind {
	const struct protocol *protocol;
	enum transport_tls tls;
	bool proxied; /* a PROXY header comes first: see proxied.h */
	size_t host; /* that of requests which name none, by its number */
};

/*
 * Serves one client, whose socket it takes, until it is closed. Returns -1,
 * with the socket closed, without memory; then group->closed is not called.
 */
MUST_USE int conn_open(struct conngroup *group, const struct conn_kind *kind,
    const struct conn_client *client);

#endif
