/* The handler for parts of a capsule that only some visitors may read. */
#include "serve/readers.h"

#include "serve/rules.h"

enum handled
readers_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	const struct rules_part *part = request->part;

	(void)host;
	if (part == NULL || part->readers == NULL || part->readers[0] == NULL)
		return DECLINED;
	response_set(response, STATUS_CERTIFICATE_REQUIRED,
	    STR("This part of the capsule is for readers with a certificate"));
	return HANDLED;
}
