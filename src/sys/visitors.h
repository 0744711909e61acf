#ifndef SYS_VISITORS_H
#define SYS_VISITORS_H

#include <stddef.h>
#include <stdint.h>

#include "sys/net.h"
#include "text/attribute.h"

/*
 * How many different visitors came lately, counted over all workers in memory
 * that they share.  A visitor is an IPv4 address, or the first 64 bits of an
 * IPv6 one: a household has as many of the rest as it likes.
 *
 * Addresses are kept nowhere.  What is kept is when a visitor came last whose
 * hash ends in certain bits, under a key that is random, never leaves this
 * memory, and is forgotten for another after half a day.
 *
 * Times are those of visitors_time: seconds that only go on.
 */
struct visitors;

/* What "lately" means. */
#define VISITORS_SECONDS 300

/* Up to so many the count is exact, and above it an estimate. */
#define VISITORS_EXACT ((size_t)128)

/* How long a key is used, at most, before the next one takes over. */
#define VISITORS_KEY_SECONDS 43200

/* Makes the memory that children share.  NULL without it. */
MUST_USE struct visitors *visitors_new(void);
void visitors_free(struct visitors *visitors);

uint32_t visitors_time(const struct visitors *visitors);

/*
 * Somebody is here.  A few instructions, and no system call.  NULL counts
 * nobody.
 */
void visitors_enter(
    struct visitors *visitors, const struct net_address *peer, uint32_t now);

/*
 * How many different ones there were lately.  Many are counted once a second.
 */
size_t visitors_count(struct visitors *visitors, uint32_t now);

/*
 * The master's, to be called once a minute or more often: changes the key
 * when it is time.  -1 when there is no randomness for a new one, and the old
 * one goes on.
 */
MUST_USE int visitors_keep(struct visitors *visitors, uint32_t now);

#endif
