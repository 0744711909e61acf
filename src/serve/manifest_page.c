/*
 * The built-in page /manifest: the files of the capsule and their changes.
 */
#include "serve/manifest_page.h"

#include <errno.h>

#include "index/capsule_manifest.h"
#include "serve/remote.h"
#include "serve/spool.h"
#include "text/buf.h"
#include "text/uri.h"
#include "text/utc.h"

#define SINCE STR("since=")

static int
write_manifest(void *context, struct sink *sink)
{
	return capsule_manifest_write(context, sink);
}

static void
close_manifest(void *context)
{
	capsule_manifest_close(context);
}

static struct body *
open_body(const struct host *host, const struct request *request,
    const int64_t *since)
{
	const struct spool_source source = { write_manifest, close_manifest,
		capsule_manifest_open(host->index, host->tree, since) };

	return source.context != NULL ? spool_open(request->arena, &source)
				      : NULL;
}

static bool
read_since(const struct request *request, int64_t *out)
{
	struct buf time = buf_in(request->arena, request->query.len);

	if (!str_starts(request->query, SINCE))
		return false;
	uri_decode(&time, str_tail(request->query, SINCE.len));
	return utc_read(buf_str(&time), out);
}

void
manifest_page_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	bool asks = request->query.len > 0;
	int64_t since;

	if (asks && !read_since(request, &since)) {
		response_set(response, STATUS_BAD_REQUEST,
		    STR("Ask for changes with a time, like "
			"since=2026-01-31T00:00:00Z"));
		return;
	}
	if (remote_ask(host, request, response))
		return;
	response_set(response, STATUS_SUCCESS, STR("text/plain"));
	response->body = open_body(host, request, asks ? &since : NULL);
	if (response->body == NULL && errno == EAGAIN)
		response_set(response, STATUS_UNAVAILABLE,
		    STR("The capsule is still being read, please try again "
			"in a moment"));
	else if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}
