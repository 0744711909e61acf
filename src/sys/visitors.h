#ifndef SYS_VISITORS_H
#define SYS_VISITORS_H

#include <stddef.h>
#include <stdint.h>

#include "sys/net.h"
#include "text/attribute.h"

/*
 * Counts the different visitors of the last minutes, over all workers, in
 * shared memory. A visitor is an IPv4 address, or the first 64 bits of an IPv6
 * one, since a household has any number of the rest.
 *
 * Addresses are not stored. An entry holds the time of the last visit and some
 * bits of a hash of the address. The key of the hash is random, never leaves
 * this memory, and is replaced by another after half a day.
 *
 * Times are those of visitors_time: monotonic seconds.
 */
struct visitors;

/* The window of the count. */
#define VISITORS_SECONDS 300

/* The largest exact count; above it the count is an estimate. */
#define VISITORS_EXACT ((size_t)128)

/* The longest use of a key before the next one takes over. */
#define VISITORS_KEY_SECONDS 43200

/* The precision of the estimate, in cells. */
#define VISITORS_CELLS_MANY ((size_t)32768)
#define VISITORS_CELLS_FEW ((size_t)4096)

/*
 * Makes the memory that child processes share; NULL on failure. An estimate of
 * 20,000 visitors has a standard error of 0.4 % with many cells, which take up
 * to 256 KiB. With few cells they take 32 KiB, estimates end at some 34,000,
 * and one of 10,000 has a standard error of 1.8 %.
 */
MUST_USE struct visitors *visitors_new(size_t cells);
void visitors_free(struct visitors *visitors);

uint32_t visitors_time(const struct visitors *visitors);

/*
 * Counts a visitor, with a few instructions and no system call. Does nothing
 * when `visitors` is NULL.
 */
void visitors_enter(
    struct visitors *visitors, const struct net_address *peer, uint32_t now);

/*
 * The number of different visitors within VISITORS_SECONDS. An estimate is
 * computed once a second.
 */
size_t visitors_count(struct visitors *visitors, uint32_t now);

/*
 * Called by the master once a minute or more often: changes the key when it is
 * due. -1 when there is no randomness for a new key; the old one stays in use.
 */
MUST_USE int visitors_keep(struct visitors *visitors, uint32_t now);

#endif
