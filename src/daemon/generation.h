#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include "daemon/config.h"
#include "daemon/keys.h"
#include "daemon/state.h"
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
	struct state state; /* closed when nothing is indexed */
	struct catalogdb_place place; /* of the index there */
	char index_name[NAME_MAX];
	struct jail jail;
	struct tls_context *tls; /* NULL when nothing speaks TLS */
	struct cert cert; /* describes that of tls; already released */
	struct keys keys; /* the process that signs for tls */
	struct server server;
	char error[4608]; /* after -1: one line for people */
};

/* What a generation is made with; borrowed. */
struct generation_setup {
	struct media *media;
	enum cert_missing missing;
	struct state *state; /* the one in use; NULL: none */
};

/*
 * Takes `config` and checks whether it could be served: the tree, the user and
 * the certificate.  Makes no certificate; an absent one is dealt with as
 * `missing` says.  Prints to standard output the names, the certificate and the
 * warnings of a start.  Returns -1 with one line in `error`.
 */
MUST_USE int generation_check(struct config *config, enum cert_missing missing,
    char *error, size_t error_size);

/*
 * Takes `config`, opens its tree, and loads its certificate; setup->missing
 * tells what to do when there is none.  The ports in `config` must be the bound
 * ones.  Returns -1 with generation->error set; then `generation` is already
 * released.
 */
MUST_USE int generation_init(struct generation *generation,
    struct config *config, const struct generation_setup *setup);

/*
 * If a key and certificate were made, logs where, and asks the operator to
 * keep a copy.
 */
void generation_log_made(const struct generation *generation);

/* How long a worker may take to end before it is killed. */
unsigned generation_grace_ms(const struct generation *generation);

void generation_release(struct generation *generation);

/* Whether an index of the one is right for the other. */
bool
generation_is_alike(const struct generation *a, const struct generation *b);

#endif
