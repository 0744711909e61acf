/*
 * The table of pages that the server makes itself.  Knows which there are
 * and whose a path is; knows nothing of how they come about.
 */
#include "serve/builtin.h"

#include "serve/archive.h"
#include "serve/ask.h"
#include "serve/manifestpage.h"
#include "serve/online.h"

static const struct builtin_page pages[BUILTIN_COUNT] = {
	[BUILTIN_ASK] = { .type = STR_INIT("text/gemini"),
	    .takes_input = true,
	    .has_parts = true,
	    .answer = ask },
	[BUILTIN_GEMPUB] = { .type = STR_INIT("application/gpub+zip"),
	    .answer = archive_gempub },
	[BUILTIN_TAR] = { .type = STR_INIT("application/gzip"),
	    .answer = archive_tar },
	[BUILTIN_MANIFEST] = { .type = STR_INIT("text/plain"),
	    .answer = manifestpage },
	[BUILTIN_ONLINE] = { .type = STR_INIT("text/gemini"),
	    .query = STR_INIT("plain"),
	    .query_type = STR_INIT("text/plain"),
	    .answer = online },
};

static bool
is_part(struct str path, struct str own)
{
	return str_starts(path, own) && path.at[own.len] == '/';
}

const struct builtin_page *
builtin_find(const struct server *server, struct str path, struct str *own)
{
	for (int i = 0; i < BUILTIN_COUNT && server->builtins != NULL; i++) {
		*own = server->builtins[i];
		if (own->len > 0 &&
		    (str_equals(path, *own) ||
			(pages[i].has_parts && is_part(path, *own))))
			return &pages[i];
	}
	return NULL;
}
