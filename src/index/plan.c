/*
 * Maps the words of a query to terms of the index, and selects the words to
 * search for.
 */
#include "index/plan.h"

#include <string.h>

#include "text/buf.h"
#include "text/distance.h"

/* Terms that are compared with one word, for each direction. */
#define CANDIDATES 1000
/* Words of a query for which similar terms are searched. */
#define NEAREST_WORDS 8
/* Words of a phrase. */
#define PHRASE_WORDS 16
#define MATCH_SIZE ((size_t)16 << 10)
/* Terms with a common beginning are related: "ukraine", "ukrainian". */
#define FAMILY_SHARES ((size_t)5)
#define FAMILY_WEIGHT 0.4
#define TYPO_WEIGHT 0.7

struct reading {
	struct plan *plan;
	struct plan_want *phrase; /* current phrase, or NULL */
	struct buf text; /* of the phrase */
	size_t words;
	bool failed;
};

/* Whether the plan already has the stem. */
static bool
is_wanted(const struct plan *plan, struct str stem)
{
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->wants[i].is_phrase &&
		    str_equals(plan->wants[i].stem, stem))
			return true;
	return false;
}

static bool
keep_stem(void *context, struct str word)
{
	struct reading *reading = context;
	struct plan *plan = reading->plan;
	struct plan_want *want = &plan->wants[plan->count];

	reading->failed |= arena_copy(plan->arena, word, &want->stem) == -1;
	return false;
}

static bool
keep_word(void *context, struct str word)
{
	struct reading *reading = context;
	struct plan *plan = reading->plan;
	struct plan_want *want = &plan->wants[plan->count];

	if (plan->count == PLAN_WANTS || reading->failed)
		return false;
	*want = (struct plan_want){ 0 };
	if (arena_copy(plan->arena, word, &want->word) == -1 ||
	    tokenizer_each(plan->index->tokenizer, true, want->word, keep_stem,
		reading) == -1) {
		reading->failed = true;
		return false;
	}
	want->is_filler = question_is_filler(want->word);
	if (want->stem.len > 0 && !is_wanted(plan, want->stem))
		plan->count++;
	return true;
}

static bool
keep_of_phrase(void *context, struct str word)
{
	struct reading *reading = context;

	if (reading->words == PHRASE_WORDS)
		return false;
	if (reading->words++ > 0)
		buf_char(&reading->text, ' ');
	buf_add(&reading->text, word);
	return !reading->text.overflow;
}

static int
read_phrase(struct reading *reading, struct str text)
{
	struct plan *plan = reading->plan;
	struct plan_want *want = &plan->wants[plan->count];

	reading->words = 0;
	reading->text =
	    buf_in(plan->arena, PHRASE_WORDS * (TOKENIZER_LONGEST + 1));
	if (reading->text.overflow ||
	    tokenizer_each(plan->index->tokenizer, true, text, keep_of_phrase,
		reading) == -1)
		return -1;
	/* One quoted word is not a phrase, but is required as well. */
	if (reading->words > 0) {
		*want = (struct plan_want){
			.is_phrase = true,
			.word = text,
			.stem = buf_str(&reading->text),
		};
		plan->count++;
	}
	return 0;
}

/* Reads the words of the question into the plan. */
static int
read_words(struct plan *plan, const struct question *question)
{
	struct reading reading = { .plan = plan };

	for (size_t i = 0; i < question->count && plan->count < PLAN_WANTS;
	     i++) {
		const struct question_part *part = &question->parts[i];

		if (part->is_phrase) {
			if (read_phrase(&reading, part->text) == -1)
				return -1;
		} else if (tokenizer_each(plan->index->tokenizer, false,
			       part->text, keep_word, &reading) == -1 ||
		    reading.failed) {
			return -1;
		}
	}
	return 0;
}

