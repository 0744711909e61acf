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
		buf_printf(out, "%s%zu:%.*s\n", text->is_heading ? "H" : mark,
		    text->line, STR_ARG(text->text));
}

/* One line a part: T title, L lead, H heading, Q question, A answer, X left
 * out. */
static void
describe(struct buf *out, const struct article *article)
{
	const struct article_question *question = article->questions;

	if (article->title.len > 0)
		buf_printf(out, "T%zu:%.*s\n", article->title_line,
		    STR_ARG(article->title));
	add_texts(out, "L", article->lead);
	for (; question != NULL; question = question->next) {
		buf_printf(out, "Q%zu:%.*s\n", question->line,
		    STR_ARG(question->text));
		add_texts(out, "A", question->answer);
	}
	add_texts(out, "X", article->left_out);
}

struct parts {
	const char *in, *want;
};

static void
check_parts(const struct parts *parts)
{
	struct arena arena;
	struct article article;
	char text[2048];
	struct buf out = buf_over(text, sizeof text - 1);

	arena_init(&arena, CAP);
	assert_int_equal(
	    article_read(&arena, str_of(parts->in), &article), ARTICLE_OK);
	describe(&out, &article);
	assert_false(out.overflow);
	text[out.len] = '\0';
	assert_string_equal(text, parts->want);
	arena_release(&arena);
}

