#ifndef SYS_LIMIT_H
#define SYS_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/net.h"
#include "text/attribute.h"

/*
 * Fairness: how many connections one network has open, and how fast it opens
 * new ones, counted over all workers in memory that they share.  Addresses
 * are kept nowhere: an entry is found by a hash of the address's prefix under
 * a key that is random at each start and never leaves the process.
 */
struct limit_table;

enum limit_mode {
	LIMIT_ON, /* but for this machine: a proxy or Tor speaks for many */
	LIMIT_ALL,
	LIMIT_OFF,
};

/* How much one network may do. */
struct limit_rules {
	enum limit_mode mode;
	unsigned open; /* connections at once */
	unsigned rate; /* new ones a second, over time */
	unsigned burst; /* new ones at once, after a rest */
	unsigned ipv4_bits, ipv6_bits; /* of an address that make a network */
	size_t room; /* connections of a worker; see limit_enter */
};

/* Workers that can be told apart, retired ones included. */
#define LIMIT_WORKERS 1024

/*
 * How many networks one address can belong to: with IPv6, one of
 * limit_rules.ipv6_bits, and the larger ones of 56 and 48 bits.
 */
#define LIMIT_LEVELS 3

/* What a connection may cost, of the processor: a handshake, and a page. */
#define LIMIT_CPU_MS 10

/* No entry, or no worker: what is not counted. */
#define LIMIT_NONE SIZE_MAX

/* Makes the table, in memory that children share.  NULL without it. */
MUST_USE struct limit_table *limit_new(void);
void limit_free(struct limit_table *table);

/*
 * The master's: a number for a new worker, or LIMIT_NONE when all are taken,
 * and its return, with all that the worker still had open.
 */
size_t limit_worker_begin(struct limit_table *table);
void limit_worker_end(struct limit_table *table, size_t worker);

enum limit_verdict {
	LIMIT_PASS,
	LIMIT_SLOW, /* to be told to come again in `seconds` */
	LIMIT_DROP, /* a flood: to be closed without a word */
};

/* The entries in which a client is counted as open. */
struct limit_entries {
	size_t count;
	size_t at[LIMIT_LEVELS];
};

struct limit_answer {
	enum limit_verdict verdict;
	unsigned seconds;
	struct limit_entries entries; /* to be given to limit_leave */
	/* A number for the largest network that counts it; 0: none. */
	uint64_t network;
};

/*
 * Judges a client of worker number `worker` that came from `peer`.  It is
 * counted as open unless it is to be dropped.
 *
 * A network may have `rules->open` connections, but no more than a quarter of
 * `rules->room`; from twice as many on, clients are dropped.  IPv6 networks of
 * 56 and 48 bits, if they are larger than one of `rules->ipv6_bits`, have 4
 * and 16 times the allowance of one network.  A network that does not fit into
 * the table is counted in the larger ones alone; if there are none, it shares
 * 16 times the allowance with other networks that do not fit.
 */
struct limit_answer
limit_enter(struct limit_table *table, const struct limit_rules *rules,
    size_t worker, const struct net_address *peer);

/*
 * Charges the network with the number `network`, of limit_answer, which may be
 * any, with so many milliseconds of the processor: LIMIT_CPU_MS cost as much
 * as a connection. A bucket that this empties is full again in its time; no
 * client is dropped for it.
 */
void limit_charge(struct limit_table *table, const struct limit_rules *rules,
    uint64_t network, long cpu_ms);

/* Ends the counting of a client that has gone. */
void limit_leave(struct limit_table *table, size_t worker,
    const struct limit_entries *entries);

#endif
