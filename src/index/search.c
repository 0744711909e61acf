/* Runs a query on the index, and ranks and shows the pages that it finds. */
#include "index/search.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "index/db.h"
#include "index/hits.h"
#include "index/plan.h"

/* Rows that are examined for one query. */
#define ROWS_MAX 40000
/* Occurrences of a term in a row that count. */
#define PLACES_MAX 200
/* FTS5 selects no passage from a row with more occurrences. */
#define PASSAGE_PLACES_MAX 500

/* Parameters of BM25 (Robertson and Zaragoza 2009), and weights of columns. */
#define K1 1.2
#define B 0.75

/* The columns of a row. */
enum {
	TITLE,
	HEADING,
	TEXT,
	LABELS,
	COLUMNS
};

static const double columns[COLUMNS] = { 6.0, 4.0, 1.0, 0.2 };

/* Columns that count for a row's length; labels describe other pages. */
#define LONG_COLUMNS LABELS

#define PHRASES_MAX (PLAN_WANTS * (WANT_TERMS + 1))

struct search {
	struct index index;
	struct question question;
	struct plan plan;
	/* The plan's word for each phrase of FTS5's query; weight 0: none. */
	size_t wants[PHRASES_MAX];
	double weights[PHRASES_MAX];
	size_t phrases;
	double worth[PLAN_WANTS];
	double length; /* average of a row; 0: not known yet */
	struct hits_row row; /* the current one */
	struct hits_row best[HITS_MAX]; /* pages, best first */
	size_t best_count;
	bool has_text; /* some page matches by more than labels of links */
	sqlite3_stmt *by_path; /* compares the paths of two pages */
	const struct tree *tree; /* to check that pages exist; NULL: no check */
	struct arena *arena;
	struct search_result *result;
};

/* Computes the weight of each word, at the first row, from FTS5's totals. */
static int
weigh(struct search *search, const Fts5ExtensionApi *api, Fts5Context *fts)
{
	sqlite3_int64 rows, words = 0, some;
	int result = api->xRowCount(fts, &rows);

	for (int i = 0; result == SQLITE_OK && i < LONG_COLUMNS; i++) {
		result = api->xColumnTotalSize(fts, i, &some);
		words += some;
	}
	if (result != SQLITE_OK)
		return result;
	search->length =
	    rows > 0 && words > 0 ? (double)words / (double)rows : 1;
	for (size_t i = 0; i < search->plan.count; i++) {
		double with = (double)search->plan.wants[i].rows;
		double without = (double)rows - with;

		/* A word that almost all rows hold still counts a little. */
		search->worth[i] = without <= 0
		    ? 0.01
		    : log(1 + (without + 0.5) / (with + 0.5));
	}
	return SQLITE_OK;
}

/* How often a row holds a word, by the weight of the column, and where. */
struct places {
	double found;
	double title, text; /* the weight of the best term there */
};

static int
find_places(struct search *search, const Fts5ExtensionApi *api,
    Fts5Context *fts, struct places places[PLAN_WANTS])
{
	int count = 0;
	int result = api->xInstCount(fts, &count);

	search->row = (struct hits_row){ .is_label = true,
		.is_dense = count > PASSAGE_PLACES_MAX };
	memset(places, 0, search->plan.count * sizeof *places);
	for (int i = 0; result == SQLITE_OK && i < count && i < PLACES_MAX;
	     i++) {
		int phrase, column, offset;
		struct places *place;
		double weight;

		result = api->xInst(fts, i, &phrase, &column, &offset);
		if (result != SQLITE_OK || (size_t)phrase >= search->phrases)
			continue;
		place = &places[search->wants[phrase]];
		weight = search->weights[phrase];
		place->found += weight * columns[column];
		search->row.is_label &= column == LABELS;
		if (column == TITLE && place->title < weight)
			place->title = weight;
		if (column == TEXT && place->text < weight)
			place->text = weight;
	}
	return result;
}

/*
 * Scores a row by BM25.  A word counts by the weight of its column, and a near
 * term counts as a part of its word.  A page with all words in its title comes
 * before those that mention them, however often.
 */
static void
score_row(struct search *search, const struct places places[], double row_words)
{
	const struct plan *plan = &search->plan;
	struct hits_row *row = &search->row;
	double norm = K1 * (1 - B + B * row_words / search->length);
	double most = 0;
	bool has_all = true;

	for (size_t i = 0; i < plan->count; i++) {
		double worth = search->worth[i] * (K1 + 1);

		row->score +=
		    worth * places[i].found / (places[i].found + norm);
		row->text += worth * places[i].text;
		row->is_titled |= places[i].title > 0;
		has_all &= places[i].title >= plan->wants[i].terms[0].weight;
		most += worth;
	}
	if (has_all)
		row->score += most;
}

