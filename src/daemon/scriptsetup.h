#ifndef DAEMON_SCRIPTSETUP_H
#define DAEMON_SCRIPTSETUP_H

#include "daemon/config.h"
#include "sys/scriptjail.h"
#include "text/attribute.h"
#include "text/buf.h"

/*
 * Sets user and limits of CGI scripts, if there are any; `jail` is that of the
 * server. -1 with one line in `error` if scripts cannot have a user of their
 * own.
 */
MUST_USE int scriptsetup_init(struct scriptjail *scripts,
    const struct config *config, const struct jail *jail, struct buf *error);

#endif
