#ifndef TEXT_ARENA_H
#define TEXT_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * Memory with one lifetime: that of a request, a listing, a run of a tool.  No
 * part of it is freed alone.  The cap bounds the memory that one client can
 * use; reaching it is like any other lack of memory.
 */
struct arena {
	struct arena_chunk *chunks; /* newest first */
	size_t held; /* bytes asked of malloc */
	size_t cap; /* the limit on `held` */
	bool starved; /* malloc has refused, since arena_init */
	size_t countdown; /* see arena_fail_at */
};

/* An empty arena that will hold at most `cap` bytes; allocates nothing. */
void arena_init(struct arena *arena, size_t cap);

/* Frees all memory; the arena is empty and can be used again. */
void arena_release(struct arena *arena);

/*
 * Empties the arena for the next use.  Earlier allocations are invalid, but one
 * chunk stays, so that a loop need not call malloc each time.
 */
void arena_reset(struct arena *arena);

/*
 * Returns `size` bytes, zeroed and aligned for any object, that live until
 * arena_release; NULL when the cap or the system's memory is reached.
 */
MUST_USE void *arena_alloc(struct arena *arena, size_t size);

/* Like arena_alloc, but not zeroed: for bytes that are written before read. */
MUST_USE char *arena_buffer(struct arena *arena, size_t size);

/* Copies `s`; `out` is the copy.  Returns -1 without memory. */
MUST_USE int arena_copy(struct arena *arena, struct str s, struct str *out);

/* A NUL-terminated copy of `s`, or NULL without memory. */
MUST_USE char *arena_string(struct arena *arena, struct str s);

/*
 * For tests: the `n`th allocation from now on fails (1 is the next), and so do
 * all after it. 0 ends that.
 */
void arena_fail_at(struct arena *arena, size_t n);

#endif
