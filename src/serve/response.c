/*
 * Responses, and the standard text of each error status. Clients show it below
 * the name of the status, such as "Not Found", which it therefore leaves out.
 */
#include "serve/response.h"

#include "text/buf.h"
#include "text/uri.h"

void
response_set(struct response *response, enum status status, struct str meta)
{
	*response = (struct response){ .status = status, .meta = meta };
}

static struct str
words(enum status status)
{
	switch (status) {
	case STATUS_NOT_FOUND: return STR("There is no page at this address");
	case STATUS_GONE: return STR("This page was removed");
	case STATUS_UNAVAILABLE:
		return STR("Too busy just now, please try again in a moment");
	case STATUS_TOO_LARGE:
		return STR("Too large to be packed here, please fetch its "
			   "parts one by one");
	case STATUS_REFUSED:
		return STR("This server has no capsule of that name; please "
			   "check the host in the address");
	case STATUS_BAD_REQUEST:
		return STR("The server cannot read this request");
	case STATUS_PROGRAM:
		return STR("The program behind this page failed, please try "
			   "again later");
	case STATUS_PROXY:
	case STATUS_SLOW_DOWN:
	case STATUS_FAILURE:
	case STATUS_INPUT:
	case STATUS_SENSITIVE_INPUT:
	case STATUS_SUCCESS:
	case STATUS_REDIRECT:
	case STATUS_MOVED:
	case STATUS_CERTIFICATE_REQUIRED:
	case STATUS_CERTIFICATE_REFUSED:
	case STATUS_CERTIFICATE_INVALID: break;
	}
	return STR("Something failed here, please try again later");
}

void
response_error(struct response *response, enum status status)
{
	response_set(response, status, words(status));
}

enum handled
response_path(
    struct request *request, struct str encoded, struct response *response)
{
	switch (uri_path_decode(request->arena, encoded, &request->path)) {
	case URI_PATH_NORMAL: return DECLINED;
	case URI_PATH_CLIMBS:
		response_set(response, STATUS_BAD_REQUEST,
		    STR("The path leads above the root of the capsule"));
		break;
	case URI_PATH_ENCODED:
		response_error(response, STATUS_NOT_FOUND);
		break;
	case URI_PATH_NO_MEMORY:
		response_error(response, STATUS_FAILURE);
		break;
	}
	return HANDLED;
}

void
response_redirect(struct response *response, struct arena *arena,
    const struct response_target *target)
{
	struct buf meta =
	    buf_in(arena, target->path.len * 3 + 1 + target->query.len);

	uri_encode(&meta, target->path);
	if (target->query.len > 0)
		buf_char(&meta, '?');
	buf_add(&meta, target->query);
	if (meta.overflow)
		response_error(response, STATUS_FAILURE);
	else
		response_set(response, target->status, buf_str(&meta));
}
