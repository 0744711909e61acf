/*
 * Gopher (RFC 1436): a selector to a request, a response to a menu or to
 * bytes.  Knows what clients really send; knows nothing of files, and
 * leaves the projection of gemtext to the menu rooms.
 */
#include "wire/gopher.h"

#include <string.h>

#include "serve/menu.h"
#include "serve/serve.h"
#include "text/buf.h"
#include "text/gophermenu.h"
#include "text/mime.h"
#include "text/uri.h"
#include "wire/gopherurl.h"

#define NO_MEMORY \
	"3Something failed here, please try again later\t\terror.host\t1\r\n" \
	".\r\n"
#define MENU_SIZE 4096

/* What a client asked for, taken apart. */
struct selector {
	struct str text; /* all of it, to the first TAB */
	struct str search; /* what follows it, to the next TAB */
	bool has_search;
};

static void
answer_text(
    struct exchange *exchange, enum status status, const struct buf *text)
{
	exchange->status = text->overflow ? STATUS_FAILURE : status;
	exchange->head = text->overflow ? STR(NO_MEMORY) : buf_str(text);
	exchange->body = NULL;
}

static void
answer_error(struct exchange *exchange, enum status status, struct str meta)
{
	struct buf menu = buf_in(exchange->arena, MENU_SIZE);

	gophermenu_error(&menu, meta);
	buf_add(&menu, STR(".\r\n"));
	answer_text(exchange, status, &menu);
}

static void
answer_refusal(struct exchange *exchange, enum status status)
{
	struct response response;

	response_error(&response, status);
	answer_error(exchange, status, response.meta);
}

/* A menu of one line, and perhaps an error above it. */
static void
answer_item(struct exchange *exchange, const struct response *response,
    const struct gophermenu_item *item)
{
	struct buf menu = buf_in(exchange->arena, MENU_SIZE);

	gophermenu_item(&menu, exchange->server->site, item);
	buf_add(&menu, STR(".\r\n"));
	answer_text(exchange, response->status, &menu);
}

/* The selector that stands for a resource: its path, encoded. */
static struct str
selector_of(struct exchange *exchange, struct str path)
{
	struct buf selector = buf_in(exchange->arena, path.len * 3);

	uri_encode(&selector, path);
	return buf_str(&selector);
}

/* No secret is asked for in clear text: the way to Gemini instead. */
static void
answer_only_gemini(
    struct exchange *exchange, const struct response *response, struct str path)
{
	struct buf menu = buf_in(exchange->arena, MENU_SIZE);
	struct buf error = buf_in(exchange->arena, MENU_SIZE / 2);
	struct buf target = buf_in(exchange->arena, MENU_SIZE / 2);
	struct str url = { 0 };

	buf_add(&error, STR("Only over Gemini: "));
	buf_add(&error, response->meta);
	buf_add(&target, STR("URL:"));
	if (site_url(exchange->server->site, exchange->arena, path, &url) == -1)
		target.overflow = true;
	buf_add(&target, url);
	gophermenu_error(&menu, buf_str(&error));
	gophermenu_item(&menu, exchange->server->site,
	    &(struct gophermenu_item){ .type = 'h',
		.display = response->meta,
		.selector = buf_str(&target) });
	buf_add(&menu, STR(".\r\n"));
	menu.overflow |= error.overflow || target.overflow;
	answer_text(exchange, response->status, &menu);
}

/* A redirect that leads out of the capsule is the reader's to follow. */
static void
answer_elsewhere(struct exchange *exchange, const struct response *response)
{
	struct buf target = buf_in(exchange->arena, MENU_SIZE / 2);

	buf_add(&target, STR("URL:"));
	buf_add(&target, response->meta);
	answer_item(exchange, response,
	    &(struct gophermenu_item){ .type = 'h',
		.display = response->meta,
		.selector = buf_str(&target) });
}

/* A success: gemtext as a menu, all else as its bytes. */
static void
answer_body(struct exchange *exchange, const struct request *request,
    struct response *response, bool raw)
{
	const struct server *server = exchange->server;
	struct body *body = response->body;

	if (!raw && mime_is(response->meta, STR("text/gemini")))
		body = menu_of_gemtext(server, request, body);
	else if (server->site->strict_text &&
	    !mime_is(response->meta, RESPONSE_MENU) &&
	    (mime_is(response->meta, STR("text/gemini")) ||
		mime_item_type(server->site, response->meta) == '0'))
		body = body_of_lines(request->arena, body);
	if (body == NULL) {
		answer_refusal(exchange, STATUS_FAILURE);
		return;
	}
	exchange->status = response->status;
	exchange->head = (struct str){ 0 };
	exchange->body = body;
}

