/* Runs a query on the index, and ranks and shows the pages that it finds. */
#include "index/search.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "index/plan.h"

/* Rows that are examined for one query. */
#define ROWS_MAX 40000
/*
 * Rows of a phrase's rarest word.  FTS5 searches from one row with the phrase
 * to the next in one call, however long that takes.
 */
#define PHRASE_ROWS_MAX 10000
/* Occurrences of a term in a row that count. */
#define PLACES_MAX 200

/* Parameters of BM25 (Robertson and Zaragoza 2009), and weights of columns. */
#define K1 1.2
#define B 0.75

static const double columns[] = { 6.0, 4.0, 1.0, 0.2 };

/* Columns that count for a row's length; labels describe other pages. */
#define LONG_COLUMNS 3

/* The best pages: all that can be shown. */
#define BEST_MAX ((size_t)HITS_SHOWN * HITS_PARTS)
#define PHRASES_MAX (PLAN_WANTS * (PLAN_TERMS + 1))

struct search {
	struct index *index;
	struct question question;
	struct plan plan;
	/* The plan's word for each phrase of FTS5's query; weight 0: none. */
	size_t wants[PHRASES_MAX];
	double weights[PHRASES_MAX];
	size_t phrases;
	double worth[PLAN_WANTS];
	double length; /* average of a row; 0: not known yet */
	struct hits_row best[BEST_MAX]; /* the best row of each page */
	size_t best_count;
	struct hits hits;
	struct hits_result *result;
};

/* Computes each word's worth, at the first row: FTS5 has the totals. */
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

/*
 * Scores a row by BM25.  A word counts by the weight of its column, and a near
 * term counts as a part of its word.
 */
static int
score_row(struct search *search, const Fts5ExtensionApi *api, Fts5Context *fts,
    double *score)
{
	double found[PLAN_WANTS] = { 0 };
	int places = 0, words = 0, some = 0;
	int result = api->xInstCount(fts, &places);

	for (int i = 0; result == SQLITE_OK && i < places && i < PLACES_MAX;
	     i++) {
		int phrase, column, offset;

		result = api->xInst(fts, i, &phrase, &column, &offset);
		if (result == SQLITE_OK && (size_t)phrase < search->phrases)
			found[search->wants[phrase]] +=
			    search->weights[phrase] * columns[column];
	}
	for (int i = 0; result == SQLITE_OK && i < LONG_COLUMNS; i++) {
		result = api->xColumnSize(fts, i, &some);
		words += some;
	}
	*score = 0;
	for (size_t i = 0; i < search->plan.count; i++)
		*score += search->worth[i] * found[i] * (K1 + 1) /
		    (found[i] + K1 * (1 - B + B * words / search->length));
	return result;
}

static void
on_row(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context,
    int count, sqlite3_value **values)
{
	struct search *search = sqlite3_value_pointer(values[0], "search");
	int result = SQLITE_OK;
	double score = 0;

	(void)count;
	if (search == NULL)
		result = SQLITE_MISUSE;
	else if (search->length <= 0)
		result = weigh(search, api, fts);
	if (result == SQLITE_OK)
		result = score_row(search, api, fts, &score);
	if (result == SQLITE_OK)
		sqlite3_result_double(context, score);
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
is_unknown(const struct plan_want *want)
{
	return !want->is_phrase && !want->is_filler &&
	    (want->count == 0 || want->terms[0].weight < 1);
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
		const struct plan_want *want = &plan->wants[i];

		if (want->is_phrase && want->rows > PHRASE_ROWS_MAX &&
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
	struct hits_result *result = search->result;

	if (plan_make(plan, search->index, search->hits.arena,
		&search->question) == -1)
		return -1;
	search->length = 0;
	result->unknown = (struct str){ 0 };
	for (size_t i = 0; i < plan->count && result->unknown.len == 0; i++)
		if (is_unknown(&plan->wants[i])) {
			result->unknown = plan->wants[i].word;
			result->is_near = plan->wants[i].count > 0;
		}
	return 0;
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
	plan_thin(&search->plan, ROWS_MAX);
	return 0;
}

/* Keeps a page if it is among the best; of equals, the first stays first. */
static void
keep(struct search *search, const struct hits_row *page)
{
	size_t i = search->best_count;

	if (page->row == 0)
		return;
	search->result->found++;
	while (i > 0 && search->best[i - 1].score < page->score)
		i--;
	if (i == BEST_MAX)
		return;
	if (search->best_count < BEST_MAX)
		search->best_count++;
	memmove(&search->best[i + 1], &search->best[i],
	    (search->best_count - 1 - i) * sizeof *search->best);
	search->best[i] = *page;
}

static bool
is_of_page(sqlite3_int64 row, sqlite3_int64 other)
{
	return row >> DB_SECTION_BITS == other >> DB_SECTION_BITS;
}

/* Rows are in order, so those of a page follow each other. */
static int
look_at_rows(struct search *search, sqlite3_stmt *statement)
{
	struct hits_row page = { 0 }; /* the best row of the current page */
	size_t rows = 0;
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct hits_row row = { sqlite3_column_int64(
						  statement, 0),
			sqlite3_column_double(statement, 1) };

		if (rows++ == ROWS_MAX) {
			search->result->is_partial = true;
			break;
		}
		if (!is_of_page(row.row, page.row))
			keep(search, &page);
		if (!is_of_page(row.row, page.row) || row.score > page.score)
			page = row;
	}
	keep(search, &page);
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : -1;
}

/* Finds the best pages, and shows those of a part. */
static int
run_match(struct search *search, size_t part)
{
	static const char sql[] = "SELECT rowid, capsule(words, ?2) FROM words"
				  " WHERE words MATCH ?1";
	struct str match = plan_match(&search->plan);
	size_t from = part * HITS_SHOWN;
	sqlite3_stmt *statement;
	int result;

	if (match.len == 0)
		return 0;
	statement = db_prepare(search->index->db, sql);
	if (statement == NULL)
		return -1;
	list_phrases(search);
	db_bind_text(statement, 1, match);
	sqlite3_bind_pointer(statement, 2, search, "search", NULL);
	result = look_at_rows(search, statement);
	sqlite3_finalize(statement);
	return result == -1 || search->best_count <= from
	    ? result
	    : hits_show(&search->hits, match, search->best + from,
		  search->best_count - from);
}

static int
run(struct search *search, size_t part)
{
	if (teach(search->index->db) == -1 || plan_query(search) == -1 ||
	    run_match(search, part) == -1)
		return -1;
	/* No page holds the phrase: search for its words. */
	if (search->result->found == 0 && loosen(&search->question)) {
		search->result->is_loose = true;
		if (plan_query(search) == -1 || run_match(search, part) == -1)
			return -1;
	}
	return search->result->found == 0 ? hits_list(&search->hits, BEST_MAX)
					  : 0;
}

int
search_run(const struct db_place *place, struct arena *arena,
    const struct search_wish *wish, struct hits_result *result)
{
	struct search search = { .index = index_open(place),
		.result = result,
		.hits = { NULL, wish->tree, arena, result } };
	int done, error;

	*result = (struct hits_result){ 0 };
	if (search.index == NULL)
		return -1;
	search.hits.db = search.index->db;
	question_read(wish->words, &search.question);
	done = run(&search, wish->part);
	error = db_errno(search.index->db);
	index_close(search.index);
	errno = error;
	return done;
}
