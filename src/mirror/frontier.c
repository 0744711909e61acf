/* The addresses that a crawl has found: a hash table and a queue. */
#include "mirror/frontier.h"

#include <stdlib.h>
#include <string.h>

#include "sys/hash.h"
#include "text/array.h"

#define SLOTS_FIRST ((size_t)1024)

int
frontier_open(struct frontier *frontier)
{
	/* A keyed hash: a server cannot choose links that collide. */
	frontier->hash = hash_new();
	frontier->slot_count = SLOTS_FIRST;
	frontier->slots = calloc(SLOTS_FIRST, sizeof *frontier->slots);
	if (frontier->hash != NULL && frontier->slots != NULL)
		return 0;
	frontier_release(frontier);
	return -1;
}

void
frontier_release(struct frontier *frontier)
{
	hash_free(frontier->hash);
	free(frontier->slots);
	free(frontier->places);
	frontier->hash = NULL;
	frontier->slots = NULL;
	frontier->places = NULL;
}

/* The slot of the request, or the empty slot for it. */
static size_t *
slot_of(const struct frontier *frontier, struct str request)
{
	size_t i = hash_of(frontier->hash, request) % frontier->slot_count;

	while (frontier->slots[i] != 0 &&
	    !str_equals(
		frontier->places[frontier->slots[i] - 1].request, request))
		i = (i + 1) % frontier->slot_count;
	return &frontier->slots[i];
}

/* The table stays half empty. */
static int
grow_slots(struct frontier *frontier)
{
	size_t *slots = calloc(2 * frontier->slot_count, sizeof *slots);

	if (slots == NULL)
		return -1;
	free(frontier->slots);
	frontier->slots = slots;
	frontier->slot_count *= 2;
	for (size_t i = 0; i < frontier->count; i++)
		*slot_of(frontier, frontier->places[i].request) = i + 1;
	return 0;
}

static int
grow_places(struct frontier *frontier)
{
	struct frontier_place *places = array_grow(
	    frontier->places, frontier->count, &frontier->room, sizeof *places);

	if (places == NULL)
		return -1;
	frontier->places = places;
	return 0;
}

size_t
frontier_find(const struct frontier *frontier, struct str request)
{
	size_t number = *slot_of(frontier, request);

	return number != 0 ? number - 1 : frontier->count;
}

int
frontier_add(struct frontier *frontier, const struct frontier_place *place)
{
	size_t *slot = slot_of(frontier, place->request);
	struct frontier_place *added;

	if (*slot != 0)
		return 0;
	if (place->depth > frontier->deepest) {
		frontier->too_deep = true;
		return 0;
	}
	if (frontier->count == frontier->most) {
		frontier->too_many = true;
		return 0;
	}
	if (grow_places(frontier) == -1)
		return -1;
	added = &frontier->places[frontier->count];
	*added = *place;
	if (arena_copy(frontier->arena, place->request, &added->request) == -1)
		return -1;
	*slot = ++frontier->count;
	if (2 * frontier->count > frontier->slot_count &&
	    grow_slots(frontier) == -1)
		return -1;
	return 1;
}

bool
frontier_next(struct frontier *frontier, struct frontier_place *out)
{
	if (frontier->next == frontier->count)
		return false;
	*out = frontier->places[frontier->next++];
	return true;
}
