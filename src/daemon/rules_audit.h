#ifndef DAEMON_RULES_AUDIT_H
#define DAEMON_RULES_AUDIT_H

#include "daemon/config.h"
#include "serve/rules.h"
#include "tree/tree.h"

/* Receives a fault of a rule: its text, with a remedy and without the place. */
typedef void rules_audit_say(
    void *context, const struct rules_place *place, const char *text);

/* The caller sets the first part; the rest is 0 at first, and private. */
struct rules_audit {
	rules_audit_say *say;
	void *context;

	struct rules_audit_common *common; /* rules outside of all hosts */
	size_t count, room, at;
	bool has_host; /* one has been compared */
};

/*
 * Compares the rules of a host, and those of all hosts, with its tree. Calls
 * `say` for a path that no page or folder has, a moved or deleted page that
 * exists, and a move to a page that does not exist. The faults of rules for all
 * hosts are kept for rules_audit_end; the configuration must exist until then.
 */
void rules_audit_host(struct rules_audit *audit, const struct host_config *host,
    const struct tree *tree);

/*
 * Calls `say` once for each faulty rule for all hosts: no host has its path or
 * its target, or one of them still has a page that has moved or is gone.
 * Releases the memory.
 */
void rules_audit_end(struct rules_audit *audit);

/*
 * Prints the rules of a host to standard output, those that override others
 * before these, with their places, programs and writers.
 */
void rules_audit_print(const struct host_config *host);

#endif
