/*
 * Gopher (RFC 1436): parses a selector, as clients really send it, and answers
 * with a menu or with bytes.
 */
#include "wire/gopher.h"

#include <string.h>

#include "serve/menu.h"
#include "serve/program.h"
#include "serve/resource.h"
#include "serve/serve.h"
#include "text/buf.h"
#include "text/gophermenu.h"
#include "text/uri.h"
#include "wire/gopherreply.h"
#include "wire/gopherurl.h"

/*
 * Some old clients put the item type before the selector, and Veronica-2
 * requests "0/robots.txt" so. Removes the type and returns it, or 0.
 */
static char
take_type(struct str *path)
{
	char type;

	if (path->len < 3 || path->at[2] != '/' ||
	    str_find(STR("0159Ighs"), path->at[1]) == 8)
		return 0;
	type = path->at[1];
	*path = str_tail(*path, 2);
	return type;
}

/*
 * Parses a selector into path and query. Returns STATUS_SUCCESS, or the status
 * of an invalid one.
 */
static enum status
read_selector(struct str selector, struct request *request)
{
	size_t question = str_find(selector, '?');
	struct str path = str_head(selector, question);

	request->has_query = question < selector.len;
	if (request->has_query)
		request->query = str_tail(selector, question + 1);
	switch (uri_path_decode(request->arena, path, &request->path)) {
	case URI_PATH_NORMAL: break;
	case URI_PATH_NO_MEMORY: return STATUS_FAILURE;
	case URI_PATH_CLIMBS:
	case URI_PATH_ENCODED: return STATUS_NOT_FOUND;
	}
	/* No honest client sends "..": menus have none. */
	return uri_has_parent(path) ? STATUS_NOT_FOUND : STATUS_SUCCESS;
}

/* The form that an item type asks for: all but 1 get the author's source. */
static enum form
form_of(char type)
{
	if (type == '1')
		return FORM_MENU;
	return type == '9' ? FORM_BYTES : FORM_SOURCE;
}

/* Finds the page of a path, or of a path after an item type. */
static void
find_page(
    const struct host *host, struct request *request, struct response *response)
{
	char type;

	request->form = FORM_MENU;
	serve(host, request, response);
	if (response->status != STATUS_NOT_FOUND)
		return;
	type = take_type(&request->path);
	if (type != 0) {
		request->form = form_of(type);
		serve(host, request, response);
	}
}

/*
 * Reads the whole selector as a path: other people's menus do not encode the
 * "?" in the name of a file. False when there is none.
 */
static bool
read_name(struct str selector, struct request *request)
{
	if (!request->has_query || uri_has_parent(selector) ||
	    uri_path_decode(request->arena, selector, &request->path) !=
		URI_PATH_NORMAL)
		return false;
	request->has_query = false;
	request->query = (struct str){ 0 };
	return true;
}

static void
answer_path(
    struct exchange *exchange, struct str selector, struct request *request)
{
	struct response response;

	find_page(exchange->host, request, &response);
	if (response.status == STATUS_NOT_FOUND && read_name(selector, request))
		find_page(exchange->host, request, &response);
	if (exchange_defer(exchange, request, &response))
		return;
	menu_project(exchange->host, request, &response);
	gopherreply_response(exchange, request, &response);
}

static enum parse
gopher_resume(struct exchange *exchange, bool gives_up)
{
	struct request *request = exchange->request;
	struct response response;

	if (!exchange_resume(exchange, gives_up, &response))
		return PARSE_WAIT;
	serve_taken(exchange->host, request, &response);
	if (exchange_defer(exchange, request, &response))
		return PARSE_WAIT;
	menu_project(exchange->host, request, &response);
	gopherreply_response(exchange, request, &response);
	return PARSE_DONE;
}

/* Answers /caps.txt, for clients of other servers; a file overrides it. */
static void
answer_caps(
    struct exchange *exchange, struct str selector, struct request *request)
{
	struct buf caps = buf_in(exchange->arena, GOPHERREPLY_SIZE);

