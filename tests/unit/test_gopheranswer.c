/* Which answers of Gopher servers are errors, and which are menus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/gopheranswer.h"

#define INFO "ihello\t\tg.example\t70\r\n"
#define ITEM "1Home\t\tg.example\t70\r\n"
#define FOOTER \
	"i____\t\tnull.host\t1\r\ni Gophered by " \
	"Gophernicus\t\tnull.host\t1\r\n"

static const struct {
	const char *answer;
	enum gopheranswer kind;
	const char *words;
} errors[] = {
	/* Of the servers that are in use. */
	{ "3Not found\t\terror.host\t1\r\n.\r\n", GOPHERANSWER_NOT_FOUND,
	    "Not found" },
	{ "3Not found. There is no page at this address\t\terror.host\t1\r\n"
	  "1Home\t/\tg.example\t70\r\n.\r\n",
	    GOPHERANSWER_NOT_FOUND,
	    "Not found. There is no page at this address" },
	{ "3Gone for good\t\terror.host\t1\r\n.\r\n", GOPHERANSWER_NOT_FOUND,
	    "Gone for good" },
	{ "3Gone for good. This page was removed\t\terror.host\t1\r\n"
	  "1Home\t/\tg.example\t70\r\n.\r\n",
	    GOPHERANSWER_NOT_FOUND, "Gone for good. This page was removed" },
	{ "3Something failed here, please try again later\t\terror.host\t1"
	  "\r\n.\r\n",
	    GOPHERANSWER_LATER,
	    "Something failed here, please try again later" },
	{ "3Too busy just now, please try again in a moment\t\terror.host\t1"
	  "\r\n1Home\t/\tg.example\t70\r\n.\r\n",
	    GOPHERANSWER_LATER,
	    "Too busy just now, please try again in a moment" },
	{ "3'/x' does not exist (no handler found)\t\terror.host\t1\r\n",
	    GOPHERANSWER_NOT_FOUND, "'/x' does not exist (no handler found)" },
	{ "3'/x' doesn't exist!\t\terror.host\t1\r\n.\r\n",
	    GOPHERANSWER_NOT_FOUND, "'/x' doesn't exist!" },
	{ "3Permission denied\t\terror.host\t1\r\n", GOPHERANSWER_REFUSED,
	    "Permission denied" },
	{ "3Sorry, but the requested token '/x' could not be found.\tErr\t"
	  "localhost\t70\r\n.\r\n\r\n",
	    GOPHERANSWER_NOT_FOUND,
	    "Sorry, but the requested token '/x' could not be found." },
	{ "3Error: Access denied!\tTITLE\tnull.host\t1\r\n" FOOTER ".\r\n",
	    GOPHERANSWER_REFUSED, "Error: Access denied!" },
	{ "Error: File or directory not found! (null)\r\n____\r\n  "
	  "Gophered\r\n",
	    GOPHERANSWER_NOT_FOUND, "Error: File or directory not found!" },
	{ "Error: Access denied! Not world-readable\r\n", GOPHERANSWER_REFUSED,
	    "Error: Access denied!" },
	{ "<!DOCTYPE HTML>\n<HTML>\n<HEAD>\n <TITLE>Error: Access denied! x"
	  "</TITLE>",
	    GOPHERANSWER_REFUSED, "Error: Access denied!" },
	/* Any host, any port, any message, Gopher+. */
	{ "3Sorry\tErr\tlocalhost\t70\r\n", GOPHERANSWER_OTHER_ERROR, "Sorry" },
	{ "3Sorry\t(NULL)\t(NULL)\t0\r\n.\r\n", GOPHERANSWER_OTHER_ERROR,
	    "Sorry" },
	{ "3Sorry\t/x\tg.example\t7070\t+\n", GOPHERANSWER_OTHER_ERROR,
	    "Sorry" },
	{ "3Sorry\t\t\t70", GOPHERANSWER_OTHER_ERROR, "Sorry" },
	{ "3\t\terror.host\t1\r\n", GOPHERANSWER_OTHER_ERROR, "" },
	{ "3FILE NOT FOUND\t\terror.host\t1\r\n", GOPHERANSWER_NOT_FOUND,
	    "FILE NOT FOUND" },
	{ "3No such file or directory\t\te\t1\r\n", GOPHERANSWER_NOT_FOUND,
	    "No such file or directory" },
	{ "3Forbidden\t\te\t1\r\n", GOPHERANSWER_REFUSED, "Forbidden" },
	{ "3/not found: permission\t\te\t1\r\n", GOPHERANSWER_REFUSED,
	    "/not found: permission" },
	/* One item besides, and words. */
	{ "3Sorry\t\te\t1\r\n" ITEM ".\r\n", GOPHERANSWER_OTHER_ERROR,
	    "Sorry" },
	{ "3Sorry\t\te\t1\r\n" INFO ITEM INFO, GOPHERANSWER_OTHER_ERROR,
	    "Sorry" },
	{ "3Sorry\t\te\t1\r\nwords\r\n.\r\n", GOPHERANSWER_OTHER_ERROR,
	    "Sorry" },
	{ "3Sorry\t\te\t1\r\n" ITEM ITEM ".\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ "3Sorry\t\te\t1\r\nsome\r\nwords\r\n", GOPHERANSWER_NO_ERROR, NULL },
	/* Menus and files. */
	{ "", GOPHERANSWER_NO_ERROR, NULL },
	{ "3", GOPHERANSWER_NO_ERROR, NULL },
	{ "3Access denied", GOPHERANSWER_NO_ERROR, NULL },
	{ "3Access\tdenied\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ "3Sorry\t\te\t\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ "3Sorry\t\te\tx\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ "3Sorry\t\te\t65536\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ INFO "3Sorry\t\te\t1\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ ITEM, GOPHERANSWER_NO_ERROR, NULL },
	{ "Error: I was wrong\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ "An Error: Access denied!\r\n", GOPHERANSWER_NO_ERROR, NULL },
	{ "<title>About Error: Access denied!</title>", GOPHERANSWER_NO_ERROR,
	    NULL },
};

static void
judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct str words;
		enum gopheranswer kind = gopheranswer_judge(
		    str_of(errors[i].answer), STR("/x"), &words);

		if (kind != errors[i].kind)
			fail_msg("%s: %d", errors[i].answer, kind);
		if (kind != GOPHERANSWER_NO_ERROR &&
		    !str_equals(words, str_of(errors[i].words)))
			fail_msg("%s: %.*s", errors[i].answer, STR_ARG(words));
	}
}

