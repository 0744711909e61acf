#ifndef SERVE_RESPONSE_H
#define SERVE_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/body.h"
#include "serve/kept.h"
#include "text/arena.h"
#include "text/site.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/catalogdb.h"
#include "tree/directory.h"
#include "tree/media.h"
#include "tree/tree.h"

/* The MIME type of a body that is a Gopher menu already. */
#define RESPONSE_MENU STR("application/gopher-menu")

struct remote;
struct visitors;

/* The pages that the server makes itself. */
enum builtin {
	BUILTIN_ASK,
	BUILTIN_GEMPUB,
	BUILTIN_TAR,
	BUILTIN_MANIFEST,
	BUILTIN_ONLINE,
	BUILTIN_COUNT,
};

/* What is served, and how: the same for every request. */
struct server {
	const struct site *site;
	const struct tree *tree;
	struct media *media; /* this and the next two: one for each process */
	struct directory_cache *directories;
	struct kept_cache *kept;
	const struct catalogdb_place *index; /* NULL: nothing is indexed */
	uint64_t archive_limit; /* bytes of files in one; 0: none */
	bool strict_archives; /* see download_setup.strict */
	/* BUILTIN_COUNT paths, an empty one is off; NULL: there are none. */
	const struct str *builtins;
	struct visitors *visitors; /* NULL: they are not counted */
	/* The line to the process for slow pages; NULL: they are made here. */
	const int *answers;
};

/* The form in which a page is wanted. */
enum form {
	FORM_SOURCE, /* gemtext, as the author wrote it */
	FORM_MENU, /* a Gopher menu: a gophermap, or gemtext to be projected */
};

/* A request, independent of the protocol. */
struct request {
	struct arena *arena; /* for all that the answer needs */
	struct str path; /* decoded, normal, absolute */
	struct str query; /* still encoded */
	uint64_t network; /* of who asks, as a number; 0: not known */
	bool has_query;
	enum form form;
	bool follows_moves; /* get the page that a redirect leads to */
	bool entries_only; /* a listing goes on a page, and has no heading */
};

/*
 * The answer.  With `remote` the status is 0, and the answer comes from
 * another process: see remote_take. Otherwise `meta` is Gemini's: the MIME type
 * of a body without its language, the prompt, the target (a path,
 * percent-encoded), or words for the reader; never empty, and one line.
 */
struct response {
	enum status status;
	struct str meta;
	struct body *body; /* of a success; to be released */
	struct stat st; /* of what `body` was read from; zeroed: of nothing */
	struct remote *remote; /* the rest of it is still to come; else NULL */
};

enum handled {
	DECLINED,
	HANDLED
};

/*
 * Fills `response`, or declines a request that another handler has to answer.
 * A body is the caller's to release.
 */
typedef enum handled handler(const struct server *server,
    const struct request *request, struct response *response);

/* Makes it an answer without a body. */
void
response_set(struct response *response, enum status status, struct str meta);

/*
 * Makes it an error in the words that readers get for that status; the one
 * place where they stand.
 */
void response_error(struct response *response, enum status status);

#endif
