/*
 * Changes to the number of rows that hold each stem.  Counting all rows again
 * would take over a second among 100,000 pages.
 */
#include "index/terms.h"

#include <stdlib.h>

#include "index/tokenizer.h"

/* Memory for stems: more than the longest page has. */
#define MEMORY_MAX ((size_t)256 << 20)
#define LARGE ((size_t)1 << 16)

struct terms_slot {
	uint64_t hash; /* 0: a free slot */
	uint64_t row; /* the last row that was counted */
	struct str term;
	int64_t rows; /* difference */
};

void
terms_begin_row(struct terms *terms, int change)
{
	if (terms->arena.cap == 0)
		arena_init(&terms->arena, MEMORY_MAX);
	terms->row++;
	terms->change = change;
}

int
terms_end_row(struct terms *terms)
{
	terms->change = 0;
	return terms->failed ? -1 : 0;
}

/* Finds the slot of a stem, or a free slot. */
static struct terms_slot *
place_of(struct terms_slot *table, size_t room, uint64_t hash, struct str term)
{
	size_t at = hash & (room - 1);

	while (table[at].hash != 0 &&
	    (table[at].hash != hash || !str_equals(table[at].term, term)))
		at = (at + 1) & (room - 1);
	return &table[at];
}

static int
grow(struct terms *terms)
{
	size_t room = terms->room > 0 ? terms->room * 2 : 1024;
	struct terms_slot *larger = calloc(room, sizeof *larger);

	if (larger == NULL)
		return -1;
	for (size_t i = 0; i < terms->room; i++) {
		const struct terms_slot *old = &terms->table[i];

		if (old->hash != 0)
			*place_of(larger, room, old->hash, old->term) = *old;
	}
	free(terms->table);
	terms->table = larger;
	terms->room = room;
	return 0;
}

void
terms_add(struct terms *terms, struct str term)
{
	uint64_t hash = str_hash(term);
	struct terms_slot *place;

	if (terms->change == 0 || terms->failed || term.len == 0 ||
	    term.len > TOKENIZER_LONGEST)
		return;
	hash += hash == 0;
	if (terms->count >= terms->room / 4 * 3 && grow(terms) == -1) {
		terms->failed = true;
		return;
	}
	place = place_of(terms->table, terms->room, hash, term);
	if (place->hash == 0) {
		if (arena_copy(&terms->arena, term, &place->term) == -1) {
			terms->failed = true;
			return;
		}
		place->hash = hash;
		terms->count++;
	}
	if (place->row == terms->row)
		return;
	place->row = terms->row;
	place->rows += terms->change;
}

bool
terms_is_large(const struct terms *terms)
{
	return terms->count >= LARGE;
}

int
terms_write(struct terms *terms, sqlite3_stmt *change, sqlite3_stmt *remove)
{
	for (size_t i = 0; i < terms->room; i++) {
		const struct terms_slot *term = &terms->table[i];

		if (term->hash == 0 || term->rows == 0)
			continue;
		db_bind_bytes(change, 1, term->term);
		sqlite3_bind_int64(change, 2, term->rows);
		db_bind_bytes(remove, 1, term->term);
		if (db_do(change) == -1 ||
		    (term->rows < 0 && db_do(remove) == -1))
			return -1;
	}
	terms_release(terms);
	return 0;
}

void
terms_release(struct terms *terms)
{
	if (terms->arena.cap != 0)
		arena_release(&terms->arena);
	free(terms->table);
	*terms = (struct terms){ 0 };
}
