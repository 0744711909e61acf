/* Gopher requests: selectors as clients send them, and what they get. */
#include "serving.h"

#include "wire/gopher.h"

/* After the words of an error. */
#define AFTER "\t\terror.host\t1\r\n1Home\t/\tg.example\t70\r\n.\r\n"
#define NOT_FOUND "3Not found. There is no page at this address" AFTER

#define NOT_YET \
	"iNot yet\tTITLE\tnull.host\t1\r\n" \
	"i=======\t\tnull.host\t1\r\n" \
	"i\t\tnull.host\t1\r\n" \
	"iThe pages of this capsule are being read just now. Please ask again" \
	"\t\tnull.host\t1\r\n" \
	"iin a moment.\t\tnull.host\t1\r\n.\r\n"

static int
set_up(void **state)
{
	(void)state;
	serving_begin(&serving);
	temporary_file(&serving.folder, "index.gmi", "=> /docs/ Docs\n");
	temporary_file(&serving.folder, "robots.txt", "User-agent: *\n");
	temporary_file(&serving.folder, "a b.txt", "text\n.\n");
	temporary_folder(&serving.folder, "docs");
	temporary_file(&serving.folder, "docs/page.gmi", "# Page\n");
	temporary_file(&serving.folder, "docs/100%", "all\n");
	temporary_folder(&serving.folder, "map");
	temporary_file(
	    &serving.folder, "map/gophermap", "0Text\tx.txt\nhello\n");
	temporary_file(&serving.folder, "map/index.gmi", "# Not on gopher\n");
	temporary_folder(&serving.folder, "list");
	temporary_file(&serving.folder, "list/gophermap", "above\n*\n");
	temporary_file(&serving.folder, "list/page.gmi", "# Titled\n");
	temporary_folder(&serving.folder, "1");
	temporary_file(&serving.folder, "1/real.txt", "real\n");
	return 0;
}

