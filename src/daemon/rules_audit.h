#ifndef DAEMON_RULES_AUDIT_H
#define DAEMON_RULES_AUDIT_H

#include "daemon/config.h"
#include "serve/rules.h"
#include "tree/tree.h"

/* The faults of a rule that loading a configuration does not find. */
enum rules_audit_fault {
	RULES_AUDIT_UNUSED, /* a path's section matches nothing */
	RULES_AUDIT_HIDES, /* a moved or deleted page exists */
	RULES_AUDIT_LOST, /* the target of a move does not exist */
};

/* Receives a fault; the text names the rule and a remedy, without its place. */
typedef void rules_audit_say(void *context, enum rules_audit_fault fault,
    const struct rules_place *place, const char *text);

/*
 * Compares the rules of a host with its tree, and calls `say` for each fault.
 * Those for all hosts are compared, too.
 */
void rules_audit(const struct host_config *host, const struct tree *tree,
    rules_audit_say *say, void *context);

/*
 * Prints the rules of a host to standard output, those that override others
 * before these, with their places.
 */
void rules_audit_print(const struct host_config *host);

#endif
