#ifndef SERVE_RESPONSE_H
#define SERVE_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/body.h"
#include "serve/host.h"
#include "text/arena.h"
#include "text/identity.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/tree.h"

/* The MIME type of a body that is a Gopher menu already. */
#define RESPONSE_MENU STR("application/gopher-menu")
/* The MIME types of archives, the only bodies that another process streams. */
#define RESPONSE_GEMPUB STR("application/gpub+zip")
#define RESPONSE_TAR STR("application/gzip")

struct remote;
struct visitor;

/* The requested form of a page. */
enum form {
	FORM_SOURCE, /* gemtext, as the author wrote it */
	FORM_MENU, /* a Gopher menu: a gophermap, or gemtext to be projected */
	FORM_BYTES, /* as FORM_SOURCE, and never in the form of RFC 1436 */
};

/* A request, independent of the protocol. */
struct request {
	struct arena *arena; /* for everything the answer needs */
	struct str path; /* decoded, normal, absolute */
	struct str encoded; /* the same as it was sent; empty: not a URL's */
	struct str query; /* still encoded */
	/*
	 * Gopher's search words, not encoded: the query of a page that takes
	 * one; other pages ignore them (RFC 1436 section 3.6).
	 */
	struct str search;
	/* Set by serve: */
	uint64_t key; /* of host and path, in caches */
	struct str normal; /* the path as of zones_path; unset without rules */
	const struct zone *zone; /* of the path; NULL: open to everybody */
	const struct tree *tree; /* all that readers of this path may see */
	const struct rules_part *part; /* NULL: the settings of the host */

	size_t host; /* from a worker: the number of its host */
	uint64_t network; /* the client's, as a number; 0: unknown */
	const struct identity *client; /* its certificate; NULL: none */
	const struct visitor *visitor; /* for programs; NULL: unknown */
	/* The client may read the zone: found by readers_answer in a worker. */
	bool is_admitted;
	bool has_query;
	enum form form;
	bool follows_moves; /* answer a redirect with its target's page */
	unsigned moves; /* redirects that were followed */
	bool entries_only; /* a listing without its heading */
};

/*
 * A response. With `remote` the status is 0, and the answer comes from another
 * process: see remote_take. Otherwise `meta` is Gemini's: the MIME type of a
 * body without its language, the prompt, the target (a path, percent-encoded),
 * or an error message; never empty, and one line.
 */
struct response {
	enum status status;
	struct str meta;
	struct body *body; /* of a success; to be released */
	struct stat st; /* state of the file behind `body`; zeroed: none */
	struct remote *remote; /* a pending answer; else NULL */
};

enum handled {
	DECLINED,
	HANDLED
};

/*
 * Fills `response`, or declines a request for another handler to answer. The
 * caller releases the body.
 */
typedef enum handled handler(const struct host *host,
    const struct request *request, struct response *response);

/* Sets a status and META, without a body. */
void
response_set(struct response *response, enum status status, struct str meta);

/* Sets an error status with its standard text, which is defined here alone. */
void response_error(struct response *response, enum status status);

/*
 * Sets request->path to the path of a URL, decoded; or refuses one that leads
 * above the root, or has an encoded slash.
 */
enum handled response_path(
    struct request *request, struct str encoded, struct response *response);

/* A redirect to another address of this capsule. */
struct response_target {
	enum status status; /* STATUS_MOVED, or STATUS_REDIRECT: temporary */
	struct str path; /* decoded */
	struct str query; /* still encoded, or empty */
};

/* Answers with a redirect. */
void response_redirect(struct response *response, struct arena *arena,
    const struct response_target *target);

#endif
