/* Runs a query on the index, and ranks and shows the pages that it finds. */
#include "index/search.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "index/hits.h"
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

struct search_place {
	sqlite3_int64 row;
	double score;
};

struct search {
	const struct tree *tree;
	struct index *index;
	struct arena *arena;
	struct question question;
	size_t part;
	struct plan plan;
	/* The plan's word for each phrase of FTS5's query; weight 0: none. */
	size_t wants[PHRASES_MAX];
	double weights[PHRASES_MAX];
	size_t phrases;
	double worth[PLAN_WANTS];
	double length; /* average of a row; 0: not known yet */
	size_t rows;
	struct search_place page; /* best row of the current page */
	struct search_place best[BEST_MAX];
	size_t best_count;
	struct hits_result result;
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

struct search *
search_begin(const struct db_place *place, struct arena *arena,
    const struct search_wish *wish)
{
	struct search *search = arena_alloc(arena, sizeof *search);

	if (search == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	search->index = index_open(place);
	if (search->index == NULL)
		return NULL;
	search->tree = wish->tree;
	search->arena = arena;
	search->part = wish->part;
	question_read(wish->words, &search->question);
	if (plan_begin(
		&search->plan, search->index, arena, &search->question) == -1) {
		int error = db_errno(search->index->db);

		index_close(search->index);
		errno = error == EBADMSG ? EBADMSG : ENOMEM;
		return NULL;
	}
	return search;
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

/* Registers the ranking function, once for each open index. */
static int
teach(struct index *index)
{
	fts5_api *api;

	if (index->ranks)
		return 0;
	api = db_api(index->db);
	index->ranks = api != NULL &&
	    api->xCreateFunction(api, "capsule", NULL, on_row, NULL) ==
		SQLITE_OK;
	return index->ranks ? 0 : -1;
}

static bool
is_unknown(const struct plan_want *want)
{
	return !want->is_phrase && !want->is_filler &&
	    (want->count == 0 || want->terms[0].weight < 1);
}

/* Turns a phrase into separate words; 1, 0 if there is no phrase, or -1. */
static int
loosen(struct search *search)
{
	bool had_phrase = false;

	for (size_t i = 0; i < search->question.count; i++) {
		had_phrase |= search->question.parts[i].is_phrase;
		search->question.parts[i].is_phrase = false;
	}
	if (!had_phrase)
		return 0;
	search->result.unknown = (struct str){ 0 };
	search->length = 0;
	return plan_begin(&search->plan, search->index, search->arena,
		   &search->question) == -1
	    ? -1
	    : 1;
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

static int
plan_words(struct search *search)
{
	size_t i;
	int more;

	while (i = search->plan.next, (more = plan_next(&search->plan)) == 1) {
		const struct plan_want *want = &search->plan.wants[i];

		if (is_unknown(want) && search->result.unknown.len == 0) {
			search->result.unknown = want->word;
			search->result.is_near = want->count > 0;
		}
	}
	return more;
}

static int
make_plan(struct search *search)
{
	int loosened = 0;

	if (plan_words(search) == -1)
		return -1;
	if (has_common_phrase(&search->plan))
		loosened = loosen(search);
	if (loosened == 1) {
		search->result.is_partial = true;
		if (plan_words(search) == -1)
			return -1;
	}
	plan_thin(&search->plan, ROWS_MAX);
	return loosened == -1 ? -1 : 0;
}

/* Keeps a page if it is among the best; of equals, the first stays first. */
static void
keep(struct search *search, const struct search_place *page)
{
	size_t i = search->best_count;

	if (page->row == 0)
		return;
	search->result.found++;
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
static void
add_row(struct search *search, const struct search_place *row)
{
	if (!is_of_page(row->row, search->page.row)) {
		keep(search, &search->page);
		search->page = *row;
	} else if (row->score > search->page.score) {
		search->page = *row;
	}
}

static int
look_at_rows(struct search *search, sqlite3_stmt *statement)
{
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct search_place row;

		if (search->rows++ == ROWS_MAX) {
			search->result.is_partial = true;
			break;
		}
		row.row = sqlite3_column_int64(statement, 0);
		row.score = sqlite3_column_double(statement, 1);
		add_row(search, &row);
	}
	keep(search, &search->page);
	search->page = (struct search_place){ 0 };
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : -1;
}

static int
run_match(struct search *search)
{
	static const char sql[] = "SELECT rowid, capsule(words, ?2) FROM words"
				  " WHERE words MATCH ?1";
	struct str match = plan_match(&search->plan);
	sqlite3_stmt *statement;
	int result;

	if (match.len == 0)
		return 0;
	if (teach(search->index) == -1)
		return -1;
	statement = db_prepare(search->index->db, sql);
	if (statement == NULL)
		return -1;
	list_phrases(search);
	db_bind_text(statement, 1, match);
	sqlite3_bind_pointer(statement, 2, search, "search", NULL);
	result = look_at_rows(search, statement);
	sqlite3_finalize(statement);
	return result;
}

static struct hits
hits_of(struct search *search)
{
	return (struct hits){
		.db = search->index->db,
		.tree = search->tree,
		.arena = search->arena,
		.plan = &search->plan,
		.worth = search->worth,
		.result = &search->result,
	};
}

static int
show_all(struct search *search)
{
	static const char sql[] =
	    "SELECT path, file.title, heading, text, links, size, mtime"
	    " FROM words, file"
	    " WHERE words.rowid = ?1 AND file.id = ?1 >> 16";
	struct hits_result *result = &search->result;
	sqlite3_stmt *statement = db_prepare(search->index->db, sql);
	const struct hits hits = hits_of(search);
	size_t i = search->part * HITS_SHOWN;
	int shown = statement == NULL ? -1 : 0;

	while (shown != -1 && i < search->best_count &&
	    result->count < HITS_SHOWN) {
		shown = hits_show(&hits, statement, search->best[i++].row);
		if (shown == 1)
			result->count++;
		else
			result->found--;
	}
	sqlite3_finalize(statement);
	return shown == -1 ? -1 : 0;
}

static int
run(struct search *search)
{
	int loosened = 0;

	if (make_plan(search) == -1 || run_match(search) == -1)
		return -1;
	/* No page holds the phrase: search for its words. */
	if (search->result.found == 0)
		loosened = loosen(search);
	if (loosened == 1) {
		search->result.is_loose = true;
		if (make_plan(search) == -1 || run_match(search) == -1)
			return -1;
	}
	return loosened == -1 ? -1 : show_all(search);
}

int
search_run(struct search *search)
{
	int result = run(search);

	if (result == -1)
		errno = db_errno(search->index->db);
	return result;
}

const struct hits_result *
search_result(const struct search *search)
{
	return &search->result;
}

int
search_list(struct search *search)
{
	const struct hits hits = hits_of(search);

	return hits_list(&hits, BEST_MAX);
}

void
search_end(struct search *search)
{
	index_close(search->index);
}
