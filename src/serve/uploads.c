/* Titan requests: the rights of writers, and the sources of pages. */
#include "serve/uploads.h"

#include <errno.h>
#include <string.h>

#include "serve/access.h"
#include "serve/file.h"
#include "serve/serve.h"
#include "serve/uploadline.h"
#include "text/buf.h"
#include "text/uri.h"

#define INDEX_NAME STR("index.gmi")
#define NOT_HERE \
	STR("Nothing can be stored at this address; ask the operator which " \
	    "parts are for uploads")

/* Makes the path that of a file; -1 without memory. */
static int
name_file(struct request *request)
{
	struct buf path;

	if (!str_ends(request->path, STR("/")))
		return 0;
	path = buf_in(request->arena, request->path.len + INDEX_NAME.len);
	buf_add(&path, request->path);
	buf_add(&path, INDEX_NAME);
	request->path = buf_str(&path);
	return path.overflow ? -1 : 0;
}

/* Refuses a client that is no writer, and a path that is not writable. */
static enum handled
judge(
    const struct host *host, struct request *request, struct response *response)
{
	struct access writers = {
		.missing = STR("Writing here needs a certificate; choose one, "
			       "or make one"),
		.keeper = "operator",
	};

	if (serve_rules(host, request, response) == HANDLED) {
		/* The redirect would hide the file. */
		if (response->status == STATUS_MOVED ||
		    response->status == STATUS_GONE)
			response_set(response, STATUS_BAD_REQUEST,
			    STR("The page at this address was moved or "
				"removed; nothing can be stored here"));
		/* A directory of scripts in the capsule. */
		if (response->status == STATUS_NOT_FOUND)
			response_set(response, STATUS_BAD_REQUEST, NOT_HERE);
		return HANDLED;
	}
	if (!rules_is_writable(request->part)) {
		response_set(response, STATUS_BAD_REQUEST, NOT_HERE);
		return HANDLED;
	}
	writers.lists = request->part->upload.writers;
	return access_answer(host, request, &writers, response);
}

static void
give_source(const struct host *host, const struct request *request,
    struct response *response)
{
	if (file_answer(host, request, response) == HANDLED) {
		if (response->status == STATUS_MOVED)
			response_set(response, STATUS_BAD_REQUEST,
			    STR("This is a directory; add a slash to edit its "
				"page"));
		return;
	}
	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	response->body = body_of_text(request->arena, STR(""));
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}

/* Refuses a size that the part does not allow. */
static enum handled
judge_size(const struct request *request, const struct titan *titan,
    struct response *response)
{
	const struct rules_upload *rules = &request->part->upload;
	struct buf meta = buf_in(request->arena, 128);

	if (titan->size == 0 && !rules->deletes) {
		response_set(response, STATUS_TOO_LARGE,
		    STR("Nothing can be deleted here, and an empty upload "
			"would delete the page"));
		return HANDLED;
	}
	if (titan->size <= (uint64_t)rules->limit_mib << 20)
		return DECLINED;
	buf_printf(
	    &meta, "An upload has at most %u MiB here", rules->limit_mib);
	if (meta.overflow)
		response_error(response, STATUS_FAILURE);
	else
		response_set(response, STATUS_TOO_LARGE, buf_str(&meta));
	return HANDLED;
}

/* The URL that a success redirects to; empty when it would be too long. */
static struct str
target_of(const struct request *request, const struct uploads *upload,
    struct str named)
{
	struct buf url = buf_in(request->arena, UPLOADS_TARGET_MAX);

	/* After a deletion: the directory. */
	if (upload->titan->size == 0)
		while (!str_ends(named, STR("/")))
			named.len--;
	buf_add(&url, upload->site);
	uri_encode(&url, named);
	return url.overflow ? STR("") : buf_str(&url);
}

static void
begin(const struct host *host, const struct request *request,
    const struct uploads *upload, struct str target, struct response *response)
{
	const struct titan *titan = upload->titan;
	struct uploadcall call = {
		.host = (size_t)(host - host->server->hosts),
		.network = request->network,
		.path = request->path,
		.mime = titan->mime,
		.size = titan->size,
		.has_base = titan->has_base,
	};
	struct uploadline *line;

	memcpy(call.base, titan->base, sizeof call.base);
	line = uploadline_open(
	    request->arena, host->server->writer, &call, target);
	*response = (struct response){ 0 };
	if (line != NULL)
		response->remote = &line->remote;
	else
		response_error(response,
		    errno == EAGAIN ? STATUS_UNAVAILABLE : STATUS_FAILURE);
}

void
uploads_answer(const struct host *host, struct request *request,
    const struct uploads *upload, struct response *response)
{
	struct str named = request->path, target;

	if (name_file(request) == -1) {
		response_error(response, STATUS_FAILURE);
		return;
	}
	if (judge(host, request, response) == HANDLED)
		return;
	if (upload->titan->edits) {
		give_source(host, request, response);
		return;
	}
	if (judge_size(request, upload->titan, response) == HANDLED)
		return;
	if (upload->surplus) {
		response_set(
		    response, STATUS_BAD_REQUEST, UPLOADLINE_SURPLUS_META);
		return;
	}
	target = target_of(request, upload, named);
	if (target.len == 0)
		response_set(response, STATUS_BAD_REQUEST,
		    STR("The address of the page would be too long"));
	else
		begin(host, request, upload, target, response);
}
