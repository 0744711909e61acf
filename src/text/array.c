/* Arrays that grow by doubling. */
#include "text/array.h"

#include <stdint.h>
#include <stdlib.h>

#define ROOM_FIRST ((size_t)64)

void *
array_grow(void *items, size_t count, size_t *room, size_t size)
{
	size_t more = *room == 0 ? ROOM_FIRST : 2 * *room;
	void *larger;

	if (count < *room)
		return items;
	if (more > SIZE_MAX / 2 / size)
		return NULL;
	larger = realloc(items, more * size);
	if (larger != NULL)
		*room = more;
	return larger;
}