/* A name in the message is no reason. */
static void
of_any_name(void **state)
{
	static const struct {
		const char *request, *message;
		enum gopheranswer kind;
	} table[] = {
		{ "/denied", "'/denied' does not exist",
		    GOPHERANSWER_NOT_FOUND },
		{ "/Forbidden.txt", "no such file: /Forbidden.txt",
		    GOPHERANSWER_NOT_FOUND },
		{ "/not found", "/not found: Permission denied",
		    GOPHERANSWER_REFUSED },
		{ "/not found", "/not found cannot be read",
		    GOPHERANSWER_OTHER_ERROR },
		{ "/denied", "'/denied': access denied", GOPHERANSWER_REFUSED },
		{ "/x", "'/denied' does not exist", GOPHERANSWER_REFUSED },
		{ "denied", "access denied", GOPHERANSWER_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char answer[200];
		struct str words;

		snprintf(
		    answer, sizeof answer, "3%s\t\te\t1\r\n", table[i].message);
		if (gopheranswer_judge(str_of(answer), str_of(table[i].request),
			&words) != table[i].kind)
			fail_msg("%s: %s", table[i].request, answer);
		assert_true(str_equals(words, str_of(table[i].message)));
	}
}

/* A message may have any length; a text that is long is a file. */
static void
of_any_length(void **state)
{
	static const char end[] = "\tErr\tlocalhost\t70\r\n.\r\n";
	static const char text[] = "Error: Access denied!";
	const size_t len = 100000;
	char *answer = malloc(len + sizeof end);
	struct str words;

	(void)state;
	assert_non_null(answer);
	memset(answer, '3', len);
	memcpy(answer + len, end, sizeof end);
	assert_int_equal(gopheranswer_judge(str_of(answer), STR(""), &words),
	    GOPHERANSWER_OTHER_ERROR);
	assert_int_equal(words.len, len - 1);
	memcpy(answer, text, sizeof text - 1);
	assert_int_equal(
	    gopheranswer_judge((struct str){ answer, 1024 }, STR(""), &words),
	    GOPHERANSWER_REFUSED);
	assert_int_equal(
	    gopheranswer_judge((struct str){ answer, 1025 }, STR(""), &words),
	    GOPHERANSWER_NO_ERROR);
	free(answer);
}

static const struct {
	const char *answer;
	bool is_menu;
} menus[] = {
	{ ITEM, true },
	{ ITEM ".\r\n", true },
	{ ITEM ".", true },
	{ INFO, true },
	{ "words without tabs\r\n" ITEM, true },
	{ "1Home\t\tg.example\t70\n", true },
	{ "", false },
	{ ".\r\n", false },
	{ "\r\n.\r\n", false },
	{ "Error: File or directory not found!\r\n", false },
	{ "3Access denied\r\n", false },
	{ "<html>\n<title>404</title>\n</html>\n", false },
	/* Cut within a line. */
	{ ITEM "1Docs\t/docs\tg.exam", false },
	{ ITEM "1Docs\t/docs\tg.example\t7", false },
	{ ITEM "1Docs\t/docs\tg.example\t70\r", false },
	{ "1Home\t\tg.example\t70", false },
	{ ITEM "1Docs.", false },
};

static void
whole_menus(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof menus / sizeof *menus; i++)
		if (gopheranswer_is_menu(str_of(menus[i].answer)) !=
		    menus[i].is_menu)
			fail_msg("%s: %d", menus[i].answer, !menus[i].is_menu);
}

