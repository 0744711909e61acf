/*
 * Maps the words of a query to terms of the index, and selects the words to
 * search for.
 */
#include "index/plan.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "index/similar.h"
#include "text/buf.h"

/* Words of a query for which similar terms are searched. */
#define NEAREST_WORDS 8
/* Words of a phrase. */
#define PHRASE_WORDS 16
#define MATCH_SIZE ((size_t)16 << 10)

/* Whether the plan already has the stem, as a phrase or otherwise. */
static bool
is_wanted(const struct plan *plan, struct str stem, bool is_phrase)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->wants[i].is_phrase == is_phrase &&
		    str_equals(plan->wants[i].stem, stem))
			return true;
	return false;
}

/* The text of the question from there to the end of the current word. */
static struct str
typed_from(const struct words_reader *words, size_t from)
{
	return str_head(str_tail(words->text, from), words->to - from);
}

/* Adds a word, unless its stem is there. */
static int
add_word(struct plan *plan, const struct words_reader *words)
{
	const struct str word = { words->word, words->len };
	struct want *want = &plan->wants[plan->count];

	*want = (struct want){ .typed = typed_from(words, words->from) };
	if (arena_copy(plan->arena, word, &want->word) == -1 ||
	    arena_copy(plan->arena,
		tokenizer_stem(plan->index->tokenizer, word),
		&want->stem) == -1)
		return -1;
	want->is_filler = question_is_filler(want->word);
	if (!is_wanted(plan, want->stem, false))
		plan->count++;
	return 0;
}

/*
 * Adds the words that follow each other from the current one: all, or those of
 * a run of a script without spaces.  A row has a pair for each two characters
 * of the run and, behind the whole run only, its last character.
 */
static int
add_phrase(struct plan *plan, struct words_reader *words, bool is_run)
{
	struct want *want = &plan->wants[plan->count];
	struct buf out =
	    buf_in(plan->arena, PHRASE_WORDS * (WORDS_LONGEST + 1));
	size_t from = words->from, end = 0, count = 0;
	bool has_more = true;

	*want = (struct want){ .is_phrase = !is_run, .is_run = is_run };
	for (; has_more; count++) {
		struct str word = { words->word, words->len };

		if (words->kind == WORDS_WORD)
			word = tokenizer_stem(plan->index->tokenizer, word);
		want->word = want->typed = typed_from(words, from);
		if (count < PHRASE_WORDS) {
			if (out.len > 0)
				buf_char(&out, ' ');
			buf_add(&out, word);
			end = words->kind == WORDS_LAST ? end : out.len;
			want->is_prefix = words->kind == WORDS_ALONE;
		}
		has_more =
		    (!is_run || words->kind == WORDS_PAIR) && words_next(words);
	}
	want->stem = str_head(buf_str(&out), end);
	plan->count += is_wanted(plan, want->stem, !is_run) ? 0 : 1;
	return out.overflow ? -1 : 0;
}

/* Reads the words of a part; `phrases` counts the parts that are phrases. */
static int
read_part(struct plan *plan, const struct question_part *part, size_t *phrases)
{
	struct words_reader words =
	    tokenizer_words(plan->index->tokenizer, part->text);

	/* One quoted word is not a phrase, but is required as well. */
	if (part->is_phrase)
		return (*phrases)++ < PLAN_PHRASES && words_next(&words)
		    ? add_phrase(plan, &words, false)
		    : 0;
	while (plan->count < PLAN_WANTS && words_next(&words))
		if ((words.kind == WORDS_WORD
			    ? add_word(plan, &words)
			    : add_phrase(plan, &words, true)) == -1)
			return -1;
	return 0;
}

