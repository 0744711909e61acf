/*
 * Finds the terms of an index that are similar to a word: related words, typing
 * mistakes, Arabic words with and without the article.
 */
#include "index/similar.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "text/buf.h"
#include "text/distance.h"

/* Terms that are compared with one word, for each direction. */
#define CANDIDATES 1000
/* Terms with a common beginning are related: "ukraine", "ukrainian". */
#define FAMILY_SHARES ((size_t)5)
#define FAMILY_WEIGHT 0.4
#define TYPO_WEIGHT 0.7
#define ARABIC_ARTICLE "\xd8\xa7\xd9\x84"

/* Terms similar to a word, best first. */
struct nearest {
	const struct index *index;
	struct arena *arena;
	struct want *want;
	double scores[WANT_TERMS];
	double score; /* of the current term */
};

/* Whether two words or stems are related. */
static bool
is_family(struct str a, struct str b)
{
	size_t shared = distance_shared(a, b);
	size_t rest_a, rest_b;

	if (shared < FAMILY_SHARES)
		return false;
	rest_a = letters_count(str_tail(a, shared));
	rest_b = letters_count(str_tail(b, shared));
	return letters_count(str_head(a, shared)) >= FAMILY_SHARES &&
	    (rest_a <= 1 || rest_b <= 1) && rest_a <= 4 && rest_b <= 4;
}

/* The similarity of a word: 1 is equal, 0 is not similar. */
static double
nearness(const struct want *want, struct str form, bool is_known)
{
	struct str word = want->word;
	size_t letters = letters_count(word);
	unsigned mistakes = letters < 4 ? 0 : letters < 8 ? 1 : 2;
	unsigned distance;

	/* A known word is not a typing mistake. */
	if (is_known || mistakes == 0)
		return is_family(word, form) ? FAMILY_WEIGHT : 0;
	distance = distance_of(word, form, mistakes);
	/*
	 * The word may be a mistyped singular of a word that occurs only as a
	 * plural.
	 */
	if (distance > mistakes && str_ends(form, STR("s")))
		distance =
		    distance_of(word, str_head(form, form.len - 1), mistakes);
	if (distance <= mistakes)
		return distance == 1 ? TYPO_WEIGHT : TYPO_WEIGHT / 2;
	return is_family(word, form) ? FAMILY_WEIGHT / 2 : 0;
}

/*
 * Inserts a term into those of the word, most similar first, if a row still
 * holds it.
 */
static int
insert(struct nearest *near, struct str term)
{
	struct want *want = near->want;
	size_t i = want->count;
	int64_t rows;

	for (size_t j = 0; j < want->count; j++)
		if (str_equals(want->terms[j].text, term))
			return 0;
	while (i > 0 && near->scores[i - 1] < near->score)
		i--;
	if (i == WANT_TERMS)
		return 0;
	/* Last, because FTS5 counts the rows of a term one by one. */
	rows = want_rows(near->index, term);
	if (rows < 1)
		return (int)rows;
	if (want->count < WANT_TERMS)
		want->count++;
	for (size_t j = want->count - 1; j > i; j--) {
		want->terms[j] = want->terms[j - 1];
		near->scores[j] = near->scores[j - 1];
	}
	near->scores[i] = want->terms[i].weight = near->score;
	want->rows += rows;
	return arena_copy(near->arena, term, &want->terms[i].text);
}

/* Considers the stem of a word that may be similar. */
static int
consider(struct nearest *near, struct str form)
{
	bool is_known = near->want->count > 0 && near->scores[0] >= 1;

	near->score = nearness(near->want, form, is_known);
	return near->score <= 0
	    ? 0
	    : insert(near, tokenizer_stem(near->index->tokenizer, form));
}

/* Compares with the words that have the same beginning or end. */
static int
compare(struct nearest *near, const char *sql, struct str part)
{
	sqlite3_stmt *statement = db_prepare(near->index->db, sql);
	char end[WORDS_LONGEST + 1];
	int result;

	if (statement == NULL)
		return -1;
	/*
	 * No byte of UTF-8 is 0xff, so all strings with this prefix sort before
	 * it.
	 */
	memcpy(end, part.at, part.len);
	end[part.len] = '\xff';
	db_bind_bytes(statement, 1, part);
	db_bind_bytes(statement, 2, (struct str){ end, part.len + 1 });
	sqlite3_bind_int(statement, 3, CANDIDATES);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		if (consider(near, db_column(statement, 0)) == -1)
			break;
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? 0 : -1;
}

int
similar_find(const struct index *index, struct arena *arena, struct want *want)
{
	static const char backwards[] =
	    "SELECT form FROM form WHERE backwards >= ?1 AND backwards < ?2"
	    " LIMIT ?3";
	struct nearest near = { .index = index,
		.arena = arena,
		.want = want,
		.scores = {
		    want->count > 0 ? 1.0 : 0, want->count > 1 ? 1.0 : 0 } };
	char turned[WORDS_LONGEST + 1] = { 's' };
	struct str word = want->word;
	size_t len = letters_count(word);
	/* A mistake is in one half of the word; the other half is correct. */
	size_t half = (len - 1) / 2 < 2 ? 2 : (len - 1) / 2;
	size_t tail;

	if (len < 4)
		return 0;
	if (half > FAMILY_SHARES)
		half = FAMILY_SHARES;
	tail = word.len - letters_length(word, len - half);
	for (size_t i = 0; i < tail; i++)
		turned[i + 1] = word.at[word.len - 1 - i];
	if (compare(&near,
		"SELECT form FROM form WHERE form >= ?1 AND form < ?2 LIMIT ?3",
		str_head(word, letters_length(word, half))) == -1)
		return -1;
	if (want->count > 0 && near.scores[0] >= TYPO_WEIGHT)
		return 0;
	/* With the end of the word, and with the end of its plural. */
	return compare(&near, backwards, (struct str){ turned + 1, tail }) ==
		    -1 ||
		compare(&near, backwards, (struct str){ turned, tail + 1 }) ==
		    -1
	    ? -1
	    : 0;
}

int
similar_add_article(
    const struct index *index, struct arena *arena, struct want *want)
{
	struct str other = want->word;
	struct buf with = buf_in(arena, other.len + sizeof ARABIC_ARTICLE);
	ucs4_t letter;
	int64_t rows;

	if (other.len == 0 ||
	    u8_mbtouc(&letter, (const uint8_t *)other.at, other.len) < 1 ||
	    !uc_is_script(letter, uc_script_byname("Arabic")))
		return 0;
	if (str_starts(other, STR(ARABIC_ARTICLE))) {
		other = str_tail(other, strlen(ARABIC_ARTICLE));
	} else {
		buf_add(&with, STR(ARABIC_ARTICLE));
		buf_add(&with, other);
		other = buf_str(&with);
	}
	/* A shorter rest is not a word: the word itself begins so. */
	if (with.overflow || letters_count(other) < 3)
		return with.overflow ? -1 : 0;
	rows = want_rows(index, other);
	if (rows > 0) {
		want->terms[want->count++] = (struct want_term){ other, 1.0 };
		want->rows += rows;
	}
	return rows == -1 ? -1 : 0;
}
