#ifndef SYS_SIGNATURE_H
#define SYS_SIGNATURE_H

#include "text/attribute.h"
#include "text/str.h"

/* Ed25519 signatures (RFC 8032), with keys in the PEM of openssl(1). */

#define SIGNATURE_SIZE 64

/* A key file. */
struct signature_key {
	const char *path; /* borrowed */
	/* After -1: one line with the path and the fault. */
	char error[1024];
};

/*
 * Generates a key: the private key at the path, with mode 0600 from its first
 * byte, and the public key at the path plus ".pub". Never overwrites a file.
 */
MUST_USE int signature_make_key(struct signature_key *key);

/* Signs with the private key; refuses a key file that others can access. */
MUST_USE int signature_sign(struct signature_key *key, struct str text,
    unsigned char out[SIGNATURE_SIZE]);

/* Returns 0 if the public key can be read, else -1. */
MUST_USE int signature_find(struct signature_key *key);

/*
 * Verifies a signature with the public key: 1 if it matches, 0 if not, -1 if
 * the key cannot be used.
 */
MUST_USE int signature_check(
    struct signature_key *key, struct str text, struct str signature);

#endif
