/*
 * The chain of handlers that a request goes through.
 */
#include "serve/serve.h"

#include "serve/archive_page.h"
#include "serve/builtin.h"
#include "serve/feed.h"
#include "serve/file.h"
#include "serve/folderpage.h"
#include "serve/moved.h"
#include "serve/readers.h"
#include "serve/redirect.h"
#include "serve/rules.h"
#include "text/uri.h"
#include "tree/zones.h"

/* A limit, because redirects can form a loop. */
#define MOVES_MAX 5

/* The order matters: a file overrides a built-in page. */
static handler *const chain[] = {
	feed_answer, /* ?atom */
	folderpage_answer, /* an index page, a gophermap, or a listing */
	file_answer,
	builtin_answer, /* /ask, /online, /manifest, archives of everything */
	archive_page_answer, /* the archive of a directory */
	NULL,
};

/* The pages that workers leave to another process. */
static handler *const slow_chain[] = {
	folderpage_list,
	builtin_answer,
	archive_page_answer,
	NULL,
};

/* The key of a path of this host in the caches that all hosts share. */
static uint64_t
key_of(const struct host *host, struct str path)
{
	return str_hash(path) +
	    (uint64_t)(host - host->server->hosts) * 0x9e3779b97f4a7c15u;
}

/* Calls the handlers of rules, before all others: a rule can hide a file. */
static enum handled
answer_by_rules(
    const struct host *host, struct request *request, struct response *response)
{
	if (zones_path(request->arena, request->path, &request->normal) == -1) {
		response_error(response, STATUS_FAILURE);
		return HANDLED;
	}
	request->part = rules_part_of(host->rules, request->normal);
	if (readers_answer(host, request, response) == HANDLED ||
	    moved_answer(host, request, response) == HANDLED)
		return HANDLED;
	return readers_hide(request, response);
}

enum handled
serve_rules(
    const struct host *host, struct request *request, struct response *response)
{
	request->key = key_of(host, request->path);
	request->tree = host->tree;
	return host->rules != NULL ? answer_by_rules(host, request, response)
				   : DECLINED;
}

static void
run_chain(handler *const *next, const struct host *host,
    struct request *request, struct response *response)
{
	if (serve_rules(host, request, response) == HANDLED)
		return;
	for (; *next != NULL; next++)
		if ((*next)(host, request, response) == HANDLED)
			return;
	response_error(response, STATUS_NOT_FOUND);
}

/* Whether the answer redirects to a path of this capsule. */
static bool
is_move(const struct response *response)
{
	return (response->status == STATUS_REDIRECT ||
		   response->status == STATUS_MOVED) &&
	    str_starts(response->meta, STR("/"));
}

/* Makes the target of a redirect the request. */
static int
follow(struct request *request, struct str target)
{
	size_t question = str_find(target, '?');

	if (question < target.len) {
		request->query = str_tail(target, question + 1);
		request->has_query = true;
	}
	request->encoded = (struct str){ 0 };
	return uri_path_decode(request->arena, str_head(target, question),
		   &request->path) == URI_PATH_NORMAL
	    ? 0
	    : -1;
}

void
serve(
    const struct host *host, struct request *request, struct response *response)
{
	for (int i = 0; i < MOVES_MAX; i++) {
		request->is_admitted = false;
		run_chain(chain, host, request, response);
		/* Not in the chain: a handler may have answered 51. */
		if (response->status == STATUS_NOT_FOUND)
			(void)redirect_answer(host, request, response);
		if (!request->follows_moves || !is_move(response))
			return;
		if (follow(request, response->meta) == -1)
			break;
	}
	response_error(response, STATUS_FAILURE);
}

void
serve_slow(
    const struct host *host, struct request *request, struct response *response)
{
	run_chain(slow_chain, host, request, response);
}