static void
answer_response(struct exchange *exchange, const struct request *request,
    struct response *response, bool raw)
{
	switch (response->status) {
	case STATUS_SUCCESS:
		answer_body(exchange, request, response, raw);
		break;
	case STATUS_INPUT:
		answer_item(exchange, response,
		    &(struct gophermenu_item){ .type = '7',
			.display = response->meta,
			.selector = selector_of(exchange, request->path) });
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
	case STATUS_SLOW_DOWN:
	case STATUS_NOT_FOUND:
	case STATUS_GONE:
	case STATUS_REFUSED:
	case STATUS_BAD_REQUEST:
		answer_error(exchange, response->status, response->meta);
		break;
	}
}

/*
 * Serves a path, and what it redirects to as long as that is ours: a
 * Gopher client cannot follow.
 */
static void
serve_path(struct exchange *exchange, struct request *request,
    struct response *response)
{
	for (int i = 0; i < GOPHER_REDIRECTS_MAX; i++) {
		serve(exchange->server, request, response);
		if ((response->status != STATUS_REDIRECT &&
			response->status != STATUS_MOVED) ||
		    !str_starts(response->meta, STR("/")))
			return;
		if (uri_path_decode(exchange->arena, response->meta,
			&request->path) != URI_PATH_NORMAL)
			break;
	}
	response_error(response, STATUS_FAILURE);
}

/*
 * Clients of old put the item type before the selector, and Veronica-2 asks
 * for "0/robots.txt" so.  Returns the type and takes it off, or 0.
 */
static char
take_type(struct str *text)
{
	struct str rest = *text;
	char type;

	if (str_starts(rest, STR("/")))
		rest = str_tail(rest, 1);
	if (!str_starts(rest, STR("0/")) && !str_starts(rest, STR("1/")))
		return 0;
	type = rest.at[0];
	*text = str_tail(rest, 1);
	return type;
}

/* Reads path and query; false, with the answer given, if it may not be. */
static bool
read_path(struct exchange *exchange, struct str text, struct request *request)
{
	size_t question = str_find(text, '?');

	request->has_query = question < text.len;
	if (request->has_query)
		request->query = str_tail(text, question + 1);
	switch (uri_path_decode(
	    exchange->arena, str_head(text, question), &request->path)) {
	case URI_PATH_NORMAL: return true;
	case URI_PATH_NO_MEMORY:
		answer_refusal(exchange, STATUS_FAILURE);
		return false;
	case URI_PATH_CLIMBS:
	case URI_PATH_ENCODED: break;
	}
	answer_refusal(exchange, STATUS_NOT_FOUND);
	return false;
}

/* Here ".." is refused however it is written: no honest client sends it. */
static bool
holds_parent(struct str selector)
{
	char decoded[GOPHER_LINE_MAX];
	struct buf path = buf_over(decoded, sizeof decoded);
	struct str rest;

	uri_decode(&path, str_head(selector, str_find(selector, '?')));
	rest = buf_str(&path);
	while (rest.len > 0)
		if (str_equals(str_cut(&rest, '/'), STR("..")))
			return true;
	return false;
}

static void
answer_path(struct exchange *exchange, struct str text)
{
	struct request request = { .arena = exchange->arena,
		.prefers_menu = true };
	struct response response;
	char type = 0;

	if (!read_path(exchange, text, &request))
		return;
	serve_path(exchange, &request, &response);
	if (response.status == STATUS_NOT_FOUND)
		type = take_type(&text);
	if (type != 0) {
		if (!read_path(exchange, text, &request))
			return;
		serve_path(exchange, &request, &response);
	}
	answer_response(exchange, &request, &response, type == '0');
}

/* What other servers' clients may want to know; a file goes before it. */
static void
answer_caps(struct exchange *exchange, struct str text)
{
	struct buf caps = buf_in(exchange->arena, MENU_SIZE);

	answer_path(exchange, text);
	if (exchange->status != STATUS_NOT_FOUND)
		return;
	buf_printf(&caps,
	    "CAPS\n\n"
	    "CapsVersion=1\n"
	    "ExpireCapsAfter=3600\n\n"
	    "PathDelimeter=/\n"
	    "PathIdentity=.\n"
	    "PathParent=..\n"
	    "PathParentDouble=FALSE\n\n"
	    "ServerSoftware=capsuled\n"
	    "ServerSoftwareVersion=%s\n"
	    "ServerDefaultEncoding=UTF-8\n",
	    VERSION);
	answer_text(exchange, STATUS_SUCCESS, &caps);
}

