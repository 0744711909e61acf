/*
 * The table of built-in pages.
 */
#include "serve/builtin.h"

#include <errno.h>

#include "serve/addresses.h"
#include "serve/archive_page.h"
#include "serve/ask.h"
#include "serve/manifest_page.h"
#include "serve/online.h"
#include "text/buf.h"
#include "text/uri.h"

static const struct builtin_page pages[BUILTIN_COUNT] = {
	[BUILTIN_ASK] = { .type = STR_INIT("text/gemini"),
	    .takes_input = true,
	    .has_parts = true,
	    .answer = ask_answer },
	[BUILTIN_GEMPUB] = { .type = STR_INIT("application/gpub+zip"),
	    .answer = archive_page_gempub },
	[BUILTIN_TAR] = { .type = STR_INIT("application/gzip"),
	    .answer = archive_page_tar },
	[BUILTIN_MANIFEST] = { .type = STR_INIT("text/plain"),
	    .answer = manifest_page_answer },
	[BUILTIN_ONLINE] = { .type = STR_INIT("text/gemini"),
	    .query = STR_INIT("plain"),
	    .query_type = STR_INIT("text/plain"),
	    .answer = online },
	[BUILTIN_ADDRESSES] = { .type = STR_INIT("text/gemini"),
	    .answer = addresses_answer },
};

static bool
is_part(struct str path, struct str own)
{
	return str_starts(path, own) && path.at[own.len] == '/';
}

/* Finds the built-in page for `path`, and that page's own path. */
static const struct builtin_page *
owner_of(const struct host *host, struct str path, struct str *own)
{
	for (int i = 0; i < BUILTIN_COUNT && host->builtins != NULL; i++) {
		*own = host->builtins[i];
		if (own->len > 0 &&
		    (str_equals(path, *own) ||
			(pages[i].has_parts && is_part(path, *own))))
			return &pages[i];
	}
	return NULL;
}

static bool
is_in_tree(const struct host *host, struct str path)
{
	return tree_status(host->tree, path) != STATUS_NOT_FOUND ||
	    errno == EACCES;
}

const struct builtin_page *
builtin_find(const struct host *host, struct str path)
{
	struct str own;
	const struct builtin_page *page = owner_of(host, path, &own);

	return page == NULL || is_in_tree(host, own) ? NULL : page;
}

/* Makes the search words the query, encoded as by a Gemini client. */
static int
take_search(struct request *request)
{
	struct buf query = buf_in(request->arena, request->search.len * 3);

	uri_encode(&query, request->search);
	request->has_query = true;
	request->query = buf_str(&query);
	return query.overflow ? -1 : 0;
}

enum handled
builtin_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	struct request asked = *request;
	struct str own;
	const struct builtin_page *page = owner_of(host, request->path, &own);

	/* The file handler has already looked for request->path itself. */
	if (page == NULL ||
	    (!str_equals(own, request->path) && is_in_tree(host, own)))
		return DECLINED;
	if (page->takes_input && request->search.len > 0 &&
	    take_search(&asked) == -1)
		response_error(response, STATUS_FAILURE);
	else
		page->answer(host, &asked, response);
	return HANDLED;
}