/* Reads the words of the question into the plan. */
static int
read_words(struct plan *plan, const struct question *question)
{
	size_t phrases = 0;

	for (size_t i = 0; i < question->count && plan->count < PLAN_WANTS; i++)
		if (read_part(plan, &question->parts[i], &phrases) == -1)
			return -1;
	return 0;
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

/* The rows that hold the rarest term of a phrase; -1 on failure. */
static int64_t
rows_of_phrase(const struct plan *plan, const struct want *want)
{
	struct str rest = want->stem;
	int64_t least = INT64_MAX;

	while (rest.len > 0 && least >= 0) {
		struct str term = str_cut(&rest, ' ');
		int64_t rows = rest.len == 0 && want->is_prefix
		    ? want_rows_from(plan->index, term)
		    : want_rows(plan->index, term);

		if (rows < least)
			least = rows;
	}
	return least;
}

/* Whether a row holds the phrase; -1 on failure. */
static int
is_phrase_there(const struct plan *plan, struct str phrase)
{
	struct buf match = buf_in(plan->arena, phrase.len + 2);
	sqlite3_stmt *statement = db_prepare(plan->index->db,
	    "SELECT rowid FROM words WHERE words MATCH ?1 LIMIT 1");
	int result = SQLITE_ERROR;

	add_term(&match, phrase);
	if (statement != NULL && !match.overflow) {
		db_bind_text(statement, 1, buf_str(&match));
		result = sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : -1;
}

/* Adds the pairs of a run as words of their own. */
static void
divide(struct plan *plan, const struct want *run)
{
	struct str rest = run->stem;

	while (rest.len > 0 && plan->count < PLAN_WANTS) {
		struct str pair = str_cut(&rest, ' ');

		if (!is_wanted(plan, pair, false))
			plan->wants[plan->count++] = (struct want){
				.word = pair, .stem = pair, .is_part = true
			};
	}
}

static bool
has_pairs(const struct want *run)
{
	return str_find(run->stem, ' ') < run->stem.len;
}

/*
 * Looks up a word of several pairs; where no row holds it, its pairs are looked
 * up instead.
 */
static int
look_up_run(struct plan *plan, struct want *want)
{
	int there = want->rows <= 0 ? 0 : 1;

	if (there && has_pairs(want)) {
		want->is_part = want->rows > PLAN_PHRASE_ROWS;
		plan->is_partial |= want->is_part;
		there = want->is_part ? 0 : is_phrase_there(plan, want->stem);
	}
	want->count = there > 0;
	if (there == 0)
		divide(plan, want);
	return there == -1 ? -1 : 0;
}

/*
 * Adds the ideographs of a run as words of their own, since many are words.  A
 * character of another script, such as Thai, says nothing by itself.
 */
static int
divide_into_ideographs(struct plan *plan, const struct want *run)
{
	struct words_reader words =
	    tokenizer_words(plan->index->tokenizer, run->typed);

	while (plan->count < PLAN_WANTS && words_next(&words)) {
		size_t before = plan->count;
		struct words_reader one = tokenizer_words(
		    plan->index->tokenizer, typed_from(&words, words.from));
		ucs4_t letter;

		u8_mbtouc(&letter, (const uint8_t *)one.text.at, one.text.len);
		if (!uc_is_property_ideographic(letter) || !words_next(&one))
			continue;
		if (add_phrase(plan, &one, true) == -1)
			return -1;
		plan->wants[before].is_part = true;
	}
	return 0;
}

static int
look_up(struct plan *plan, struct want *want)
{
	want->rows = want->is_phrase || want->is_run
	    ? rows_of_phrase(plan, want)
	    : want_rows(plan->index, want->stem);
	if (want->rows == -1)
		return -1;
	want->terms[0] = (struct want_term){ want->stem, 1.0 };
	want->count = want->is_phrase || want->rows > 0;
	if (want->is_run)
		return look_up_run(plan, want);
	if (!want->is_phrase &&
	    similar_add_article(plan->index, plan->arena, want) == -1)
		return -1;
	if (want->is_phrase || want->is_part || want->is_filler ||
	    plan->nearest == NEAREST_WORDS)
		return 0;
	plan->nearest += want->rows == 0;
	return similar_find(plan->index, plan->arena, want);
}

/* Looks up the words from there on, and those that this adds. */
static int
look_up_from(struct plan *plan, size_t first)
{
	for (size_t i = first; i < plan->count; i++)
		if (look_up(plan, &plan->wants[i]) == -1)
			return -1;
	return 0;
}

/*
 * Looks up the ideographs of the runs if no row holds anything else.  A run of
 * one pair is often one word; its characters have other meanings.
 */
static int
look_up_ideographs(struct plan *plan)
{
	size_t count = plan->count;

	for (size_t i = 0; i < count; i++)
		if (plan->wants[i].count > 0)
			return 0;
	for (size_t i = 0; i < count; i++)
		if (plan->wants[i].is_run && has_pairs(&plan->wants[i]) &&
		    divide_into_ideographs(plan, &plan->wants[i]) == -1)
			return -1;
	return look_up_from(plan, count);
}

/* Notes which words no row holds although rows hold similar terms. */
static void
note_near(struct plan *plan)
{
	bool has_part = false;

	for (size_t i = 0; i < plan->count; i++)
		has_part |= plan->wants[i].is_part && plan->wants[i].count > 0;
	for (size_t i = 0; i < plan->count; i++) {
		struct want *want = &plan->wants[i];

		want->is_near = want->is_run
		    ? want->count == 0 && has_part
		    : want->count > 0 && want->terms[0].weight < 1;
	}
}

int
plan_make(struct plan *plan, const struct index *index, struct arena *arena,
    const struct question *question)
{
	plan->index = index;
	plan->arena = arena;
	plan->count = plan->nearest = 0;
	plan->is_partial = false;
	if (read_words(plan, question) == -1)
		return -1;
	if (look_up_from(plan, 0) == -1 || look_up_ideographs(plan) == -1)
		return -1;
	note_near(plan);
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
add_terms(struct buf *out, const struct want *want, size_t i)
{
	add_term(out, want->terms[i].text);
	if (want->is_prefix)
		buf_add(out, STR(" *"));
}

struct str
plan_match(const struct plan *plan)
{
	struct buf out = buf_in(plan->arena, MATCH_SIZE);
	const char *between = "(";

	for (size_t i = 0; i < plan->count; i++)
		if (plan->wants[i].is_phrase) {
			add_terms(&out, &plan->wants[i], 0);
			buf_add(&out, STR(" AND "));
		}
	for (size_t i = 0; i < plan->count; i++)
		for (size_t j = 0; j < plan->wants[i].count; j++) {
			buf_add(&out, str_of(between));
			add_terms(&out, &plan->wants[i], j);
			between = " OR ";
		}
	buf_char(&out, ')');
	return out.overflow || plan->count == 0 ? (struct str){ 0 }
						: buf_str(&out);
}
