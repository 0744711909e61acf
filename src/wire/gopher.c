/*
 * Gopher (RFC 1436): a selector to a request, a response to a menu or to
 * bytes.  Knows what clients really send; knows nothing of files, and
 * leaves the projection of gemtext to the menu rooms.
 */
#include "wire/gopher.h"

#include <string.h>

#include "serve/menu.h"
#include "serve/resource.h"
#include "serve/serve.h"
#include "text/buf.h"
#include "text/gophermenu.h"
#include "text/uri.h"
#include "wire/gopherreply.h"
#include "wire/gopherurl.h"

/* What a client asked for, taken apart. */
struct selector {
	struct str text; /* all of it, to the first TAB */
	struct str search; /* what follows it, to the next TAB */
};

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
		gopherreply_refusal(exchange, STATUS_FAILURE);
		return false;
	case URI_PATH_CLIMBS:
	case URI_PATH_ENCODED: break;
	}
	gopherreply_refusal(exchange, STATUS_NOT_FOUND);
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

/*
 * What was typed into a search is the query of a resource that takes one,
 * encoded as a Gemini client would; no other has asked for it (RFC 1436
 * section 3.6).
 */
static bool
read_search(
    struct exchange *exchange, struct str search, struct request *request)
{
	struct buf query = buf_in(exchange->arena, search.len * 3);

	if (search.len == 0 ||
	    !resource_takes_input(exchange->server, request->path))
		return true;
	uri_encode(&query, search);
	request->has_query = true;
	request->query = buf_str(&query);
	if (query.overflow)
		gopherreply_refusal(exchange, STATUS_FAILURE);
	return !query.overflow;
}

static void
answer_path(struct exchange *exchange, const struct selector *selector)
{
	struct request request = { .arena = exchange->arena,
		.network = exchange->network,
		.form = FORM_MENU,
		/* A Gopher client cannot follow a redirect. */
		.follows_moves = true };
	struct str text = selector->text;
	struct response response;
	char type = 0;

	if (!read_path(exchange, text, &request) ||
	    !read_search(exchange, selector->search, &request))
		return;
	serve(exchange->server, &request, &response);
	if (response.status == STATUS_NOT_FOUND)
		type = take_type(&text);
	if (type != 0) {
		if (!read_path(exchange, text, &request) ||
		    !read_search(exchange, selector->search, &request))
			return;
		/* As an item of type 0 it is the author's source. */
		request.form = type == '0' ? FORM_SOURCE : FORM_MENU;
		serve(exchange->server, &request, &response);
	}
	if (exchange_defer(exchange, &request, &response))
		return;
	menu_project(exchange->server, &request, &response);
	gopherreply_response(exchange, &request, &response);
}

static enum parse
gopher_resume(struct exchange *exchange, bool gives_up)
{
	const struct request *request = exchange->request;
	struct response response;

	if (!exchange_resume(exchange, gives_up, &response))
		return PARSE_WAIT;
	menu_project(exchange->server, request, &response);
	gopherreply_response(exchange, request, &response);
	return PARSE_DONE;
}

/* What other servers' clients may want to know; a file goes before it. */
static void
answer_caps(struct exchange *exchange, const struct selector *selector)
{
	struct buf caps = buf_in(exchange->arena, GOPHERREPLY_SIZE);

	answer_path(exchange, selector);
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
	gopherreply_text(exchange, STATUS_SUCCESS, &caps);
}

/*
 * A Gopher+ client asks "+", "!" or "$" behind the selector, or behind what
 * was typed.  Told of one plain view, it asks again without.
 */
static bool
is_plus(struct exchange *exchange, const struct selector *selector)
{
	struct str field = selector->search;
	struct str path;

	if (!str_equals(field, STR("+")) && !str_equals(field, STR("!")) &&
	    !str_equals(field, STR("$")))
		return false;
	return uri_path_decode(exchange->arena, selector->text, &path) !=
	    URI_PATH_NORMAL ||
	    !resource_takes_input(exchange->server, path);
}

static void
answer_plus(struct exchange *exchange)
{
	const struct site *site = exchange->server->site;
	struct buf text = buf_in(exchange->arena, GOPHERREPLY_SIZE);

	buf_add(&text, STR("+-2\r\n+INFO: "));
	gophermenu_item(&text, site,
	    &(struct gophermenu_item){ .type = '1', .display = STR("Main") });
	gopherreply_text(exchange, STATUS_SUCCESS, &text);
}

/* The answer to a selector with nothing dangerous in it. */
static void
answer_selector(struct exchange *exchange, const struct selector *selector)
{
	struct str text = selector->text, url = text;

	if (str_starts(url, STR("/")))
		url = str_tail(url, 1);
	if (is_plus(exchange, selector)) {
		answer_plus(exchange);
	} else if (str_starts(url, STR("URL:"))) {
		struct buf page = buf_in(exchange->arena, GOPHERURL_SIZE);

		if (gopherurl_page(&page, str_tail(url, 4)) == -1)
			gopherreply_error(exchange, STATUS_BAD_REQUEST,
			    STR("This link is not one to follow"));
		else
			gopherreply_text(exchange, STATUS_SUCCESS, &page);
	} else if (str_starts(text, STR("GET ")) ||
	    str_starts(text, STR("POST "))) {
		gopherreply_error(exchange, STATUS_BAD_REQUEST,
		    STR("This is a Gopher server, not a web server"));
	} else if (holds_parent(text)) {
		gopherreply_refusal(exchange, STATUS_NOT_FOUND);
	} else if (str_equals(url, STR("caps.txt"))) {
		answer_caps(exchange, selector);
	} else {
		answer_path(exchange, selector);
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
		gopherreply_error(exchange, STATUS_BAD_REQUEST,
		    line.len > GOPHER_LINE_MAX
			? STR("Bad request: a selector has at most 1024 bytes")
			: STR("Bad request: a selector has no control bytes"));
		return PARSE_DONE;
	}
	selector.text = str_cut(&line, '\t');
	selector.search = str_cut(&line, '\t');
	/* What was asked of a page is the reader's own affair. */
	exchange->path = selector.text.len > 0
	    ? str_head(selector.text, str_find(selector.text, '?'))
	    : STR("/");
	answer_selector(exchange, &selector);
	return exchange->remote != NULL ? PARSE_WAIT : PARSE_DONE;
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
		gopherreply_error(exchange, STATUS_SLOW_DOWN, buf_str(&words));
	else
		gopherreply_refusal(exchange, STATUS_UNAVAILABLE);
}

const struct protocol gopher = {
	.name = "gopher",
	.request_max = GOPHER_LINE_MAX + 2,
	.answer = gopher_answer,
	.resume = gopher_resume,
	.expire = gopher_expire,
	.refuse = gopher_refuse,
};