static void
test_parts(void **state)
{
	static const struct parts table[] = {
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
		{ "A.\n\nABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEF\n\n"
		  "Why?\n\nSo.\n",
		    "L1:A.\nQ5:Why?\nA7:So.\n"
		    "X3:ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEF\n" },
		{ "A.\n\nABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEFG\n\n"
		  "Why?\n\nSo.\n",
		    "L1:A.\nL3:ABCDEFGHIJ ABCDEFGHIJ ABCDEFGHIJ ABCDEFG\n"
		    "Q5:Why?\nA7:So.\n" },
		/* Characters count, not bytes. */
		{ "A.\n\nЕщё двадцать восемь посетителей\n\nWhy?\n\nSo.\n",
		    "L1:A.\nQ5:Why?\nA7:So.\n"
		    "X3:Ещё двадцать восемь посетителей\n" },
		/* What looks like a label is an answer where none is. */
		{ "One?\n\nNine\n\nTwo?\n\nTen\nMore\n\nThree?\n\nSo.\n\nX\n",
		    "Q1:One?\nA3:Nine\nQ5:Two?\nA7:Ten\nA8:More\n"
		    "Q10:Three?\nA12:So.\nX14:X\n" },
		{ "Top\nA\n\nOne?\n\nNine",
		    "Q4:One?\nA6:Nine\nX1:Top\nX2:A\n" },
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
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check_parts(&table[i]);
}

#define QA "Why?\n\nSo.\n"

static void
test_title(void **state)
{
	static const struct parts table[] = {
		{ "A title\n\n" QA, "T1:A title\nQ3:Why?\nA5:So.\n" },
		{ "\n\n  Où est 1 \n \nLead.\n\n" QA,
		    "T3:Où est 1\nL5:Lead.\nQ7:Why?\nA9:So.\n" },
		{ "# A title\n\n" QA, "T1:# A title\nQ3:Why?\nA5:So.\n" },
		/* Longer than a label. */
		{ SIXTY "x\n\n" QA, "T1:" SIXTY "x\nQ3:Why?\nA5:So.\n" },
		{ SIXTY "bbbbbbbbb ccccccccc ddddddddd eeeeeeeee\n\n" QA,
		    "T1:" SIXTY "bbbbbbbbb ccccccccc ddddddddd eeeeeeeee\n"
		    "Q3:Why?\nA5:So.\n" },
		{ SIXTY "bbbbbbbbb ccccccccc ddddddddd eeeeeeeeeee\n\n" QA,
		    "L1:" SIXTY "bbbbbbbbb ccccccccc ddddddddd eeeeeeeeeee\n"
		    "Q3:Why?\nA5:So.\n" },
		/* A sentence, a question, a second line. */
		{ "Lead.\n\n" QA, "L1:Lead.\nQ3:Why?\nA5:So.\n" },
		{ "How?\n\n" QA, "Q1:How?\nQ3:Why?\nA5:So.\n" },
		{ "Share\nthis\n\n" QA, "Q4:Why?\nA6:So.\nX1:Share this\n" },
		{ "Share\nLead.\n\n" QA,
		    "L2:Lead.\nQ4:Why?\nA6:So.\nX1:Share\n" },
		/* A number of visitors, or a title with a number. */
		{ "94 visitors online\n\nTop\n\n" QA,
		    "Q5:Why?\nA7:So.\nX1:94 visitors online\nX3:Top\n" },
		{ "10 days that shook\n\n" QA,
		    "T1:10 days that shook\nQ3:Why?\nA5:So.\n" },
		/* Only the first paragraph. */
		{ "A title\n\nTop\n\n" QA,
		    "T1:A title\nQ5:Why?\nA7:So.\nX3:Top\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check_parts(&table[i]);
}

/* A question that is wrapped after a few words is not taken for a label. */
static void
test_wrapped_question(void **state)
{
	static const struct parts table[] = {
		{ "Why did the\nPresident speak?\n\nSo.\n",
		    "Q1:Why did the President speak?\nA4:So.\n" },
		{ "A.\n\nWhy did\nAliyev and\nMacron talk?\nSo.\n",
		    "L1:A.\nQ3:Why did Aliyev and Macron talk?\nA6:So.\n" },
		/* In a text with a line for each paragraph. */
		{ SIXTY SIXTY "x.\n\nWhat was the context of\n"
			      "the talk?\n\nSo.\n",
		    "L1:" SIXTY SIXTY "x.\n"
		    "Q3:What was the context of the talk?\nA6:So.\n" },
		{ SIXTY SIXTY "x.\n\nWhat was the context of the discussion "
			      "of\nMr. X?\n\nSo.\n",
		    "L1:" SIXTY SIXTY "x.\nQ3:What was the context of the "
		    "discussion of Mr. X?\nA6:So.\n" },
		/* Labels before a question. */
		{ "A.\n\n94 visitors online\nWhy?\n\nSo.\n",
		    "L1:A.\nQ4:Why?\nA6:So.\nX3:94 visitors online\n" },
		{ "A.\n\nShare\nWhy?\n\nSo.\n",
		    "L1:A.\nQ4:Why?\nA6:So.\nX3:Share\n" },
		{ "One?\nThe answer\nTwo?\nSo.\n",
		    "Q1:One?\nA2:The answer\nQ3:Two?\nA4:So.\n" },
		/* Another sentence comes first. */
		{ "A.\n\nShare this\nSo it is.\nWhy?\nSo.\n",
		    "L1:A.\nL4:So it is.\nQ5:Why?\nA6:So.\n"
		    "X3:Share this\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check_parts(&table[i]);
}

static void
test_no_question(void **state)
{
	static const struct parts table[] = {
		{ "A lead.\n\nMore.\n", "L1:A lead.\nL3:More.\n" },
		{ "A title\n\nA lead.\n\nA part\n\nText\nof it.\n",
		    "T1:A title\nL3:A lead.\nH5:A part\nL7:Text of it.\n" },
		{ "Lead.\n\n## A heading that is rather long, "
		  "but marked\n\nText.\n",
		    "L1:Lead.\nH3:## A heading that is rather long, "
		    "but marked\nL5:Text.\n" },
		/* A list, and a heading with nothing beneath it. */
		{ "Lead.\n\nFruit\n\nApples\nPears\n\nEnd\n",
		    "L1:Lead.\nH3:Fruit\nL5:Apples\nL6:Pears\nL8:End\n" },
		/* A line for each paragraph, without blank lines. */
		{ "Lead.\nPart\n" SIXTY SIXTY "x.\n",
		    "L1:Lead.\nH2:Part\nL3:" SIXTY SIXTY "x.\n" },
		{ "label", "L1:label\n" },
		{ "One\n\nTwo\n", "T1:One\nL3:Two\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check_parts(&table[i]);
}

/* The words of a random text, one after the other, in lines of any kind. */
static void
add_random(struct buf *out, uint32_t *seed)
{
	static const char *const ends[] = { "\n", "\n\n", " ", " ", " ", ".\n",
		".\n\n", "?\n", "?\n\n", ". ", "? ", "\n\n\n" };

	for (int i = 0; i < 60; i++) {
		*seed = *seed * 1664525 + 1013904223;
		buf_printf(out, "%s%d%s", *seed >> 28 < 4 ? "w" : "Word", i,
		    ends[(*seed >> 16) % (sizeof ends / sizeof *ends)]);
	}
}

static void
mark_words(bool seen[60], struct str text, int *last)
{
	int number, at = -1;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			continue;
		for (number = 0;
		     i < text.len && text.at[i] >= '0' && text.at[i] <= '9';
		     i++)
			number = 10 * number + (text.at[i] - '0');
		assert_false(seen[number]);
		assert_true(number > *last && number > at);
		assert_true(at == -1 || number == at + 1);
		seen[number] = true;
		at = number;
	}
	*last = at;
}

static void
mark_texts(bool seen[60], const struct article_text *text, int *last)
{
	for (; text != NULL; text = text->next)
		mark_words(seen, text->text, last);
}

/* Each word is in one part, and each part has its words in their order. */
static void
test_every_word(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct arena arena;
		struct article article;
		char text[2048];
		struct buf in = buf_over(text, sizeof text);
		bool seen[60] = { false };
		int last = -1;

		add_random(&in, &seed);
		arena_init(&arena, CAP);
		assert_int_equal(
		    article_read(&arena, buf_str(&in), &article), ARTICLE_OK);
		mark_texts(seen, article.left_out, &last);
		last = -1;
		mark_words(seen, article.title, &last);
		mark_texts(seen, article.lead, &last);
		for (const struct article_question *question =
			 article.questions;
		     question != NULL; question = question->next) {
			mark_words(seen, question->text, &last);
			mark_texts(seen, question->answer, &last);
		}
		for (int i = 0; i < 60; i++)
			assert_true(seen[i]);
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

/* The work is linear: otherwise this takes minutes. */
static void
test_long_paragraph(void **state)
{
	static char text[(size_t)4 << 20];
	struct buf in = buf_over(text, sizeof text);
	struct arena arena;
	struct article article;

	(void)state;
	while (buf_room(&in) > 16)
		buf_add(&in, STR("one\ntwo words\n"));
	buf_add(&in, STR("end.\n"));
	arena_init(&arena, (size_t)64 << 20);
	assert_int_equal(
	    article_read(&arena, buf_str(&in), &article), ARTICLE_OK);
	assert_null(article.questions);
	assert_non_null(article.lead);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_title),
		cmocka_unit_test(test_wrapped_question),
		cmocka_unit_test(test_no_question),
		cmocka_unit_test(test_every_word),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_slugs),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_long_paragraph),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
