/*
 * Redirects that the server follows itself.
 */
#include "serve/follow.h"

#include "serve/visitor.h"
#include "text/site.h"
#include "text/uri.h"

/* A limit, because redirects can form a loop. */
#define MOVES_MAX 5

static bool
is_move(const struct response *response)
{
	return response->status == STATUS_REDIRECT ||
	    response->status == STATUS_MOVED;
}

/*
 * Makes the target of a redirect a path of this capsule if it leads there, else
 * an absolute URL. -1 when it is no address, or without memory.
 */
static int
resolve(const struct host *host, const struct request *request, struct str *at)
{
	struct arena *arena = request->arena;
	struct str base;
	struct uri uri;
	struct buf path;

	/* Redirects by this server are paths; "//" begins the name of a host.
	 */
	if (str_starts(*at, STR("/")) && !str_starts(*at, STR("//")))
		return 0;
	if (site_url(host->site, arena, request->path, &base) == -1 ||
	    uri_resolve(arena, base, *at, at) == -1 ||
	    uri_parse(arena, *at, &uri) == -1)
		return -1;
	if (!str_equals(uri.scheme, STR("gemini")) || uri.has_userinfo ||
	    !site_has_name(host->site, arena, uri.host) ||
	    !site_has_port(host->site, &uri))
		return 0;
	path = buf_in(arena, 2 + uri.path.len + uri.query.len);
	if (uri.path.len == 0)
		buf_char(&path, '/');
	buf_add(&path, uri.path);
	if (uri.has_query)
		buf_char(&path, '?');
	buf_add(&path, uri.query);
	*at = buf_str(&path);
	return path.overflow ? -1 : 0;
}

/* Replaces the selector that a program gets by the target. */
static int
select_target(struct request *request, struct str target)
{
	struct visitor *visitor;

	if (request->visitor == NULL)
		return 0;
	visitor = arena_alloc(request->arena, sizeof *visitor);
	if (visitor == NULL)
		return -1;
	*visitor = *request->visitor;
	visitor->selector = target;
	request->visitor = visitor;
	return 0;
}

/* Makes a request for the target of a redirect, a path. */
static int
go_to(struct request *request, struct str target)
{
	size_t question;

	target = str_head(target, str_find(target, '#'));
	question = str_find(target, '?');
	if (question < target.len) {
		request->query = str_tail(target, question + 1);
		request->has_query = true;
	}
	request->encoded = (struct str){ 0 };
	if (select_target(request, target) == -1)
		return -1;
	return uri_path_decode(request->arena, str_head(target, question),
		   &request->path) == URI_PATH_NORMAL
	    ? 0
	    : -1;
}

bool
follow_redirect(
    const struct host *host, struct request *request, struct response *response)
{
	if (!request->follows_moves || !is_move(response))
		return false;
	if (resolve(host, request, &response->meta) == -1)
		goto failed;
	if (!str_starts(response->meta, STR("/")))
		return false;
	if (++request->moves < MOVES_MAX && go_to(request, response->meta) == 0)
		return true;
failed:
	response_error(response, STATUS_FAILURE);
	return false;
}

bool
follow_program(
    const struct host *host, struct request *request, struct response *response)
{
	if (is_move(response)) {
		request->query = request->search = (struct str){ 0 };
		request->has_query = false;
	}
	return follow_redirect(host, request, response);
}
