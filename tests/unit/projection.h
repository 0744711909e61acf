#ifndef UNIT_PROJECTION_H
#define UNIT_PROJECTION_H

/*
 * Pages of gemtext, and what becomes of them: for the tests of the rooms
 * that project them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "text/gophermenu.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define CAP ((size_t)64 << 10)
#define BAD "\xef\xbf\xbd"
#define WORLD "\xe4\xb8\x96\xe7\x95\x8c"
#define ACUTE "\xcc\x81"
#define GRIN "\xf0\x9f\x98\x80"

#define END "\t\tnull.host\t1\r\n"
#define OURS "\tg.example\t70\r\n"
#define TEN "1234567890"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define SIXTY_EQUALS \
	"============================================================"
#define SIXTY_SPACES \
	"                                                            "
#define SIXTY_SEVEN SIXTY "1234567"

static const struct str names[] = {
	{ "example.org", 11 },
	{ "alias.example", 13 },
};
static const uint16_t ports[] = { 1965, 1967 };

static const struct site site = {
	.names = names,
	.name_count = COUNT(names),
	.gemini_ports = ports,
	.gemini_port_count = COUNT(ports),
	.gopher_host = { "g.example", 9 },
	.gopher_port = 70,
	.width = 67,
};

struct page_source {
	const struct site *site;
	struct str base, text;
	size_t chunk, room;
	int error; /* at the end */
	struct gophermenu *pauses; /* after each item type; or NULL */
};

static inline ssize_t
page_read(void *context, char *at, size_t room)
{
	struct page_source *page = context;
	struct source source = { page->text, page->chunk, page->error };
	ssize_t got = source_read(&source, at, room);

	page->text = source.text;
	return got;
}

static inline char
item_type(void *context, struct str path, struct str query)
{
	struct page_source *source = context;

	if (source != NULL && source->pauses != NULL)
		gophermenu_pause(source->pauses);
	if (query.len > 0)
		return str_equals(query, STR("plain")) ? '0' : '1';
	if (str_ends(path, STR("/")) || str_ends(path, STR(".gmi")))
		return '1';
	if (str_ends(path, STR(".png")))
		return 'I';
	if (str_ends(path, STR("ask")))
		return '7';
	return str_ends(path, STR("txt")) ? '0' : '9';
}

/* What a page becomes, in memory to be freed; errno 0, or its failure. */
static inline struct str
project(struct page_source source)
{
	struct gophermenu_page page = { .site = source.site,
		.base = source.base,
		.read = page_read,
		.item_type = item_type,
		.context = &source };
	size_t size = 24 * source.text.len + source.room + 4096;
	char *at = malloc(size), *room = malloc(source.room);
	struct buf out = buf_over(at, size);
	struct arena arena;
	struct gophermenu *menu;
	bool ended = false;
	ssize_t got = 0;

	arena_init(&arena, CAP);
	menu = gophermenu_open(&arena, &page);
	assert_non_null(menu);
	errno = 0;
	while (!ended && got != -1) {
		got = gophermenu_read(menu, room, source.room, &ended);
		if (got <= 0)
			continue;
		buf_add(&out, (struct str){ room, (size_t)got });
		assert_int_equal(room[got - 1], '\n');
	}
	assert_int_equal(got == -1, source.error != 0);
	gophermenu_release(menu);
	arena_release(&arena);
	free(room);
	assert_false(out.overflow);
	return buf_str(&out);
}

static inline struct page_source
source_of(struct str text)
{
	return (struct page_source){ .site = &site,
		.base = STR("gemini://example.org/docs/page.gmi"),
		.text = text,
		.chunk = 1 << 20,
		.room = GOPHERMENU_ROOM };
}

/* `size` bytes to be freed: `head`, then `part` again and again. */
static inline struct str
filled(const char *head, const char *part, size_t size)
{
	char *at = malloc(size);
	struct buf out = buf_over(at, size);

	buf_add(&out, str_of(head));
	while (!out.overflow)
		buf_add(&out, str_of(part));
	return buf_str(&out);
}

static inline void
release(struct str text)
{
	free((void *)(uintptr_t)text.at);
}

static inline void
assert_projection(struct page_source source, const char *want, size_t row)
{
	struct str got = project(source);

	if (!str_equals(got, str_of(want)))
		fail_msg(
		    "row %zu: got\n%.*s\nwant\n%s", row, STR_ARG(got), want);
	release(got);
}

#endif