static const struct {
	struct str request;
	const char *answer;
} table[] = {
	{ STR_INIT("\r\n"), "1Docs\t/docs/\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("\n"), "1Docs\t/docs/\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("/\r\n"), "1Docs\t/docs/\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("/index.gmi\r\n"), "1Docs\t/docs/\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("\tsearch\r\n"), "1Docs\t/docs/\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("/docs\r\n"),
	    "i/docs/\tTITLE\tnull.host\t1\r\n"
	    "i======\t\tnull.host\t1\r\n"
	    "i\t\tnull.host\t1\r\n"
	    "1One folder up\t/\tg.example\t70\r\n"
	    "0100%\t/docs/100%25\tg.example\t70\r\n"
	    "1Page\t/docs/page.gmi\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("/docs/page.gmi\r\n"),
	    "iPage\tTITLE\tnull.host\t1\r\n"
	    "i====\t\tnull.host\t1\r\n.\r\n" },
	{ STR_INIT("docs/page.gmi\r\n"),
	    "iPage\tTITLE\tnull.host\t1\r\n"
	    "i====\t\tnull.host\t1\r\n.\r\n" },
	{ STR_INIT("1/docs/page.gmi\r\n"),
	    "iPage\tTITLE\tnull.host\t1\r\n"
	    "i====\t\tnull.host\t1\r\n.\r\n" },
	{ STR_INIT("0/docs/page.gmi\r\n"), "# Page\n" },
	{ STR_INIT("/0/docs/page.gmi\r\n"), "# Page\n" },
	{ STR_INIT("0/robots.txt\r\n"), "User-agent: *\n" },
	{ STR_INIT("robots.txt\r\n"), "User-agent: *\n" },
	{ STR_INIT("/a b.txt\r\n"), "text\n.\n" },
	{ STR_INIT("/a%20b.txt\r\n"), "text\n.\n" },
	{ STR_INIT("/a%20b.txt?query\r\n"), "text\n.\n" },
	{ STR_INIT("/docs/100%\r\n"), "all\n" },
	{ STR_INIT("/docs/100%25\r\n"), "all\n" },
	{ STR_INIT("//docs//100%\r\n"), "all\n" },
	{ STR_INIT("/1/real.txt\r\n"), "real\n" },
	{ STR_INIT("/map/\r\n"),
	    "0Text\t/map/x.txt\tg.example\t70\r\n"
	    "ihello\t\tnull.host\t1\r\n.\r\n" },
	{ STR_INIT("/map\r\n"),
	    "0Text\t/map/x.txt\tg.example\t70\r\n"
	    "ihello\t\tnull.host\t1\r\n.\r\n" },
	{ STR_INIT("/list/\r\n"),
	    "iabove\t\tnull.host\t1\r\n"
	    "1Titled\t/list/page.gmi\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("/map/gophermap\r\n"), "0Text\tx.txt\nhello\n" },
	{ STR_INIT("/none\r\n"), NOT_FOUND },
	{ STR_INIT("0/none\r\n"), NOT_FOUND },
	{ STR_INIT("/.hidden\r\n"), NOT_FOUND },
	{ STR_INIT("/../x\r\n"), NOT_FOUND },
	{ STR_INIT("/docs/../docs/page.gmi\r\n"), NOT_FOUND },
	{ STR_INIT("/%2e%2e/x\r\n"), NOT_FOUND },
	{ STR_INIT("/docs/.%2E/docs/page.gmi\r\n"), NOT_FOUND },
	{ STR_INIT("/docs%2fpage.gmi\r\n"), NOT_FOUND },
	{ STR_INIT("/docs%00\r\n"), NOT_FOUND },
	{ STR_INIT("GET / HTTP/1.1\r\n"),
	    "3This is a Gopher server, not a web server" AFTER },
	{ STR_INIT("a\0b\r\n"),
	    "3Bad request: a selector has no control bytes" AFTER },
	{ STR_INIT("a\x1b\r\n"),
	    "3Bad request: a selector has no control bytes" AFTER },
	{ STR_INIT("/docs\t+\r\n"),
	    "+-2\r\n+INFO: 1Main\t\tg.example\t70\r\n" },
	{ STR_INIT("/docs\t!\r\n"),
	    "+-2\r\n+INFO: 1Main\t\tg.example\t70\r\n" },
	{ STR_INIT("\t$\r\n"), "+-2\r\n+INFO: 1Main\t\tg.example\t70\r\n" },
	{ STR_INIT("/ask\r\n"),
	    "7What would you like to know?\t/ask\tg.example\t70\r\n"
	    "iIf you see no prompt, add ? and your words: /ask?words\t\t"
	    "null.host\t1\r\n"
	    "1Home\t/\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("/ask\t\r\n"),
	    "7What would you like to know?\t/ask\tg.example\t70\r\n"
	    "iIf you see no prompt, add ? and your words: /ask?words\t\t"
	    "null.host\t1\r\n"
	    "1Home\t/\tg.example\t70\r\n.\r\n" },
	{ STR_INIT("/ask\twords\r\n"), NOT_YET },
	{ STR_INIT("/ask?words\r\n"), NOT_YET },
	{ STR_INIT("/ask\ttwo words?\t+\r\n"), NOT_YET },
	/* Typed, it is no Gopher+. */
	{ STR_INIT("/ask\t+\r\n"), NOT_YET },
	{ STR_INIT("/ask\t$\r\n"), NOT_YET },
	{ STR_INIT("/docs/page.gmi\twords\r\n"),
	    "iPage\tTITLE\tnull.host\t1\r\n"
	    "i====\t\tnull.host\t1\r\n.\r\n" },
	{ STR_INIT("/asks\twords\r\n"), NOT_FOUND },
	{ STR_INIT("URL:javascript:x\r\n"),
	    "3This link is not one to follow" AFTER },
};

static void
requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_int_equal(
		    serving_ask(&serving, &gopher, table[i].request, false),
		    PARSE_DONE);
		if (!str_equals(
			serving_answer(&serving), str_of(table[i].answer)))
			fail_msg("%.*s: %.*s", STR_ARG(table[i].request),
			    STR_ARG(serving_answer(&serving)));
	}
}

