#ifndef SYS_SIGNATURE_H
#define SYS_SIGNATURE_H

#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * Ed25519 signatures (RFC 8032), with keys in PEM as openssl(1) makes and
 * takes them.  Each function that fails returns -1 with one line for people
 * in `error`, which names the file.
 */

#define SIGNATURE_SIZE 64

/*
 * Makes a key: the private one at `path`, mode 0600 from its first byte, and
 * the public one at `path`.pub.  Nothing is ever written over.
 */
MUST_USE int
signature_make_key(const char *path, char *error, size_t error_size);

/* Signs with the private key at `path`, a file that only its owner reads. */
MUST_USE int signature_sign(const char *path, struct str text,
    unsigned char out[SIGNATURE_SIZE], char *error, size_t error_size);

/* Whether the public key at `path` made it: 1 or 0. */
MUST_USE int signature_check(const char *path, struct str text,
    struct str signature, char *error, size_t error_size);

#endif
