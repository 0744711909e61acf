/* Runs a query on the index, and ranks and shows the pages that it finds. */
#include "index/search.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "index/db.h"
#include "index/filerow.h"
#include "index/plan.h"

/* Rows that are examined for one query. */
#define ROWS_MAX 40000
/* Occurrences of a term in a row that count. */
#define PLACES_MAX 200

/* Parameters of BM25 (Robertson and Zaragoza 2009), and weights of columns. */
#define K1 1.2
#define B 0.75

static const double columns[] = { 6.0, 4.0, 1.0, 0.2 };

/* Columns that count for a row's length; labels describe other pages. */
#define LONG_COLUMNS 3

/* The best pages: all that can be shown. */
#define BEST_MAX ((size_t)SEARCH_SHOWN * SEARCH_PARTS)
#define PHRASES_MAX (PLAN_WANTS * (PLAN_TERMS + 1))

/* A row of the index and its rank. */
struct search_row {
	sqlite3_int64 row;
	double score;
};

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
	struct search_row best[BEST_MAX]; /* the best row of each page */
	size_t best_count;
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

/*
 * Scores a row by BM25.  A word counts by the weight of its column, and a near
 * term counts as a part of its word.
 */
static int
score_row(struct search *search, const Fts5ExtensionApi *api, Fts5Context *fts,
    double *score)
{
	double found[PLAN_WANTS] = { 0 };
	double words = db_row_words(api->xRowid(fts));
	int places = 0;
	int result = api->xInstCount(fts, &places);

	for (int i = 0; result == SQLITE_OK && i < places && i < PLACES_MAX;
	     i++) {
		int phrase, column, offset;

		result = api->xInst(fts, i, &phrase, &column, &offset);
		if (result == SQLITE_OK && (size_t)phrase < search->phrases)
			found[search->wants[phrase]] +=
			    search->weights[phrase] * columns[column];
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
		const struct plan_want *want = &plan->wants[i];

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
	for (size_t i = 0; i < plan->count && result->unknown.len == 0; i++)
		if (is_unknown(&plan->wants[i])) {
			result->unknown = plan->wants[i].word;
			result->is_near = plan->wants[i].is_near;
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
	search->result->is_partial |= search->plan.is_partial;
	plan_thin(&search->plan, ROWS_MAX);
	return 0;
}

/* Keeps a page if it is among the best; of equals, the first stays first. */
static void
keep(struct search *search, const struct search_row *page)
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
	return row >> DB_PAGE_SHIFT == other >> DB_PAGE_SHIFT;
}

/* Rows are in order, so those of a page follow each other. */
static int
look_at_rows(struct search *search, sqlite3_stmt *statement)
{
	struct search_row page = { 0 }; /* the best row of the current page */
	size_t rows = 0;
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct search_row row = { sqlite3_column_int64(
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

/* Copies a column to the arena. */
static int
copy(const struct search *search, sqlite3_stmt *statement, int at,
    struct str *out)
{
	return arena_copy(search->arena, db_column(statement, at), out);
}

/*
 * Whether a found page still exists, and has the text of the index: text that
 * was removed is not shown while the index is out of date.
 */
static bool
is_there(
    const struct search *search, const struct filerow *row, bool *is_current)
{
	struct entry entry;
	enum status status;

	*is_current = true;
	if (search->tree == NULL)
		return true;
	*is_current = false;
	status = tree_find(search->tree, row->path, &entry);
	if (status == STATUS_SUCCESS) {
		close(entry.fd);
		*is_current = filerow_has_same_text(row, &entry.st);
	}
	/* A failing disk does not mean that the page is gone. */
	return status != STATUS_NOT_FOUND;
}

/* Fills in the page of the current row; 0 when it is gone, -1 on failure. */
static int
fill(const struct search *search, sqlite3_stmt *statement)
{
	struct search_page *page = &search->result->hits[search->result->count];
	const struct filerow row = { .path = db_column(statement, 0),
		.size = sqlite3_column_int64(statement, 2),
		.mtime = sqlite3_column_int64(statement, 3) };
	bool is_current;

	if (!is_there(search, &row, &is_current))
		return 0;
	*page = (struct search_page){ 0 };
	if (copy(search, statement, 0, &page->path) == -1 ||
	    copy(search, statement, 1, &page->title) == -1 ||
	    (is_current &&
		(copy(search, statement, 4, &page->heading) == -1 ||
		    copy(search, statement, 5, &page->passage) == -1)))
		return -1;
	search->result->count++;
	return 1;
}

/* FTS5 cuts a passage by words, which may be of any length. */
static const char show_sql[] =
    "SELECT path, file.title, size, mtime, heading, trim(substr(replace("
    "snippet(words, iif(text = '', 3, 2), '*', '*', '\xe2\x80\xa6', 32),"
    " char(10), ' '), 1, 320))"
    " FROM words, file"
    " WHERE words MATCH ?1 AND words.rowid = ?2 AND file.id = ?2 >> 24";

static int
show_pages(const struct search *search, struct str match,
    const struct search_row *rows, size_t count)
{
	sqlite3_stmt *statement = db_prepare(search->index.db, show_sql);
	int shown = statement == NULL ? -1 : 0;

	db_bind_text(statement, 1, match);
	for (size_t i = 0;
	     i < count && shown != -1 && search->result->count < SEARCH_SHOWN;
	     i++) {
		sqlite3_bind_int64(statement, 2, rows[i].row);
		switch (sqlite3_step(statement)) {
		case SQLITE_ROW: shown = fill(search, statement); break;
		/* The page was removed after its row was found. */
		case SQLITE_DONE: shown = 0; break;
		default: shown = -1;
		}
		search->result->found -= shown == 0;
		(void)sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return shown == -1 ? -1 : 0;
}

static int
list_pages(const struct search *search)
{
	sqlite3_stmt *statement = db_prepare(search->index.db,
	    "SELECT path, title, NULL, NULL, NULL, NULL FROM file"
	    " WHERE title IS NOT NULL ORDER BY path LIMIT ?1");
	int step = SQLITE_ERROR;

	if (statement == NULL)
		return -1;
	/* More than are shown, as some may be gone. */
	sqlite3_bind_int(statement, 1, BEST_MAX);
	search->result->count = 0;
	while (search->result->count < SEARCH_SHOWN &&
	    (step = sqlite3_step(statement)) == SQLITE_ROW)
		if (fill(search, statement) == -1)
			break;
	sqlite3_finalize(statement);
	return step == SQLITE_DONE || search->result->count == SEARCH_SHOWN
	    ? 0
	    : -1;
}

/* Finds the best pages, and shows those of a part. */
static int
run_match(struct search *search, size_t part)
{
	static const char sql[] = "SELECT rowid, capsule(words, ?2) FROM words"
				  " WHERE words MATCH ?1";
	struct str match = plan_match(&search->plan);
	size_t from = part * SEARCH_SHOWN;
	sqlite3_stmt *statement;
	int result;

	search->best_count = 0;
	if (match.len == 0)
		return 0;
	statement = db_prepare(search->index.db, sql);
	if (statement == NULL)
		return -1;
	list_phrases(search);
	db_bind_text(statement, 1, match);
	sqlite3_bind_pointer(statement, 2, search, "search", NULL);
	result = look_at_rows(search, statement);
	sqlite3_finalize(statement);
	return result == -1 || search->best_count <= from
	    ? result
	    : show_pages(search, match, search->best + from,
		  search->best_count - from);
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
	return search->result->found == 0 ? list_pages(search) : 0;
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