static void
starts(void **state)
{
	static const struct {
		struct str request, start;
	} starts[] = {
		{ STR_INIT("caps.txt\r\n"), STR_INIT("CAPS\n") },
		{ STR_INIT("/caps.txt\r\n"), STR_INIT("CAPS\n") },
		{ STR_INIT("URL:https://w.example/\r\n"),
		    STR_INIT("<!DOCTYPE html>") },
		{ STR_INIT("/URL:gemini://w.example/\r\n"),
		    STR_INIT("<!DOCTYPE html>") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		assert_int_equal(
		    serving_ask(&serving, &gopher, starts[i].request, false),
		    PARSE_DONE);
		assert_true(
		    str_starts(serving_answer(&serving), starts[i].start));
	}
	temporary_file(&serving.folder, "caps.txt", "CAPS\nmine\n");
	serving_ask(&serving, &gopher, STR("caps.txt\r\n"), false);
	assert_true(str_equals(serving_answer(&serving), STR("CAPS\nmine\n")));
}

static void
lines_end(void **state)
{
	char line[GOPHER_LINE_MAX + 2];

	(void)state;
	assert_int_equal(
	    serving_ask(&serving, &gopher, STR(""), false), PARSE_MORE);
	assert_int_equal(
	    serving_ask(&serving, &gopher, STR(""), true), PARSE_CLOSE);
	assert_int_equal(
	    serving_ask(&serving, &gopher, STR("/docs"), false), PARSE_MORE);
	assert_int_equal(
	    serving_ask(&serving, &gopher, STR("/docs"), true), PARSE_DONE);
	assert_int_equal(serving.status, STATUS_SUCCESS);

	memset(line, 'a', sizeof line);
	line[GOPHER_LINE_MAX] = '\n';
	serving_ask(&serving, &gopher,
	    (struct str){ line, GOPHER_LINE_MAX + 1 }, false);
	assert_int_equal(serving.status, STATUS_NOT_FOUND);
	memset(line, 'a', sizeof line);
	line[GOPHER_LINE_MAX + 1] = '\n';
	serving_ask(
	    &serving, &gopher, (struct str){ line, sizeof line }, false);
	assert_int_equal(serving.status, STATUS_BAD_REQUEST);
	assert_int_equal(serving_ask(&serving, &gopher,
			     (struct str){ line, GOPHER_LINE_MAX + 1 }, false),
	    PARSE_MORE);
}

static void
strict_text(void **state)
{
	(void)state;
	serving.site.strict_text = true;
	serving_ask(&serving, &gopher, STR("/a b.txt\r\n"), false);
	assert_true(
	    str_equals(serving_answer(&serving), STR("text\r\n..\r\n.\r\n")));
	serving_ask(&serving, &gopher, STR("0/docs/page.gmi\r\n"), false);
	assert_true(
	    str_equals(serving_answer(&serving), STR("# Page\r\n.\r\n")));
	serving.site.strict_text = false;
}

static void
lack_of_memory_is_an_answer(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof table / sizeof *table; row++) {
		size_t n;

		for (n = 1; n < 60; n++) {
			arena_fail_at(&serving.arena, n);
			(void)serving_ask(
			    &serving, &gopher, table[row].request, false);
			arena_fail_at(&serving.arena, 0);
			if (str_equals(serving_answer(&serving),
				str_of(table[row].answer)))
				break;
		}
		assert_in_range(n, 1, 59);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(starts),
		cmocka_unit_test(lines_end),
		cmocka_unit_test(strict_text),
		cmocka_unit_test(lack_of_memory_is_an_answer),
	};

	return cmocka_run_group_tests(tests, set_up, serving_tear_down);
}
