#ifndef SYS_LIMIT_H
#define SYS_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/counts.h"
#include "sys/net.h"
#include "text/attribute.h"

/*
 * Connection limits per network: the number of open connections and the rate of
 * new ones, counted over all workers in shared memory. Addresses are not
 * stored: an entry is found by a hash of the address prefix, under a key that
 * is random at each start and never leaves the process.
 */
struct limit_table;

enum limit_mode {
	LIMIT_ON, /* except loopback: a proxy or Tor has many clients */
	LIMIT_ALL,
	LIMIT_OFF,
};

/* The limits of one network. */
struct limit_rules {
	enum limit_mode mode;
	unsigned open; /* open connections */
	unsigned rate; /* new connections per second, on average */
	unsigned burst; /* new connections at once, after a pause */
	unsigned ipv4_bits, ipv6_bits; /* prefix length of a network */
	size_t room; /* connections of a worker; see limit_enter */
};

/* The maximum number of workers, including those that are shutting down. */
#define LIMIT_WORKERS 1024

/*
 * The maximum number of networks of one address: for IPv6, one of
 * limit_rules.ipv6_bits, and the larger ones of 56 and 48 bits.
 */
#define LIMIT_LEVELS 3

/* CPU time that a connection includes: a handshake and a page. */
#define LIMIT_CPU_MS 10

/* No entry or no worker; not counted. */
#define LIMIT_NONE SIZE_MAX

/* Makes the table in memory that child processes share; NULL on failure. */
MUST_USE struct limit_table *limit_new(void);
void limit_free(struct limit_table *table);

/*
 * Called by the master. limit_worker_begin returns a number for a new worker,
 * or LIMIT_NONE when all are in use. limit_worker_end releases the number and
 * stops counting the connections that the worker still had open.
 */
size_t limit_worker_begin(struct limit_table *table);
void limit_worker_end(struct limit_table *table, size_t worker);

enum limit_verdict {
	LIMIT_PASS,
	LIMIT_SLOW, /* tell the client to retry in `seconds` */
	LIMIT_DROP, /* a flood: close without an answer */
};

/* The entries in which a client is counted as open. */
struct limit_entries {
	size_t count;
	size_t at[LIMIT_LEVELS];
};

struct limit_answer {
	enum limit_verdict verdict;
	enum counts_kind cause; /* for the count, unless it is LIMIT_PASS */
	unsigned seconds;
	struct limit_entries entries; /* for limit_leave */
	/* A number for the largest network that counts it; 0: none. */
	uint64_t network;
};

/*
 * Decides about a client from `peer` of worker number `worker`, and counts it
 * as open unless the verdict is LIMIT_DROP.
 *
 * A network may have `rules->open` connections, but no more than a quarter of
 * `rules->room`; from twice as many on, clients are dropped. IPv6 networks of
 * 56 and 48 bits, if they are larger than one of `rules->ipv6_bits`, have 4 and
 * 16 times the allowance of one network. A network that does not fit into the
 * table is counted in the larger ones alone; if there are none, it shares 16
 * times the allowance with other networks that do not fit.
 */
struct limit_answer
limit_enter(struct limit_table *table, const struct limit_rules *rules,
    size_t worker, const struct net_address *peer);

/*
 * Charges a network for CPU time; LIMIT_CPU_MS cost as much as a connection.
 * `network` is the number from limit_answer; an unknown number is harmless. A
 * bucket that the charge empties refills as usual, and no client is dropped
 * because of it.
 */
void limit_charge(struct limit_table *table, const struct limit_rules *rules,
    uint64_t network, long cpu_ms);

/* Removes a client from the counts after the close of its connection. */
void limit_leave(struct limit_table *table, size_t worker,
    const struct limit_entries *entries);

#endif
