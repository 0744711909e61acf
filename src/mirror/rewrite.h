#ifndef MIRROR_REWRITE_H
#define MIRROR_REWRITE_H

#include "mirror/pool.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Changes of an answer before it is stored.  Each returns -1 with errno set
 * when the part cannot be read or written.
 */

/* Replaces the body. */
MUST_USE int rewrite_body(struct pool_job *job, struct str bytes);

/*
 * Removes the final dot and the doubled dots of a text from a Gopher server, if
 * all of it is in the form of RFC 1436.
 */
MUST_USE int rewrite_text(struct pool_job *job);

#endif
