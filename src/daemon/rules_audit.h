#ifndef DAEMON_RULES_AUDIT_H
#define DAEMON_RULES_AUDIT_H

#include "daemon/config.h"
#include "serve/rules.h"
#include "tree/tree.h"

/* Receives a fault of a rule: its text, with a remedy and without the place. */
typedef void rules_audit_say(
    void *context, const struct rules_place *place, const char *text);

/*
 * Compares the rules of a host, and those of all hosts, with its tree. Calls
 * `say` for a path that no page or folder has, a moved or deleted page that
 * exists, and a move to a page that does not exist.
 */
void rules_audit(const struct host_config *host, const struct tree *tree,
    rules_audit_say *say, void *context);

/*
 * Prints the rules of a host to standard output, those that override others
 * before these, with their places.
 */
void rules_audit_print(const struct host_config *host);

#endif
