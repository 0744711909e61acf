#ifndef DAEMON_CAPSULES_H
#define DAEMON_CAPSULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "daemon/config.h"
#include "daemon/state.h"
#include "index/db.h"
#include "sys/jail.h"
#include "sys/visitors.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "tree/tree.h"

/* Bytes of the name of an index: the host's, ".db" and NUL. */
#define CAPSULES_NAME_MAX 260

/* The tree of one host, and its index. */
struct capsule {
	struct tree tree;
	char index_name[CAPSULES_NAME_MAX];
	struct db_place place; /* of the index */
	bool is_indexed;
	struct visitors *visitors;
	bool made; /* its certificate was made at this start */
	bool is_stale; /* its index may be out of date */
	int64_t certificate_end; /* see cert_end; 0: no certificate */
};

/* The last scan of a host's tree by the index process. */
struct capsules_scan {
	/* The start of the last complete scan, by the monotonic clock. */
	_Atomic int64_t second; /* 0: not yet */
};

/* The trees of all hosts, in the order of the configuration. */
struct capsules {
	struct capsule *all;
	size_t count;
	struct jail_roots roots;
	int *descriptors; /* roots.all */
	struct stat *states; /* of the roots */
	int top; /* roots.top, if it is not the only root; -1: none */
	/* Of each host; shared with the index process, which writes here. */
	struct capsules_scan *scans;
};

/*
 * Opens the trees, and tests with jail_try whether a worker can serve them.
 * Borrows `config`. Returns -1 with one line in `error`; then nothing is open.
 */
MUST_USE int
capsules_open(struct capsules *capsules, const struct config *config,
    struct jail *jail, char *error, size_t error_size);

/* Closes the trees; does nothing for zeroed capsules. */
void capsules_release(struct capsules *capsules);

/* Makes the counts of visitors; -1 without memory or randomness. */
MUST_USE int capsules_count_visitors(struct capsules *capsules);

/* See visitors_keep; logs a failure. */
void capsules_keep_visitors(const struct capsules *capsules);

/* Makes capsules.scans; -1 with errno set. */
MUST_USE int capsules_share_scans(struct capsules *capsules);

/* Frees capsules.scans, in a child other than the index process. */
void capsules_forget_scans(struct capsules *capsules);

/* Frees the counts, as a process that must not write to them does. */
void capsules_forget_visitors(struct capsules *capsules);

/*
 * Whether the directory `path`, or its parent if it does not exist, is in one
 * of the trees: 1 or 0, or -1 with errno set.
 */
MUST_USE int
capsules_contain(const struct capsules *capsules, const char *path);

/* Whether a file lies in one of the trees, under a name that is not hidden. */
bool capsules_show_file(const struct capsules *capsules, const char *path);

/*
 * Calls `say` for each capsule that lies in another one, and for each that two
 * hosts have with different parts for readers.
 */
void capsules_warn(const struct capsules *capsules, const struct config *config,
    void (*say)(const char *text));

/* Sets the places of the indices, in the directory of `state`. */
void capsules_place(struct capsules *capsules, const struct config *config,
    const struct state *state);

/* Whether a host has pages that need an index. */
bool capsules_is_indexed(const struct host_config *host);

/*
 * Appends the error of a capsule that cannot be opened, from errno, with the
 * place of its host in the configuration.
 */
void capsules_describe(const struct host_config *host, struct buf *error);

#endif
