#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include "daemon/capsules.h"
#include "daemon/config.h"
#include "daemon/keys.h"
#include "daemon/readerlists.h"
#include "daemon/state.h"
#include "serve/response.h"
#include "sys/cert.h"
#include "sys/jail.h"
#include "sys/scriptjail.h"
#include "sys/tls.h"
#include "text/attribute.h"
#include "text/hostnames.h"

/*
 * The result of loading the configuration once. A reload makes a complete new
 * one before it releases the old one.
 */
struct generation {
	struct config config;
	struct capsules capsules;
	struct cache cache;
	struct state state; /* closed without an index */
	struct jail jail;
	struct scriptjail scripts; /* unset without CGI */
	struct hostnames *names; /* of all hosts */
	struct tls_context *tls; /* NULL without TLS */
	struct cert *certs; /* of each host; already released; or NULL */
	struct keys keys; /* the process that signs for `tls` */
	struct readerlists readers;
	struct server server;
	struct host *hosts; /* of `server` */
	char error[4608]; /* after -1: an error message of one line */
};

/* The setup of a generation; borrowed. */
struct generation_setup {
	struct media *media;
	enum cert_missing missing;
	void (*warn)(const char *text); /* of lists of readers; NULL: log */
	const struct hostnames *known; /* see struct keysigner */
	struct state *state; /* the current one; NULL: none */
	void (*forget)(void *context); /* for struct keys; NULL: nothing */
	void *context; /* of forget */
};

/*
 * The first part of generation_init: opens the trees, certificates and lists of
 * readers of the configuration, but makes no hosts. For a check only.
 */
MUST_USE int generation_load(struct generation *generation,
    struct config *config, const struct generation_setup *setup);

/*
 * Takes `config`, opens its tree, and loads its certificate; setup->missing
 * tells how to treat an absent one. The ports in `config` must be the bound
 * ones. Returns -1 with generation->error set; then `generation` is already
 * released.
 */
MUST_USE int generation_init(struct generation *generation,
    struct config *config, const struct generation_setup *setup);

/*
 * If keys and certificates were made, logs their directories, and asks the
 * operator to keep a copy.
 */
void generation_log_made(const struct generation *generation);

/* The time that a worker has to end before it is killed. */
unsigned generation_grace_ms(const struct generation *generation);

void generation_release(struct generation *generation);

/*
 * Takes over the counts of visitors of the generation `old`, and sets
 * capsule.is_stale if the tree of a host, or a setting of its index, has
 * changed.
 */
void generation_succeed(struct generation *generation, struct generation *old);

/* Set capsule.is_stale of all hosts; tell whether any host has it. */
void generation_mark_stale(struct generation *generation, bool is_stale);
bool generation_is_stale(const struct generation *generation);

/* For a child: forget the indices, or free the counts of visitors. */
void generation_forget_index(struct generation *generation);
void generation_forget_visitors(struct generation *generation);

#endif
