#ifndef SYS_KEYRENEW_H
#define SYS_KEYRENEW_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/keychange.h"
#include "text/attribute.h"
#include "text/str.h"

struct keyrenew {
	const struct str *names; /* normal form */
	size_t name_count;
	/* Make a self-signed certificate in place of one of another signer. */
	bool forced;
};

/*
 * Replaces the certificate in use by one for the same key with these names, and
 * likewise that of the next pair. If a kept key has signed the certificate, it
 * signs the new one; one that an unknown key has signed is refused.
 */
MUST_USE int
keyrenew_run(struct keychange *change, const struct keyrenew *renew);

#endif