static void
on_row(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context,
    int count, sqlite3_value **values)
{
	struct search *search = sqlite3_value_pointer(values[0], "search");
	struct places places[PLAN_WANTS];
	int result = SQLITE_OK;

	(void)count;
	if (search == NULL)
		result = SQLITE_MISUSE;
	else if (search->length <= 0)
		result = weigh(search, api, fts);
	if (result == SQLITE_OK)
		result = find_places(search, api, fts, places);
	if (result == SQLITE_OK)
		score_row(search, places, db_row_words(api->xRowid(fts)));
	else
		sqlite3_result_error_code(context, result);
}

/* Lists FTS5's phrases as plan_match writes them. */
static void
list_phrases(struct search *search)
{
	const struct plan *plan = &search->plan;

	search->phrases = 0;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->wants[i].is_phrase) {
			search->wants[search->phrases] = i;
			search->weights[search->phrases++] = 0;
		}
	for (size_t i = 0; i < plan->count; i++)
		for (size_t j = 0; j < plan->wants[i].count; j++) {
			search->wants[search->phrases] = i;
			search->weights[search->phrases++] =
			    plan->wants[i].terms[j].weight;
		}
}

/* Registers the ranking function. */
static int
teach(sqlite3 *db)
{
	fts5_api *api = db_api(db);

	return api != NULL &&
		api->xCreateFunction(api, "capsule", NULL, on_row, NULL) ==
		    SQLITE_OK
	    ? 0
	    : -1;
}

static bool
is_unknown(const struct want *want)
{
	return !want->is_phrase && !want->is_filler && !want->is_part &&
	    (want->count == 0 || want->is_near);
}

/* Turns phrases into separate words; false if there is none. */
static bool
loosen(struct question *question)
{
	bool had_phrase = false;

	for (size_t i = 0; i < question->count; i++) {
		had_phrase |= question->parts[i].is_phrase;
		question->parts[i].is_phrase = false;
	}
	return had_phrase;
}

static bool
has_common_phrase(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct want *want = &plan->wants[i];

		if (want->is_phrase && want->rows > PLAN_PHRASE_ROWS &&
		    str_find(want->stem, ' ') < want->stem.len)
			return true;
	}
	return false;
}

/* Plans the query, and notes the first word that no page holds. */
static int
plan_words(struct search *search)
{
	struct plan *plan = &search->plan;
	struct search_result *result = search->result;

	if (plan_make(plan, &search->index, search->arena, &search->question) ==
	    -1)
		return -1;
	search->length = 0;
	result->unknown = (struct str){ 0 };
	result->is_near = false;
	for (size_t i = 0; i < plan->count; i++) {
		const struct want *want = &plan->wants[i];

		/* Prefer a word with similar ones: the result is of those. */
		if (is_unknown(want) && !result->is_near &&
		    (want->is_near || result->unknown.len == 0)) {
			result->unknown = want->typed;
			result->is_near = want->is_near;
		}
	}
	return 0;
}

/* Whether all words that are searched stand for words that no page holds. */
static bool
is_near_only(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->wants[i].is_near && !plan->wants[i].is_part)
			return false;
	return true;
}

static int
plan_query(struct search *search)
{
	if (plan_words(search) == -1)
		return -1;
	if (has_common_phrase(&search->plan)) {
		(void)loosen(&search->question);
		search->result->is_partial = true;
		if (plan_words(search) == -1)
			return -1;
	}
	search->result->is_partial |= search->plan.is_partial;
	plan_thin(&search->plan, ROWS_MAX);
	search->result->has_near_only =
	    search->result->is_near && is_near_only(&search->plan);
	return 0;
}

/*
 * Whether a page is better than one of the best.  Equal pages are ordered by
 * path, since their numbers depend on the history of the index: every index of
 * the same files gives the same answer.
 */
static bool
is_better(struct search *search, const struct hits_row *page, size_t than)
{
	const struct hits_row *other = &search->best[than];
	bool result = page->score > other->score;

	if (result || page->score < other->score)
		return result;
	sqlite3_bind_int64(search->by_path, 1, page->row >> DB_PAGE_SHIFT);
	sqlite3_bind_int64(search->by_path, 2, other->row >> DB_PAGE_SHIFT);
	result = sqlite3_step(search->by_path) == SQLITE_ROW &&
	    sqlite3_column_int(search->by_path, 0) != 0;
	(void)sqlite3_reset(search->by_path);
	return result;
}

