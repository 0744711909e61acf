/*
 * Bodies of files in memory, with a limit on the sum of their sizes.
 */
#include "serve/memoryfile.h"

#include <errno.h>
#include <unistd.h>

#define SHARE (MEMORYFILE_MAX / 4)

/* A counted body, in the list of all. */
struct counted {
	struct counted *next;
	const struct body *body;
	void (*release)(struct body *body); /* the body's own */
	uint64_t network, size;
};

static struct counted *list;

/* Whether there is room beside the bytes in use, if there are any. */
static bool
fits(uint64_t size, uint64_t used, uint64_t most)
{
	return used == 0 || (size <= most && used <= most - size);
}

static bool
has_room(uint64_t size, uint64_t network)
{
	uint64_t all = 0, same = 0;

	for (const struct counted *each = list; each != NULL;
	     each = each->next) {
		all += each->size;
		if (each->network == network)
			same += each->size;
	}
	/* Clients of unknown networks leave a share to the others. */
	return fits(size, all, MEMORYFILE_MAX) &&
	    fits(size, same, network == 0 ? MEMORYFILE_MAX - SHARE : SHARE);
}

static void
release(struct body *body)
{
	struct counted **at = &list, *found;

	while ((*at)->body != body)
		at = &(*at)->next;
	found = *at;
	*at = found->next;
	found->release(body);
}

static struct body *
count(struct arena *arena, const struct entry *entry, uint64_t network)
{
	struct counted *counted = arena_alloc(arena, sizeof *counted);
	struct body *body = body_of_file(arena, entry);

	if (body == NULL)
		return NULL;
	if (counted == NULL) {
		body_release(body);
		return NULL;
	}
	*counted = (struct counted){ list, body, body->release, network,
		(uint64_t)entry->st.st_size };
	body->release = release;
	list = counted;
	return body;
}

struct body *
memoryfile_body(
    struct arena *arena, const struct entry *entry, uint64_t network)
{
	uint64_t size = (uint64_t)entry->st.st_size;
	struct body *body;

	if (size > MEMORYFILE_SMALL && !has_room(size, network)) {
		close(entry->fd);
		errno = EAGAIN;
		return NULL;
	}
	body = size > MEMORYFILE_SMALL ? count(arena, entry, network)
				       : body_of_file(arena, entry);
	if (body == NULL)
		errno = ENOMEM;
	return body;
}
