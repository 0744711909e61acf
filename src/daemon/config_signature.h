#ifndef DAEMON_CONFIG_SIGNATURE_H
#define DAEMON_CONFIG_SIGNATURE_H

#include "daemon/config_values.h"
#include "text/attribute.h"

/* The signature of a manifest, which uploads change. */
#define CONFIG_SIGNATURE_NAME "manifest.sig"

/*
 * Hides the signature if a part of the host has writers, after its rules are
 * read: it no longer fits after an upload, and the server cannot make another.
 * Returns -1 without memory.
 */
MUST_USE int
config_signature_hide(struct config_loader *loader, struct host_config *host);

#endif
