/* Gemini requests, in the order in which they are judged. */
#include "serving.h"

#include "wire/gemini.h"

#define NOT_FOUND "51 There is no page at this address\r\n"

static int
set_up(void **state)
{
	(void)state;
	serving_begin(&serving);
	temporary_file(&serving.folder, "index.gmi", "# Home\n");
	temporary_file(&serving.folder, "a b.txt", "text\n");
	temporary_file(&serving.folder, "gr\xc3\xbcn.txt", "green\n");
	temporary_folder(&serving.folder, "d e");
	temporary_file(&serving.folder, "d e/x", "x");
	return 0;
}

static const struct {
	struct str url;
	const char *head; /* its start is enough */
} table[] = {
	{ STR_INIT("gemini://example.org/"), "20 text/gemini\r\n# Home\n" },
	{ STR_INIT("gemini://example.org"), "20 text/gemini\r\n# Home\n" },
	{ STR_INIT("gemini://example.org:1965/"), "20 " },
	{ STR_INIT("gemini://example.org:11965/"), "20 " },
	{ STR_INIT("gemini://example.org:/"), "20 " },
	{ STR_INIT("GEMINI://EXAMPLE.org/"), "20 " },
	{ STR_INIT("gemini://gr\xc3\xbcn.example/"), "20 " },
	{ STR_INIT("gemini://xn--grn-ioa.example/"), "20 " },
	{ STR_INIT("gemini://127.0.0.1/"), "20 " },
	{ STR_INIT("gemini://example.org/a%20b.txt"),
	    "20 text/plain\r\ntext\n" },
	{ STR_INIT("gemini://example.org/a%20b.txt?query"),
	    "20 text/plain\r\n" },
	{ STR_INIT("gemini://example.org/gr%C3%BCn.txt"), "20 text/plain\r\n" },
	{ STR_INIT("gemini://example.org/gr\xc3\xbcn.txt"),
	    "20 text/plain\r\n" },
	{ STR_INIT("gemini://example.org/./a%20b.txt"), "31 /a%20b.txt\r\n" },
	{ STR_INIT("gemini://example.org/%2e/a%20b.txt"), "31 /a%20b.txt\r\n" },
	{ STR_INIT("gemini://example.org/x/../a%20b.txt"),
	    "31 /a%20b.txt\r\n" },
	{ STR_INIT("gemini://example.org//a%20b.txt?q"),
	    "31 /a%20b.txt?q\r\n" },
	{ STR_INIT("gemini://example.org/d%20e/.."), "31 /\r\n" },
	{ STR_INIT("gemini://example.org//none"), NOT_FOUND },
	{ STR_INIT("gemini://example.org/d%20e"), "31 /d%20e/\r\n" },
	{ STR_INIT("gemini://example.org//d%20e"), "31 /d%20e/\r\n" },
	{ STR_INIT("gemini://example.org/d%20e?q"), "31 /d%20e/\r\n" },
	{ STR_INIT("gemini://example.org/d%20e?atom"), "31 /d%20e/?atom\r\n" },
	{ STR_INIT("gemini://example.org/index"), "30 /index.gmi\r\n" },
	{ STR_INIT("gemini://example.org/ask/?q"), "30 /ask?q\r\n" },
	{ STR_INIT("gemini://example.org/d%20e/"),
	    "20 text/gemini\r\n# /d e/\n" },
	{ STR_INIT("gemini://example.org/none"), NOT_FOUND },
	{ STR_INIT("gemini://example.org/a%20b.txt/"), NOT_FOUND },
	{ STR_INIT("gemini://example.org/d%20e%2Fx"), NOT_FOUND },
	{ STR_INIT("gemini://example.org/%2E%2E/x"), "59 " },
	{ STR_INIT("gemini://example.org/../x"), "59 " },
	{ STR_INIT(""), "59 " },
	{ STR_INIT("/"), "59 " },
	{ STR_INIT("//example.org/"), "59 " },
	{ STR_INIT("example.org/"), "59 " },
	{ STR_INIT("gemini:example.org/"), "59 " },
	{ STR_INIT("gemini:/example.org/"), "59 " },
	{ STR_INIT("gemini:///"), "59 " },
	{ STR_INIT("gemini://:1965/"), "59 " },
	{ STR_INIT("gemini://example.org:x/"), "59 " },
	{ STR_INIT("gemini://example.org:65536/"), "59 " },
	{ STR_INIT("gemini://example.org:-1/"), "59 " },
	{ STR_INIT("gemini://example.org/a b"), NOT_FOUND },
	{ STR_INIT("gemini://example.org/a b.txt"), "20 text/plain\r\ntext\n" },
	{ STR_INIT("gemini://example.org/d e?a b"), "31 /d%20e/\r\n" },
	{ STR_INIT("gemini://example.org/a\"b"), "59 " },
	{ STR_INIT("gemini://example.org/?a b\"<>[]\\^`{|}"), "20 " },
	{ STR_INIT("gemini://example.org?a b"), "20 " },
	{ STR_INIT("gemini://example.org/?a b#c"), "59 " },
	{ STR_INIT("gemini://example.org/?a b%"), "59 " },
	{ STR_INIT("gemini://example.org/?a\tb"), "59 " },
	{ STR_INIT("gemini://example.org/?a\x7f"), "59 " },
	{ STR_INIT("gemini://example.org/?a b\xff"), "59 " },
	{ STR_INIT("gemini://exam ple.org/"), "59 " },
	{ STR_INIT("gemini ://example.org/"), "59 " },
	{ STR_INIT("gemini://example.org /"), "59 " },
	{ STR_INIT("gemini://example.org/a\0b"), "59 " },
	{ STR_INIT("gemini://example.org/a\nb"), "59 " },
	{ STR_INIT("gemini://example.org/a\x7f"), "59 " },
	{ STR_INIT("gemini://example.org/a\xff"), "59 " },
	{ STR_INIT("\xef\xbb\xbfgemini://example.org/"), "59 " },
	{ STR_INIT("gemini://example.org/%"), "59 " },
	{ STR_INIT("gemini://example.org/%2"), "59 " },
	{ STR_INIT("gemini://example.org/%zz"), "59 " },
	{ STR_INIT("gemini://user@example.org/"), "59 " },
	{ STR_INIT("gemini://@example.org/"), "59 " },
	{ STR_INIT("gemini://example.org/#"), "59 " },
	{ STR_INIT("gemini://example.org/x#y"), "59 " },
	{ STR_INIT("https://example.org/"), "53 " },
	{ STR_INIT("titan://example.org/"), "53 " },
	{ STR_INIT("https://user@other.example/"), "59 " },
	{ STR_INIT("gemini://other.example/"), "53 " },
	{ STR_INIT("gemini://127.0.0.2/"), "53 " },
	{ STR_INIT("gemini://[::1]/"), "53 " },
	{ STR_INIT("gemini://example.org:70/"), "53 " },
	{ STR_INIT("gemini://other.example/../x"), "53 " },
	/* NUL in a path is named a bad request, as raw NUL is. */
	{ STR_INIT("gemini://example.org/a%00b"), "59 " },
};