/* Finds the place of a page among the best; most pages rank below all. */
static size_t
place_of(struct search *search, const struct hits_row *page)
{
	size_t from = 0, to = search->best_count;

	if (to == 0 || !is_better(search, page, to - 1))
		return to;
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (is_better(search, page, middle))
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

/*
 * Keeps a page if it is among the best.  The labels of links describe other
 * pages: a page that matches by labels alone is kept only until another page
 * matches.
 */
static void
keep(struct search *search, const struct hits_row *page)
{
	size_t i;

	if (page->row == 0 || (page->is_label && search->has_text))
		return;
	if (!page->is_label && !search->has_text) {
		search->has_text = true;
		search->best_count = search->result->found = 0;
	}
	search->result->found++;
	i = place_of(search, page);
	if (i == HITS_MAX)
		return;
	if (search->best_count < HITS_MAX)
		search->best_count++;
	memmove(&search->best[i + 1], &search->best[i],
	    (search->best_count - 1 - i) * sizeof *search->best);
	search->best[i] = *page;
}

static bool
is_of_page(sqlite3_int64 row, sqlite3_int64 other)
{
	return row >> DB_PAGE_SHIFT == other >> DB_PAGE_SHIFT;
}

/*
 * Adds a row to its page, whose score is that of its best row.  The row to show
 * is the one with most words in its text.
 */
static void
add_row(struct hits_row *page, const struct hits_row *row)
{
	const struct hits_row before = *page;

	if (row->text > before.text ||
	    (row->text >= before.text && row->score > before.score))
		*page = *row;
	if (page->score < before.score)
		page->score = before.score;
	page->is_label = before.is_label && row->is_label;
}

/* Rows are in order, so those of a page follow each other. */
static int
look_at_rows(struct search *search, sqlite3_stmt *statement)
{
	struct hits_row page = { 0 };
	size_t rows = 0;
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (rows++ == ROWS_MAX) {
			search->result->is_partial = true;
			break;
		}
		search->row.row = sqlite3_column_int64(statement, 0);
		if (is_of_page(search->row.row, page.row)) {
			add_row(&page, &search->row);
		} else {
			keep(search, &page);
			page = search->row;
		}
	}
	keep(search, &page);
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : -1;
}

/* Sets the word to show in a passage: the beginning of one, or else any. */
static void
choose_word(const struct plan *plan, struct hits *hits)
{
	for (size_t i = plan->count; i-- > 0 && !hits->has_prefix;) {
		hits->word = plan->wants[i].word;
		hits->has_prefix = plan->wants[i].is_prefix;
	}
}

static int
show_pages(struct search *search, struct str match, size_t part)
{
	struct search_result *result = search->result;
	struct hits hits = { .db = search->index.db,
		.arena = search->arena,
		.tree = search->tree,
		.match = match,
		.skip = part * SEARCH_SHOWN,
		.most = SEARCH_SHOWN,
		.pages = result->hits };
	int done;

	choose_word(&search->plan, &hits);
	done = hits_read(&hits, search->best, search->best_count);
	result->count = hits.count;
	result->found -= hits.left_out;
	return done;
}

/* Finds the best pages, and shows those of a part. */
static int
run_match(struct search *search, size_t part)
{
	static const char sql[] = "SELECT rowid, capsule(words, ?2) FROM words"
				  " WHERE words MATCH ?1";
	static const char by_path[] =
	    "SELECT (SELECT path FROM file WHERE id = ?1)"
	    " < (SELECT path FROM file WHERE id = ?2)";
	struct str match = plan_match(&search->plan);
	sqlite3_stmt *statement;
	int result = -1;

	search->best_count = 0;
	search->has_text = false;
	if (match.len == 0)
		return 0;
	statement = db_prepare(search->index.db, sql);
	search->by_path = db_prepare(search->index.db, by_path);
	if (statement != NULL && search->by_path != NULL) {
		list_phrases(search);
		db_bind_text(statement, 1, match);
		sqlite3_bind_pointer(statement, 2, search, "search", NULL);
		result = look_at_rows(search, statement);
	}
	sqlite3_finalize(statement);
	sqlite3_finalize(search->by_path);
	return result == -1 ? -1 : show_pages(search, match, part);
}

static int
run(struct search *search, size_t part)
{
	if (teach(search->index.db) == -1 || plan_query(search) == -1 ||
	    run_match(search, part) == -1)
		return -1;
	/* No page holds the phrase: search for its words. */
	if (search->result->found == 0 && loosen(&search->question)) {
		search->result->is_loose = true;
		if (plan_query(search) == -1 || run_match(search, part) == -1)
			return -1;
	}
	return 0;
}

int
search_run(const struct db_place *place, struct arena *arena,
    const struct search_wish *wish, struct search_result *result)
{
	struct search search = {
		.result = result, .tree = wish->tree, .arena = arena
	};
	int done, error;

	*result = (struct search_result){ 0 };
	if (index_open(&search.index, place) == -1)
		return -1;
	question_read(wish->words, &search.question);
	done = run(&search, wish->part);
	error = db_errno(search.index.db);
	index_close(&search.index);
	errno = error;
	return done;
}
