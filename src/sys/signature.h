#ifndef SYS_SIGNATURE_H
#define SYS_SIGNATURE_H

#include "text/attribute.h"
#include "text/str.h"

/*
 * Ed25519 signatures (RFC 8032), with keys in PEM as openssl(1) makes and
 * takes them.
 */

#define SIGNATURE_SIZE 64

/* A key in a file. */
struct signature_key {
	const char *path; /* borrowed */
	/* Of what fails and returns -1: a line for people, with the path. */
	char error[1024];
};

/*
 * Makes a key: the private one at the path, mode 0600 from its first byte,
 * and the public one at the path with ".pub" behind it.  Nothing is ever
 * written over.
 */
MUST_USE int signature_make_key(struct signature_key *key);

/* Signs with the private key, in a file that only its owner reads. */
MUST_USE int signature_sign(struct signature_key *key, struct str text,
    unsigned char out[SIGNATURE_SIZE]);

/* Whether there is a public key at all: 0 or -1. */
MUST_USE int signature_find(struct signature_key *key);

/* Whether it was made with the key of this public one: 1 or 0. */
MUST_USE int signature_check(
    struct signature_key *key, struct str text, struct str signature);

#endif
