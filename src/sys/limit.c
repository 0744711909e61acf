/*
 * Limits how often clients of one network may connect. The counts are in memory
 * that all workers share, without locks: a worker may be killed at any moment,
 * and a lock that it held would stop the others.
 */
#include "sys/limit.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/clock.h"
#include "sys/hash.h"

/* The table of networks: sets of ways, as in a processor's cache. */
#define SETS ((size_t)2048)
#define WAYS ((size_t)4)
/* The sets, then one entry per set for the networks that do not fit into it. */
#define ENTRIES (SETS * WAYS + SETS)
/* A token of one network in parts, the unit in which buckets are counted. */
#define TOKEN 16000
/* The largest difference between the clock readings of two workers. */
#define LATER_MS 60000
/* The largest factor by which the parts of a token can be divided. */
#define FACTOR_MAX 16
/* This charge empties any bucket. */
#define CHARGE_MAX_MS (1L << 30)

/*
 * A token bucket in one word, so that it changes atomically: the time of the
 * last change in milliseconds, and the number of missing parts, which in a
 * flood exceeds the size of the bucket. All buckets have the same size; a token
 * of a larger network takes fewer parts.
 */
struct bucket {
	uint32_t changed_ms;
	uint32_t missing;
};

struct limit_entry {
	_Atomic uint64_t tag; /* hash of the network; 0: none */
	_Atomic(uint64_t) bucket; /* a struct bucket */
};

/*
 * Every worker can write here, and a compromised worker may write anything:
 * each value read is only counted with, and is clamped before it is used as an
 * index or a bound. The master reads nothing from here; the values that it
 * needs are in its own memory.
 */
struct limit_shared {
	_Atomic size_t workers; /* above all numbers in use */
	struct limit_entry entries[ENTRIES];
	/* A row is written by its worker, after its exit by the master. */
	_Atomic uint16_t open[LIMIT_WORKERS][ENTRIES];
};

struct limit_table {
	struct hash *hash;
	struct limit_shared *shared;
	struct timespec began;
	bool taken[LIMIT_WORKERS]; /* of the master */
	/*
	 * The bound in `shared` as it was when this process began: so many
	 * workers are counted even if a compromised worker has lowered the
	 * shared bound.
	 */
	size_t workers;
};

