#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include "daemon/config.h"
#include "serve/download.h"
#include "serve/response.h"
#include "sys/cert.h"
#include "sys/jail.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "tree/tree.h"

/*
 * All that one load of the configuration leads to.  A reload makes a new
 * one whole, and only then lets the old one go.
 */
struct generation {
	struct config config;
	struct tree tree;
	struct directory_cache directories;
	struct kept_cache kept;
	struct catalog_shelf shelf;
	struct download_list downloads; /* of a worker */
	struct jail jail;
	struct tls_context *tls; /* NULL when nothing speaks TLS */
	struct cert cert; /* of tls; released, so only described */
	struct server server;
	char error[4608]; /* after -1: one line for people */
};

/*
 * Finds out whether `config`, taken, could be served: the tree, the user and
 * the certificate, none of which is made.  Then prints to standard output the
 * names, the certificate, and what a start would warn of.  Returns -1 with one
 * line in `error`.
 */
MUST_USE int
generation_check(struct config *config, char *error, size_t error_size);

/*
 * Takes `config`, opens its tree, and loads its certificate, or does with its
 * absence as `missing` says.  Its ports have to be those that are bound.
 * `media` is borrowed.  Returns -1 with generation->error set; then it is
 * released already.
 */
MUST_USE int generation_init(struct generation *generation,
    struct config *config, struct media *media, enum cert_missing missing);

/* Writes a line of info about a pair that was made, for its author to keep. */
void generation_log_made(const struct generation *generation);

void generation_release(struct generation *generation);

/* Whether an index of the one serves the other. */
bool
generation_is_alike(const struct generation *a, const struct generation *b);

#endif
