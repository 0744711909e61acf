/*
 * Questions to an index.  Knows how passages are ranked and when to stop
 * looking; knows nothing of how what is found is shown.
 */
#include "tree/search.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sys/clock.h"
#include "tree/passage.h"
#include "tree/searchplan.h"

/* Rows that are looked at for one question. */
#define ROWS_MAX 40000
/*
 * Rows of a phrase's rarest word: FTS5 goes from one that holds the phrase to
 * the next in one go, and everybody waits.
 */
#define PHRASE_ROWS_MAX 10000
/* Rows between two looks at the clock. */
#define ROWS_A_LOOK 16
#define TURN_MS 1
/* Places of a term in a row that count. */
#define PLACES_MAX 200
/* The best pages: all that can be shown, and one to know of more. */
#define BEST_MAX ((size_t)SEARCH_SHOWN * SEARCH_PARTS)
#define PHRASES_MAX (SEARCHPLAN_WANTS * (SEARCHPLAN_TERMS + 1))

/* BM25's own (Robertson and Zaragoza 2009), and what a column is worth. */
#define K1 1.2
#define B 0.75

static const double columns[] = { 6.0, 4.0, 1.0, 0.2 };

/* Columns whose words make a row long: labels lead to other pages. */
#define LONG_COLUMNS 3

enum state {
	STATE_PLAN,
	STATE_LOOK,
	STATE_SHOW,
	STATE_DONE,
};

struct place {
	sqlite3_int64 row;
	double score;
};

struct search {
	struct catalog_shelf *shelf;
	struct catalog_asker asker;
	struct catalog *catalog;
	struct arena *arena;
	struct question question;
	size_t part;
	enum state state;
	struct searchplan plan;
	sqlite3_stmt *statement; /* of the look */
	/* What each phrase of FTS5's query stands for; weight 0: nothing. */
	size_t wants[PHRASES_MAX];
	double weights[PHRASES_MAX];
	size_t phrases;
	double worth[SEARCHPLAN_WANTS];
	double length; /* of a row, on average; 0: not known yet */
	size_t rows;
	struct place page; /* the best row of the page that is looked at */
	struct place best[BEST_MAX];
	size_t best_count;
	struct search_result result;
};

/* Once, with the first row: what only FTS5 can tell. */
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

		/* What is nearly everywhere is worth little, but something. */
		search->worth[i] = without <= 0
		    ? 0.01
		    : log(1 + (without + 0.5) / (with + 0.5));
	}
	return SQLITE_OK;
}

/*
 * BM25 of a row, where a word in the title counts as several, and what is
 * near a word as a part of it.
 */
