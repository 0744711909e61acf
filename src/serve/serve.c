/*
 * The chain of handlers that a request goes through.
 */
#include "serve/serve.h"

#include "serve/archive_page.h"
#include "serve/builtin.h"
#include "serve/feed.h"
#include "serve/file.h"
#include "serve/folderpage.h"
#include "serve/follow.h"
#include "serve/moved.h"
#include "serve/program.h"
#include "serve/readers.h"
#include "serve/redirect.h"
#include "serve/rules.h"
#include "tree/zones.h"

/* The order matters: a file overrides a built-in page. */
static handler *const chain[] = {
	program_answer, /* scripts, and servers of SCGI and FastCGI */
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

void
serve(
    const struct host *host, struct request *request, struct response *response)
{
	do {
		request->is_admitted = false;
		run_chain(chain, host, request, response);
		/* Not in the chain: a handler may have answered 51. */
		if (response->status == STATUS_NOT_FOUND)
			(void)redirect_answer(host, request, response);
	} while (follow_redirect(host, request, response));
}

void
serve_taken(
    const struct host *host, struct request *request, struct response *response)
{
	if (follow_program(host, request, response))
		serve(host, request, response);
}

void
serve_slow(
    const struct host *host, struct request *request, struct response *response)
{
	run_chain(slow_chain, host, request, response);
}
