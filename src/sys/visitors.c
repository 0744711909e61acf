/*
 * Counts visitors without storing their addresses, in shared memory without
 * locks: a worker may be killed at any moment.
 *
 * The estimate is linear counting: K.-Y. Whang, B. T. Vander-Zanden and H. M.
 * Taylor, "A linear-time probabilistic counting algorithm for database
 * applications", ACM Transactions on Database Systems 15(2), 1990. The map
 * holds times instead of bits, so that it slides with the window, as in H.-A.
 * Kim and D. R. O'Hallaron, "Counting network flows in real time", IEEE
 * GLOBECOM 2003.
 */
#include "sys/visitors.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/clock.h"
#include "sys/hash.h"

/* Up to VISITORS_EXACT visitors have an entry each, near their hash. */
#define ENTRIES ((size_t)512)
#define NEAR ((size_t)32)
/*
 * A try fails only when another worker has just taken the entry; more failures
 * than this mean an attack.
 */
#define TRIES_MAX 64
/* A delayed worker may still use a table that the others have left. */
#define LEEWAY_SECONDS 10

/* The visits that were counted under one key. A time of 0 means no visit. */
struct table {
	_Atomic uint64_t key[HASH_KEY_SIZE / sizeof(uint64_t)];
	_Atomic uint32_t crowded; /* when no entry was free last */
	_Atomic(uint64_t) entries[ENTRIES]; /* time, and 32 bits of a hash */
};

/*
 * A new key gets a table of its own, which is filled beside the old one until
 * it covers the whole window; so no visitor is counted twice.
 */
enum phase {
	PHASE_FIRST,
	PHASE_FIRST_FILLS_SECOND,
	PHASE_SECOND,
	PHASE_SECOND_FILLS_FIRST,
	PHASES,
};

/*
 * Every worker can write here, and a compromised worker may write anything.
 * Values from here are only counted with, are clamped before they are used as
 * an index or a bound, and decide nothing in the master. The master only writes
 * its phase here, for the workers to read.
 */
struct visitors_shared {
	_Atomic unsigned phase; /* read by phase_of() alone */
	struct table tables[2];
	_Atomic uint32_t cells[]; /* times: those of each table */
};

struct visitors {
	struct hash *hash;
	struct visitors_shared *shared;
	size_t cells; /* of each table */
	struct timespec began;
	unsigned phase; /* of the master, see shared->phase */
	uint32_t changed; /* when the phase changed; of the master */
	/* The last estimate and its time: an estimate is slow. */
	size_t many;
	uint32_t counted;
};

static unsigned
phase_of(const struct visitors_shared *shared)
{
	return shared->phase % PHASES;
}

static bool
fills_other(unsigned phase)
{
	return phase % 2 == 1;
}

/* The index of the table that the count uses. */
static size_t
current(unsigned phase)
{
	return phase / 2;
}

