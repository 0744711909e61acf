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

/* The form of a cached answer. */
enum kept_form {
	KEPT_NOTHING,
	KEPT_FILE, /* its bytes */
	KEPT_LISTING,
	KEPT_ENTRIES, /* a listing without its heading */
	KEPT_MENU,
};

/*
 * The key of a cached answer: the state of its file or directory, and the form.
 */
struct kept_key {
	enum kept_form form;
	uint64_t path; /* hash of the path, because links are relative to it */
	struct stat st;
	struct str type; /* MIME type; goes with the answer, is not compared */
};

#define KEPT_SLOTS 128

/*
 * A cache of answers, valid for a few seconds and while the file or directory
 * they were made of is unchanged. Other files that an answer mentions (a listed
 * page's title, a linked file's type) may change meanwhile. One for each
 * process; zeroed.
 */
struct kept_cache {
	struct kept_slot {
		struct kept_key key;
		struct timespec until;
		struct kept_text *text;
		/* Another request is recording this answer until then. */
		struct timespec expected;
	} slots[KEPT_SLOTS];
	size_t held; /* bytes of all texts, including those in use */
};

/* Makes a key without a type. */
struct kept_key
kept_key(enum kept_form form, struct str path, const struct stat *st);

/*
 * Whether the cache has an entry for this path. If not, kept_body finds
 * nothing, whatever the path leads to now.
 */
bool kept_knows(const struct kept_cache *cache, struct str path);

/*
 * The cached answer, as a body in the arena, and its type in the key; NULL when
 * there is none.
 */
MUST_USE struct body *
kept_body(struct kept_cache *cache, struct kept_key *key, struct arena *arena);

/*
 * Wraps `made` in a body that records a copy in the cache when it has been read
 * whole and is not large; returns `made` itself when it is not to be cached, or
 * without memory. Takes `made`. `cache` and the key's type outlive the body.
 */
MUST_USE struct body *kept_record(struct kept_cache *cache,
    const struct kept_key *key, struct arena *arena, struct body *made);

/* Frees all entries. */
void kept_release(struct kept_cache *cache);

#endif
