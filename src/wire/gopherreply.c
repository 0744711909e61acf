/*
 * The Gopher form of each Gemini status: an error, a menu or a body.
 */
#include "wire/gopherreply.h"

#include "text/gophermenu.h"
#include "text/mime.h"
#include "text/uri.h"

#define NO_MEMORY \
	"3Something failed here, please try again later\t\terror.host\t1\r\n" \
	".\r\n"

void
gopherreply_text(
    struct exchange *exchange, enum status status, const struct buf *text)
{
	exchange->status = text->overflow ? STATUS_FAILURE : status;
	exchange->head = text->overflow ? STR(NO_MEMORY) : buf_str(text);
	exchange->body = NULL;
}

/* Ends a menu without links to pages: adds an item for the first page. */
static void
add_end(struct buf *menu, const struct exchange *exchange)
{
	gophermenu_item(menu, exchange->host->site,
	    &(struct gophermenu_item){
		.type = '1', .display = STR("Home"), .selector = STR("/") });
	buf_add(menu, STR(".\r\n"));
}

/* Gopher has no status: mirrors know a missing file by these words. */
static struct str
name_of(enum status status)
{
	if (status == STATUS_NOT_FOUND)
		return STR("Not found. ");
	return status == STATUS_GONE ? STR("Gone for good. ") : STR("");
}

void
gopherreply_error(
    struct exchange *exchange, enum status status, struct str words)
{
	struct buf menu = buf_in(exchange->arena, GOPHERREPLY_SIZE);
	struct buf error = buf_in(exchange->arena, GOPHERREPLY_SIZE / 2);

	buf_add(&error, name_of(status));
	buf_add(&error, words);
	gophermenu_error(&menu, buf_str(&error));
	add_end(&menu, exchange);
	menu.overflow |= error.overflow;
	gopherreply_text(exchange, status, &menu);
}

void
gopherreply_refusal(struct exchange *exchange, enum status status)
{
	struct response response;

	response_error(&response, status);
	gopherreply_error(exchange, status, response.meta);
}

/*
 * Sets a menu of one item with the response's META, and Home. A search item is
 * followed by advice for clients that do not prompt for words.
 */
static void
answer_item(struct exchange *exchange, const struct response *response,
    char type, const struct buf *selector)
{
	struct buf menu = buf_in(exchange->arena, GOPHERREPLY_SIZE);
	struct buf advice = buf_in(exchange->arena, GOPHERREPLY_SIZE / 2);

	gophermenu_item(&menu, exchange->host->site,
	    &(struct gophermenu_item){ .type = type,
		.display = response->meta,
		.selector = buf_str(selector) });
	buf_add(&advice, STR("If you see no prompt, add ? and your words: "));
	buf_add(&advice, buf_str(selector));
	buf_add(&advice, STR("?words"));
	if (type == '7')
		gophermenu_info(&menu, buf_str(&advice));
	add_end(&menu, exchange);
	menu.overflow |= selector->overflow || advice.overflow;
	gopherreply_text(exchange, response->status, &menu);
}

/* A prompt becomes a search item for the same resource. */
static void
answer_prompt(
    struct exchange *exchange, const struct response *response, struct str path)
{
	struct buf selector = buf_in(exchange->arena, path.len * 3);

	uri_encode(&selector, path);
	answer_item(exchange, response, '7', &selector);
}

/* Secrets are not asked for in clear text: link to Gemini instead. */
static void
answer_only_gemini(
    struct exchange *exchange, const struct response *response, struct str path)
{
	struct buf menu = buf_in(exchange->arena, GOPHERREPLY_SIZE);
	struct buf error = buf_in(exchange->arena, GOPHERREPLY_SIZE / 2);
	struct buf target = buf_in(exchange->arena, GOPHERREPLY_SIZE / 2);
	struct str url = { 0 };

	buf_add(&error, STR("Only over Gemini: "));
	buf_add(&error, response->meta);
	buf_add(&target, STR("URL:"));
	if (site_url(exchange->host->site, exchange->arena, path, &url) == -1)
		target.overflow = true;
	buf_add(&target, url);
	gophermenu_error(&menu, buf_str(&error));
	gophermenu_item(&menu, exchange->host->site,
	    &(struct gophermenu_item){ .type = 'h',
		.display = response->meta,
		.selector = buf_str(&target) });
	add_end(&menu, exchange);
	menu.overflow |= error.overflow || target.overflow;
	gopherreply_text(exchange, response->status, &menu);
}

/* A redirect out of the capsule becomes a link. */
static void
answer_elsewhere(struct exchange *exchange, const struct response *response)
{
	struct buf target = buf_in(exchange->arena, GOPHERREPLY_SIZE / 2);

	buf_add(&target, STR("URL:"));
	buf_add(&target, response->meta);
	answer_item(exchange, response, 'h', &target);
}

/*
 * Whether the body is sent in the form of RFC 1436. The manifest, archives, and
 * files requested by item type 9 are not, since mirrors compare their bytes.
 */
static bool
is_strict(
    const struct host *host, const struct request *request, struct str type)
{
	return host->site->strict_text &&
	    (mime_is(type, STR("text/gemini")) ||
		mime_item_type(host->site, type) == '0') &&
	    !mime_is(type, RESPONSE_MENU) && !mime_is(type, RESPONSE_TAR) &&
	    !mime_is(type, RESPONSE_GEMPUB) && request->form != FORM_BYTES &&
	    !str_equals(request->path, STR("/manifest")) &&
	    (host->builtins == NULL ||
		!str_equals(request->path, host->builtins[BUILTIN_MANIFEST]));
}

/* Sets the body of a success; with strict text, in the form of RFC 1436. */
static void
answer_body(struct exchange *exchange, const struct request *request,
    struct response *response)
{
	struct body *body = response->body;

	if (is_strict(exchange->host, request, response->meta))
		body = body_of_lines(request->arena, body);
	if (body == NULL) {
		gopherreply_refusal(exchange, STATUS_FAILURE);
		return;
	}
	exchange->status = response->status;
	exchange->head = (struct str){ 0 };
	exchange->body = body;
	body->type = response->meta;
}

void
gopherreply_response(struct exchange *exchange, const struct request *request,
    struct response *response)
{
	switch (response->status) {
	case STATUS_SUCCESS: answer_body(exchange, request, response); break;
	case STATUS_INPUT:
		answer_prompt(exchange, response, request->path);
		break;
	case STATUS_SENSITIVE_INPUT:
	case STATUS_CERTIFICATE_REQUIRED:
	case STATUS_CERTIFICATE_REFUSED:
	case STATUS_CERTIFICATE_INVALID:
		answer_only_gemini(exchange, response, request->path);
		break;
	case STATUS_REDIRECT:
	case STATUS_MOVED: answer_elsewhere(exchange, response); break;
	case STATUS_FAILURE:
	case STATUS_UNAVAILABLE:
	case STATUS_PROGRAM:
	case STATUS_PROXY:
	case STATUS_SLOW_DOWN:
	case STATUS_TOO_LARGE:
	case STATUS_NOT_FOUND:
	case STATUS_GONE:
	case STATUS_REFUSED:
	case STATUS_BAD_REQUEST:
		gopherreply_error(exchange, response->status, response->meta);
		break;
	}
}
