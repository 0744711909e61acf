#ifndef TEXT_HOSTNAMES_H
#define TEXT_HOSTNAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * A table of the names of all hosts, each with the number of its host. A name
 * in the table is in normal form (text/hostname.h), or "*." and such a name:
 * that one stands for names of exactly one label more, as in a certificate (RFC
 * 6125 section 6.4.3).
 */
struct hostnames;

/* The number of a name that no host has. */
#define HOSTNAMES_NONE SIZE_MAX

/* An empty table for up to `most` names; NULL without memory. */
MUST_USE struct hostnames *hostnames_new(size_t most);
void hostnames_free(struct hostnames *names);

/* Adds a name, which is borrowed; the first host of a name keeps it. */
void hostnames_add(struct hostnames *names, struct str name, size_t host);

/* A name that was found. */
struct hostnames_found {
	size_t host; /* or HOSTNAMES_NONE */
	bool by_wildcard; /* the table has only "*." and its end */
};

/*
 * Finds the host of `name`, in any form, such as with a final dot or upper
 * case. The exact name overrides a wildcard. The time does not depend on the
 * number of hosts.
 */
struct hostnames_found hostnames_find(
    const struct hostnames *names, struct arena *arena, struct str name);

#endif
