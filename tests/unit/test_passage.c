/* The sentence to show: which, how much of it, and what is marked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "text/buf.h"
#include "index/passage.h"

#define MORE "\xe2\x80\xa6"

static struct index opened;
static struct arena arena;
static struct plan plan;

static int
set_up(void **state)
{
	static const struct {
		const char *term, *near;
	} wanted[] = { { "needl", "noodl" }, { "hai", "hat" } };

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &opened.db), SQLITE_OK);
	opened.tokenizer = tokenizer_open(opened.db, true);
	assert_non_null(opened.tokenizer);
	arena_init(&arena, (size_t)64 << 10);
	plan = (struct plan){ .index = &opened, .arena = &arena };
	for (size_t i = 0; i < 2; i++) {
		struct plan_want *want = &plan.wants[plan.count++];

		want->terms[want->count++] =
		    (struct plan_term){ str_of(wanted[i].term), 1 };
		want->terms[want->count++] =
		    (struct plan_term){ str_of(wanted[i].near), 0.4 };
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	sqlite3_close(opened.db);
	tokenizer_close(opened.tokenizer);
	return 0;
}

static struct str
find(const char *text)
{
	static const double worth[] = { 2, 1 };
	struct str out;

	assert_int_equal(passage_find(&plan, worth, str_of(text), &out), 0);
	return out;
}

static void
the_best_sentence(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ "Nothing. At all.", "Nothing." },
		{ "No. Hay is dry. A needle! Why?", "A *needle*!" },
		{ "One needle. Needles and hay? Hay.", "*Needles* and *hay*?" },
		/* Each word counts once, and the first of equals is shown. */
		{ "Hay, hay, hay. A needle. Needles.", "A *needle*." },
		/* What was asked for is worth more than what is near it. */
		{ "A noodle. A needle.", "A *needle*." },
		{ "A noodle, a hat. Hay.", "A *noodle*, a *hat*." },
		{ "A noodle and needle.", "A *noodle* and *needle*." },
		/* What is no end of a sentence is none. */
		{ "Version 1.2 of hay.", "Version 1.2 of *hay*." },
		{ "a line\nhay below\n", "*hay* below" },
		{ "\n\nno empty line\n", "no empty line" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct str got = find(table[i][0]);

		if (!str_equals(got, str_of(table[i][1])))
			fail_msg("%s: %.*s", table[i][0], STR_ARG(got));
	}
}

static void
repeat(struct buf *out, const char *what, size_t times)
{
	while (times-- > 0)
		buf_add(out, str_of(what));
}

/* One long sentence, and which part of it is left. */
static void
a_long_sentence_is_cut(void **state)
{
	static const struct {
		const char *before;
		size_t times_before;
		const char *word, *after;
		size_t times_after;
		const char *left; /* shown instead of what is left out */
		size_t shown_before;
		const char *marked;
		size_t shown_after;
		const char *right;
	} table[] = {
		{ "fill ", 16, "needle", " fill", 2, "", 16, "*needle*", 2,
		    "" },
		{ "fill ", 100, "needle", " fill", 100, MORE " ", 16,
		    "*needle*", 46, " " MORE },
		{ "fill ", 100, "needle", " fill", 2, MORE " ", 16, "*needle*",
		    2, "" },
		{ "", 0, "needle", " fill", 100, "", 0, "*needle*", 62,
		    " " MORE },
		/* Not in the midst of a word. */
		{ "filler ", 100, "needle", " fill", 2, MORE " ", 11,
		    "*needle*", 2, "" },
		/* No mark: as it begins. */
		{ "", 0, "straw", " fill", 100, "", 0, "straw", 63, " " MORE },
		/* No space: never in the midst of a character. */
		{ "", 0, "x", "\xd1\x91", 200, "", 0, "x", 79, " " MORE },
		{ "\xe2\x80\x94", 40, "needle", " fill", 100, MORE " ", 0,
		    "*needle*", 62, " " MORE },
	};
	static char text[2048], want[2048];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf in = buf_over(text, sizeof text);
		struct buf out = buf_over(want, sizeof want);
		struct str got;

		/* A sentence with a mark that is worth less. */
		if (table[i].marked[0] == '*')
			repeat(&in, "Hay. ", 1);
		repeat(&in, table[i].before, table[i].times_before);
		repeat(&in, table[i].word, 1);
		repeat(&in, table[i].after, table[i].times_after);
		buf_char(&in, '\0');
		repeat(&out, table[i].left, 1);
		repeat(&out, table[i].before, table[i].shown_before);
		repeat(&out, table[i].marked, 1);
		repeat(&out, table[i].after, table[i].shown_after);
		repeat(&out, table[i].right, 1);
		got = find(text);
		if (!str_equals(got, buf_str(&out)))
			fail_msg("%zu: got %.*s, want %.*s", i, STR_ARG(got),
			    STR_ARG(buf_str(&out)));
	}
}

static void
marks_have_an_end(void **state)
{
	static char text[512], want[512];
	struct buf in = buf_over(text, sizeof text);
	struct buf out = buf_over(want, sizeof want);

	(void)state;
	repeat(&in, "hay ", 70);
	buf_char(&in, '\0');
	repeat(&out, "*hay* ", 64);
	repeat(&out, "hay ", 6);
	assert_true(str_equals(find(text), buf_str(&out)));
}

static void
words_of_a_phrase_are_marked(void **state)
{
	struct str got;

	(void)state;
	plan.wants[0] =
	    (struct plan_want){ .is_phrase = true, .stem = STR("dry straw") };
	got = find("Straw, a needle, dry hay.");
	assert_true(str_equals(got, STR("*Straw*, a needle, *dry* *hay*.")));
}

static void
no_memory(void **state)
{
	const double worth[] = { 2, 1 };
	struct str out;

	(void)state;
	arena_fail_at(&arena, 1);
	assert_int_equal(passage_find(&plan, worth, STR("Hay."), &out), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_best_sentence),
		TEST(a_long_sentence_is_cut),
		TEST(marks_have_an_end),
		TEST(words_of_a_phrase_are_marked),
		TEST(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
