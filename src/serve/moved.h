#ifndef SERVE_MOVED_H
#define SERVE_MOVED_H

#include "serve/response.h"

/*
 * A handler for a host with rules: redirects from moved pages and folders; 52
 * for deleted ones.
 */
handler moved_answer;

/* The end of a chain of rules. */
struct moved {
	enum status status; /* STATUS_MOVED, STATUS_GONE, or STATUS_FAILURE */
	struct str target; /* encoded, as in struct rules_move */
	const struct rules_move *last; /* the last rule; NULL: none matches */
};

/*
 * Applies the rules to a path, decoded and normal, and then to each path that a
 * rule leads to, so that a client is redirected once. `encoded` is the same
 * path percent-encoded. The status is a failure where the rules form a circle,
 * and without memory.
 */
struct moved moved_follow(const struct rules *rules, struct arena *arena,
    struct str path, struct str encoded);

#endif