static int
score_row(struct search *search, const Fts5ExtensionApi *api, Fts5Context *fts,
    double *score)
{
	double found[SEARCHPLAN_WANTS] = { 0 };
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
search_begin(struct catalog_shelf *shelf, struct arena *arena,
    const struct search_wish *wish)
{
	struct search *search;

	errno = shelf->current == NULL ? EAGAIN : EBUSY;
	if (shelf->current == NULL || !catalog_may_ask(shelf, wish->network))
		return NULL;
	search = arena_alloc(arena, sizeof *search);
	if (search == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	search->catalog = catalog_take(shelf);
	if (search->catalog == NULL) {
		errno = EIO;
		return NULL;
	}
	search->shelf = shelf;
	search->arena = arena;
	search->part = wish->part;
	search->asker.network = wish->network;
	question_read(wish->words, &search->question);
	if (searchplan_begin(&search->plan, search->catalog, arena,
		&search->question) == -1) {
		catalog_give_back(search->catalog);
		errno = ENOMEM;
		return NULL;
	}
	catalog_ask(shelf, &search->asker);
	return search;
}

/* Lists FTS5's phrases as searchplan_match writes them. */
static void
list_phrases(struct search *search)
{
	const struct searchplan *plan = &search->plan;

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

/* Once for each open index: FTS5 keeps what it is told. */
static int
teach(struct catalog *catalog)
{
	fts5_api *api;

	if (catalog->ranks)
		return 0;
	api = catalogdb_api(catalog->db);
	catalog->ranks = api != NULL &&
	    api->xCreateFunction(api, "capsule", NULL, on_row, NULL) ==
		SQLITE_OK;
	return catalog->ranks ? 0 : -1;
}

static int
look(struct search *search)
{
	static const char sql[] = "SELECT rowid, capsule(words, ?2) FROM words"
				  " WHERE words MATCH ?1";
	struct str match = searchplan_match(&search->plan);

	search->state = STATE_SHOW;
	if (match.len == 0)
		return 0;
	if (teach(search->catalog) == -1)
		return -1;
	search->statement = catalogdb_prepare(search->catalog->db, sql);
	if (search->statement == NULL)
		return -1;
	list_phrases(search);
	catalogdb_bind_text(search->statement, 1, match);
	sqlite3_bind_pointer(search->statement, 2, search, "search", NULL);
	search->state = STATE_LOOK;
	return 0;
}

static bool
is_unknown(const struct searchplan_want *want)
{
	return !want->is_phrase && !want->is_filler &&
	    (want->count == 0 || want->terms[0].weight < 1);
}

/* Takes a phrase's words as words; `why` is what tells of it. */
static int
loosen(struct search *search, bool *why)
{
	bool had_phrase = false;

	for (size_t i = 0; i < search->question.count; i++) {
		had_phrase |= search->question.parts[i].is_phrase;
		search->question.parts[i].is_phrase = false;
	}
	if (!had_phrase)
		return 0;
	*why = true;
	search->result.unknown = (struct str){ 0 };
	search->state = STATE_PLAN;
	search->length = 0;
	return searchplan_begin(
	    &search->plan, search->catalog, search->arena, &search->question);
}

static bool
has_common_phrase(const struct searchplan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct searchplan_want *want = &plan->wants[i];

		if (want->is_phrase && want->rows > PHRASE_ROWS_MAX &&
		    str_find(want->stem, ' ') < want->stem.len)
			return true;
	}
	return false;
}

static int
plan(struct search *search)
{
	size_t i = search->plan.next;
	int more = searchplan_next(&search->plan);

	if (more == -1)
		return -1;
	if (more == 1) {
		const struct searchplan_want *want = &search->plan.wants[i];

		if (is_unknown(want) && search->result.unknown.len == 0) {
			search->result.unknown = want->word;
			search->result.is_near = want->count > 0;
		}
		return 0;
	}
	if (has_common_phrase(&search->plan))
		return loosen(search, &search->result.is_partial);
	searchplan_thin(&search->plan, ROWS_MAX);
	return look(search);
}

/* Keeps a page if it is among the best; of equals the first stays first. */
static void
keep(struct search *search, const struct place *page)
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
	return row >> CATALOGDB_SECTION_BITS == other >> CATALOGDB_SECTION_BITS;
}

/* Rows come in order, so those of a page come together. */
static void
add_row(struct search *search, const struct place *row)
{
	if (!is_of_page(row->row, search->page.row)) {
		keep(search, &search->page);
		search->page = *row;
	} else if (row->score > search->page.score) {
		search->page = *row;
	}
}

static int
end_looking(struct search *search)
{
	sqlite3_finalize(search->statement);
	search->statement = NULL;
	keep(search, &search->page);
	search->page = (struct place){ 0 };
	search->state = STATE_SHOW;
	/* A phrase that is nowhere: its words may be somewhere. */
	return search->result.found == 0
	    ? loosen(search, &search->result.is_loose)
	    : 0;
}

static int
go_on_looking(struct search *search)
{
	for (int i = 0; i < ROWS_A_LOOK; i++) {
		struct place row;
		int result = sqlite3_step(search->statement);

		if (result == SQLITE_DONE)
			return end_looking(search);
		if (result != SQLITE_ROW)
			return -1;
		if (search->rows++ == ROWS_MAX) {
			search->result.is_partial = true;
			return end_looking(search);
		}
		row.row = sqlite3_column_int64(search->statement, 0);
		row.score = sqlite3_column_double(search->statement, 1);
		add_row(search, &row);
	}
	return 0;
}

/* A copy of a column, in the arena. */
static int
copy(struct search *search, sqlite3_stmt *statement, int at, struct str *out)
{
	return arena_copy(search->arena, catalogdb_column(statement, at), out);
}

static int
fill(struct search *search, sqlite3_stmt *statement, struct search_hit *hit)
{
	struct str text = catalogdb_column(statement, 3);

	if (text.len == 0)
		text = catalogdb_column(statement, 4);
	return copy(search, statement, 0, &hit->path) == -1 ||
		copy(search, statement, 1, &hit->title) == -1 ||
		copy(search, statement, 2, &hit->heading) == -1 ||
		passage_find(
		    &search->plan, search->worth, text, &hit->passage) == -1
	    ? -1
	    : 0;
}

/* One page a call: the words of its passage are looked at once more. */
static int
show(struct search *search)
{
	static const char sql[] =
	    "SELECT path, file.title, heading, text, links FROM words, file"
	    " WHERE words.rowid = ?1 AND file.id = ?1 >> 16";
	struct search_result *result = &search->result;
	size_t i = search->part * SEARCH_SHOWN + result->count;
	sqlite3_stmt *statement;
	int filled = -1;

	if (i >= search->best_count || result->count == SEARCH_SHOWN) {
		search->state = STATE_DONE;
		return 0;
	}
	statement = catalogdb_prepare(search->catalog->db, sql);
	if (statement == NULL)
		return -1;
	sqlite3_bind_int64(statement, 1, search->best[i].row);
	if (sqlite3_step(statement) == SQLITE_ROW)
		filled = fill(search, statement, &result->hits[result->count]);
	sqlite3_finalize(statement);
	result->count++;
	return filled;
}

int
search_go_on(struct search *search)
{
	struct timespec started = clock_now();
	int result = 0;

	do {
		switch (search->state) {
		case STATE_PLAN: result = plan(search); break;
		case STATE_LOOK: result = go_on_looking(search); break;
		case STATE_SHOW: result = show(search); break;
		case STATE_DONE: return 1;
		}
	} while (result == 0 && clock_since_ms(&started) < TURN_MS);
	return result;
}

const struct search_result *
search_result(const struct search *search)
{
	return &search->result;
}

int
search_list(struct search *search)
{
	sqlite3_stmt *statement = catalogdb_prepare(search->catalog->db,
	    "SELECT path, title FROM file WHERE title IS NOT NULL"
	    " ORDER BY path LIMIT ?1");
	struct search_result *result = &search->result;
	int step = SQLITE_ERROR;

	if (statement == NULL)
		return -1;
	sqlite3_bind_int(statement, 1, SEARCH_SHOWN);
	result->count = 0;
	while (result->count < SEARCH_SHOWN &&
	    (step = sqlite3_step(statement)) == SQLITE_ROW) {
		struct search_hit *hit = &result->hits[result->count];

		*hit = (struct search_hit){ 0 };
		if (copy(search, statement, 0, &hit->path) == -1 ||
		    copy(search, statement, 1, &hit->title) == -1)
			break;
		result->count++;
	}
	sqlite3_finalize(statement);
	return step == SQLITE_DONE || result->count == SEARCH_SHOWN ? 0 : -1;
}

void
search_end(struct search *search)
{
	catalog_asked(search->shelf, &search->asker);
	sqlite3_finalize(search->statement);
	catalog_give_back(search->catalog);
}