/* How many rows hold a term; 0 when none does, -1 on failure. */
static int64_t
rows_of(const struct plan *plan, struct str term)
{
	sqlite3_stmt *statement = db_prepare(
	    plan->index->db, "SELECT doc FROM vocabulary WHERE term = ?1");
	int64_t rows = -1;
	int result;

	if (statement == NULL)
		return -1;
	db_bind_text(statement, 1, term);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		rows = sqlite3_column_int64(statement, 0);
	else if (result == SQLITE_DONE)
		rows = 0;
	sqlite3_finalize(statement);
	return rows;
}

/* Terms similar to a word, best first. */
struct nearest {
	struct plan *plan;
	struct plan_want *want;
	double scores[PLAN_TERMS];
	double score; /* of the current term */
	bool failed;
};

/* Whether two words or stems are related. */
static bool
is_family(struct str a, struct str b)
{
	size_t shared = distance_shared(a, b);
	size_t shorter = a.len < b.len ? a.len : b.len;
	size_t longer = a.len < b.len ? b.len : a.len;

	return shared >= FAMILY_SHARES && shared + 1 >= shorter &&
	    longer <= shared + 4;
}

/* The similarity of a word: 1 is equal, 0 is not similar. */
static double
nearness(const struct plan_want *want, struct str form, bool is_known)
{
	struct str word = want->word;
	unsigned mistakes = word.len < 4 ? 0 : word.len < 8 ? 1 : 2;
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
	struct plan_want *want = near->want;
	size_t i = want->count;
	int64_t rows;

	for (size_t j = 0; j < want->count; j++)
		if (str_equals(want->terms[j].text, term))
			return 0;
	while (i > 0 && near->scores[i - 1] < near->score)
		i--;
	if (i == PLAN_TERMS)
		return 0;
	/* Last, because FTS5 counts the rows of a term one by one. */
	rows = rows_of(near->plan, term);
	if (rows < 1)
		return (int)rows;
	if (want->count < PLAN_TERMS)
		want->count++;
	for (size_t j = want->count - 1; j > i; j--) {
		want->terms[j] = want->terms[j - 1];
		near->scores[j] = near->scores[j - 1];
	}
	near->scores[i] = want->terms[i].weight = near->score;
	want->rows += rows;
	return arena_copy(near->plan->arena, term, &want->terms[i].text);
}

static bool
consider_stem(void *context, struct str word)
{
	struct nearest *near = context;

	near->failed |= insert(near, word) == -1;
	return false;
}

static int
consider(struct nearest *near, struct str form)
{
	bool is_known = near->want->count > 0 && near->scores[0] >= 1;

	near->score = nearness(near->want, form, is_known);
	if (near->score <= 0)
		return 0;
	return tokenizer_each(near->plan->index->tokenizer, true, form,
		   consider_stem, near) == -1 ||
		near->failed
	    ? -1
	    : 0;
}

