/* A list of paths, in memory of its own. */
#include "text/pathlist.h"

#include <errno.h>
#include <stdlib.h>

#include "text/array.h"

#define MEMORY_MAX ((size_t)64 << 20)

int
pathlist_add(struct pathlist *list, struct str path)
{
	const char **larger;
	char *copy;

	if (list->arena.cap == 0)
		arena_init(&list->arena, MEMORY_MAX);
	copy = arena_string(&list->arena, path);
	larger =
	    array_grow(list->paths, list->count, &list->room, sizeof *larger);
	if (larger != NULL)
		list->paths = larger;
	if (copy == NULL || larger == NULL) {
		errno = ENOMEM;
		return -1;
	}
	list->paths[list->count++] = copy;
	return 0;
}

bool
pathlist_has(const struct pathlist *list, struct str path)
{
	for (size_t i = list->count; i-- > 0;)
		if (str_equals(str_of(list->paths[i]), path))
			return true;
	return false;
}

struct pathlist
pathlist_move(struct pathlist *list)
{
	struct pathlist moved = *list;

	*list = (struct pathlist){ 0 };
	return moved;
}

void
pathlist_release(struct pathlist *list)
{
	if (list->arena.cap != 0)
		arena_release(&list->arena);
	free(list->paths);
	*list = (struct pathlist){ 0 };
}
