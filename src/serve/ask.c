/*
 * The page that answers questions.  Knows how what was found looks as
 * gemtext; knows nothing of how it is found.
 */
#include "serve/ask.h"

void
ask(const struct server *server, const struct request *request,
    struct response *response)
{
	(void)server;
	if (request->query.len == 0) {
		response_set(response, STATUS_INPUT,
		    STR("What would you like to know?"));
		return;
	}
	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	response->body = body_of_text(request->arena,
	    STR("# Not yet\n\nThe pages of this capsule are still being "
		"read. Please ask again in a moment.\n"));
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}
