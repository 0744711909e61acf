#ifndef DAEMON_GENERATION_CHECK_H
#define DAEMON_GENERATION_CHECK_H

#include <stddef.h>

#include "daemon/config.h"
#include "sys/cert.h"
#include "text/attribute.h"

/*
 * Takes `config` and checks whether it could be served: the tree, the user and
 * the certificate. Makes no certificate; `missing` tells how to treat an absent
 * one. Prints to standard output the names, the certificate and the warnings of
 * a start. Returns -1 with one line in `error`.
 */
MUST_USE int generation_check(struct config *config, enum cert_missing missing,
    char *error, size_t error_size);

#endif
