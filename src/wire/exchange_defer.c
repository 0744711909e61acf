/* Keeps a request that another process answers. */
#include "wire/exchange.h"

#include "serve/remote.h"

/* A copy with the visitor; NULL without memory. */
static struct request *
copy_request(struct arena *arena, const struct request *request)
{
	struct request *kept = arena_alloc(arena, sizeof *kept);
	struct visitor *visitor = arena_alloc(arena, sizeof *visitor);

	if (kept == NULL || visitor == NULL)
		return NULL;
	*kept = *request;
	if (request->visitor != NULL) {
		*visitor = *request->visitor;
		kept->visitor = visitor;
	}
	return kept;
}

bool
exchange_defer(struct exchange *exchange, const struct request *request,
    struct response *response)
{
	if (response->remote == NULL)
		return false;
	exchange->request = copy_request(exchange->arena, request);
	if (exchange->request == NULL) {
		remote_release(response->remote);
		response_error(response, STATUS_FAILURE);
		return false;
	}
	exchange->remote = response->remote;
	return true;
}