/*
 * A Gopher+ client asks "+", "!" or "$" behind the selector.  Told of one
 * plain view, it asks again without.
 */
static bool
is_plus(const struct selector *selector)
{
	struct str field = selector->search;

	return selector->has_search &&
	    (str_equals(field, STR("+")) || str_equals(field, STR("!")) ||
		str_equals(field, STR("$")));
}

static void
answer_plus(struct exchange *exchange)
{
	const struct site *site = exchange->server->site;
	struct buf text = buf_in(exchange->arena, MENU_SIZE);

	buf_add(&text, STR("+-2\r\n+INFO: "));
	gophermenu_item(&text, site,
	    &(struct gophermenu_item){ .type = '1', .display = STR("Main") });
	answer_text(exchange, STATUS_SUCCESS, &text);
}

/* The answer to a selector with nothing dangerous in it. */
static void
answer_selector(struct exchange *exchange, const struct selector *selector)
{
	struct str text = selector->text, url = text;

	if (str_starts(url, STR("/")))
		url = str_tail(url, 1);
	if (is_plus(selector)) {
		answer_plus(exchange);
	} else if (str_starts(url, STR("URL:"))) {
		struct buf page = buf_in(exchange->arena, GOPHERURL_SIZE);

		if (gopherurl_page(&page, str_tail(url, 4)) == -1)
			answer_error(exchange, STATUS_BAD_REQUEST,
			    STR("This link is not one to follow"));
		else
			answer_text(exchange, STATUS_SUCCESS, &page);
	} else if (str_starts(text, STR("GET ")) ||
	    str_starts(text, STR("POST "))) {
		answer_error(exchange, STATUS_BAD_REQUEST,
		    STR("This is a Gopher server, not a web server"));
	} else if (holds_parent(text)) {
		answer_refusal(exchange, STATUS_NOT_FOUND);
	} else if (str_equals(url, STR("caps.txt"))) {
		answer_caps(exchange, text);
	} else {
		answer_path(exchange, text);
	}
}

static bool
holds_control(struct str line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static enum parse
gopher_answer(struct exchange *exchange, struct str input, bool ended)
{
	size_t end = str_find(input, '\n');
	struct str line = str_head(input, end);
	struct selector selector = { 0 };

	if (end == input.len && input.len < gopher.request_max && !ended)
		return PARSE_MORE;
	if (input.len == 0)
		return PARSE_CLOSE;
	if (str_ends(line, STR("\r")))
		line = str_head(line, line.len - 1);
	if (line.len > GOPHER_LINE_MAX || holds_control(line)) {
		answer_error(exchange, STATUS_BAD_REQUEST,
		    line.len > GOPHER_LINE_MAX
			? STR("Bad request: a selector has at most 1024 bytes")
			: STR("Bad request: a selector has no control bytes"));
		return PARSE_DONE;
	}
	selector.has_search = str_find(line, '\t') < line.len;
	selector.text = str_cut(&line, '\t');
	selector.search = str_cut(&line, '\t');
	/* What was asked of a page is the reader's own affair. */
	exchange->path = selector.text.len > 0
	    ? str_head(selector.text, str_find(selector.text, '?'))
	    : STR("/");
	answer_selector(exchange, &selector);
	return PARSE_DONE;
}

/* Silence is answered with silence. */
static enum parse
gopher_expire(struct exchange *exchange)
{
	(void)exchange;
	return PARSE_CLOSE;
}

static void
gopher_refuse(struct exchange *exchange, unsigned seconds)
{
	struct buf words = buf_in(exchange->arena, 128);

	buf_printf(&words,
	    "Too many requests from your network, please try again in %u s",
	    seconds);
	if (seconds > 0 && !words.overflow)
		answer_error(exchange, STATUS_SLOW_DOWN, buf_str(&words));
	else
		answer_refusal(exchange, STATUS_UNAVAILABLE);
}

const struct protocol gopher = {
	.name = "gopher",
	.request_max = GOPHER_LINE_MAX + 2,
	.answer = gopher_answer,
	.expire = gopher_expire,
	.refuse = gopher_refuse,
};