	answer_path(exchange, selector, request);
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
 * A Gopher+ client sends "+", "!" or "$" after the selector or after the search
 * words. If the answer lists a single plain view, the client repeats the
 * request without them.
 */
static bool
is_plus(const struct exchange *exchange, const struct request *request)
{
	struct str field = request->search;

	if (!str_equals(field, STR("+")) && !str_equals(field, STR("!")) &&
	    !str_equals(field, STR("$")))
		return false;
	return request->path.len == 0 ||
	    (!resource_takes_input(exchange->host, request->path) &&
		!program_is_at(exchange->host, request->path));
}

static void
answer_plus(struct exchange *exchange)
{
	const struct site *site = exchange->host->site;
	struct buf text = buf_in(exchange->arena, GOPHERREPLY_SIZE);

	buf_add(&text, STR("+-2\r\n+INFO: "));
	gophermenu_item(&text, site,
	    &(struct gophermenu_item){ .type = '1', .display = STR("Main") });
	gopherreply_text(exchange, STATUS_SUCCESS, &text);
}

/* Answers a selector without control characters, and its search words. */
static void
answer_selector(
    struct exchange *exchange, struct str selector, struct str words)
{
	struct visitor visitor = exchange_visitor(exchange);
	struct request request = { .arena = exchange->arena,
		.search = words,
		.network = exchange->network,
		.visitor = &visitor,
		/* A Gopher client cannot follow a redirect. */
		.follows_moves = true };
	enum status status = read_selector(selector, &request);
	struct str url = selector;

	visitor.is_gopher = true;
	visitor.port = exchange->host->site->gopher_port;
	visitor.selector = selector;
	if (str_starts(url, STR("/")))
		url = str_tail(url, 1);
	if (is_plus(exchange, &request)) {
		answer_plus(exchange);
	} else if (str_starts(url, STR("URL:"))) {
		struct buf page = buf_in(exchange->arena, GOPHERURL_SIZE);

		if (gopherurl_page(&page, str_tail(url, 4)) == -1)
			gopherreply_error(exchange, STATUS_BAD_REQUEST,
			    STR("This link is not one to follow"));
		else
			gopherreply_text(exchange, STATUS_SUCCESS, &page);
	} else if (str_starts(selector, STR("GET ")) ||
	    str_starts(selector, STR("POST "))) {
		gopherreply_error(exchange, STATUS_BAD_REQUEST,
		    STR("This is a Gopher server, not a web server"));
	} else if (status != STATUS_SUCCESS) {
		gopherreply_refusal(exchange, status);
	} else if (str_equals(url, STR("caps.txt"))) {
		answer_caps(exchange, selector, &request);
	} else {
		answer_path(exchange, selector, &request);
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
	struct str line = str_head(input, end), selector;

	if (end == input.len && input.len < gopher.request_max && !ended)
		return PARSE_MORE;
	if (input.len == 0)
		return PARSE_CLOSE;
	exchange_count(exchange);
	if (str_ends(line, STR("\r")))
		line = str_head(line, line.len - 1);
	if (line.len > GOPHER_LINE_MAX || holds_control(line)) {
		gopherreply_error(exchange, STATUS_BAD_REQUEST,
		    line.len > GOPHER_LINE_MAX
			? STR("Bad request: a selector has at most 1024 bytes")
			: STR("Bad request: a selector has no control bytes"));
		return PARSE_DONE;
	}
	selector = str_cut(&line, '\t');
	/* Do not log queries: they are private. */
	exchange->path = selector.len > 0
	    ? str_head(selector, str_find(selector, '?'))
	    : STR("/");
	answer_selector(exchange, selector, str_cut(&line, '\t'));
	return exchange->remote != NULL ? PARSE_WAIT : PARSE_DONE;
}

/* Close without an answer when no whole request came in time. */
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
	.counts = COUNTS_GOPHER,
	.request_max = GOPHER_LINE_MAX + 2,
	.answer = gopher_answer,
	.resume = gopher_resume,
	.expire = gopher_expire,
	.refuse = gopher_refuse,
};
