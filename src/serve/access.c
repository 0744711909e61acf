/* Client certificates on lists: the refusals with 60, 61 and 62. */
#include "serve/access.h"

#include "serve/readerset.h"
#include "text/buf.h"

/* Shows a visitor the fingerprint that is missing in the lists. */
static void
refuse(const struct request *request, const char *keeper,
    struct response *response)
{
	struct buf meta = buf_in(request->arena, 128);
	char text[IDENTITY_TEXT];

	identity_format(request->client->hash, text);
	buf_printf(&meta, "Not on the list yet: %s; send this to the %s", text,
	    keeper);
	if (meta.overflow)
		response_error(response, STATUS_FAILURE);
	else
		response_set(
		    response, STATUS_CERTIFICATE_REFUSED, buf_str(&meta));
}

enum handled
access_answer(const struct host *host, const struct request *request,
    const struct access *access, struct response *response)
{
	const struct identity *client = request->client;

	if (client == NULL)
		response_set(
		    response, STATUS_CERTIFICATE_REQUIRED, access->missing);
	else if (client->state == IDENTITY_EXPIRED)
		response_set(response, STATUS_CERTIFICATE_INVALID,
		    STR("This certificate has expired; choose another one, or "
			"make one"));
	else if (client->state == IDENTITY_EARLY)
		response_set(response, STATUS_CERTIFICATE_INVALID,
		    STR("This certificate is not valid yet; choose another "
			"one, or make one"));
	else if (readerset_has_any(
		     host->server->readers, access->lists, client->hash))
		return DECLINED;
	else
		refuse(request, access->keeper, response);
	return HANDLED;
}
