/* Questions to a small index: what is found, and what is shown of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indexing.h"
#include "text/buf.h"
#include "text/utf8.h"
#include "index/search.h"

static int
set_up(void **state)
{
	(void)state;
	indexing_begin(&indexing, true);
	temporary_folder(&indexing.folder, "sub");
	temporary_file(&indexing.folder, "a.gmi",
	    "# The harbour\n\nShips come in at dawn. Lamps burn on the quay!\n"
	    "\n## Tides\n\nHigh water is at noon.\n");
	temporary_file(&indexing.folder, "b.gmi",
	    "# Lamps\n\nOil is dear. Nobody knows the price of ships.\n");
	temporary_file(&indexing.folder, "sub/c.txt",
	    "Ukrainian grain, and one word: antidisestablishmentarianism\n");
	temporary_file(&indexing.folder, "sub/d.gmi",
	    "# \xc3\x9c"
	    "bung\n\nDer Stra\xc3\x9f"
	    "en Gr\xc3\xbc\xc3\x9f"
	    "e\n=> /b.gmi zeppelin\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	return 0;
}

static const struct search_result *
find(struct arena *arena, const char *words, size_t part)
{
	static struct search_result result;
	const struct search_wish wish = { str_of(words), part, &indexing.tree };

	assert_int_equal(search_run(&indexing.place, arena, &wish, &result), 0);
	return &result;
}

/* The first that is found, as "path title/heading: passage". */
static void
first(void **state)
{
	static const char *const table[][2] = {
		{ "ships dawn",
		    "/a.gmi The harbour/: Ships come in at dawn. Lamps "
		    "burn "
		    "on the quay!" },
		{ "quay lamp",
		    "/a.gmi The harbour/: Ships come in at dawn. Lamps burn "
		    "on the quay!" },
		{ "lamps",
		    "/b.gmi Lamps/: Oil is dear. Nobody knows the price of "
		    "ships." },
		{ "NOON", "/a.gmi The harbour/Tides: High water is at noon." },
		{ "\"high water\"",
		    "/a.gmi The harbour/Tides: High water is at noon." },
		{ "\"water high\"",
		    "/a.gmi The harbour/Tides: High water is at noon." },
		{ "when is the tide",
		    "/a.gmi The harbour/Tides: High water is at noon." },
		{ "harbuor",
		    "/a.gmi The harbour/Tides: High water is at noon." },
		{ "ukraine",
		    "/sub/c.txt c.txt/: Ukrainian grain, and one word: "
		    "antidisestablishmentarianism" },
		{ "ubung",
		    "/sub/d.gmi \xc3\x9c"
		    "bung/: Der Stra\xc3\x9f"
		    "en Gr\xc3\xbc\xc3\x9f"
		    "e" },
		{ "grusse",
		    "/sub/d.gmi \xc3\x9c"
		    "bung/: Der Stra\xc3\x9f"
		    "en Gr\xc3\xbc\xc3\x9f"
		    "e" },
		{ "zeppelins",
		    "/sub/d.gmi \xc3\x9c"
		    "bung/: zeppelin" },
		{ "the of is at",
		    "/a.gmi The harbour/Tides: High water is "
		    "at noon." },
		{ "", "" },
		{ "\"", "" },
		{ "* OR - ( ) ^ : \" NEAR NOT", "" },
		{ "no such thing", "" },
		{ "x", "" },
		{ "\xff\xfe", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena arena;
		const struct search_result *result;
		const struct hits_page *hit;
		char got[1024] = "";

		arena_init(&arena, (size_t)256 << 10);
		result = find(&arena, table[i][0], 0);
		hit = result->hits;
		if (result->found > 0)
			snprintf(got, sizeof got, "%.*s %.*s/%.*s: %.*s",
			    STR_ARG(hit->path), STR_ARG(hit->title),
			    STR_ARG(hit->heading), STR_ARG(hit->passage));
		if (strcmp(got, table[i][1]) != 0)
			fail_msg("%s: got %s, want %s", table[i][0], got,
			    table[i][1]);
		arena_release(&arena);
	}
}

/* One line around the match, limited whatever the words are. */
static void
passages(void **state)
{
	static char page[2000];
	struct buf text = buf_over(page, sizeof page);
	const struct search_result *result;
	struct arena arena;
	struct str passage;

	(void)state;
	buf_add(&text, STR("kraken\n\nbelow "));
	for (int i = 0; i < 400; i++)
		buf_add(&text, STR("\xc3\xa9"));
	for (int i = 0; i < 100; i++)
		buf_add(&text, STR(" fill"));
	buf_char(&text, '\0');
	temporary_file(&indexing.folder, "long.txt", page);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	arena_init(&arena, (size_t)256 << 10);
	result = find(&arena, "kraken", 0);
	assert_int_equal(result->found, 1);
	passage = result->hits[0].passage;
	assert_true(str_starts(passage, STR("kraken below \xc3\xa9")));
	assert_in_range(passage.len, 500, 4 * 320);
	assert_true(utf8_is_valid(passage));
	assert_int_equal(
	    unlink(temporary_path(&indexing.folder, "long.txt")), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	arena_release(&arena);
}

/* Adds pages, and writes what is found: the paths and passages. */
static void
find_among(const char *const pages[][2], size_t count, const char *words,
    struct buf *out)
{
	const struct search_result *result;
	struct arena arena;

	for (size_t i = 0; i < count; i++)
		temporary_file(&indexing.folder, pages[i][0], pages[i][1]);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	arena_init(&arena, (size_t)256 << 10);
	result = find(&arena, words, 0);
	assert_int_equal(result->found, result->count);
	for (size_t i = 0; i < result->count; i++) {
		buf_add(out, result->hits[i].path);
		buf_add(out, STR(": "));
		buf_add(out, result->hits[i].passage);
		buf_char(out, '\n');
	}
	arena_release(&arena);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(
		    unlink(temporary_path(&indexing.folder, pages[i][0])), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
}

#define LONG_SENTENCE \
	"The narwhal lives in the Arctic, among the ice, and its tusk is a " \
	"tooth."

/* What is found among pages, and how. */
static void
choices(void **state)
{
	static const struct {
		const char *const pages[3][2];
		const char *words, *found;
	} table[] = {
		/* Labels of links are no hits beside others. */
		{ { { "x.gmi", "# X\nA narwhal.\n" },
		      { "y.gmi", "# Y\n=> x.gmi Next: narwhal\n" },
		      { "z.gmi", "# Z\n=> x.gmi The narwhal\n" } },
		    "narwhal", "/x.gmi: A narwhal.\n" },
		{ { { "x.gmi", "# X\nNothing.\n" },
		      { "y.gmi", "# Y\n=> x.gmi Next: narwhal\n" },
		      { "z.gmi", "# Z\nText.\n=> x.gmi The narwhal\n" } },
		    "narwhal", "/y.gmi: Next: narwhal\n/z.gmi: The narwhal\n" },
		/* The sentence that is shown has the word, if there is one. */
		{ { { "x.gmi",
			"# Narwhals\nOne.\n## Narwhal\nTwo.\n## Three\n"
			"Far to the north a narwhal swims, and sings.\n" },
		      { "y.gmi", "# Y\nNothing.\n" },
		      { "z.gmi", "# Z\nNothing.\n" } },
		    "narwhal",
		    "/x.gmi: Far to the north a narwhal swims, and sings.\n" },
		/* A page with the word as its title is the first. */
		{ { { "x.gmi",
			"# X\nNarwhal, narwhal, narwhal and narwhal, narwhal,"
			" narwhal, narwhal, narwhal, narwhal, narwhal.\n" },
		      { "y.gmi",
			  "# The narwhal\nA long text of some words,"
			  " which goes on and on, and on and on.\n" },
		      { "z.gmi", "# Z\n## Narwhal\nA narwhal.\n" } },
		    "narwhal",
		    "/y.gmi: A long text of some words, which goes on and on,"
		    " and on and on.\n"
		    "/z.gmi: A narwhal.\n"
		    "/x.gmi: Narwhal, narwhal, narwhal and narwhal, narwhal,"
		    " narwhal, narwhal, narwhal, narwhal, narwhal.\n" },
		/* A passage is shown once, on the page that is about it. */
		{ { { "all.gmi",
			"# All of it\nA lead.\n## Is it a "
			"whale?\n" LONG_SENTENCE "\n## More\nOther text.\n" },
		      { "is.gmi", "# Is it a whale?\n" LONG_SENTENCE "\n" },
		      { "z.gmi", "# Z\nNothing.\n" } },
		    "narwhal tusk", "/is.gmi: " LONG_SENTENCE "\n" },
		{ { { "all.gmi",
			"# All whales\nA lead.\n## Is it a "
			"whale?\n" LONG_SENTENCE "\n## More\nOther text.\n" },
		      { "is.gmi", "# Is it?\n" LONG_SENTENCE "\n" },
		      { "z.gmi", "# Z\n" LONG_SENTENCE "\n\nAnd more.\n" } },
		    "narwhal is a whale",
		    "/all.gmi: " LONG_SENTENCE "\n/z.gmi: " LONG_SENTENCE
		    " And more.\n" },
		/* Titled pages are different, even with the same text. */
		{ { { "x.gmi", "# Oil narwhals\nSee the other narwhals.\n" },
		      { "y.gmi", "# Gas narwhals\nSee the other narwhals.\n" },
		      { "z.gmi", "# Z\nSee the other narwhals.\n" } },
		    "narwhals",
		    "/x.gmi: See the other narwhals.\n"
		    "/y.gmi: See the other narwhals.\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char got[1024];
		struct buf out = buf_over(got, sizeof got);

		find_among(table[i].pages, 3, table[i].words, &out);
		if (!str_equals(buf_str(&out), str_of(table[i].found)))
			fail_msg("%zu: got\n%.*swant\n%s", i,
			    STR_ARG(buf_str(&out)), table[i].found);
	}
}

/* Writes a page: its start, then the same words many times. */
static void
fill(struct buf *page, const char *start, const char *words, int count)
{
	buf_add(page, str_of(start));
	while (count-- > 0)
		buf_add(page, str_of(words));
	buf_char(page, '\0');
	assert_false(page->overflow);
}

/* Of two pages that have a word once, the shorter one is better. */
static void
lengths(void **state)
{
	static const char *const names[] = { "long.txt", "short.txt" };
	static char page[2000];
	struct buf text = buf_over(page, sizeof page);
	const struct search_result *result;
	struct arena arena;

	(void)state;
	fill(&text, "narwhal", " fill", 100);
	temporary_file(&indexing.folder, "long.txt", page);
	temporary_file(&indexing.folder, "short.txt", "narwhal\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	arena_init(&arena, (size_t)256 << 10);
	result = find(&arena, "narwhal", 0);
	assert_int_equal(result->found, 2);
	assert_true(str_equals(result->hits[0].path, STR("/short.txt")));
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    unlink(temporary_path(&indexing.folder, names[i])), 0);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	arena_release(&arena);
}

static void
notes(void **state)
{
	static const struct {
		const char *words, *unknown;
		bool is_near, is_loose;
		size_t found;
	} table[] = {
		{ "ships", "", false, false, 2 },
		{ "shipps", "shipps", true, false, 2 },
		{ "xylophone", "xylophone", false, false, 0 },
		{ "xylophone shipps", "shipps", true, false, 2 },
		/* A word is shown as the reader typed it. */
		{ "Xylophon\xc3\x89!", "Xylophon\xc3\x89", false, false, 0 },
		{ "(SHIPPS)", "SHIPPS", true, false, 2 },
		{ "\xd9\x85\xd8\xaa\xd9\x89 ships", "\xd9\x85\xd8\xaa\xd9\x89",
		    false, false, 2 },
		{ "xylophone ships", "xylophone", false, false, 2 },
		{ "\"dear oil\"", "", false, true, 1 },
		{ "\"oil is\"", "", false, false, 1 },
		{ "\"ships come\" oil", "", false, false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena arena;
		const struct search_result *result;

		arena_init(&arena, (size_t)256 << 10);
		result = find(&arena, table[i].words, 0);
		if (!str_equals(result->unknown, str_of(table[i].unknown)) ||
		    result->is_near != table[i].is_near ||
		    result->is_loose != table[i].is_loose ||
		    result->found != table[i].found)
			fail_msg("%s: [%.*s] %d %d %zu", table[i].words,
			    STR_ARG(result->unknown), result->is_near,
			    result->is_loose, result->found);
		arena_release(&arena);
	}
}

/* Want of memory is said, and leaves nothing behind. */
static void
no_memory(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t n = 1; n < 60; n++) {
		struct search_result result;
		struct arena arena;

		arena_init(&arena, (size_t)256 << 10);
		arena_fail_at(&arena, n);
		failed += search_run(&indexing.place, &arena,
			      &(struct search_wish){
				  STR("shipps \"at dawn\" lamps"), 0, NULL },
			      &result) == -1;
		arena_release(&arena);
	}
	assert_in_range(failed, 10, 59);
}

/* The index is behind the tree: what is gone is not shown. */
static void
gone_by_now(void **state)
{
	struct arena arena;
	const struct search_result *result;

	(void)state;
	arena_init(&arena, (size_t)256 << 10);
	temporary_file(&indexing.folder, "gone.gmi", "# Ships\nships\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	result = find(&arena, "ships", 0);
	assert_true(str_equals(result->hits[0].path, STR("/gone.gmi")));
	unlink(temporary_path(&indexing.folder, "gone.gmi"));
	result = find(&arena, "ships", 0);
	assert_int_equal(result->found, 2);
	assert_int_equal(result->count, 2);
	assert_true(str_equals(result->hits[0].path, STR("/b.gmi")));
	/* Its words are then looked for one by one. */
	temporary_file(&indexing.folder, "gone.gmi", "purple turbot\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	assert_int_equal(find(&arena, "\"purple turbot\"", 0)->found, 1);
	unlink(temporary_path(&indexing.folder, "gone.gmi"));
	assert_int_equal(find(&arena, "\"purple turbot\"", 0)->found, 0);
	arena_release(&arena);
}

/* Text that was removed from a page is not shown. */
static void
changed_by_now(void **state)
{
	struct arena arena;
	const struct search_result *result;
	const struct hits_page *hit;

	(void)state;
	arena_init(&arena, (size_t)256 << 10);
	temporary_file(&indexing.folder, "secret.gmi", "# Notes\nkraken 7\n");
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	result = find(&arena, "kraken", 0);
	hit = &result->hits[0];
	assert_true(str_equals(hit->passage, STR("kraken 7")));
	temporary_file(&indexing.folder, "secret.gmi", "# Notes\nnone\n");
	result = find(&arena, "kraken", 0);
	hit = &result->hits[0];
	assert_int_equal(result->count, 1);
	assert_true(str_equals(hit->path, STR("/secret.gmi")));
	assert_true(str_equals(hit->title, STR("Notes")));
	assert_int_equal(hit->heading.len, 0);
	assert_int_equal(hit->passage.len, 0);
	unlink(temporary_path(&indexing.folder, "secret.gmi"));
	arena_release(&arena);
}

static void
not_an_index(void **state)
{
	static const char *const texts[] = { "", "not a database",
		"SQLite format 3" };
	const struct db_place other = { indexing.place.directory, "other",
		false, 0 };
	const struct search_wish wish = { STR("ships"), 0, NULL };
	struct search_result result;
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)256 << 10);
	assert_int_equal(search_run(&other, &arena, &wish, &result), -1);
	assert_int_equal(errno, EAGAIN);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		temporary_file(&indexing.store, "other", texts[i]);
		assert_int_equal(
		    search_run(&other, &arena, &wish, &result), -1);
		/* One without tables is of another version. */
		assert_int_equal(errno, i == 0 ? EAGAIN : EBADMSG);
	}
	arena_release(&arena);
}

/* FTS5 looks for a phrase in one go, so one of common words is words. */
static void
common_phrase(void **state)
{
	static char page[(size_t)256 << 10];
	struct buf text = buf_over(page, sizeof page);
	struct arena arena;
	const struct search_result *result;

	(void)state;
	fill(&text, "", "# x\nnorth star\n", 10001);
	temporary_file(&indexing.folder, "common.gmi", page);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	arena_init(&arena, (size_t)256 << 10);
	result = find(&arena, "\"star north\"", 0);
	assert_int_equal(result->found, 1);
	assert_true(result->is_partial);
	assert_false(result->is_loose);
	/* One word is no phrase, however common. */
	result = find(&arena, "\"star\" ships", 0);
	assert_int_equal(result->found, 1);
	assert_false(result->is_partial);
	arena_release(&arena);
}

/*
 * FTS5 selects a passage in the square of the time: where a section is full of
 * the words, its start is shown.
 */
static void
dense(void **state)
{
	static char page[(size_t)4 << 10];
	struct buf text = buf_over(page, sizeof page);
	struct arena arena;
	const struct search_result *result;
	struct str passage;

	(void)state;
	fill(&text, "The list begins here", " zinc", 600);
	temporary_file(&indexing.folder, "dense.gmi", page);
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	arena_init(&arena, (size_t)256 << 10);
	result = find(&arena, "zinc", 0);
	assert_int_equal(result->count, 1);
	passage = result->hits[0].passage;
	assert_true(str_starts(passage, STR("The list begins here zinc zinc")));
	assert_int_equal(passage.len, 120 + strlen("\xe2\x80\xa6"));
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first),
		cmocka_unit_test(passages),
		cmocka_unit_test(lengths),
		cmocka_unit_test(choices),
		cmocka_unit_test(notes),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(not_an_index),
		cmocka_unit_test(gone_by_now),
		cmocka_unit_test(changed_by_now),
		cmocka_unit_test(common_phrase),
		cmocka_unit_test(dense),
	};

	return cmocka_run_group_tests(tests, set_up, indexing_tear_down);
}
