/*
 * A gophermap, and the menu it becomes: a menu in any case, and the same
 * one however the map comes.
 */
#include "menu.h"

#include "text/gophermap.h"

#define ARENA_CAP ((size_t)256 << 10)

static struct str
read_map(
    const struct site *site, struct source source, size_t room, bool *lists)
{
	struct gophermap_file file = { site, STR("/a b\t/"), source_read,
		&source };
	size_t size = 24 * source.text.len + GOPHERMENU_ROOM;
	struct buf out = buf_over(malloc(size), size);
	char *at = malloc(room);
	struct arena arena;
	struct gophermap *map;
	bool ended = false;

	CHECK(out.at != NULL && at != NULL);
	arena_init(&arena, ARENA_CAP);
	map = gophermap_open(&arena, &file);
	CHECK(map != NULL);
	while (!ended) {
		ssize_t got = gophermap_read(map, at, room, &ended);

		CHECK(got >= 0);
		CHECK(got == 0 || at[got - 1] == '\n');
		buf_add(&out, (struct str){ at, (size_t)got });
	}
	CHECK(!out.overflow);
	*lists = gophermap_lists(map);
	arena_release(&arena);
	free(at);
	return buf_str(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_text(data, size);
	struct site site = menu_site(67, false);
	bool lists, lists_again;
	struct str menu = read_map(&site, (struct source){ text, SIZE_MAX, 0 },
	    GOPHERMENU_ROOM, &lists);
	struct str again =
	    read_map(&site, (struct source){ text, 1 + size % 61, 0 },
		GOPHERMENU_ROOM + size % 5000, &lists_again);

	CHECK(str_equals(menu, again));
	CHECK(lists == lists_again);
	menu_check(menu, !lists);
	free((void *)(uintptr_t)menu.at);
	free((void *)(uintptr_t)again.at);
	return 0;
}
