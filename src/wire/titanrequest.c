/* Titan requests: the line, and the first bytes of a body. */
#include "wire/titanrequest.h"

#include "serve/uploads.h"
#include "text/buf.h"
#include "text/hostname.h"
#include "text/titan.h"
#include "wire/upload.h"

/* The beginning of the Gemini URLs of the host, as the client named it. */
static struct str
site_of(struct arena *arena, const struct uri *uri)
{
	struct buf url = buf_in(arena, UPLOADS_TARGET_MAX);
	struct str host;

	if (hostname_normal(arena, uri->host, &host) == -1)
		return STR("");
	buf_add(&url, STR("gemini://"));
	site_add_host(&url, host);
	if (uri->port.len > 0) {
		buf_char(&url, ':');
		buf_add(&url, uri->port);
	}
	return url.overflow ? STR("") : buf_str(&url);
}

/*
 * Waits for the writer, to which the body of an upload goes; `rest` is the part
 * that has arrived. False without memory.
 */
static bool
begin_upload(
    struct exchange *exchange, struct str rest, struct response *response)
{
	struct uploadline *line = (struct uploadline *)exchange->remote;

	if (line->size == 0)
		return true;
	exchange->upload = upload_new(exchange->arena, line, rest);
	if (exchange->upload != NULL)
		return true;
	(void)exchange_resume(exchange, true, response);
	response_error(response, STATUS_FAILURE);
	return false;
}

/* Reads the URL into `upload`; HANDLED when it is refused. */
static enum handled
read_url(struct exchange *exchange, const struct uri *uri, struct titan *titan,
    struct titanrequest *out)
{
	struct str bad;

	if (rules_first_writable(exchange->host->rules) == NULL) {
		response_set(&out->response, STATUS_REFUSED,
		    STR("Nothing can be uploaded to this capsule"));
		return HANDLED;
	}
	bad = titan_read(exchange->arena, uri, titan);
	if (bad.len > 0) {
		response_set(&out->response, STATUS_BAD_REQUEST, bad);
		return HANDLED;
	}
	exchange->path = titan->path.len > 0 ? titan->path : STR("/");
	if (titan->size < exchange->unread)
		exchange->unread = (unsigned)titan->size;
	if (response_path(&out->request, titan->path, &out->response) ==
	    DECLINED)
		return DECLINED;
	/* A "/" or a NUL, encoded: no file has such a name. */
	if (out->response.status == STATUS_NOT_FOUND)
		response_set(&out->response, STATUS_BAD_REQUEST,
		    STR("A name in this path has an encoded slash"));
	return HANDLED;
}

bool
titanrequest_answer(struct exchange *exchange, const struct uri *uri,
    struct str rest, struct titanrequest *out)
{
	struct titan titan;
	struct uploads upload = { .titan = &titan };

	*out = (struct titanrequest){ .request = { .arena = exchange->arena,
					  .network = exchange->network,
					  .client = exchange->client } };
	if (read_url(exchange, uri, &titan, out) == HANDLED)
		return false;
	upload.surplus = rest.len > titan.size;
	upload.site = site_of(exchange->arena, uri);
	if (upload.site.len == 0) {
		response_error(&out->response, STATUS_FAILURE);
		return false;
	}
	out->request.encoded = exchange->path;
	uploads_answer(exchange->host, &out->request, &upload, &out->response);
	return exchange_defer(exchange, &out->request, &out->response) &&
	    begin_upload(exchange, rest, &out->response);
}
