#ifndef SERVE_KEPT_H
#define SERVE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "serve/body.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/* What was made. */
enum kept_form {
	KEPT_NOTHING,
	KEPT_FILE, /* its bytes */
	KEPT_LISTING,
	KEPT_ENTRIES, /* a listing without its heading */
	KEPT_MENU,
};

/* What it was made of: a file or directory as it was, and asked for so. */
struct kept_key {
	enum kept_form form;
	uint64_t path; /* a hash of it: links are relative to the path */
	struct stat st;
	struct str type; /* MIME; goes with the answer, and is not compared */
};

#define KEPT_SLOTS 128

/*
 * Answers, kept for a few seconds for whoever asks for the same: what they
 * were made of may not have changed since.  What they
 * only mention (a listed page's title, a linked file's type) may have, and
 * shows so much later.  One for each process; zeroed.
 */
struct kept_cache {
	struct kept_slot {
		struct kept_key key;
		struct timespec until;
		struct kept_text *text;
		/* Until then somebody else's copy is on its way. */
		struct timespec expected;
	} slots[KEPT_SLOTS];
	size_t held; /* bytes of all texts, of those in use too */
};

/* A key without a type. */
struct kept_key
kept_key(enum kept_form form, struct str path, const struct stat *st);

/*
 * Whether anything is kept that was made of this path.  If not, kept_body
 * finds nothing, whatever the path leads to now.
 */
bool kept_knows(const struct kept_cache *cache, struct str path);

/*
 * The answer if it is kept, as a body in the arena, and its type in the key;
 * else NULL.
 */
MUST_USE struct body *
kept_body(struct kept_cache *cache, struct kept_key *key, struct arena *arena);

/*
 * `made` as a body that leaves a copy of itself when it has been read whole
 * and is not large; or `made` itself where none is to be kept, for want of
 * memory too.  Takes `made`.  `cache` and the key's type outlive the body.
 */
MUST_USE struct body *kept_record(struct kept_cache *cache,
    const struct kept_key *key, struct arena *arena, struct body *made);

/* Lets go of what is kept. */
void kept_release(struct kept_cache *cache);

#endif
