#ifndef SERVE_CACHE_H
#define SERVE_CACHE_H

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
enum cache_form {
	CACHE_NOTHING,
	CACHE_FILE, /* its bytes */
	CACHE_LISTING,
	CACHE_ENTRIES, /* a listing without its heading */
	CACHE_MENU,
};

/* The key of an answer: the state of its file or directory, and the form. */
struct cache_key {
	enum cache_form form;
	uint64_t path; /* request->key; links are relative to the path */
	struct stat st;
	struct str type; /* MIME type; goes with the answer, is not compared */
};

#define CACHE_SLOTS 128

/*
 * A cache of answers, valid for a few seconds and while the file or directory
 * they were made of is unchanged. Other files that an answer mentions (a listed
 * page's title, a linked file's type) may change meanwhile. One for each
 * process; zeroed.
 */
struct cache {
	struct cache_slot {
		struct cache_key key;
		struct timespec until;
		struct cache_text *text;
		/* Another request is recording this answer until then. */
		struct timespec expected;
		const struct recording *recorder;
	} slots[CACHE_SLOTS];
	size_t held; /* bytes of all texts, including those in use */
};

/* Makes a key without a type. */
struct cache_key
cache_key(enum cache_form form, uint64_t path, const struct stat *st);

/*
 * Whether the cache has an entry for this path. If not, cache_body finds
 * nothing, wherever the path leads now.
 */
bool cache_knows(const struct cache *cache, uint64_t path);

/* The cached answer, a body in the arena, with its type in the key; or NULL. */
MUST_USE struct body *
cache_body(struct cache *cache, struct cache_key *key, struct arena *arena);

/*
 * Wraps `made` in a body that records a copy in the cache when it has been read
 * whole and is not large; returns `made` itself when it is not to be cached, or
 * without memory. Takes `made`. `cache` and the key's type outlive the body.
 */
MUST_USE struct body *cache_record(struct cache *cache,
    const struct cache_key *key, struct arena *arena, struct body *made);

/* Frees all entries. */
void cache_release(struct cache *cache);

#endif