static int
begin_table(struct table *table)
{
	unsigned char key[HASH_KEY_SIZE];
	uint64_t words[HASH_KEY_SIZE / sizeof(uint64_t)];

	if (hash_make_key(key) == -1)
		return -1;
	memcpy(words, key, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		table->key[i] = words[i];
	return 0;
}

static _Atomic uint32_t *
cells_of(const struct visitors *visitors, const struct table *table)
{
	struct visitors_shared *shared = visitors->shared;

	return shared->cells +
	    (table - shared->tables) * (ptrdiff_t)visitors->cells;
}

/* Clears the table and its key. */
static void
forget_table(const struct visitors *visitors, struct table *table)
{
	_Atomic uint32_t *cells = cells_of(visitors, table);

	for (size_t i = 0; i < sizeof table->key / sizeof *table->key; i++)
		table->key[i] = 0;
	for (size_t i = 0; i < ENTRIES; i++)
		table->entries[i] = 0;
	for (size_t i = 0; i < visitors->cells; i++)
		cells[i] = 0;
	table->crowded = 0;
}

static size_t
shared_size(const struct visitors *visitors)
{
	return sizeof *visitors->shared +
	    2 * visitors->cells * sizeof visitors->shared->cells[0];
}

struct visitors *
visitors_new(size_t cells)
{
	struct visitors *visitors = calloc(1, sizeof *visitors);

	if (visitors == NULL)
		return NULL;
	visitors->hash = hash_new();
	visitors->cells = cells;
	visitors->shared = mmap(NULL, shared_size(visitors),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (visitors->shared == MAP_FAILED)
		visitors->shared = NULL;
	if (visitors->hash == NULL || visitors->shared == NULL ||
	    begin_table(&visitors->shared->tables[0]) == -1) {
		visitors_free(visitors);
		return NULL;
	}
	visitors->began = clock_now();
	visitors->changed = visitors_time(visitors);
	return visitors;
}

void
visitors_free(struct visitors *visitors)
{
	if (visitors == NULL)
		return;
	hash_free(visitors->hash);
	if (visitors->shared != NULL)
		munmap(visitors->shared, shared_size(visitors));
	free(visitors);
}

uint32_t
visitors_time(const struct visitors *visitors)
{
	/* Start at 1: a time of 0 means no visit. */
	if (visitors == NULL)
		return 0;
	return (uint32_t)(clock_since_ms(&visitors->began) / 1000) + 1;
}

/* Compare as signed: another process may be a second ahead. */
static bool
is_lately(uint32_t time, uint32_t now)
{
	return time != 0 && (int32_t)(now - time) < VISITORS_SECONDS;
}

static uint32_t
time_of(uint64_t entry)
{
	return (uint32_t)(entry >> 32);
}

/*
 * Finds the entry of `tag`, or a free one, and writes it; false when another
 * worker took the entry first.
 */
static bool
try_entry(struct table *table, size_t first, uint32_t tag, uint32_t now)
{
	uint64_t wanted = (uint64_t)now << 32 | tag, was = 0;
	_Atomic(uint64_t) *place = NULL;

	for (size_t i = 0; i < NEAR; i++) {
		_Atomic(uint64_t) *entry =
		    &table->entries[(first + i) % ENTRIES];
		uint64_t is = *entry;

		if (time_of(is) != 0 && (uint32_t)is == tag) {
			place = entry;
			was = is;
			break;
		}
		if (place == NULL && !is_lately(time_of(is), now)) {
			place = entry;
			was = is;
		}
	}
	if (place == NULL) {
		if (table->crowded != now)
			table->crowded = now;
		return true;
	}
	return was == wanted ||
	    atomic_compare_exchange_strong(place, &was, wanted);
}

static void
enter_table(struct visitors *visitors, struct table *table, struct str network,
    uint32_t now)
{
	unsigned char key[HASH_KEY_SIZE];
	uint64_t words[HASH_KEY_SIZE / sizeof(uint64_t)], hash;
	_Atomic uint32_t *cell;
	size_t first;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		words[i] = table->key[i];
	memcpy(key, words, sizeof key);
	hash = hash_with(visitors->hash, key, network);
	cell = &cells_of(visitors, table)[hash % visitors->cells];
	first = (size_t)(hash / VISITORS_CELLS_MANY % ENTRIES);
	/* Skip an equal value: a write costs other processors a cache miss. */
	if (*cell != now)
		*cell = now;
	for (int i = 0; i < TRIES_MAX; i++)
		if (try_entry(table, first, (uint32_t)(hash >> 32), now))
			break;
}

void
visitors_enter(
    struct visitors *visitors, const struct net_address *peer, uint32_t now)
{
	unsigned char bytes[16];
	struct str network = { (const char *)bytes, 0 };
	struct visitors_shared *shared;
	unsigned phase;
	size_t table;

	if (visitors == NULL)
		return;
	shared = visitors->shared;
	network.len = net_network(peer, 32, 64, bytes);
	phase = phase_of(shared);
	table = current(phase);
	enter_table(visitors, &shared->tables[table], network, now);
	if (fills_other(phase))
		enter_table(visitors, &shared->tables[1 - table], network, now);
}

static int
compare(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* The number of visitors; two entries of one, from a race, count once. */
static size_t
count_entries(struct table *table, uint32_t now)
{
	uint32_t tags[ENTRIES];
	size_t all = 0, count = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		uint64_t entry = table->entries[i];

		if (is_lately(time_of(entry), now))
			tags[all++] = (uint32_t)entry;
	}
	if (all > 0)
		qsort(tags, all, sizeof *tags, compare);
	for (size_t i = 0; i < all; i++)
		count += i == 0 || tags[i] != tags[i - 1];
	return count;
}

static size_t
estimate(
    const struct visitors *visitors, const struct table *table, uint32_t now)
{
	_Atomic uint32_t *cells = cells_of(visitors, table);
	double all = (double)visitors->cells;
	size_t idle = 0;

	for (size_t i = 0; i < visitors->cells; i++)
		idle += !is_lately(
		    atomic_load_explicit(&cells[i], memory_order_relaxed), now);
	/* Without idle cells, return the lowest possible estimate. */
	if (idle == 0)
		idle = 1;
	return (size_t)lround(-all * log((double)idle / all));
}

size_t
visitors_count(struct visitors *visitors, uint32_t now)
{
	struct table *table;

	if (visitors == NULL)
		return 0;
	table = &visitors->shared->tables[current(phase_of(visitors->shared))];
	if (!is_lately(table->crowded, now)) {
		size_t count = count_entries(table, now);

		if (count <= VISITORS_EXACT)
			return count;
	}
	if (visitors->counted != now)
		visitors->many = estimate(visitors, table, now);
	visitors->counted = now;
	return visitors->many;
}

int
visitors_keep(struct visitors *visitors, uint32_t now)
{
	struct visitors_shared *shared = visitors->shared;
	unsigned phase = visitors->phase;
	struct table *other = &shared->tables[1 - current(phase)];
	uint32_t age = now - visitors->changed;

	/* Write it again: a worker may have overwritten it. */
	shared->phase = phase;
	if (age < (fills_other(phase)
			  ? VISITORS_SECONDS + LEEWAY_SECONDS
			  : VISITORS_KEY_SECONDS - VISITORS_SECONDS))
		return 0;
	if (!fills_other(phase)) {
		/* Drop the entries of workers that still used the last key. */
		forget_table(visitors, other);
		if (begin_table(other) == -1)
			return -1;
	}
	visitors->phase = (phase + 1) % PHASES;
	shared->phase = visitors->phase;
	if (fills_other(phase))
		forget_table(visitors, &shared->tables[current(phase)]);
	visitors->changed = now;
	return 0;
}
