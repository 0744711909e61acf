/* The handler for parts of a capsule that only some visitors may read. */
#include "serve/readers.h"

#include "serve/archive_page.h"
#include "serve/readerset.h"
#include "text/buf.h"
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

/* Shows a visitor the fingerprint that the author has to add. */
static void
refuse(const struct request *request, struct response *response)
{
	struct buf meta = buf_in(request->arena, 128);
	char text[IDENTITY_TEXT];

	identity_format(request->client->hash, text);
	buf_printf(
	    &meta, "Not on the list yet: %s; send this to the author", text);
	if (meta.overflow)
		response_error(response, STATUS_FAILURE);
	else
		response_set(
		    response, STATUS_CERTIFICATE_REFUSED, buf_str(&meta));
}

/* Answers a client that may not read the zone; DECLINED for others. */
static enum handled
judge(const struct host *host, const struct request *request,
    struct response *response)
{
	const struct identity *client = request->client;

	if (client == NULL)
		response_set(response, STATUS_CERTIFICATE_REQUIRED,
		    STR("This part is for readers with a certificate; choose "
			"one, or make one"));
	else if (client->state == IDENTITY_EXPIRED)
		response_set(response, STATUS_CERTIFICATE_INVALID,
		    STR("This certificate has expired; choose another one, or "
			"make one"));
	else if (client->state == IDENTITY_EARLY)
		response_set(response, STATUS_CERTIFICATE_INVALID,
		    STR("This certificate is not valid yet; choose another "
			"one, or make one"));
	else if (readerset_has_any(host->server->readers,
		     request->zone->readers, client->hash))
		return DECLINED;
	else
		refuse(request, response);
	return HANDLED;
}

enum handled
readers_answer(
    const struct host *host, struct request *request, struct response *response)
{
	if (find_zone(host, request) == -1) {
		response_error(response, STATUS_FAILURE);
		return HANDLED;
	}
	if (request->zone == NULL || request->is_admitted)
		return DECLINED;
	if (judge(host, request, response) == HANDLED)
		return HANDLED;
	request->is_admitted = true;
	return DECLINED;
}
