#ifndef TOOL_OFFLINE_H
#define TOOL_OFFLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "daemon/state.h"
#include "index/db.h"
#include "serve/cache.h"
#include "serve/response.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "wire/protocol.h"

/*
 * A capsule that answers requests without a server process, with the server's
 * code and the user's own rights.
 */
struct offline {
	struct server server;
	struct host host; /* the only one of `server` */
	bool has_gopher; /* it is also served over Gopher */
	const struct zones *zones; /* parts with readers; NULL: none */
	/* Private. */
	struct tree tree;
	struct cache cache;
	struct hostnames *names; /* of the host */
	struct state state; /* of the index; closed, if there is none */
	struct db_place place;
	struct arena arena; /* for one request */
};

/*
 * Opens the capsule of a host, which is borrowed.  Returns -1 with one line
 * in `error` that names the fault and the remedy.
 */
MUST_USE int offline_open(struct offline *offline,
    const struct host_config *host, char *error, size_t error_size);
void offline_release(struct offline *offline);

/*
 * From now on parts with readers are hidden, as by a server; until then all is
 * open, for checks.
 */
void offline_hide(struct offline *offline);

/*
 * Indexes all pages, so that searches are answered as by a server; -1 with
 * errno set.  May take long.
 */
MUST_USE int offline_index(struct offline *offline);

/* The answer to a request. */
struct offline_answer {
	enum status status; /* 0: there was none */
	/*
	 * On Gopher the MIME type of a success, or empty if it is not known.
	 * Empty on both protocols for a program, which is not started.
	 * Valid until the next request.
	 */
	struct str meta;
};

/* Answers a request line, which includes its end, and discards the body. */
struct offline_answer offline_ask(
    struct offline *offline, const struct protocol *protocol, struct str line);

#endif
