#ifndef DAEMON_PROGRAMCHECK_H
#define DAEMON_PROGRAMCHECK_H

#include "daemon/config.h"
#include "daemon/rules_audit.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "tree/tree.h"

/*
 * Refuses a directory of CGI scripts that is missing or no directory, that its
 * group, others or cgi_user may write to, or that holds a capsule. Returns -1
 * with one line in `error`.
 */
MUST_USE int
programcheck_directories(const struct config *config, struct buf *error);

/*
 * Calls `say` for settings of programs and uploads of a host without effect,
 * and for uploads that cannot succeed.
 */
void programcheck_warn(const struct host_config *host, const struct tree *tree,
    rules_audit_say *say, void *context);

#endif
