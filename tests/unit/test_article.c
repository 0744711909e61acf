/* Plain text to lead, questions and answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "text/article.h"
#include "text/buf.h"

#define CAP ((size_t)16 << 20)
#define LEAD "This lead is long enough that nobody takes it for a label"
#define SIXTY "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff "

static void
add_texts(struct buf *out, const char *mark, const struct article_text *text)
{
	for (; text != NULL; text = text->next)
		buf_printf(
		    out, "%s%zu:%.*s\n", mark, text->line, STR_ARG(text->text));
}

/* One line a part: L lead, Q question, A answer, X left out. */
static void
describe(struct buf *out, const struct article *article)
{
	const struct article_question *question = article->questions;

	add_texts(out, "L", article->lead);
	for (; question != NULL; question = question->next) {
		buf_printf(out, "Q%zu:%.*s\n", question->line,
		    STR_ARG(question->text));
		add_texts(out, "A", question->answer);
	}
	add_texts(out, "X", article->left_out);
}

static void
test_parts(void **state)
{
	static const struct {
		const char *in, *want;
	} table[] = {
		{ "Lead.\n\nWhy?\n\nSo.\n", "L1:Lead.\nQ3:Why?\nA5:So.\n" },
		{ "Why?\n\nSo.", "Q1:Why?\nA3:So.\n" },
		{ "\n\n\nWhy?\n\n\n \t \nSo.\n\n", "Q4:Why?\nA8:So.\n" },
		{ "\xef\xbb\xbfWhy?\r\n\r\nSo.\r\n", "Q1:Why?\nA3:So.\n" },
		{ "Why?\r\rSo.\r", "Q1:Why?\nA3:So.\n" },
		{ "Why?\n\nOne.\n\nTwo.\n\nHow?\n\nThree.\n",
		    "Q1:Why?\nA3:One.\nA5:Two.\nQ7:How?\nA9:Three.\n" },
		/* Paragraphs without a blank line between them. */
		{ "Lead.\nWhy?\nSo.\nHow?\nThus.\n",
		    "L1:Lead.\nQ2:Why?\nA3:So.\nQ4:How?\nA5:Thus.\n" },
		/* Nobody wrapped this, so each line is a paragraph. */
		{ SIXTY SIXTY "x.\n" LEAD "\nWhy?\n\nSo.\n",
		    "L1:" SIXTY SIXTY "x.\nL2:" LEAD "\n"
		    "Q3:Why?\nA5:So.\n" },
		/* Wrapped lines are joined, and trimmed. */
		{ LEAD "\n  and goes on.\n\nWhat did\nhe say?\n\nNo.\n",
		    "L1:" LEAD " and goes on.\nQ4:What did he say?\n"
		    "A7:No.\n" },
		{ LEAD ".\r\nA b.\r\n\r\nWhy?\r\n\r\nSo.\r\n",
		    "L1:" LEAD ".\nL2:A b.\nQ4:Why?\nA6:So.\n" },
		{ LEAD ".\nSo it is.\n\nWhy?\n\nSo.\n",
		    "L1:" LEAD ". So it is.\nQ4:Why?\nA6:So.\n" },
		/* A sentence that ends where the next word had no room. */
		{ LEAD " x.\nConstantinople\n\nWhy?\n\nSo.\n",
		    "L1:" LEAD " x. Constantinople\nQ4:Why?\nA6:So.\n" },
		/* Labels, wherever a paragraph could begin. */
		{ "8394 visitors online\n" SIXTY SIXTY "x.\n\nWhy?\n\n"
		  "So.\n\nshow details",
		    "L2:" SIXTY SIXTY "x.\nQ4:Why?\nA6:So.\n"
		    "X1:8394 visitors online\nX8:show details\n" },
		{ "42 online\nShare\nLead.\nPrint\n\nWhy?\n\nSo.\n",
		    "L3:Lead.\nQ6:Why?\nA8:So.\n"
		    "X1:42 online\nX2:Share\nX4:Print\n" },
		{ "Why?\nShow answer\nSo.\n",
		    "Q1:Why?\nA3:So.\nX2:Show answer\n" },
		{ "Share\nthis page\n\nWhy?\n\nSo.\n",
		    "Q4:Why?\nA6:So.\nX1:Share this page\n" },
		/* Longer, it is a paragraph. */
		{ "ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEF\n\nWhy?\n\nSo.\n",
		    "Q3:Why?\nA5:So.\n"
		    "X1:ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEF\n" },
		{ "ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEFG\n\nWhy?\n\nSo.\n",
		    "L1:ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEFG\n"
		    "Q3:Why?\nA5:So.\n" },
		/* Characters count, not bytes. */
		{ "Ещё двадцать восемь посетителей\n\nWhy?\n\nSo.\n",
		    "Q3:Why?\nA5:So.\n"
		    "X1:Ещё двадцать восемь посетителей\n" },
		/* What looks like a label is an answer where none is. */
		{ "One?\n\nNine\n\nTwo?\n\nTen\nMore\n\nThree?\n\nSo.\n\nX\n",
		    "Q1:One?\nA3:Nine\nQ5:Two?\nA7:Ten\nA8:More\n"
		    "Q10:Three?\nA12:So.\nX14:X\n" },
		{ "Top\n\nOne?\n\nNine", "Q3:One?\nA5:Nine\nX1:Top\n" },
		{ "One?\n\nTwo?\n\nSo.\n", "Q1:One?\nQ3:Two?\nA5:So.\n" },
		/* The ends of sentences. */
		{ "\"Yes.\"\n\n(No!)\n\nOch så\xe2\x80\xa6\n\n"
		  "\xe2\x80\x9cJa.\xe2\x80\x9d\n\nWhy?\n\nSo.\n",
		    "L1:\"Yes.\"\nL3:(No!)\nL5:Och så\xe2\x80\xa6\n"
		    "L7:\xe2\x80\x9cJa.\xe2\x80\x9d\nQ9:Why?\nA11:So.\n" },
		{ "为什么？\n\n因为。\n", "Q1:为什么？\nA3:因为。\n" },
		{ "He asked \"why?\"\n\nWhat of \"fascism\"?\n\nSo.\n",
		    "L1:He asked \"why?\"\nQ3:What of \"fascism\"?\n"
		    "A5:So.\n" },
		/* Markup is text here. */
		{ "=> x y.\n\n# Why?\n\n* So.\n\n```.\n",
		    "L1:=> x y.\nQ3:# Why?\nA5:* So.\nA7:```.\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena arena;
		struct article article;
		char text[2048];
		struct buf out = buf_over(text, sizeof text - 1);

		arena_init(&arena, CAP);
		assert_int_equal(
		    article_read(&arena, str_of(table[i].in), &article),
		    ARTICLE_OK);
		describe(&out, &article);
		assert_false(out.overflow);
		text[out.len] = '\0';
		assert_string_equal(text, table[i].want);
		arena_release(&arena);
	}
}

static void
test_faults(void **state)
{
	static const struct {
		struct str in;
		enum article_result want;
		size_t line;
	} table[] = {
		{ { NULL, 0 }, ARTICLE_EMPTY, 0 },
		{ { "\xef\xbb\xbf", 3 }, ARTICLE_EMPTY, 0 },
		{ { " \r\n\t\n\n", 6 }, ARTICLE_EMPTY, 0 },
		{ { "A lead.\n\nMore.\n", 15 }, ARTICLE_NO_QUESTION, 0 },
		{ { "label", 5 }, ARTICLE_NO_QUESTION, 0 },
		{ { "Why?\n\nS\xf6.\n", 10 }, ARTICLE_NOT_UTF8, 3 },
		{ { "Why?\xc3", 5 }, ARTICLE_NOT_UTF8, 1 },
		{ { "\xed\xa0\x80?", 4 }, ARTICLE_NOT_UTF8, 1 },
		{ { "\xff\xfeW\0h\0?\0", 8 }, ARTICLE_NOT_UTF8, 1 },
		{ { "Why?\r\n\r\n\0.", 10 }, ARTICLE_CONTROL, 3 },
		{ { "Why?\n\x1b[2J.", 10 }, ARTICLE_CONTROL, 2 },
		{ { "Why?\n\x7f.", 7 }, ARTICLE_CONTROL, 2 },
		{ { "Why?\n\n\xc2\x9b.", 9 }, ARTICLE_CONTROL, 3 },
		{ { "Why?\n\n\xc2\xa0.", 9 }, ARTICLE_OK, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena arena;
		struct article article;

		arena_init(&arena, CAP);
		assert_int_equal(
		    article_read(&arena, table[i].in, &article), table[i].want);
		assert_int_equal(article.line, table[i].line);
		arena_release(&arena);
	}
}

static void
test_slugs(void **state)
{
	static const char *const table[][2] = {
		{ "Why?", "why" },
		{ "What was Putin's \"answer\"?", "what-was-putins-answer" },
		{ "Whose are the men’s hats?", "whose-are-the-mens-hats" },
		{ "Why $1 million -- and 2?", "why-1-million-and-2" },
		{ "Où est l’élève?", "ou-est-leleve" },
		{ "Ist das die Straße?", "ist-das-die-strasse" },
		{ "  ...Why?", "why-7" },
		/* Cut at a word, and not after a short one. */
		{ "What was the context of the discussion between them?",
		    "what-was-the-context-of-the-discussion" },
		{ "What happened during the crash of the Azerbaijan plane?",
		    "what-happened-during-the-crash" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		/* Alike, empty, or taken by the list itself. */
		{ "WHY?", "why-11" },
		{ "Why - 13?", "why-13" },
		{ "Why!?", "why-13-13" },
		{ "Почему?", "question" },
		{ "为什么？", "question-15" },
		{ "Index?", "index-16" },
		{ "=> ../../etc/passwd?", "etc-passwd" },
	};
	struct arena arena;
	struct article article;
	const struct article_question *question;
	char text[2048];
	struct buf in = buf_over(text, sizeof text);

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		buf_printf(&in, "%s\n\nSo.\n\n", table[i][0]);
	assert_false(in.overflow);
	arena_init(&arena, CAP);
	assert_int_equal(
	    article_read(&arena, buf_str(&in), &article), ARTICLE_OK);
	question = article.questions;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char slug[80];

		assert_non_null(question);
		snprintf(slug, sizeof slug, "%.*s", STR_ARG(question->slug));
		assert_string_equal(slug, table[i][1]);
		assert_true(question->slug.len <= 64);
		question = question->next;
	}
	assert_null(question);
	arena_release(&arena);
}

/* All of them alike: as many as there may be, then one too many. */
static void
test_many(void **state)
{
	static char text[7 * (ARTICLE_QUESTIONS_MAX + 1)];
	struct arena arena;
	struct article article;
	struct buf in = buf_over(text, sizeof text);

	(void)state;
	for (size_t i = 0; i < ARTICLE_QUESTIONS_MAX; i++)
		buf_add(&in, STR("Q?\nA.\n"));
	arena_init(&arena, CAP);
	assert_int_equal(
	    article_read(&arena, buf_str(&in), &article), ARTICLE_OK);
	assert_int_equal(article.question_count, ARTICLE_QUESTIONS_MAX);
	assert_null(article.questions->previous);
	assert_ptr_equal(article.questions->next->previous, article.questions);
	arena_release(&arena);
	buf_add(&in, STR("Q?\n"));
	assert_int_equal(
	    article_read(&arena, buf_str(&in), &article), ARTICLE_TOO_MANY);
	arena_release(&arena);
}

static void
test_without_memory(void **state)
{
	const struct str in =
	    STR("Label\n" LEAD "\ngoes on.\n\nOne\n?\n\nTen\n\nTwo?\n\nSo.\n");
	size_t n = 0;
	enum article_result result;

	(void)state;
	do {
		struct arena arena;
		struct article article;

		arena_init(&arena, CAP);
		arena_fail_at(&arena, ++n);
		result = article_read(&arena, in, &article);
		assert_true(
		    result == ARTICLE_NO_MEMORY || result == ARTICLE_OK);
		arena_release(&arena);
	} while (result != ARTICLE_OK);
	assert_true(n > 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_slugs),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
