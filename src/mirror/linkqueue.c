/*
 * The links that a crawl follows: reads pages and menus, and obeys robots.txt.
 */
#include "mirror/linkqueue.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/gemtext.h"
#include "text/gopheritem.h"
#include "text/hostname.h"
#include "text/uri.h"

/* RFC 9309 section 2.5. */
#define ROBOTS_MAX ((uint64_t)500 << 10)
#define SCRATCH_MAX ((size_t)16 << 20)

int
linkqueue_open(struct linkqueue *queue, struct mirror *mirror)
{
	*queue = (struct linkqueue){ .mirror = mirror,
		.frontier = { .arena = &mirror->arena,
		    .most = mirror->pages,
		    .deepest = (unsigned)mirror->depth } };
	arena_init(&queue->scratch, SCRATCH_MAX);
	return frontier_open(&queue->frontier);
}

void
linkqueue_release(struct linkqueue *queue)
{
	frontier_release(&queue->frontier);
	arena_release(&queue->scratch);
	free(queue->robots_text.at);
}

int
linkqueue_read_robots(struct linkqueue *queue)
{
	static const struct str names[] = { STR_INIT("archiver"),
		STR_INIT("capsule"), STR_INIT("") };
	struct mirror *mirror = queue->mirror;
	struct mirror_text *text = &queue->robots_text;
	char memory[sizeof mirror->origin.root + 16];
	struct buf request = buf_over(memory, sizeof memory);

	origin_root_request(&mirror->origin, &request, STR("robots.txt"));
	mirror_get(mirror, buf_str(&request), ROBOTS_MAX, text);
	if (text->got == MIRROR_FAILED)
		return mirror_fail(mirror, "robots.txt: %s", text->why);
	return robots_read(&mirror->arena, (struct str){ text->at, text->len },
		   names, &queue->robots) == 0
	    ? 0
	    : mirror_fail(mirror, "out of memory");
}

/* Whether robots.txt allows a path in the form of origin_path. */
static bool
allows_path(struct linkqueue *queue, struct str path)
{
	struct str base = str_of(queue->mirror->origin.base);
	struct buf whole = buf_in(&queue->scratch, base.len + path.len);

	uri_decode(&whole, base);
	buf_add(&whole, path);
	return !whole.overflow && robots_allow(&queue->robots, buf_str(&whole));
}

static bool
is_allowed(struct linkqueue *queue, struct str request)
{
	struct str path;

	if (origin_path(
		&queue->mirror->origin, &queue->scratch, request, &path) == -1)
		return false;
	if (allows_path(queue, path))
		return true;
	queue->forbidden++;
	return false;
}

bool
linkqueue_allows_file(struct linkqueue *queue, struct str path)
{
	arena_reset(&queue->scratch);
	return allows_path(queue, path);
}

bool
linkqueue_has_query(struct str request)
{
	return str_find(request, '?') < request.len;
}

bool
linkqueue_allows(struct linkqueue *queue, struct str request)
{
	arena_reset(&queue->scratch);
	return !linkqueue_has_query(request) && is_allowed(queue, request);
}

void
linkqueue_add(
    struct linkqueue *queue, struct str request, unsigned depth, char type)
{
	const struct frontier_place place = { request, depth, type == '1',
		type == '0' };

	/* Look first: a page may repeat a link a million times. */
	if (request.len <= ORIGIN_REQUEST_MAX &&
	    frontier_find(&queue->frontier, request) == queue->frontier.count &&
	    is_allowed(queue, request) &&
	    frontier_add(&queue->frontier, &place) == -1)
		(void)mirror_fail(queue->mirror, "out of memory");
}

void
linkqueue_page(
    struct linkqueue *queue, struct str base, struct str page, unsigned depth)
{
	const struct origin *origin = &queue->mirror->origin;
	bool preformatted = false;

	while (page.len > 0) {
		struct gemtext_line line =
		    gemtext_read(str_cut(&page, '\n'), &preformatted);
		struct str url;

		arena_reset(&queue->scratch);
		if (line.kind == GEMTEXT_LINK &&
		    origin_resolve(
			origin, &queue->scratch, base, line.url, &url) == 1 &&
		    !linkqueue_has_query(url))
			linkqueue_add(queue, url, depth, LINKQUEUE_URL);
	}
}

static bool
is_ours(struct linkqueue *queue, const struct gopheritem *item)
{
	const struct origin *origin = &queue->mirror->origin;
	struct str host;

	return item->port == origin->port &&
	    hostname_normal(&queue->scratch, item->host, &host) == 0 &&
	    str_equals(host, str_of(origin->host));
}

static void
add_item(struct linkqueue *queue, const struct gopheritem *item, unsigned depth)
{
	struct str selector = item->selector;

	if (str_equals(selector, STR("/")))
		selector = STR("");
	if (gopheritem_leads(item))
		linkqueue_add(queue, selector, depth, item->type);
}

void
linkqueue_menu(
    struct linkqueue *queue, struct str menu, unsigned depth, struct buf *map)
{
	while (menu.len > 0) {
		struct gopheritem item;
		bool ours;

		arena_reset(&queue->scratch);
		if (!gopheritem_read(str_cut(&menu, '\n'), &item))
			continue;
		ours = is_ours(queue, &item);
		gopheritem_write(map, &item, ours);
		if (ours)
			add_item(queue, &item, depth);
	}
}

void
linkqueue_map(struct linkqueue *queue, struct str map, unsigned depth)
{
	while (map.len > 0) {
		struct str line = str_cut(&map, '\n');
		struct gopheritem item = { .type = 'i' };

		if (line.len > 0)
			item.type = line.at[0];
		arena_reset(&queue->scratch);
		(void)str_cut(&line, '\t');
		item.selector = str_cut(&line, '\t');
		/* An item with a host leads to another server. */
		if (line.len == 0)
			add_item(queue, &item, depth);
	}
}
