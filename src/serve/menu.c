/*
 * Gopher menus as bodies: projected gemtext, and gophermaps.
 */
#include "serve/menu.h"

#include <errno.h>
#include <unistd.h>

#include "serve/listing.h"
#include "serve/remote.h"
#include "serve/resource.h"
#include "text/gopherlink.h"
#include "text/gophermap.h"
#include "text/gophermenu.h"
#include "text/hostnames.h"
#include "text/lines.h"
#include "text/mime.h"

struct menu {
	struct body body;
	const struct host *host;
	const struct host *other; /* the target of the current link */
	struct request request;
	struct body *source;
	struct remote *remote; /* of a listing that has not come; or NULL */
	struct gophermenu *page; /* or `map` */
	struct gophermap *map;
};

static ssize_t
read_source(void *context, char *at, size_t room)
{
	struct menu *menu = context;
	struct body *source = menu->source;
	ssize_t got = body_pull(source, at, room);

	/* 0 bytes are not the end of a body. */
	return got == 0 && !source->ended ? LINES_NOT_YET : got;
}

static char
type_on(struct menu *menu, const struct host *host, struct str path,
    struct str query)
{
	size_t lookups = media_lookups(host->server->media);
	struct str type;

	/* Only a few queries have a known type. */
	if (query.len > 0) {
		type = resource_query_type(host, path, query);
		if (type.len == 0)
			return '1';
	} else if (resource_takes_input(host, path)) {
		return '7';
	} else {
		type = resource_type(host, path);
		if (media_lookups(host->server->media) > lookups)
			gophermenu_pause(menu->page);
	}
	return mime_item_type(host->site, type);
}

static char
item_type(void *context, struct str path, struct str query)
{
	struct menu *menu = context;

	return type_on(menu, menu->host, path, query);
}

static char
item_type_of_other(void *context, struct str path, struct str query)
{
	struct menu *menu = context;

	return type_on(menu, menu->other, path, query);
}

static bool
find_other(void *context, struct arena *arena, struct str name,
    struct gopherlink_page *out)
{
	struct menu *menu = context;
	const struct server *server = menu->host->server;
	size_t at = HOSTNAMES_NONE;

	if (server->names != NULL)
		at = hostnames_find(server->names, arena, name).host;
	if (at >= server->host_count || !server->hosts[at].site->has_gopher)
		return false;
	menu->other = &server->hosts[at];
	*out = (struct gopherlink_page){
		.site = menu->other->site,
		.item_type = item_type_of_other,
		.context = menu,
	};
	return true;
}

static ssize_t
page_pull(struct body *body, char *at, size_t room)
{
	struct menu *menu = (struct menu *)body;

	ssize_t got = gophermenu_read(menu->page, at, room, &body->ended);

	body->waits_for = got == 0 ? menu->source->waits_for : NULL;
	return got;
}

static void
menu_release(struct body *body)
{
	struct menu *menu = (struct menu *)body;

	if (menu->page != NULL)
		gophermenu_release(menu->page);
	remote_release(menu->remote);
	body_release(menu->source);
}

static struct menu *
menu_new(
    const struct host *host, const struct request *request, struct body *source)
{
	struct menu *menu =
	    source == NULL ? NULL : arena_alloc(request->arena, sizeof *menu);

	if (menu == NULL) {
		body_release(source);
		return NULL;
	}
	*menu = (struct menu){
		.body = { .release = menu_release, .wait_ms = source->wait_ms },
		.host = host,
		.request = *request,
		.source = source,
	};
	return menu;
}

/* Replaces the body by the projection of `source`. */
static int
project(struct menu *menu)
{
	struct gophermenu_page page = {
		.site = menu->host->site,
		.read = read_source,
		.item_type = item_type,
		.context = menu,
		.find_other = find_other,
	};

	if (site_url(page.site, menu->request.arena, menu->request.path,
		&page.base) == -1)
		return -1;
	menu->page = gophermenu_open(menu->request.arena, &page);
	menu->body.pull = page_pull;
	return menu->page == NULL ? -1 : 0;
}

static struct body *
make(
    const struct host *host, const struct request *request, struct body *source)
{
	struct menu *menu = menu_new(host, request, source);

	if (menu == NULL)
		return NULL;
	if (project(menu) == -1) {
		menu_release(&menu->body);
		return NULL;
	}
	return &menu->body;
}

static struct body *
of_gemtext(const struct host *host, const struct request *request,
    const struct response *page)
{
	struct cache_key key = cache_key(CACHE_MENU, request->key, &page->st);
	struct body *menu = make(host, request, page->body);

	key.type = RESPONSE_MENU;
	if (page->st.st_ino == 0)
		return menu;
	return cache_record(host->server->cache, &key, request->arena, menu);
}

void
menu_project(const struct host *host, const struct request *request,
    struct response *response)
{
	if (request->form != FORM_MENU || response->status != STATUS_SUCCESS ||
	    !mime_is(response->meta, STR("text/gemini")))
		return;
	response->body = of_gemtext(host, request, response);
	response->meta = RESPONSE_MENU;
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}

/* Continues with the listing; -1 with errno set when there is none. */
static int
append(struct menu *menu, struct response *listing)
{
	if (listing->status == STATUS_SUCCESS) {
		body_release(menu->source);
		menu->source = listing->body;
		if (project(menu) == 0)
			return 0;
	}
	errno = EIO;
	return -1;
}

/* Waits for the listing that another process makes. */
static ssize_t
remote_pull(struct body *body, char *at, size_t room)
{
	struct menu *menu = (struct menu *)body;
	struct response listing;

	if (remote_take(menu->remote, menu->request.arena, &listing) == 0) {
		body->waits_for = &menu->remote->fd;
		return 0;
	}
	body->waits_for = NULL;
	return append(menu, &listing) == -1 ? -1 : page_pull(body, at, room);
}

/* Appends the directory's listing to its gophermap. */
static ssize_t
pull_listing(struct menu *menu, char *at, size_t room)
{
	struct response listing;
	struct entry entry;

	errno = EIO;
	if (tree_open(menu->request.tree, menu->request.path, &entry) !=
	    STATUS_SUCCESS)
		return -1;
	/* The gophermap has given the heading. */
	menu->request.entries_only = true;
	listing_answer(menu->host, &menu->request, &entry, &listing);
	close(entry.fd);
	menu->remote = listing.remote;
	if (menu->remote != NULL) {
		menu->body.pull = remote_pull;
		return remote_pull(&menu->body, at, room);
	}
	return append(menu, &listing) == -1 ? -1
					    : page_pull(&menu->body, at, room);
}

static ssize_t
map_pull(struct body *body, char *at, size_t room)
{
	struct menu *menu = (struct menu *)body;
	bool ended = false;
	ssize_t got = gophermap_read(menu->map, at, room, &ended);

	if (got == 0 && ended && gophermap_lists(menu->map))
		return pull_listing(menu, at, room);
	body->ended = ended && !gophermap_lists(menu->map);
	return got;
}

struct body *
menu_of_gophermap(
    const struct host *host, const struct request *request, struct body *source)
{
	struct menu *menu = menu_new(host, request, source);
	struct gophermap_file file = {
		.site = host->site,
		.directory = request->path,
		.read = read_source,
		.context = menu,
	};

	if (menu == NULL)
		return NULL;
	menu->body.pull = map_pull;
	menu->map = gophermap_open(request->arena, &file);
	if (menu->map == NULL) {
		menu_release(&menu->body);
		return NULL;
	}
	return &menu->body;
}
