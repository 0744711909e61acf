#ifndef SERVE_VISITOR_H
#define SERVE_VISITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/net.h"
#include "sys/tls.h"
#include "text/str.h"

/*
 * The data on a client and its request that a program gets in addition to the
 * path. All members are borrowed, and valid until the answer.
 */
struct visitor {
	/* The address of the client, not of its proxy; NULL: unknown. */
	const struct net_address *peer;
	const struct tls *tls; /* NULL, or not open: clear text */
	struct str url; /* Gemini: as it was sent */
	struct str selector; /* Gopher: as it was sent, without search words */
	uint16_t port; /* that the client asked for */
	bool is_gopher;
};

#endif
