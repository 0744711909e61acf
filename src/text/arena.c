/* Memory in chunks, allocated from the newest chunk. */
#include "text/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST ((size_t)2048)
#define CHUNK_LARGEST ((size_t)65536)

struct arena_chunk {
	struct arena_chunk *older;
	size_t used, size; /* of `bytes` */
	alignas(max_align_t) char bytes[];
};

void
arena_init(struct arena *arena, size_t cap)
{
	*arena = (struct arena){ .cap = cap };
}

void
arena_release(struct arena *arena)
{
	while (arena->chunks != NULL) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->older;
		free(chunk);
	}
	arena->held = 0;
}

void
arena_reset(struct arena *arena)
{
	struct arena_chunk *kept = arena->chunks;

	if (kept == NULL)
		return;
	arena->chunks = kept->older;
	arena_release(arena);
	*kept = (struct arena_chunk){ .size = kept->size };
	arena->chunks = kept;
	arena->held = sizeof *kept + kept->size;
}

static struct arena_chunk *
chunk_for(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t room;

	if (chunk != NULL && chunk->size - chunk->used >= size)
		return chunk;
	room = arena->held < CHUNK_FIRST ? CHUNK_FIRST : arena->held;
	if (room > CHUNK_LARGEST)
		room = CHUNK_LARGEST;
	if (room > arena->cap - arena->held)
		room = arena->cap - arena->held;
	/* The size includes the header, so that chunks fit malloc's sizes. */
	if (room < sizeof *chunk + size)
		room = sizeof *chunk + size;
	if (room > arena->cap - arena->held)
		return NULL;
	chunk = malloc(room);
	if (chunk == NULL) {
		arena->starved = true;
		return NULL;
	}
	chunk->older = arena->chunks;
	chunk->used = 0;
	chunk->size = room - sizeof *chunk;
	arena->chunks = chunk;
	arena->held += room;
	return chunk;
}

char *
arena_buffer(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;
	char *at;

	if (arena->countdown > 0 && --arena->countdown == 0) {
		arena->countdown = 1;
		return NULL;
	}
	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	chunk = chunk_for(arena, size);
	if (chunk == NULL)
		return NULL;
	at = chunk->bytes + chunk->used;
	chunk->used += size;
	return at;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	char *at = arena_buffer(arena, size);

	return at == NULL ? NULL : memset(at, 0, size);
}

int
arena_copy(struct arena *arena, struct str s, struct str *out)
{
	char *copy = arena_string(arena, s);

	if (copy == NULL)
		return -1;
	*out = (struct str){ copy, s.len };
	return 0;
}

char *
arena_string(struct arena *arena, struct str s)
{
	char *copy = arena_buffer(arena, s.len + 1);

	if (copy == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(copy, s.at, s.len);
	copy[s.len] = '\0';
	return copy;
}

void
arena_fail_at(struct arena *arena, size_t n)
{
	arena->countdown = n;
}