static const struct {
	struct str in, want;
} texts[] = {
	{ STR_INIT(".\r\n"), STR_INIT("") },
	{ STR_INIT("a\r\n.\r\n"), STR_INIT("a\r\n") },
	{ STR_INIT("..\r\n...a\r\n\r\n.\r\n"), STR_INIT(".\r\n..a\r\n\r\n") },
	{ STR_INIT("a\0b..\r\n.\r\n"), STR_INIT("a\0b..\r\n") },
	/* These are as the author wrote them. */
	{ STR_INIT(""), { NULL, 0 } },
	{ STR_INIT("a\r\n"), { NULL, 0 } },
	{ STR_INIT("a\r\n.\n"), { NULL, 0 } },
	{ STR_INIT("a\n.\r\n"), { NULL, 0 } },
	{ STR_INIT("a.\r\n"), { NULL, 0 } },
	{ STR_INIT("a\r\n."), { NULL, 0 } },
	{ STR_INIT(".a\r\n.\r\n"), { NULL, 0 } },
	{ STR_INIT("a\r\n.\r\nb\r\n"), { NULL, 0 } },
	{ STR_INIT(".\r\n.\r\n"), { NULL, 0 } },
	{ STR_INIT("..\r\n"), { NULL, 0 } },
};

static void
texts_lose_their_dots(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char memory[64];
		struct buf out = buf_over(memory, sizeof memory);
		bool good = gopheranswer_plain(texts[i].in, &out);

		if (good != (texts[i].want.at != NULL) ||
		    (good && !str_equals(buf_str(&out), texts[i].want)))
			fail_msg("row %zu: %.*s", i, STR_ARG(buf_str(&out)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_lose_their_dots),
		cmocka_unit_test(judged),
		cmocka_unit_test(of_any_name),
		cmocka_unit_test(of_any_length),
		cmocka_unit_test(whole_menus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