static enum parse
ask(struct str url, bool ended)
{
	char request[4096];
	struct buf line = buf_over(request, sizeof request);

	buf_add(&line, url);
	buf_add(&line, STR("\r\n"));
	return serving_ask(&serving, &gemini, buf_str(&line), ended);
}

static void
requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_int_equal(ask(table[i].url, false), PARSE_DONE);
		if (!str_starts(
			serving_answer(&serving), str_of(table[i].head)))
			fail_msg("%.*s: %.*s", STR_ARG(table[i].url),
			    STR_ARG(serving_answer(&serving)));
	}
}

/* A head is a code, a space, one line of words, CRLF: whatever was asked. */
static void
heads_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct str head;
		struct str answer;

		assert_int_equal(ask(table[i].url, false), PARSE_DONE);
		answer = serving_answer(&serving);
		head = str_cut(&answer, '\n');
		assert_in_range(head.len, 5, 3 + GEMINI_META_MAX + 1);
		assert_int_equal(head.at[2], ' ');
		assert_int_equal(head.at[head.len - 1], '\r');
		for (size_t j = 3; j < head.len - 1; j++)
			assert_in_range((unsigned char)head.at[j], 0x20, 0x7e);
		if (serving.status != STATUS_SUCCESS)
			assert_int_equal(answer.len, 0);
	}
}