struct limit_table *
limit_new(void)
{
	struct limit_table *table = calloc(1, sizeof *table);

	if (table == NULL)
		return NULL;
	table->hash = hash_new();
	table->shared = mmap(NULL, sizeof *table->shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (table->shared == MAP_FAILED)
		table->shared = NULL;
	if (table->hash == NULL || table->shared == NULL) {
		limit_free(table);
		return NULL;
	}
	table->began = clock_now();
	return table;
}

void
limit_free(struct limit_table *table)
{
	if (table == NULL)
		return;
	hash_free(table->hash);
	if (table->shared != NULL)
		munmap(table->shared, sizeof *table->shared);
	free(table);
}

/* Computes the bound, and overwrites one that a worker has changed. */
static void
count_workers(struct limit_table *table)
{
	size_t workers = LIMIT_WORKERS;

	while (workers > 0 && !table->taken[workers - 1])
		workers--;
	table->shared->workers = table->workers = workers;
}

size_t
limit_worker_begin(struct limit_table *table)
{
	for (size_t i = 0; i < LIMIT_WORKERS; i++)
		if (!table->taken[i]) {
			table->taken[i] = true;
			count_workers(table);
			return i;
		}
	return LIMIT_NONE;
}

void
limit_worker_end(struct limit_table *table, size_t worker)
{
	if (worker == LIMIT_NONE)
		return;
	for (size_t i = 0; i < ENTRIES; i++)
		table->shared->open[worker][i] = 0;
	table->taken[worker] = false;
	count_workers(table);
}

static unsigned
open_in_all(const struct limit_table *table, size_t entry)
{
	const struct limit_shared *shared = table->shared;
	size_t workers = shared->workers;
	unsigned sum = 0;

	/* A compromised worker may have written any value. */
	if (workers > LIMIT_WORKERS)
		workers = LIMIT_WORKERS;
	if (workers < table->workers)
		workers = table->workers;
	for (size_t i = 0; i < workers; i++)
		sum += atomic_load_explicit(
		    &shared->open[i][entry], memory_order_relaxed);
	return sum;
}

static struct bucket
unpack(uint64_t word)
{
	return (struct bucket){ (uint32_t)(word >> 32), (uint32_t)word };
}

static uint64_t
pack(struct bucket bucket)
{
	return (uint64_t)bucket.changed_ms << 32 | bucket.missing;
}

/* The number of parts in a full bucket. */
static uint32_t
size_of(const struct limit_rules *rules)
{
	return rules->burst * TOKEN;
}

static struct bucket
refilled(struct bucket bucket, const struct limit_rules *rules, uint32_t now_ms)
{
	uint64_t parts = (uint64_t)(uint32_t)(now_ms - bucket.changed_ms) *
	    rules->rate * (TOKEN / 1000);

	/* Another worker read the clock later but stored its time first. */
	if (bucket.changed_ms - now_ms < LATER_MS)
		return bucket;
	bucket.missing =
	    parts < bucket.missing ? bucket.missing - (uint32_t)parts : 0;
	bucket.changed_ms = now_ms;
	return bucket;
}

/* Whether the entry can be reused for another network without loss. */
static bool
is_free(const struct limit_table *table, size_t entry,
    const struct limit_rules *rules, uint32_t now_ms)
{
	struct bucket bucket = unpack(table->shared->entries[entry].bucket);

	return refilled(bucket, rules, now_ms).missing == 0 &&
	    open_in_all(table, entry) == 0;
}

/* Reuses the entry; false when another worker has just done so. */
static bool
take_over(struct limit_entry *entry, uint64_t tag)
{
	uint64_t before = entry->tag;

	if (!atomic_compare_exchange_strong(&entry->tag, &before, tag))
		return false;
	entry->bucket = 0;
	return true;
}

/* The lowest bit of a tag is always set. */
static size_t
set_of(uint64_t tag)
{
	return (size_t)(tag >> 1) % SETS;
}

/*
 * Returns the entry of a network, a new one if needed. Returns LIMIT_NONE when
 * its set is full of networks that have open connections or missing tokens.
 */
static size_t
find(struct limit_table *table, uint64_t tag, const struct limit_rules *rules,
    uint32_t now_ms)
{
	struct limit_entry *entries = table->shared->entries;
	size_t set = set_of(tag) * WAYS;

	for (size_t i = set; i < set + WAYS; i++)
		if (entries[i].tag == tag)
			return i;
	for (size_t i = set; i < set + WAYS; i++)
		if (is_free(table, i, rules, now_ms) &&
		    take_over(&entries[i], tag))
			return i;
	return LIMIT_NONE;
}

/*
 * Takes a token of `cost` parts. When none is left, takes a quarter of one, so
 * that only a flood leads into debt. Returns the number of parts that were
 * missing before.
 */
static uint32_t
take_token(struct limit_entry *entry, const struct limit_rules *rules,
    uint32_t cost, uint32_t now_ms)
{
	const uint32_t size = size_of(rules);
	uint64_t word = entry->bucket;
	struct bucket bucket;
	uint32_t missing;

	do {
		bucket = refilled(unpack(word), rules, now_ms);
		/* Cap the debt, so that it does not outlast the flood. */
		if (bucket.missing > 2 * size)
			bucket.missing = 2 * size;
		missing = bucket.missing;
		bucket.missing += missing + cost <= size ? cost : cost / 4;
	} while (
	    !atomic_compare_exchange_weak(&entry->bucket, &word, pack(bucket)));
	return missing;
}

/* A network that includes the client's address. */
struct limit_level {
	uint64_t tag;
	unsigned factor; /* of the allowance of one network */
};

/* Lists the networks of an address, smallest first; returns the number. */
static size_t
levels_of(const struct limit_table *table, const struct limit_rules *rules,
    const struct net_address *peer, struct limit_level levels[LIMIT_LEVELS])
{
	const struct {
		unsigned bits, factor;
	} all[LIMIT_LEVELS] = { { rules->ipv6_bits, 1 }, { 56, 4 },
		{ 48, FACTOR_MAX } };
	size_t count = 0;

	for (size_t i = 0; i < LIMIT_LEVELS; i++) {
		unsigned char bytes[17];
		struct str name = { (const char *)bytes, 0 };
		bool is_ipv4;

		if (i > 0 && all[i].bits >= rules->ipv6_bits)
			continue;
		name.len =
		    net_network(peer, rules->ipv4_bits, all[i].bits, bytes);
		is_ipv4 = name.len == 4;
		/* Networks of different sizes may begin at the same address. */
		bytes[name.len++] = (unsigned char)all[i].bits;
		/* 0 marks an entry without a network. */
		levels[count].tag = hash_of(table->hash, name) | 1;
		levels[count++].factor = all[i].factor;
		if (is_ipv4)
			break;
	}
	return count;
}

/* The number of connections that a counter allows. */
static size_t
open_at_most(const struct limit_rules *rules, unsigned factor)
{
	size_t most = (size_t)rules->open * factor;

	if (most > rules->room / 4)
		most = rules->room / 4;
	/* Up to twice this number is counted; avoid overflow in one worker. */
	return most < UINT16_MAX / 2 ? most : UINT16_MAX / 2;
}

/* A counter that decides about a client. */
struct counter {
	size_t entry;
	unsigned factor;
	uint32_t now_ms;
};

/*
 * Checks a client against one entry; the worst verdict of all its entries
 * counts. Takes no token for a client that is already refused: a flood must not
 * use up the tokens that its neighbours share.
 */
static void
judge(struct limit_table *table, const struct limit_rules *rules,
    const struct counter *by, struct limit_answer *answer)
{
	const uint32_t cost = TOKEN / by->factor, size = size_of(rules);
	size_t open = open_in_all(table, by->entry);
	size_t most = open_at_most(rules, by->factor);
	uint32_t missing = 0, seconds = 1;

	if (answer->verdict == LIMIT_PASS)
		missing = take_token(&table->shared->entries[by->entry], rules,
		    cost, by->now_ms);
	if (missing > size + size / 2 || open >= 2 * most) {
		answer->verdict = LIMIT_DROP;
		answer->cause = open >= 2 * most ? COUNTS_DROPPED_OPEN
						 : COUNTS_DROPPED_RATE;
		return;
	}
	if (missing + cost > size)
		seconds += (missing + cost - size) / (TOKEN * rules->rate);
	else if (open < most)
		return;
	answer->verdict = LIMIT_SLOW;
	answer->cause =
	    open >= most ? COUNTS_REFUSED_OPEN : COUNTS_REFUSED_RATE;
	if (seconds > answer->seconds)
		answer->seconds = seconds;
}

struct limit_answer
limit_enter(struct limit_table *table, const struct limit_rules *rules,
    size_t worker, const struct net_address *peer)
{
	struct limit_answer answer = { .verdict = LIMIT_PASS };
	struct limit_level levels[LIMIT_LEVELS];
	struct counter by;
	size_t count;

	assert(worker < LIMIT_WORKERS);
	if (rules->mode == LIMIT_OFF ||
	    (net_is_loopback(peer) && rules->mode != LIMIT_ALL))
		return answer;
	by.now_ms = (uint32_t)clock_since_ms(&table->began);
	count = levels_of(table, rules, peer, levels);
	for (size_t i = 0; i < count; i++) {
		by.factor = levels[i].factor;
		by.entry = find(table, levels[i].tag, rules, by.now_ms);
		/* The next level counts the client, if there is one. */
		if (by.entry == LIMIT_NONE && i + 1 < count)
			continue;
		if (by.entry == LIMIT_NONE) {
			by.factor = FACTOR_MAX;
			by.entry = SETS * WAYS + set_of(levels[i].tag);
		}
		judge(table, rules, &by, &answer);
		if (answer.verdict == LIMIT_DROP)
			return (struct limit_answer){ .verdict = LIMIT_DROP,
				.cause = answer.cause };
		answer.entries.at[answer.entries.count++] = by.entry;
		answer.network = by.entry + 1;
	}
	for (size_t i = 0; i < answer.entries.count; i++)
		table->shared->open[worker][answer.entries.at[i]]++;
	return answer;
}

void
limit_charge(struct limit_table *table, const struct limit_rules *rules,
    uint64_t network, long cpu_ms)
{
	const uint64_t size = size_of(rules);
	uint32_t now_ms = (uint32_t)clock_since_ms(&table->began);
	uint64_t parts, word;
	struct bucket bucket;
	struct limit_entry *entry;

	if (network == 0 || network > ENTRIES || cpu_ms <= 0)
		return;
	entry = &table->shared->entries[network - 1];
	if (cpu_ms > CHARGE_MAX_MS)
		cpu_ms = CHARGE_MAX_MS;
	parts = (uint64_t)cpu_ms * (TOKEN / LIMIT_CPU_MS);
	word = entry->bucket;
	do {
		bucket = refilled(unpack(word), rules, now_ms);
		if (bucket.missing >= size)
			return;
		bucket.missing = parts < size - bucket.missing
		    ? bucket.missing + (uint32_t)parts
		    : (uint32_t)size;
	} while (
	    !atomic_compare_exchange_weak(&entry->bucket, &word, pack(bucket)));
}

void
limit_leave(struct limit_table *table, size_t worker,
    const struct limit_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		table->shared->open[worker][entries->at[i]]--;
}
