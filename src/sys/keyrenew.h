#ifndef SYS_KEYRENEW_H
#define SYS_KEYRENEW_H

#include <stddef.h>

#include "sys/keychange.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Replaces the certificate in use by one for the same key with other names, in
 * normal form, and likewise that of the next pair. If the key before this one
 * is in the directory and has signed the certificate, it signs the new one.
 */
MUST_USE int
keyrenew_run(struct keychange *change, const struct str *names, size_t count);

#endif