static void
length_is_limited(void **state)
{
	static const struct str start = STR_INIT("gemini://example.org/");
	char url[GEMINI_URI_MAX + 1];

	(void)state;
	memset(url, 'a', sizeof url);
	memcpy(url, start.at, start.len);
	assert_int_equal(
	    ask((struct str){ url, GEMINI_URI_MAX }, false), PARSE_DONE);
	assert_int_equal(serving.status, STATUS_NOT_FOUND);
	assert_int_equal(
	    ask((struct str){ url, GEMINI_URI_MAX + 1 }, false), PARSE_DONE);
	assert_int_equal(serving.status, STATUS_BAD_REQUEST);
}

static void
waits_for_crlf(void **state)
{
	static const struct str whole =
	    STR_INIT("gemini://example.org/\r\nmore");
	char endless[GEMINI_URI_MAX + 2];

	(void)state;
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(
		    serving_ask(&serving, &gemini, str_head(whole, len), false),
		    len < whole.len - 4 ? PARSE_MORE : PARSE_DONE);
	assert_int_equal(serving_ask(&serving, &gemini,
			     STR("gemini://example.org/\n"), false),
	    PARSE_MORE);
	assert_int_equal(serving_ask(&serving, &gemini,
			     STR("gemini://example.org/\n"), true),
	    PARSE_CLOSE);
	memset(endless, 'a', sizeof endless);
	assert_int_equal(
	    serving_ask(&serving, &gemini,
		(struct str){ endless, sizeof endless - 1 }, false),
	    PARSE_MORE);
	assert_int_equal(serving_ask(&serving, &gemini,
			     (struct str){ endless, sizeof endless }, false),
	    PARSE_DONE);
	assert_int_equal(serving.status, STATUS_BAD_REQUEST);
}

static void
language_is_gemtexts(void **state)
{
	(void)state;
	serving.site.lang = STR("en");
	ask(STR("gemini://example.org/"), false);
	assert_true(str_starts(
	    serving_answer(&serving), STR("20 text/gemini; lang=en\r\n")));
	ask(STR("gemini://example.org/a%20b.txt"), false);
	assert_true(
	    str_starts(serving_answer(&serving), STR("20 text/plain\r\n")));
	serving.site.lang = STR("en,fr");
	ask(STR("gemini://example.org/"), false);
	assert_true(str_starts(serving_answer(&serving),
	    STR("20 text/gemini; lang=\"en,fr\"\r\n")));
	serving.site.lang = (struct str){ 0 };
}

static void
listing_can_be_off(void **state)
{
	(void)state;
	serving.site.listing = false;
	ask(STR("gemini://example.org/d%20e/"), false);
	assert_int_equal(serving.status, STATUS_NOT_FOUND);
	serving.site.listing = true;
}

/* Without memory at any point the answer is 40, or what was asked for. */
static void
lack_of_memory_is_an_answer(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t row = 0; row < sizeof table / sizeof *table; row += 3) {
		enum status want;

		ask(table[row].url, false);
		want = serving.status;
		for (n = 1; n < 40; n++) {
			arena_fail_at(&serving.arena, n);
			assert_int_equal(
			    ask(table[row].url, false), PARSE_DONE);
			arena_fail_at(&serving.arena, 0);
			assert_true(serving.len > 5);
			if (serving.status == want)
				break;
		}
		assert_in_range(n, 1, 39);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(heads_are_whole),
		cmocka_unit_test(length_is_limited),
		cmocka_unit_test(waits_for_crlf),
		cmocka_unit_test(language_is_gemtexts),
		cmocka_unit_test(listing_can_be_off),
		cmocka_unit_test(lack_of_memory_is_an_answer),
	};

	return cmocka_run_group_tests(tests, set_up, serving_tear_down);
}
