/* The handler for parts of a capsule that only some visitors may read. */
#include "serve/readers.h"

#include "serve/access.h"
#include "serve/archive_page.h"
#include "serve/rules.h"
#include "tree/zones.h"

/* Sets request->zone and request->tree; -1 without memory. */
static int
find_zone(const struct host *host, struct request *request)
{
	const struct zones *zones = host->tree->zones;
	struct str archived = request->normal;
	struct tree *own;

	request->zone = NULL;
	if (zones == NULL)
		return 0;
	if (archive_page_directory(&archived))
		request->zone = zones_find(zones, archived);
	if (request->zone == NULL)
		request->zone = zones_find(zones, request->normal);
	if (request->zone == NULL)
		return 0;
	own = arena_alloc(request->arena, sizeof *own);
	if (own == NULL)
		return -1;
	*own = *host->tree;
	own->own = request->zone;
	request->tree = own;
	return 0;
}

enum handled
readers_answer(
    const struct host *host, struct request *request, struct response *response)
{
	struct access access = {
		.missing = STR("This part is for readers with a certificate; "
			       "choose one, or make one"),
		.keeper = "author",
	};

	if (find_zone(host, request) == -1) {
		response_error(response, STATUS_FAILURE);
		return HANDLED;
	}
	if (request->zone == NULL || !zones_has_readers(request->zone) ||
	    request->is_admitted)
		return DECLINED;
	access.lists = request->zone->readers;
	if (access_answer(host, request, &access, response) == HANDLED)
		return HANDLED;
	request->is_admitted = true;
	return DECLINED;
}

enum handled
readers_hide(const struct request *request, struct response *response)
{
	if (!zones_is_hidden(request->zone) ||
	    (request->part != NULL &&
		request->part->program.kind != RULES_NO_PROGRAM))
		return DECLINED;
	response_error(response, STATUS_NOT_FOUND);
	return HANDLED;
}
