#ifndef TOOL_OFFLINE_H
#define TOOL_OFFLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "serve/kept.h"
#include "serve/response.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/catalog.h"
#include "wire/protocol.h"

/*
 * A visitor of a capsule that no server serves: what it asks is answered by
 * the server's own rooms, with the rights of whoever runs the tool.
 */
struct offline {
	struct server server;
	bool has_gopher; /* it is served over Gopher, too */
	/* Below is this room's own. */
	struct tree tree;
	struct directory_cache directories;
	struct kept_cache kept;
	struct catalog_shelf shelf; /* empty, unless offline_index filled it */
	struct arena arena; /* of one question */
};

/*
 * Opens the capsule of `config`, which is borrowed.  Returns -1 with one line
 * in `error`, of what is wrong and what to do.
 */
MUST_USE int offline_open(struct offline *offline, const struct config *config,
    char *error, size_t error_size);
void offline_release(struct offline *offline);

/*
 * Reads all pages, so that questions to them are answered as by a server that
 * has; -1 with errno set.  Takes the time that it takes.
 */
MUST_USE int offline_index(struct offline *offline);

/* How a question was answered. */
struct offline_answer {
	enum status status; /* 0: not at all */
	struct str meta; /* on Gemini; valid until the next question */
};

/*
 * Asks with a request line, given with its end, and lets go of the body.
 */
struct offline_answer offline_ask(
    struct offline *offline, const struct protocol *protocol, struct str line);

#endif
