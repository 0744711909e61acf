/*
 * Who may come how often.  Knows counting in shared memory without locks: a
 * worker may be killed at any moment, and one that held a lock would stop the
 * others.  Knows nothing of what is said to those who have to wait.
 */
#include "sys/limit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/clock.h"
#include "sys/hash.h"

/* Networks that are remembered: sets of ways, as in a processor's cache. */
#define SETS ((size_t)2048)
#define WAYS ((size_t)4)
/* A token, in the parts that the bucket is counted in. */
#define TOKEN 1000

/*
 * A bucket in one word, so that it changes at once: the time of the last
 * change in milliseconds, and what is in it, which is negative in a flood.
 */
struct bucket {
	uint32_t changed_ms;
	int32_t parts;
};

struct entry {
	_Atomic uint64_t tag; /* hash of the network; 0: nobody's */
	_Atomic(uint64_t) bucket; /* a struct bucket */
	_Atomic uint16_t open[LIMIT_WORKERS]; /* each written by one worker */
};

struct shared {
	_Atomic size_t workers; /* above all numbers that were ever taken */
	struct entry entries[SETS * WAYS];
};

struct limit_table {
	struct hash *hash;
	struct shared *shared;
	struct timespec began;
	bool taken[LIMIT_WORKERS]; /* the master's */
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

size_t
limit_worker_begin(struct limit_table *table)
{
	for (size_t i = 0; i < LIMIT_WORKERS; i++)
		if (!table->taken[i]) {
			table->taken[i] = true;
			if (table->shared->workers <= i)
				table->shared->workers = i + 1;
			return i;
		}
	return LIMIT_NONE;
}

void
limit_worker_end(struct limit_table *table, size_t worker)
{
	if (worker == LIMIT_NONE)
		return;
	for (size_t i = 0; i < SETS * WAYS; i++)
		table->shared->entries[i].open[worker] = 0;
	table->taken[worker] = false;
}

/* Looks no further than it has to: others change what lies there. */
static unsigned
open_in_all(const struct shared *shared, const struct entry *entry)
{
	size_t workers = shared->workers;
	unsigned sum = 0;

	/* A worker that was led astray may have written anything there. */
	if (workers > LIMIT_WORKERS)
		workers = LIMIT_WORKERS;
	for (size_t i = 0; i < workers; i++)
		sum +=
		    atomic_load_explicit(&entry->open[i], memory_order_relaxed);
	return sum;
}

static struct bucket
unpack(uint64_t word)
{
	return (
	    struct bucket){ (uint32_t)(word >> 32), (int32_t)(uint32_t)word };
}

static uint64_t
pack(struct bucket bucket)
{
	return (uint64_t)bucket.changed_ms << 32 | (uint32_t)bucket.parts;
}

static struct bucket
refilled(struct bucket bucket, const struct limit_rules *rules, uint32_t now_ms)
{
	/* Parts a millisecond are tokens a second. */
	int64_t parts = bucket.parts +
	    (int64_t)(uint32_t)(now_ms - bucket.changed_ms) * rules->rate;
	int64_t most = (int64_t)rules->burst * TOKEN;

	bucket.parts = (int32_t)(parts < most ? parts : most);
	bucket.changed_ms = now_ms;
	return bucket;
}

/*
 * The entry of a network, which takes over that of one that has nothing open
 * and has waited longest.  LIMIT_NONE when all are busy: rather nobody is
 * counted than somebody else in its place.
 */
static size_t
find(struct limit_table *table, uint64_t tag, const struct limit_rules *rules,
    uint32_t now_ms)
{
	size_t set = (size_t)(tag % SETS) * WAYS, idle = LIMIT_NONE;
	uint32_t oldest = 0;

	for (size_t i = set; i < set + WAYS; i++) {
		struct entry *entry = &table->shared->entries[i];
		uint32_t age;

		if (entry->tag == tag)
			return i;
		age = now_ms - unpack(entry->bucket).changed_ms;
		if (open_in_all(table->shared, entry) == 0 &&
		    (idle == LIMIT_NONE || age > oldest)) {
			idle = i;
			oldest = age;
		}
	}
	if (idle != LIMIT_NONE) {
		struct bucket full = { now_ms, (int32_t)rules->burst * TOKEN };

		table->shared->entries[idle].bucket = pack(full);
		table->shared->entries[idle].tag = tag;
	}
	return idle;
}

/*
 * Takes a token; or, when there is none, a part of one, so that who asks much
 * too often goes into debt, and who asks again now and then gets out of it.
 * Returns what was there before, in parts.
 */
static int32_t
take_token(
    struct entry *entry, const struct limit_rules *rules, uint32_t now_ms)
{
	int32_t least = -(int32_t)rules->burst * TOKEN;
	uint64_t word = entry->bucket;
	struct bucket bucket;
	int32_t before;

	do {
		bucket = refilled(unpack(word), rules, now_ms);
		before = bucket.parts;
		bucket.parts -= before >= TOKEN ? TOKEN : TOKEN / 4;
		/* A debt that never ends would outlast the flood. */
		if (bucket.parts < least)
			bucket.parts = least;
	} while (
	    !atomic_compare_exchange_weak(&entry->bucket, &word, pack(bucket)));
	return before;
}

static unsigned
seconds_until_token(const struct limit_rules *rules, int32_t parts)
{
	return parts >= TOKEN
	    ? 1
	    : (unsigned)(TOKEN - parts) / (TOKEN * rules->rate) + 1;
}

struct limit_answer
limit_enter(struct limit_table *table, const struct limit_rules *rules,
    size_t worker, const struct net_address *peer)
{
	struct limit_answer answer = { LIMIT_PASS, 0, LIMIT_NONE };
	unsigned char bytes[16];
	struct str name = { (const char *)bytes, 0 };
	struct entry *entry;
	uint32_t now_ms;
	unsigned open;
	int32_t had;

	if (rules->mode == LIMIT_OFF || worker == LIMIT_NONE)
		return answer;
	if (net_is_loopback(peer) && rules->mode != LIMIT_ALL)
		return answer;
	name.len = net_network(peer, rules->ipv4_bits, rules->ipv6_bits, bytes);
	now_ms = (uint32_t)clock_since_ms(&table->began);
	/* 0 marks an entry that nobody has. */
	answer.entry =
	    find(table, hash_of(table->hash, name) | 1, rules, now_ms);
	if (answer.entry == LIMIT_NONE)
		return answer;
	entry = &table->shared->entries[answer.entry];
	had = take_token(entry, rules, now_ms);
	open = open_in_all(table->shared, entry);
	if (had < -(int32_t)rules->burst * TOKEN / 2 ||
	    open >= 2 * rules->open) {
		answer.verdict = LIMIT_DROP;
		answer.entry = LIMIT_NONE;
		return answer;
	}
	if (had < TOKEN || open >= rules->open) {
		answer.verdict = LIMIT_SLOW;
		answer.seconds = seconds_until_token(rules, had);
	}
	entry->open[worker]++;
	return answer;
}

void
limit_leave(struct limit_table *table, size_t worker, size_t entry)
{
	if (entry != LIMIT_NONE && worker != LIMIT_NONE)
		table->shared->entries[entry].open[worker]--;
}
