/* Finds the parts of a tree that not all visitors may see. */
#include "tree/zones.h"

#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

#include "text/buf.h"

/* For the normal form of the longest path. */
#define PATH_MEMORY ((size_t)64 << 10)
/* A part of zones_number, for a hidden zone. */
#define HIDDEN UINT64_C(0x9e3779b97f4a7c15)

/* Appends one name of a path; a name that is not UTF-8 stays as it is. */
static int
add_name(struct buf *out, struct str name)
{
	const uint8_t *bytes = (const uint8_t *)name.at;
	uint8_t *room = (uint8_t *)out->at + out->len, *normal;
	size_t len = buf_room(out);

	if (str_is_ascii(name) || u8_check(bytes, name.len) != NULL) {
		buf_add(out, name);
		return 0;
	}
	normal = u8_normalize(UNINORM_NFC, bytes, name.len, room, &len);
	if (normal != room) {
		free(normal);
		return -1;
	}
	out->len += len;
	return 0;
}

int
zones_path(struct arena *arena, struct str path, struct str *out)
{
	struct buf normal;

	*out = path;
	if (str_is_ascii(path))
		return 0;
	/* Composition makes text at most three times as long. */
	normal = buf_in(arena, path.len * 3);
	/* Name by name, so that one which is not UTF-8 spoils no other. */
	while (!normal.overflow && path.len > 0) {
		size_t slash = str_find(path, '/');

		if (add_name(&normal, str_head(path, slash)) == -1)
			return -1;
		if (slash < path.len)
			buf_char(&normal, '/');
		path = str_tail(path, slash < path.len ? slash + 1 : slash);
	}
	*out = buf_str(&normal);
	return normal.overflow ? -1 : 0;
}

static int
compare(const void *a, const void *b)
{
	return str_compare(
	    ((const struct zone *)a)->path, ((const struct zone *)b)->path);
}

bool
zones_is_hidden(const struct zone *zone)
{
	return zone != NULL && zone->is_hidden;
}

bool
zones_has_readers(const struct zone *zone)
{
	return zone != NULL && zone->readers[0] != NULL;
}

const struct zone *
zones_find(const struct zones *zones, struct str path)
{
	struct zone wanted = { .path = path };
	const struct zone *found = NULL;

	if (zones->count == 0)
		return NULL;
	if (str_ends(path, STR("/")))
		wanted.path.len--;
	for (;;) {
		found = bsearch(&wanted, zones->all, zones->count,
		    sizeof *zones->all, compare);
		if (found != NULL || wanted.path.len == 0)
			break;
		/* Remove the last name. */
		do
			wanted.path.len--;
		while (wanted.path.at[wanted.path.len] != '/');
	}
	return zones_has_readers(found) || zones_is_hidden(found) ? found
								  : NULL;
}

bool
zones_show(const struct zones *zones, const struct zone *own, struct str path)
{
	const struct zone *zone = NULL;
	struct str normal;
	struct arena arena;
	bool shows;

	if (zones == NULL)
		return true;
	arena_init(&arena, PATH_MEMORY);
	shows = zones_path(&arena, path, &normal) == 0;
	if (shows)
		zone = zones_find(zones, normal);
	if (zone != NULL)
		shows = own != NULL && !zone->is_hidden &&
		    str_lists_equal(zone->readers, own->readers);
	arena_release(&arena);
	return shows;
}

uint32_t
zones_number(const struct zones *zones)
{
	uint64_t number = 0;

	for (size_t i = 0; zones != NULL && i < zones->count; i++)
		number = number * 31 + 2 * str_hash(zones->all[i].path) +
		    (zones->all[i].readers[0] == NULL) +
		    (zones->all[i].is_hidden ? HIDDEN : 0);
	return (uint32_t)(number >> 32 ^ number);
}
