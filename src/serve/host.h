#ifndef SERVE_HOST_H
#define SERVE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/cache.h"
#include "serve/rules.h"
#include "text/site.h"
#include "text/str.h"
#include "tree/media.h"
#include "tree/tree.h"

struct db_place;
struct hostnames;
struct readerset;
struct visitors;

/* The built-in pages. */
enum builtin {
	BUILTIN_ASK,
	BUILTIN_GEMPUB,
	BUILTIN_TAR,
	BUILTIN_MANIFEST,
	BUILTIN_ONLINE,
	BUILTIN_ADDRESSES,
	BUILTIN_COUNT,
};

/* The state of a process that all its hosts share. */
struct server {
	const struct host *hosts; /* the first is the default */
	size_t host_count; /* at least 1 */
	const struct hostnames *names; /* of all hosts */
	struct media *media;
	struct cache *cache;
	const struct readerset *readers; /* NULL: no lists */
	/* The socket to `answers`; NULL: this process answers all. */
	const int *answers;
	/* The sockets to these processes; NULL: none. */
	const int *runner, *writer;
};

/* One capsule: its settings, and its tree. */
struct host {
	const struct server *server;
	const struct site *site;
	const struct tree *tree;
	const struct db_place *index; /* NULL: nothing is indexed */
	struct visitors *visitors; /* NULL: not counted */
	uint64_t archive_limit; /* bytes of files in one; 0: none */
	/* BUILTIN_COUNT paths; an empty one is off. NULL: all are off. */
	const struct str *builtins;
	const struct rules *rules; /* of parts of the capsule; NULL: none */
};

#endif