/* Compares with the words that have the same beginning or end. */
static int
compare(struct nearest *near, const char *sql, struct str part)
{
	sqlite3_stmt *statement = db_prepare(near->plan->index->db, sql);
	char end[TOKENIZER_LONGEST + 1];
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

static int
find_nearest(struct plan *plan, struct plan_want *want)
{
	static const char backwards[] =
	    "SELECT form FROM form WHERE backwards >= ?1 AND backwards < ?2"
	    " LIMIT ?3";
	struct nearest near = { .plan = plan,
		.want = want,
		.scores = { want->count > 0 ? 1.0 : 0 } };
	char turned[TOKENIZER_LONGEST + 1] = { 's' };
	size_t len = want->word.len;
	/* A mistake is in one half of the word; the other half is correct. */
	size_t half = (len - 1) / 2 < 2 ? 2 : (len - 1) / 2;

	if (len < 4)
		return 0;
	if (half > FAMILY_SHARES)
		half = FAMILY_SHARES;
	for (size_t i = 0; i < half; i++)
		turned[i + 1] = want->word.at[len - 1 - i];
	if (compare(&near,
		"SELECT form FROM form WHERE form >= ?1 AND form < ?2 LIMIT ?3",
		str_head(want->word, half)) == -1)
		return -1;
	if (want->count > 0 && near.scores[0] >= TYPO_WEIGHT)
		return 0;
	/* With the end of the word, and with the end of its plural. */
	return compare(&near, backwards, (struct str){ turned + 1, half }) ==
		    -1 ||
		compare(&near, backwards, (struct str){ turned, half + 1 }) ==
		    -1
	    ? -1
	    : 0;
}

static int
look_up_phrase(struct plan *plan, struct plan_want *want)
{
	struct str rest = want->stem;
	int64_t least = INT64_MAX;

	while (rest.len > 0) {
		int64_t rows = rows_of(plan, str_cut(&rest, ' '));

		if (rows == -1)
			return -1;
		if (rows < least)
			least = rows;
	}
	want->rows = least;
	want->count = 1;
	want->terms[0] = (struct plan_term){ want->stem, 1.0 };
	return 0;
}

static int
look_up(struct plan *plan, struct plan_want *want)
{
	if (want->is_phrase)
		return look_up_phrase(plan, want);
	want->rows = rows_of(plan, want->stem);
	if (want->rows == -1)
		return -1;
	if (want->rows > 0) {
		want->count = 1;
		want->terms[0] = (struct plan_term){ want->stem, 1.0 };
	}
	if (want->is_filler || plan->nearest == NEAREST_WORDS)
		return 0;
	plan->nearest += want->rows == 0;
	return find_nearest(plan, want);
}

int
plan_make(struct plan *plan, const struct index *index, struct arena *arena,
    const struct question *question)
{
	plan->index = index;
	plan->arena = arena;
	plan->count = plan->nearest = 0;
	if (read_words(plan, question) == -1)
		return -1;
	for (size_t i = 0; i < plan->count; i++)
		if (look_up(plan, &plan->wants[i]) == -1)
			return -1;
	return 0;
}

static void
leave_out(struct plan *plan, size_t i)
{
	plan->count--;
	memmove(&plan->wants[i], &plan->wants[i + 1],
	    (plan->count - i) * sizeof *plan->wants);
}

void
plan_thin(struct plan *plan, int64_t most)
{
	size_t better = 0;
	int64_t rows = 0;

	for (size_t i = 0; i < plan->count; i++)
		better += !plan->wants[i].is_filler;
	for (size_t i = plan->count; i-- > 0;)
		if (plan->wants[i].count == 0)
			leave_out(plan, i);
	for (size_t i = plan->count; i-- > 0 && better > 0;)
		if (plan->wants[i].is_filler)
			leave_out(plan, i);
	for (size_t i = 0; i < plan->count; i++)
		rows += plan->wants[i].rows;
	while (plan->count > 1 && rows > most) {
		size_t common = 0;

		for (size_t i = 1; i < plan->count; i++)
			if (plan->wants[i].rows > plan->wants[common].rows)
				common = i;
		rows -= plan->wants[common].rows;
		leave_out(plan, common);
	}
}

static void
add_term(struct buf *out, struct str text)
{
	buf_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"')
			buf_char(out, '"');
		buf_char(out, text.at[i]);
	}
	buf_char(out, '"');
}

struct str
plan_match(const struct plan *plan)
{
	struct buf out = buf_in(plan->arena, MATCH_SIZE);
	const char *between = "(";

	for (size_t i = 0; i < plan->count; i++)
		if (plan->wants[i].is_phrase) {
			add_term(&out, plan->wants[i].terms[0].text);
			buf_add(&out, STR(" AND "));
		}
	for (size_t i = 0; i < plan->count; i++)
		for (size_t j = 0; j < plan->wants[i].count; j++) {
			buf_add(&out, str_of(between));
			add_term(&out, plan->wants[i].terms[j].text);
			between = " OR ";
		}
	buf_char(&out, ')');
	return out.overflow || plan->count == 0 ? (struct str){ 0 }
						: buf_str(&out);
}
